"""Calling permission: has this customer allowed this business to call over Zalo?"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Self

from attrs import field, frozen

from .. import _checks
from .._times import utc_text
from ..clock import now
from ..codec import Id, also
from ..endpoint import JSON, Endpoint, Safety
from ..errors import ApiError, EtelecomError, RateLimited, Unavailable
from ..ids import to_oa_id
from ..phone import normalize

__all__ = ["CHECK_CONSENT", "CheckConsent", "Checked", "Consent", "ConsentState", "Failed"]


@frozen(kw_only=True)
class CheckConsent:
    """What `Zalo/CheckConsent` is asked: one customer of one Official Account.

    Args:
        oa_id: the Zalo OA, 1..2**63-1, as int or decimal digits.
        phone: the customer, in any common writing; kept in the wire form `84xxxxxxxxx`.

    Raises:
        InvalidId: oa_id cannot be an id.
        InvalidPhone: phone cannot be a phone number.
    """

    oa_id: Id = field(converter=to_oa_id)
    """The Official Account, 1..2**63-1."""
    phone: str = field(converter=normalize)
    """The customer in wire form: `84987654321`, or `+` and E.164 digits for a foreign number."""


class ConsentState(enum.Enum):
    """What the answer's `error` means.

    The operator prints no table of it. These are the codes of Zalo's own consent check, whose three answer fields
    CheckConsent shares: an inference, not a promise. Codes outside the table are UNKNOWN.
    """

    GRANTED = "granted"
    """The customer has allowed calls. Code 0."""
    ALREADY_ALLOWED = "already allowed"
    """"Already allowed to call", code 1: not taken for a permission, since no document says that it is one."""
    PENDING = "pending"
    """The customer was asked and has not answered yet. Codes 2 and 8."""
    REFUSED = "refused"
    """The customer said no. Code 3."""
    BLOCKED = "blocked"
    """The customer has blocked the Official Account. Code 4."""
    NO_PERMISSION = "no permission"
    """The Official Account or its package may not ask. Code 6."""
    REASON_NEEDED = "reason needed"
    """A reason has to be given when the customer is asked. Code 7."""
    NEVER_MET = "never met"
    """The customer has never had to do with the Official Account. Code 9."""
    EXPIRED = "expired"
    """There was a permission, and it has ended. Code 16, or code 0 with an expiry that is past."""
    OUTSIDE_HOURS = "outside hours"
    """It is outside working hours. Code 18."""
    OUTSIDE_PERMITTED_TIME = "outside permitted time"
    """It is outside the time for which the customer allowed calls. Code 19."""
    NEVER_ASKED = "never asked"
    """The customer was never asked. Code 20."""
    CALLS_OFF = "calls off"
    """The customer has switched calls off. Code 21."""
    TRY_LATER = "try later"
    """The check itself failed for now. Codes 5, 10 and 12; a call raises an error in place of this answer."""
    BAD_REQUEST = "bad request"
    """The check itself was refused as wrong. Codes 11 and 13."""
    FAILED = "failed"
    """The check itself failed. Code 14 and every negative code."""
    UNKNOWN = "unknown"
    """A code outside the table, or none."""

    @property
    def conclusive(self) -> bool:
        """False where the answer says that the check itself failed, so that nothing is known of the customer."""
        return self not in _INCONCLUSIVE


_GRANTED = ConsentState.GRANTED  # a name is found faster than a member of an enum

_INCONCLUSIVE = frozenset(
    {ConsentState.TRY_LATER, ConsentState.BAD_REQUEST, ConsentState.FAILED, ConsentState.UNKNOWN},
)

_STATES = {
    0: ConsentState.GRANTED,
    1: ConsentState.ALREADY_ALLOWED,
    2: ConsentState.PENDING,
    3: ConsentState.REFUSED,
    4: ConsentState.BLOCKED,
    5: ConsentState.TRY_LATER,
    6: ConsentState.NO_PERMISSION,
    7: ConsentState.REASON_NEEDED,
    8: ConsentState.PENDING,
    9: ConsentState.NEVER_MET,
    10: ConsentState.TRY_LATER,
    11: ConsentState.BAD_REQUEST,
    12: ConsentState.TRY_LATER,
    13: ConsentState.BAD_REQUEST,
    14: ConsentState.FAILED,
    16: ConsentState.EXPIRED,
    18: ConsentState.OUTSIDE_HOURS,
    19: ConsentState.OUTSIDE_PERMITTED_TIME,
    20: ConsentState.NEVER_ASKED,
    21: ConsentState.CALLS_OFF,
}
_CODES: dict[ConsentState, int | None] = {state: code for code, state in sorted(_STATES.items(), reverse=True)}
_CODES[ConsentState.UNKNOWN] = None


@frozen(kw_only=True, repr=False)
class Consent:
    """The answer of `Zalo/CheckConsent`, as the wire has it, and two readings of it that fail closed.

    `Consent.of` makes one for a test.

    Raises:
        ConfigError: error is no whole number, message is no str, or expired_time has no time zone.
    """

    error: int | None = field(default=None, metadata=also("error_code"))
    """The answer's code; None when the server sent none, which is never read as 0."""
    message: str = ""
    """The server's words about it; empty when it sent none."""
    expired_time: datetime | None = None
    """When the permission ends, with a time zone; None can mean unlimited or unknown, never expired."""

    def __attrs_post_init__(self) -> None:
        error, end = self.error, self.expired_time
        # True and 0.0 are equal to codes in Python, and 0 means granted.
        if type(error) is not int and error is not None:
            raise _checks.refused("Consent.error", "a whole number, or None", error)
        if type(self.message) is not str:
            _checks.instance("Consent.message", self.message, str, "a str")
        if end is not None and (type(end) is not datetime or end.tzinfo is not UTC):
            _checks.aware("Consent.expired_time", end)

    @classmethod
    def of(cls, state: ConsentState, *, expires: datetime | None = None, message: str = "") -> Self:
        """The answer that means a state, for tests and mocks.

        Its code is the state's, of several the lowest: 2 for PENDING, 5 for TRY_LATER, 11 for BAD_REQUEST; no code for
        UNKNOWN. A session never returns TRY_LATER: it raises `RateLimited` or `Unavailable`.

        Args:
            state: what it is to mean.
            expires: when the permission ends, with a time zone. GRANTED with an end that is past reads as EXPIRED.
            message: the server's words.

        Raises:
            ConfigError: state is no `ConsentState`, or expires has no time zone.
        """
        _checks.instance("state", state, ConsentState, "a ConsentState, such as ConsentState.REFUSED")
        if expires is not None:
            _checks.aware("expires", expires)
        return cls(error=_CODES[state], message=message, expired_time=expires)

    def __repr__(self) -> str:
        moment = now()
        return (
            f"Consent(state={self.state_at(moment).value!r}, granted={self.granted_at(moment)}, error={self.error!r},"
            f" message={self.message!r}, expired_time={self.expired_time and utc_text(self.expired_time)!r})"
        )

    def to_dict(self) -> dict[str, JSON]:
        """What the answer means now and what it says, as values that JSON has, for logs and queues.

        `state`, `granted`, `error`, `message` and `expired_time` (RFC 3339 in UTC), as in the results of a file job:
        `granted` is None where the check itself failed, so that "could not check" is not taken for a "no".
        """
        state = self.state
        return {
            "state": state.value,
            "granted": state is _GRANTED if state.conclusive else None,
            "error": self.error,
            "message": self.message,
            "expired_time": None if self.expired_time is None else utc_text(self.expired_time),
        }

    @property
    def granted(self) -> bool:
        """May the business call this customer now? True only for `error` 0 with no expiry or one in the future."""
        return self.error == 0 and (self.expired_time is None or self.expired_time > now())

    @property
    def state(self) -> ConsentState:
        """What the answer means now."""
        return self.state_at(now())

    def granted_at(self, moment: datetime) -> bool:
        """`granted` as of a datetime with a time zone.

        Raises:
            ConfigError: the moment has none.
        """
        _checks.aware("The moment", moment)
        return self.error == 0 and (self.expired_time is None or self.expired_time > moment)

    def state_at(self, moment: datetime) -> ConsentState:
        """`state` as of a datetime with a time zone.

        Raises:
            ConfigError: the moment has none.
        """
        _checks.aware("The moment", moment)
        if self.error is None:
            return ConsentState.UNKNOWN
        state = _STATES.get(self.error)
        if state is None:
            # Zalo's negative codes are faults of its platform.
            return ConsentState.FAILED if self.error < 0 else ConsentState.UNKNOWN
        if state is _GRANTED and self.expired_time is not None and self.expired_time <= moment:
            return ConsentState.EXPIRED
        return state


_TRY_LATER: dict[int, type[ApiError]] = {5: RateLimited, 10: Unavailable, 12: Unavailable}


def _refusal(body: JSON) -> ApiError | None:
    """Codes 5, 10 and 12 mean "try later": no answer about the customer, so an error and not a `Consent`."""
    if type(body) is not dict:
        return None
    code = body.get("error")
    if code is None:
        code = body.get("error_code")
    if type(code) is not int or code not in _TRY_LATER:
        return None
    return _TRY_LATER[code](str(body.get("message") or ""), status=200, code=f"error {code}")


CHECK_CONSENT = Endpoint(
    name="Zalo/CheckConsent",
    payload=CheckConsent,
    result=Consent,
    safety=Safety.READ,
    refusal=_refusal,
)


@frozen
class Checked:
    """A phone that was checked."""

    index: int
    """Its place in the input, from 0."""
    phone: str
    """As it was given."""
    consent: Consent
    """The answer."""


@frozen
class Failed:
    """A phone that could not be checked, which is not the same as a "no"."""

    index: int
    """Its place in the input, from 0."""
    phone: str
    """As it was given."""
    error: EtelecomError
    """Why it could not be checked."""
