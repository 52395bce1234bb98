"""The outcome of one phone, as the commands show and write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from attrs import frozen

from .._times import utc_text
from ..api.consent import Consent, ConsentState
from ..errors import EtelecomError
from ..messages import failure_name
from ..phone import normalize
from ..session import Session

__all__ = ["Failure", "Outcome", "as_json", "local", "local_zone", "look", "offset", "utc"]

_SURROGATE = re.compile(r"[\ud800-\udfff]")


@frozen
class Failure:
    """Why there is no answer: the error's class and its message, which can be empty."""

    kind: str
    sentence: str

    @property
    def for_programs(self) -> str:
        """With the class of the error."""
        return ": ".join(filter(None, (self.kind, self.sentence)))

    @property
    def for_people(self) -> str:
        """In words."""
        return ": ".join(filter(None, (failure_name(self.kind), self.sentence)))


@frozen(kw_only=True)
class Outcome:
    """One phone, checked or not.

    Attributes:
        phone: as given.
        phone_normalized: in wire form; None if it cannot be a phone number.
        granted: whether the business may call; None if that is unknown.
        state: what the answer means, a `ConsentState`'s value; None without an answer.
        error: the answer's code.
        message: the server's words in an answer.
        expired_time: when the permission ends, aware.
        failure: why there is no answer.
    """

    phone: str
    phone_normalized: str | None = None
    granted: bool | None = None
    state: str | None = None
    error: int | None = None
    message: str | None = None
    expired_time: datetime | None = None
    failure: Failure | None = None

    def to_dict(self) -> dict[str, object]:
        """For JSON: times in RFC 3339 and UTC, the failure with the name of its class."""
        return {
            "phone": self.phone,
            "phone_normalized": self.phone_normalized,
            "granted": self.granted,
            "state": self.state,
            "error": self.error,
            "message": self.message,
            "expired_time": utc(self.expired_time),
            "failure": None if self.failure is None else self.failure.for_programs,
        }


async def look(session: Session, *, oa_id: int, phone: str) -> Outcome:
    """Check one phone; every failure is an outcome too."""
    normalized: str | None = None
    try:
        normalized = normalize(phone)
        consent = await session.zalo.check_consent(oa_id=oa_id, phone=phone)
    except EtelecomError as error:
        failure = Failure(type(error).__name__, error.message)
        return Outcome(phone=phone, phone_normalized=normalized, failure=failure)
    return _answered(phone, normalized, consent)


def _answered(phone: str, normalized: str, consent: Consent) -> Outcome:
    # Read once: the answer may expire between two readings of the clock.
    state = consent.state
    return Outcome(
        phone=phone,
        phone_normalized=normalized,
        granted=state is ConsentState.GRANTED if state.conclusive else None,
        state=state.value,
        error=consent.error,
        message=consent.message,
        expired_time=consent.expired_time,
    )


def as_json(fields: Mapping[str, object]) -> str:
    """One line of JSON with letters as they are; only lone surrogates are escaped."""
    text = json.dumps(fields, ensure_ascii=False)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def utc(moment: datetime | None) -> str | None:
    """A time as the API writes it: RFC 3339, in UTC if it can be."""
    return None if moment is None else utc_text(moment)


def local_zone() -> tzinfo:
    """The time zone of this machine at present, which all times on the screen have."""
    return datetime.now().astimezone().tzinfo or UTC


def offset(zone: tzinfo) -> str:
    """Its name: `UTC+07:00`."""
    sign = f"{datetime.now(zone):%z}"
    return f"UTC{sign[:3]}:{sign[3:5]}"


def local(moment: datetime | None, *, zone: tzinfo) -> str:
    """A time for the screen, in a zone that the heading names; empty without one."""
    if moment is None:
        return ""
    try:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except OverflowError:
        return moment.isoformat(sep=" ")
