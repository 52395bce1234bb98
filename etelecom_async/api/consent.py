"""Calling permission: has this customer allowed this business to call over Zalo?"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterable, Awaitable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import field, frozen

from .._record import record
from ..codec import Id, also
from ..endpoint import JSON, Caller, Endpoint, Safety
from ..errors import ApiError, EtelecomError, InvalidId, RateLimited, Unavailable
from ..phone import normalize

if TYPE_CHECKING:
    from ..bulk.run import Bulk

__all__ = ["CHECK_CONSENT", "CheckConsent", "Checked", "Consent", "ConsentState", "Failed", "Zalo"]

_MAX_ID = 2**63 - 1


def to_id(value: int | str) -> int:
    """An id given as a number or as decimal digits.

    Raises:
        InvalidId: it is not a whole number in 1..2**63-1.
    """
    if type(value) is int and 1 <= value <= _MAX_ID:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_MAX_ID)):
        return to_id(int(value))
    raise InvalidId(f"An id is a whole number from 1 to {_MAX_ID}, as int or digits; a float has lost digits of it.")


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

    oa_id: Id = field(converter=to_id)
    phone: str = field(converter=normalize)


class ConsentState(enum.Enum):
    """What the answer's `error` means.

    The operator prints no table of it. These are the codes of Zalo's own consent check, whose three answer fields
    CheckConsent shares: an inference, not a promise. Codes outside the table are UNKNOWN.
    """

    GRANTED = "granted"
    ALREADY_ALLOWED = "already allowed"
    PENDING = "pending"
    REFUSED = "refused"
    BLOCKED = "blocked"
    NO_PERMISSION = "no permission"
    REASON_NEEDED = "reason needed"
    NEVER_MET = "never met"
    EXPIRED = "expired"
    OUTSIDE_HOURS = "outside hours"
    OUTSIDE_PERMITTED_TIME = "outside permitted time"
    NEVER_ASKED = "never asked"
    CALLS_OFF = "calls off"
    TRY_LATER = "try later"
    BAD_REQUEST = "bad request"
    FAILED = "failed"
    UNKNOWN = "unknown"

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


@frozen(kw_only=True)
class Consent:
    """The answer of `Zalo/CheckConsent`, as the wire has it, and two readings of it that fail closed.

    Attributes:
        error: the answer's code; None when the server sent none, which is never read as 0.
        message: the server's words about it; empty when it sent none.
        expired_time: when the permission ends; None can mean unlimited or unknown, never expired.
    """

    error: int | None = field(default=None, metadata=also("error_code"))
    message: str = ""
    expired_time: datetime | None = None

    @property
    def granted(self) -> bool:
        """May the business call this customer now? True only for `error` 0 with no expiry or one in the future."""
        return self.error == 0 and (self.expired_time is None or self.expired_time > datetime.now(UTC))

    @property
    def state(self) -> ConsentState:
        """What the answer means now."""
        return self.state_at(datetime.now(UTC))

    def granted_at(self, moment: datetime) -> bool:
        """`granted` as of an aware datetime."""
        return self.error == 0 and (self.expired_time is None or self.expired_time > moment)

    def state_at(self, moment: datetime) -> ConsentState:
        """`state` as of an aware datetime."""
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


@record(unsafe_hash=True)
class Checked:
    """A phone that was checked: its place in the input, as it was given, and the answer."""

    index: int
    phone: str
    consent: Consent


@record(unsafe_hash=True)
class Failed:
    """A phone that could not be checked: its place in the input, as it was given, and why. Not the same as a "no"."""

    index: int
    phone: str
    error: EtelecomError


def _granted(outcome: Checked) -> bool:
    return outcome.consent.granted


@record
class Zalo:
    """The `Zalo/*` methods of a session."""

    _caller: Caller

    async def check_consent(self, *, oa_id: int | str, phone: str) -> Consent:
        """Ask whether a customer has granted calling permission. Safe to repeat; not known to be billed.

        Args:
            oa_id: the Zalo Official Account, 1..2**63-1, as int or decimal digits.
            phone: the customer's number in any common writing.

        Raises:
            InvalidId, InvalidPhone: before anything is sent.
            RateLimited, Unavailable: the server said "try later" to the last attempt, also inside a 200.
            ApiError: the server refused otherwise.
            DecodeError: it said 200 and the body does not fit.
            TransportError, DeadlineExceeded, QueueTimeout: no answer.
        """
        return await self._caller.call(CHECK_CONSENT, CheckConsent(oa_id=oa_id, phone=phone))

    def check_consents(
        self,
        *,
        oa_id: int | str,
        phones: Iterable[str] | AsyncIterable[str],
        concurrency: int = 100,
        ordered: bool = False,
        total: int | None = None,
    ) -> Bulk[str, Consent, Checked, Failed]:
        """Check any number of phones in constant memory; each one's outcome comes as it completes.

            async with session.zalo.check_consents(oa_id=oa_id, phones=phones) as run:
                async for outcome in run:
                    match outcome:
                        case Checked(phone=phone, consent=consent): ...
                        case Failed(phone=phone, error=error): ...

        A phone that cannot be checked is a `Failed` in its place. The same number given twice, in whatever writing, is
        asked once while the first is under way or among the last thousand answered.

        Args:
            oa_id: the Zalo Official Account, 1..2**63-1, as int or decimal digits.
            phones: a sync or async iterable, pulled lazily.
            concurrency: checks under way at once, at least 1. The session's throttle has the last word.
            ordered: outcomes in the order of the phones. A slow one holds up the outcomes behind it; checks go on until
                16 times `concurrency` phones are ahead of what has been taken.
            total: how many phones there are, for the ETA; taken from `len(phones)` where that exists.

        Raises:
            InvalidId, ConfigError: before anything is sent.
            Unauthenticated, PermissionDenied, NotFound, AccountClosed, TlsError: out of the run, where each of up to
                three first, different phones meets it, or later twenty in a row. Those phones have no outcome.
        """
        from ..bulk.memory import Memory  # noqa: PLC0415 - a run needs asyncio, and a Consent does not
        from ..bulk.run import Bulk  # noqa: PLC0415

        oa_id = to_id(oa_id)

        def check(phone: str) -> Awaitable[Consent]:
            return self._caller.call(CHECK_CONSENT, CheckConsent(oa_id=oa_id, phone=phone))

        return Bulk(
            Memory(check, question=normalize).ask,
            phones,
            done=Checked,
            failed=Failed,
            concurrency=concurrency,
            ordered=ordered,
            granted=_granted,
            key=normalize,
            total=total,
        )
