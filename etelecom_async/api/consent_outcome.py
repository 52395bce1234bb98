"""What `ensure_consent` has done, and what is known after it."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from .consent import Consent
from .consent_requests import ConsentRequest

__all__ = ["ConsentOutcome", "ConsentStep", "Waiter", "requested"]


class ConsentStep(enum.Enum):
    """How far `ensure_consent` went."""

    CHECKED = "checked"
    """It asked whether there is a permission, and no request was needed, possible or wanted."""
    FOUND_OPEN = "found open"
    """A request that was made before waits for the customer."""
    REQUESTED = "requested"
    """It made a request."""
    IN_DOUBT = "in doubt"
    """A request may have been made: this one's outcome is unknown, or another's claim is in force. None is open yet."""


@frozen(kw_only=True)
class ConsentOutcome:
    """What `ensure_consent` has done.

    Attributes:
        did: how far it went.
        consent: the last answer of a check.
        request: the request that waits for the customer, or did; None without one.
        is_other_call_type: the request is for another kind of calls than was wanted, so none was made for this one.
        is_charged: whether this call's own request was billed; False where it made none, None where it is not known.
        ask_again_at: when to look again: the end of a doubt, of the request or of the permission; None where no such
            time is known.
        error: why the outcome of this call's own request is unknown, or why the last look of a wait failed, so that
            `consent` is older than that; also what a waiter raised after the request. None otherwise.
    """

    did: ConsentStep
    consent: Consent
    request: ConsentRequest | None = None
    is_other_call_type: bool = False
    is_charged: bool | None = False
    ask_again_at: datetime | None = None
    error: Exception | None = field(default=None, eq=False)

    @property
    def granted(self) -> bool:
        """May the business call this customer now, as of the last answer? With an `error`, False is no "no"."""
        return self.consent.granted


def requested(consent: Consent, request: ConsentRequest) -> ConsentOutcome:
    """The outcome of a call that made this request."""
    return ConsentOutcome(
        did=ConsentStep.REQUESTED,
        consent=consent,
        request=request,
        is_charged=request.is_charged,
        ask_again_at=request.expires_at,
    )


class Waiter(Protocol):
    """Waits for news of a customer, such as `etelecom_async.webhooks.ConsentWaiter`."""

    async def wait(self, phone: str, seconds: float, /) -> None:
        """Return after so many seconds, or earlier when there is news of this phone, in wire form.

        After the first early end the check comes at once; a later one waits until a second has passed.
        """
        ...
