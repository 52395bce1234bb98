"""The methods of `session.zalo` that ask a customer for calling permission."""

from __future__ import annotations

from datetime import datetime

from .. import _checks
from ..claims.base import Claims, Turns
from ..endpoint import Caller
from .consent_outcome import ConsentOutcome, Waiter
from .consent_requests import (
    LIST_REQUEST_CONSENT,
    REQUEST_CONSENT,
    CallType,
    ConsentRequest,
    ConsentRequestFilter,
    ConsentRequests,
    ListRequestConsent,
    ReasonCode,
    ReplyStatus,
    RequestConsent,
    RequestStatus,
)
from .ensure import Ensuring
from .paging import Listing, Paging

__all__ = ["Methods"]


class Methods:
    """Those methods of `session.zalo` that are about requests for permission."""

    _caller: Caller
    _turns: Turns
    _claims: Claims

    async def request_consent(
        self, *, oa_id: int | str, phone: str, call_type: CallType | str, reason_code: ReasonCode | str
    ) -> ConsentRequest:
        """Ask a customer for calling permission.

        Documented; billed; never repeated on doubt.

        The customer has 24 hours to answer; a yes lasts 30 days. `ensure_consent` asks only where that is needed.

        Args:
            oa_id: the Zalo Official Account, 1..2**63-1, as int or decimal digits.
            phone: the customer's number in any common writing.
            call_type: the kind of calls to allow.
            reason_code: why you want to call, as the customer is told.

        Raises:
            InvalidId, InvalidPhone, ConfigError: before anything is sent.
            SendFailed: the answer says that the sending failed; it has the record, and whether it was billed.
            ApiError: the server refused otherwise.
            EtelecomError: of phase UNKNOWN, also of the classes above: the request may have been made. A note of the
                error says where to look: `list_request_consent` for this phone.
        """
        return await self._caller.call(
            REQUEST_CONSENT,
            RequestConsent(oa_id=oa_id, phone=phone, call_type=call_type, reason_code=reason_code),
        )

    async def ensure_consent(
        self,
        *,
        oa_id: int | str,
        phone: str,
        call_type: CallType | str,
        reason_code: ReasonCode | str,
        may_request: bool = True,
        wait: float | None = None,
        poll: float = 5.0,
        settle: float = 60.0,
        claims: Claims | None = None,
        waiter: Waiter | None = None,
    ) -> ConsentOutcome:
        """Get a customer's permission, and pay for at most one request: check, look for an open request, ask.

        A request is made only where the customer was never asked or the permission has ended, and no request is open.
        What was done, and whether it was billed, is in the outcome.

        No customer is asked twice: not by concurrent callers of this session and those derived from it, and not within
        `settle` seconds of a request, however it ended. For other sessions, other processes and after a crash that
        holds where all give the same `claims`.

        Args:
            oa_id: the Zalo Official Account, 1..2**63-1, as int or decimal digits.
            phone: the customer's number in any common writing.
            call_type: the kind of calls to allow. An open request for another kind is reported, and no second one made.
            reason_code: why you want to call, as the customer is told.
            may_request: False never spends anything.
            wait: seconds, from now on, to wait for the customer's answer; None returns at once. It ends earlier with a
                yes, a no, or the end of the request, and up to 2 seconds earlier so that the last check has time.
                A wait that nothing can end, since no request is open, is none. Checks that fail for now are repeated;
                if the last one failed, its error is in the outcome.
            poll: seconds before the first check while waiting; each further pause is half as long again, up to 12 times
                the first.
            settle: seconds after a request in which no other is made. A request in doubt shows in the list by then.
            claims: where it is kept who may ask, such as `etelecom_async.claims.file.FileClaims(path)`; in this session
                alone unless given.
            waiter: ends a pause early when there is news of the customer, such as
                `etelecom_async.webhooks.ConsentWaiter(session)`.

        Raises:
            InvalidId, InvalidPhone, ConfigError: before anything is sent.
            SendFailed: the request failed, as its answer says; it has the record, and whether it was billed.
            ClaimsError: it cannot be told whether another asks this customer, so no request was made.
            EtelecomError: as `check_consent`; nothing was spent. A request of unknown outcome is no error but an
                outcome that is IN_DOUBT, with the error in it. So is whatever fails after a request was made.
        """
        seconds = "a number of seconds"
        if wait is not None:
            wait = _checks.number("wait", wait, least=0, unit=seconds, otherwise=", or None")
        if claims is not None:
            _checks.methods("claims", claims, "claim", "release", wanted="an object with the methods claim and release")
        if waiter is not None:
            _checks.methods("waiter", waiter, "wait", wanted="an object with the method wait")
        ensuring = Ensuring(
            caller=self._caller,
            wanted=RequestConsent(oa_id=oa_id, phone=phone, call_type=call_type, reason_code=reason_code),
            may_request=_checks.flag("may_request", may_request),
            settle=_checks.number("settle", settle, above=0, unit=seconds),
            claims=self._claims if claims is None else claims,
            turns=self._turns,
        )
        poll = _checks.number("poll", poll, above=0, unit=seconds)
        return await ensuring.run(wait=wait, poll=poll, waiter=waiter)

    def list_request_consent(
        self,
        *,
        oa_id: int | str | None = None,
        phone: str | None = None,
        call_type: CallType | str | None = None,
        reason_code: ReasonCode | str | None = None,
        status: RequestStatus | str | None = None,
        reply_status: ReplyStatus | str | None = None,
        is_charged: bool | None = None,
        user_id: int | str | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[ConsentRequests, ConsentRequest]:
        """The requests that were made, page after page.

        Documented; not billed; repeated after any failure.

            async for request in session.zalo.list_request_consent(oa_id=oa_id): ...
            page = await session.zalo.list_request_consent(oa_id=oa_id, limit=10)

        Args:
            oa_id: of this Zalo Official Account.
            phone: of this customer. Which form the server's filter wants is not documented: `0987654321` is sent as it
                is, every other writing as `84987654321`. A form that the server does not know finds nothing.
            call_type: as it was sent.
            reason_code: as it was sent.
            status: what became of the sending.
            reply_status: what the customer answered.
            is_charged: whether it was billed.
            user_id: sent by this user, an id on eTelecom.
            date_from: of this time or later, aware. Which date of a request it is about is not documented.
            date_to: of this time or earlier, aware.
            limit: items of a page, from 1 to 100.
            after: the `next` of a page, to begin behind it.
            before: the `prev` of a page, to begin in front of it.
            sort: the name of a field, with `-` in front for descending. Which fields there are is not documented.

        Raises:
            InvalidId, InvalidPhone, ConfigError: at once, an argument cannot be what it is for.
            EtelecomError: when it is used, as `check_consent`; a `DecodeError` too where the server gives a page twice.
        """
        chosen = ConsentRequestFilter(
            oa_id=oa_id,
            phone=phone,
            call_type=call_type,
            reason_code=reason_code,
            status=status,
            reply_status=reply_status,
            is_charged=is_charged,
            user_id=user_id,
            date_from=date_from,
            date_to=date_to,
        )

        async def fetch(paging: Paging) -> ConsentRequests:
            return await self._caller.call(LIST_REQUEST_CONSENT, ListRequestConsent(filter=chosen, paging=paging))

        return Listing(
            fetch,
            items=lambda page: page.consents,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
            name=LIST_REQUEST_CONSENT.name,
        )
