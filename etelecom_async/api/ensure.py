"""Check, look, ask once: the way to a permission that pays for at most one request.

Nothing is spent unless the customer was never asked or the permission has ended, no request is open, and the claim of
this customer is held. A claim outlives the request by `settle` seconds at least, whatever becomes of this process: a
request that the server carries out late shows in the list by then, and the next one looks first.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from attrs import define, evolve, field, frozen

from .. import clock
from ..claims.base import Claims, Turns
from ..endpoint import Caller
from ..errors import ClaimsError, DeadlineExceeded, EtelecomError, InvalidPhone, Phase, SendFailed
from ..phone import national, normalize
from .consent import CHECK_CONSENT, CheckConsent, Consent, ConsentState
from .consent_outcome import ConsentOutcome, ConsentStep, Waiter, requested
from .consent_requests import (
    LIST_REQUEST_CONSENT,
    REQUEST_CONSENT,
    CallType,
    ConsentRequest,
    ConsentRequestFilter,
    ConsentRequests,
    ListRequestConsent,
    RequestConsent,
)
from .paging import Listing, Paging

__all__ = ["Ensuring"]

_SPENDS = frozenset({ConsentState.NEVER_ASKED, ConsentState.EXPIRED})
"""The states in which a request may be made. Every other one, known or not, spends nothing."""
_REFUSALS = frozenset({ConsentState.REFUSED, ConsentState.BLOCKED})

_BEATS = 4
"""A claim is prolonged so often within `settle`."""
_SLOWER, _SLOWEST = 1.5, 12.0
"""Each pause between two checks is so much longer than the one before, up to so many times the first."""
_LAST_LOOK = 2.0
"""Seconds before the end of a wait at which the last look begins, so that it is answered within the wait."""

_LEAST = 1.0
"""Seconds between two checks at least, whatever a waiter does, unless the caller wants a shorter pause."""


@frozen(kw_only=True)
class Ensuring:
    """One customer's way to a permission.

    Attributes:
        caller: calls the methods.
        wanted: the request to make, if one is needed.
        may_request: whether money may be spent.
        settle: seconds after a request in which no other is made.
        claims: keeps the claims.
        turns: of this process.
    """

    caller: Caller
    wanted: RequestConsent
    may_request: bool
    settle: float
    claims: Claims
    turns: Turns

    async def run(self, *, wait: float | None, poll: float, waiter: Waiter | None) -> ConsentOutcome:
        """Do what is needed, and then wait for the customer's answer for up to `wait` seconds from now on."""
        wait = wait or 0.0
        end = clock.seconds() + wait
        outcome = await self._act()
        last = end - min(_LAST_LOOK, wait / 10)
        pause, may_be_early = poll, True
        while self._is_worth_waiting(outcome) and (left := last - clock.seconds()) > 0:
            try:
                if await self._pause(min(pause, left), waiter, may_be_early=may_be_early):
                    may_be_early = False
                outcome = await self._look_again(outcome, end=end)
            except Exception as error:
                if outcome.did is not ConsentStep.REQUESTED and outcome.is_charged is False:
                    raise
                # Of a request that is paid for, or may be, the caller hears in any case.
                return outcome if outcome.is_charged is None and outcome.error else evolve(outcome, error=error)
            pause = min(pause * _SLOWER, poll * _SLOWEST)
        return outcome

    async def _pause(self, seconds: float, waiter: Waiter | None, *, may_be_early: bool) -> bool:
        """Wait; says whether the waiter ended that early.

        Only the first early end is followed by a check at once: a waiter that does not wait must not poll.
        """
        if waiter is None:
            await asyncio.sleep(seconds)
            return False
        began = clock.seconds()
        await waiter.wait(self.wanted.phone, seconds)
        rest = began + min(seconds, _LEAST) - clock.seconds()
        if rest > 0 and not may_be_early:
            await asyncio.sleep(rest)
        return rest > 0

    # What is done

    async def _act(self) -> ConsentOutcome:
        consent = await self._check()
        if not self.may_request or consent.state not in _SPENDS:
            return self._found(consent, None if consent.granted else await self._open())
        async with self.turns.of(self._customer), self._claim() as claim:
            if claim.left > 0:
                return self._doubtful(consent, await self._open(), seconds=claim.left)
            return await self._act_with(claim)

    async def _act_with(self, claim: _Claim) -> ConsentOutcome:
        # Before the claim was held, another may have made a request: only what is seen from here on counts.
        consent = await self._check()
        found = None if consent.granted else await self._open()
        if found is not None or consent.state not in _SPENDS:
            return self._found(consent, found)
        # If that took too long, as on a machine that slept, another may have it by now.
        await claim.hold()
        if claim.left > 0:
            return self._doubtful(consent, None, seconds=claim.left)
        return await self._request(consent, claim)

    async def _request(self, consent: Consent, claim: _Claim) -> ConsentOutcome:
        claim.is_spent = True  # whatever happens now, but for what is certain
        try:
            request = await self.caller.call(REQUEST_CONSENT, self.wanted)
        except EtelecomError as error:
            if error.phase is Phase.UNKNOWN:
                doubt = self._doubtful(consent, None, seconds=claim.seconds)
                return evolve(doubt, is_charged=None, error=error)
            claim.is_spent = isinstance(error, SendFailed) and error.is_charged is not False
            raise
        return requested(consent, request)

    @property
    def _customer(self) -> str:
        return f"{self.wanted.oa_id}/{self.wanted.phone}"

    @asynccontextmanager
    async def _claim(self) -> AsyncGenerator[_Claim]:
        """Try for the claim. If it is held it is prolonged until the block ends, and released unless it was spent."""
        claim = _Claim(self.claims, self._customer, seconds=self.settle * (1 + 1 / _BEATS))
        await claim.hold()
        if claim.left > 0:
            yield claim
            return

        async def beat() -> None:
            while True:
                await asyncio.sleep(self.settle / _BEATS)
                with suppress(ClaimsError):  # perhaps it answers the next time
                    await claim.hold()

        beats = asyncio.create_task(beat())
        try:
            yield claim
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)
            if not claim.is_spent:
                with suppress(ClaimsError):  # then it runs out by itself
                    await claim.release()

    # What is seen

    async def _check(self) -> Consent:
        return await self.caller.call(CHECK_CONSENT, CheckConsent(oa_id=self.wanted.oa_id, phone=self.wanted.phone))

    async def _open(self) -> ConsentRequest | None:
        """A request of this customer that is open: rather one for the wanted kind of calls.

        The list is asked for both written forms of the phone, since a filter in a form that the server does not know
        looks like "none". What comes is compared here, since another server may not filter at all.
        """
        other: ConsentRequest | None = None
        phone = self.wanted.phone
        for form in dict.fromkeys((phone, national(phone))):
            async for request in self._listing(form):
                if not request.is_open or not self._is_of_customer(request):
                    continue
                if request.call_type == self.wanted.call_type:
                    return request
                other = other or request
        return other

    def _listing(self, form: str) -> Listing[ConsentRequests, ConsentRequest]:
        chosen = ConsentRequestFilter(oa_id=self.wanted.oa_id, phone=form)

        async def fetch(paging: Paging) -> ConsentRequests:
            return await self.caller.call(LIST_REQUEST_CONSENT, ListRequestConsent(filter=chosen, paging=paging))

        return Listing(
            fetch, items=lambda page: page.consents, paging=Paging(limit=100), name=LIST_REQUEST_CONSENT.name
        )

    def _is_of_customer(self, request: ConsentRequest) -> bool:
        """What a record does not say is taken to fit, since these were asked for: a second request costs money."""
        if request.oa_id not in (None, 0, self.wanted.oa_id):
            return False
        try:
            return normalize(request.phone) == self.wanted.phone
        except InvalidPhone:
            return True

    # What comes of it

    def _found(self, consent: Consent, request: ConsentRequest | None) -> ConsentOutcome:
        if request is None:
            until = consent.expired_time if consent.granted else None
            return ConsentOutcome(did=ConsentStep.CHECKED, consent=consent, ask_again_at=until)
        return ConsentOutcome(
            did=ConsentStep.FOUND_OPEN,
            consent=consent,
            request=request,
            is_other_call_type=request.call_type not in (None, CallType.NOT_SET, self.wanted.call_type),
            ask_again_at=request.expires_at,
        )

    def _doubtful(self, consent: Consent, request: ConsentRequest | None, *, seconds: float) -> ConsentOutcome:
        if request is not None:
            return self._found(consent, request)
        until = clock.now() + timedelta(seconds=seconds)
        return ConsentOutcome(did=ConsentStep.IN_DOUBT, consent=consent, ask_again_at=until)

    # Waiting

    def _is_worth_waiting(self, outcome: ConsentOutcome) -> bool:
        """May there be an answer, or a request that is still to be seen?"""
        if outcome.granted or outcome.consent.state in _REFUSALS:
            return False
        if outcome.did is ConsentStep.CHECKED:
            return outcome.consent.state is ConsentState.PENDING
        return outcome.ask_again_at is None or outcome.ask_again_at > clock.now()

    async def _look_again(self, before: ConsentOutcome, *, end: float) -> ConsentOutcome:
        doubt = before.error if _is_own_doubt(before) else None
        try:
            async with asyncio.timeout(end - clock.seconds()):
                consent, found = await self._seen_after(before)
        except EtelecomError as error:
            if not error.transient:
                raise
            return evolve(before, error=doubt or error)  # the next look may succeed, and what was done is not forgotten
        except TimeoutError:
            # Why an earlier look failed says more than that this one was late.
            return evolve(before, error=before.error or DeadlineExceeded("The wait ended before the answer."))
        after = evolve(before, consent=consent, request=found, error=doubt)
        if before.did is ConsentStep.IN_DOUBT and (found is not None or _is_past_asking(consent)):
            after = self._settled(before, consent, found)
        elif before.did is ConsentStep.FOUND_OPEN and found is None:
            after = evolve(after, ask_again_at=clock.now())
        if consent.state in _REFUSALS:
            return evolve(after, ask_again_at=None)
        return evolve(after, ask_again_at=consent.expired_time) if consent.granted else after

    async def _seen_after(self, before: ConsentOutcome) -> tuple[Consent, ConsentRequest | None]:
        consent = await self._check()
        if before.did is ConsentStep.IN_DOUBT or (before.did is ConsentStep.FOUND_OPEN and consent.state in _SPENDS):
            return consent, await self._open()
        return consent, before.request

    def _settled(self, before: ConsentOutcome, consent: Consent, found: ConsentRequest | None) -> ConsentOutcome:
        """The end of a doubt: there is a request, and it is this call's own if this call may have made one."""
        is_own = _is_own_doubt(before)
        return evolve(
            self._found(consent, found),
            did=ConsentStep.REQUESTED if is_own else ConsentStep.FOUND_OPEN,
            is_charged=(None if found is None else found.is_charged) if is_own else False,
        )


@define(eq=False)
class _Claim:
    """The claim of one attempt.

    Attributes:
        seconds: for how long it is held each time.
        left: seconds that another's has left, as it was last seen; 0 while this one is held.
        is_spent: a request was made, or may have been, so the claim has to outlive it.
    """

    claims: Claims
    customer: str
    seconds: float = field(kw_only=True)
    owner: str = field(factory=lambda: uuid.uuid4().hex)
    left: float = 0.0
    is_spent: bool = False

    async def hold(self) -> None:
        self.left = await self.claims.claim(self.customer, owner=self.owner, seconds=self.seconds)

    async def release(self) -> None:
        await self.claims.release(self.customer, owner=self.owner)


def _is_own_doubt(outcome: ConsentOutcome) -> bool:
    """Is it this call's own request of which it is not known whether it was made?"""
    return outcome.did is ConsentStep.IN_DOUBT and outcome.is_charged is None


def _is_past_asking(consent: Consent) -> bool:
    return consent.state.conclusive and consent.state not in _SPENDS
