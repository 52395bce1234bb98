"""What was found out about one phone, in the form in which the commands show and write it."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from .._times import utc_text
from ..api.consent import Consent, ConsentState
from ..errors import EtelecomError
from ..phone import normalize
from ..session import Session

__all__ = ["Outcome", "look", "utc"]


@frozen(kw_only=True)
class Outcome:
    """One phone, checked or not.

    Attributes:
        phone: as given.
        phone_normalized: in wire form; None for what cannot be a phone number.
        granted: may the business call? None where it could not be found out.
        state: what the answer means, a `ConsentState`'s value; None without an answer.
        error: the answer's code.
        message: the server's words in an answer.
        expired_time: when the permission ends, in RFC 3339 and UTC.
        failure: why there is no answer: the error's class and its sentence.
    """

    phone: str
    phone_normalized: str | None = None
    granted: bool | None = None
    state: str | None = None
    error: int | None = None
    message: str | None = None
    expired_time: str | None = None
    failure: str | None = None


async def look(session: Session, *, oa_id: int, phone: str) -> Outcome:
    """Check one phone; every failure is an outcome too."""
    normalized: str | None = None
    try:
        normalized = normalize(phone)
        consent = await session.zalo.check_consent(oa_id=oa_id, phone=phone)
    except EtelecomError as error:
        failure = ": ".join(filter(None, (type(error).__name__, error.message)))
        return Outcome(phone=phone, phone_normalized=normalized, failure=failure)
    return _answered(phone, normalized, consent)


def _answered(phone: str, normalized: str, consent: Consent) -> Outcome:
    # Read once: the answer may expire between two looks at the clock.
    state = consent.state
    return Outcome(
        phone=phone,
        phone_normalized=normalized,
        granted=state is ConsentState.GRANTED if state.conclusive else None,
        state=state.value,
        error=consent.error,
        message=consent.message,
        expired_time=utc(consent.expired_time),
    )


def utc(moment: datetime | None) -> str | None:
    """A time as the API writes it: RFC 3339, in UTC if it can be."""
    return None if moment is None else utc_text(moment)
