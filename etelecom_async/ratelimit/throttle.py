"""How much at once and how fast: fair slots and permits, shared by all sessions of an account."""

from __future__ import annotations

import asyncio
import copy
import math
import os
import random
from asyncio import get_running_loop
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from .. import _checks
from .._loop import no_loop
from ..clock import now as date
from ..clock import seconds
from ..errors import ApiError, ConfigError, EtelecomError, Phase, QueueTimeout, Unavailable
from ..pipeline.attempt import ServiceState
from ..pipeline.retry import STANDSTILL
from .controller import Controller
from .line import Line, Waiter
from .outcome import Kind, Outcome, Sent
from .pace import Pace
from .refusal import Refusals
from .shared import Shared, SharedRate
from .verdict import Verdict

if TYPE_CHECKING:
    from ..pipeline.attempt import Attempt, Layer, Send
    from ..transport.base import Request, Response

__all__ = ["ServiceState", "SharedRate", "Throttle", "ThrottleSnapshot"]

_MOST = 1_000_000
_MOMENT = 0.001
"""Seconds that an attempt has at least."""
_TICK = 1e-6
"""Seconds that a timer runs at least: what float arithmetic rounds off must not make it wake for nothing."""


@frozen(kw_only=True)
class ThrottleSnapshot:
    """What a throttle is doing now.

    Attributes:
        concurrency: how many requests may be under way at once.
        in_flight: how many are.
        waiting: how many calls wait for a slot or a permit.
        rate: requests per second that are let through; None without a limit.
        refusals: how often the server said "too many requests".
        state: what the server does with requests.
        reason: the last trouble, such as `503 unavailable` or `ConnectError`, while the state is UNAVAILABLE.
        since: from when on it accepted none, while the state is UNAVAILABLE.
        until: before when no further one goes, while the state is UNAVAILABLE: a `Retry-After`, or the next probe.
    """

    concurrency: int
    in_flight: int
    waiting: int
    rate: float | None
    refusals: int
    state: ServiceState = ServiceState.OPEN
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Throttle:
    """At most `concurrency` requests under way at once, as fast as the server takes them; first come, first served.

    The server's limit is not published, neither its number nor its kind. So a run begins with four requests under way
    and half as many more after each round trip, until it has as many as it may or the server refuses one. From then on
    requests go at a rate just under what was accepted, which follows the limit as that moves; where answers take
    longer and longer, or time out, fewer are under way. A `Retry-After` pauses every caller. A call that is refused
    comes back to the end of the line, so a refusal costs the account one pause and no caller one of its own.

    Where the server accepts nothing, calls wait and single ones try, after pauses that grow to 5 s. A wait like that
    counts in `Timeout.total`: after it the call ends with `Unavailable`.

    Calls of `session.with_options(background=True)`, of `check_consents` and of jobs are background work. It gets what
    other calls leave, and at least a twentieth.

    The state is plain numbers, so a throttle can be made at import and used under one event loop after another.
    Give the same throttle to two sessions and they share its slots and its rate.

    Args:
        concurrency: requests under way at once, from 1 to 1,000,000.
        rate: requests per second at most, above 0; None for no fixed ceiling.
        burst: requests that may go out at once below that ceiling, at least 1; 20 ms of the rate unless given.
        adaptive: find the server's limit. Without it a refusal is left to the retries of each call.
        longest_pause: seconds of a server's `Retry-After` that are obeyed at most, above 0.
        shared: a rate that other processes share; asked for every request, after this throttle's own limits. If it has
            the method `pause`, as a `RedisRate` has, it is told when the server asks to wait or accepts nothing.
        random: a number in 0..1; for tests.

    Raises:
        ConfigError: a number is out of range, or there is a burst without a rate.
        QueueTimeout (when called): the wait took longer than the request's `Timeout.queue`. Nothing was sent.
        Unavailable (when called): the server accepted no request for `Timeout.total`. Nothing was sent.
    """

    def __init__(
        self,
        *,
        concurrency: int = 100,
        rate: float | None = None,
        burst: float | None = None,
        adaptive: bool = True,
        longest_pause: float = 3600.0,
        shared: SharedRate | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.concurrency = concurrency = _checks.whole("Throttle.concurrency", concurrency, most=_MOST)
        if rate is not None:
            unit = "a number of requests per second"
            rate = _checks.number("Throttle.rate", rate, above=0, unit=unit, otherwise=", or None for no limit")
        if burst is not None:
            burst = _checks.number("Throttle.burst", burst, least=1, otherwise=", or None")
            if rate is None:
                raise ConfigError("Throttle.burst goes with a rate: give Throttle.rate too, or leave burst out.")
        longest_pause = _checks.number("Throttle.longest_pause", longest_pause, above=0, unit="a number of seconds")
        if shared is not None:
            wanted = "an object with the method acquire, such as a RedisRate"
            _checks.methods("Throttle.shared", shared, "acquire", wanted=wanted)
        _checks.flag("Throttle.adaptive", adaptive)
        _checks.function("Throttle.random", random, wanted="a function that gives a number in 0..1")
        self._ceiling = None if rate is None else Pace(rate=rate, burst=burst)
        first = None if adaptive else concurrency
        self._limit = Controller(most=concurrency, first=first, longest_pause=longest_pause, random=random)
        self._learns = adaptive
        self._refusals = Refusals()
        self._verdict = Verdict()
        self._shared = None if shared is None else Shared(shared)
        self._line = Line()
        self.waiting_tasks: set[asyncio.Task[object] | None] = set()
        """The tasks that wait for a slot or a permit; to cancel one of them leaves no request in doubt."""
        self._fault: EtelecomError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wakes = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    @property
    def unavailable_since(self) -> float | None:
        """Since when the server has accepted no request, in seconds of `clock`; None while it accepts some."""
        return self._limit.unavailable_since(seconds())

    def snapshot(self) -> ThrottleSnapshot:
        """What it is doing now."""
        now, limit = seconds(), self._limit
        rate = limit.rate if self._ceiling is None else min(limit.rate, self._ceiling.rate)
        state = ThrottleSnapshot(
            concurrency=self.concurrency,
            in_flight=limit.under_way,
            waiting=len(self._line),
            rate=None if math.isinf(rate) else rate,
            refusals=limit.refusals,
            state=ServiceState.LIMITED if limit.is_limited else ServiceState.OPEN,
        )
        since = limit.unavailable_since(now)
        if since is None:
            return state
        return evolve(
            state,
            state=ServiceState.UNAVAILABLE,
            reason=self._verdict.reason,
            since=date() - timedelta(seconds=now - since),
            until=date() + timedelta(seconds=max(0.0, limit.quiet_until - now)),
        )

    def __call__(self, call_next: Send) -> Send:
        """The layer that lets requests go on in their turn."""
        return self._layer(call_next, is_background=False)

    @property
    def in_background(self) -> Layer:
        """The same layer for requests that let other ones go first."""
        return partial(self._layer, is_background=True)

    def _layer(self, call_next: Send, *, is_background: bool) -> Send:  # noqa: C901
        limit, ceiling, shared, refusals = self._limit, self._ceiling, self._shared, self._refusals
        verdict, learns, interactive, background = (
            self._verdict,
            self._learns,
            self._line.interactive,
            self._line.background,
        )

        # Looking up an enum's member takes longer in CPython 3.11 than the rest of a permit that is free.
        accepted, unsent, unknown = Kind.ACCEPTED, Kind.UNSENT, Kind.UNKNOWN

        async def send(request: Request, attempt: Attempt) -> Response:  # noqa: C901, PLR0912 - each call passes it
            try:
                loop = get_running_loop()
            except RuntimeError:
                raise no_loop() from None
            if loop is not self._loop:
                self._move_to(loop)
            now = seconds()
            if interactive or background or (ceiling is not None and ceiling.wait(now) > 0):
                sent = None
            else:
                sent = limit.begin_if_due(now)
            if sent is None:
                sent, request = await self._wait(request, attempt, loop, is_background=is_background)
            elif ceiling is not None:
                ceiling.take(now)
            kind = unsent
            try:
                if shared is not None:
                    sent = await self._wait_for_others(shared, request, attempt, sent)
                kind = unknown
                response = await call_next(request, attempt)
            except EtelecomError as error:
                if kind is unknown and learns and loop is self._loop:
                    kind = accepted  # counted here
                    self._learn(error, request, attempt, sent)
                    if shared is not None and limit.unavailable_since(seconds()) is not None:
                        await shared.pause(limit.quiet_until)
                raise
            else:
                if learns and loop is self._loop:
                    kind = accepted
                    refusals.answers += 1
                    limit.accept(sent, seconds())
                    if verdict.is_unavailable:
                        attempt.state = verdict.judge(limit, seconds())
                return response
            finally:
                # Where it is not, this is a straggler of a loop that is gone, and the next one took its slots back.
                if loop is self._loop:
                    if kind is not accepted:
                        limit.after(Outcome(kind, sent), seconds())
                    if interactive or background:
                        self._let_go()

        return send

    def _learn(self, error: EtelecomError, request: Request, attempt: Attempt, sent: Sent) -> None:
        """What an error says about the server."""
        if isinstance(error, ApiError):
            self._refusals.answers += 1
        now, limit = seconds(), self._limit
        kind, is_doubtful = self._refusals.kind(error, now)
        late = 0.0 if request.timeout.attempt is None else now - sent[0] - request.timeout.attempt
        if kind is Kind.TIMEOUT and late > STANDSTILL:
            # Its time was over long ago, so the process stood still meanwhile: that tells nothing of the server.
            limit.after(Outcome(Kind.UNKNOWN, sent), now)
            attempt.exempt += now - sent[0]
            attempt.is_paced = True
            return
        retry_after = error.retry_after if isinstance(error, ApiError) else None
        if kind not in {Kind.ACCEPTED, Kind.UNKNOWN}:
            self._fault = copy.copy(error)
            self._verdict.reason = _reason(error)
        limit.after(Outcome(kind, sent, retry_after, is_doubtful), now)
        attempt.is_paced = kind is Kind.REFUSED and sent[2] is None
        attempt.state = self._verdict.judge(limit, now)

    async def _wait(
        self, request: Request, attempt: Attempt, loop: asyncio.AbstractEventLoop, *, is_background: bool
    ) -> tuple[Sent, Request]:
        """Wait in line for a ticket. Who is let go has its slot and its permits already."""
        started, timeout = seconds(), request.timeout
        left = timeout.total if attempt.left is None else attempt.left
        waiter = Waiter(loop.create_future(), is_background, started, left)
        task = asyncio.current_task()
        self.waiting_tasks.add(task)
        self._line.add(waiter)
        self._let_go()
        if timeout.queue is not None:
            waiter.timer = loop.call_later(timeout.queue, _give_up, waiter, timeout.queue, started)
        try:
            sent = await waiter.turn
        except Unavailable:
            attempt.is_given_up = True
            raise
        except asyncio.CancelledError:
            # Let go in the same moment, and not given up in it: who gave up has nothing to give back.
            if waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self._take_back(loop, waiter.turn.result())
            raise
        finally:
            self.waiting_tasks.discard(task)
            if waiter.timer is not None:
                waiter.timer.cancel()
            now = seconds()
            since = self._limit.unavailable_since(now)
            counted = 0.0 if since is None else max(0.0, now - max(started, since) - waiter.excused)
            attempt.waited += now - started
            attempt.exempt += now - started - counted
        if counted and left is not None:
            request = request.with_timeout(timeout.within(max(left - counted, _MOMENT)))
        return sent, request

    async def _wait_for_others(self, shared: Shared, request: Request, attempt: Attempt, sent: Sent) -> Sent:
        started = seconds()
        task = asyncio.current_task()
        self.waiting_tasks.add(task)
        try:
            await shared.acquire(request.timeout.queue)
        finally:
            self.waiting_tasks.discard(task)
            now = seconds()
            attempt.waited += now - started
            attempt.exempt += now - started
        return now, sent[1], sent[2]

    def _let_go(self) -> None:
        """Let those go who may, in their turn; a single timer stands for all who wait."""
        line, limit, now = self._line, self._limit, seconds()
        since = limit.unavailable_since(now)
        look_at = math.inf if since is None else line.end_overdue(since, limit.not_before, now, self._unavailable)
        while (first := line.first() if since is None else line.probe(since, now)) is not None:
            due = limit.before(now)
            if self._ceiling is not None:
                due = max(due, now + self._ceiling.wait(now))
            if due > now:
                self._wake_at(min(due, look_at), now)
                return
            if self._ceiling is not None:
                self._ceiling.take(now)
            line.go(first, limit.begin(now))

    def _unavailable(self) -> Unavailable:
        """What a call ends with that was never sent, since the server accepts nothing."""
        now = seconds()
        since, pause = self._limit.unavailable_since(now), self._limit.not_before - now
        passed = 0.0 if since is None else now - since
        error = Unavailable(
            f"not sent: for {passed:.1f} s the server has accepted no request ({self._verdict.reason})",
            retry_after=pause if pause > 0 else None,
            phase=Phase.NOT_SENT,
        )
        error.__cause__ = copy.copy(self._fault)
        return error

    def _wake_at(self, when: float, now: float) -> None:
        if self._timer is not None:
            if self._wakes <= when:
                return
            self._timer.cancel()
            self._timer = None
        if self._loop is not None and when < math.inf:
            self._wakes = when
            self._timer = self._loop.call_later(max(when - now, _TICK), self._wake)

    def _wake(self) -> None:
        self._timer = None
        late = seconds() - self._wakes
        if late > STANDSTILL:
            self._line.excuse(late)
        self._let_go()

    def _take_back(self, loop: asyncio.AbstractEventLoop, sent: Sent) -> None:
        """A permit that was not used."""
        if self._ceiling is not None:
            self._ceiling.give_back()
        if loop is self._loop:
            self._limit.after(Outcome(Kind.UNSENT, sent), seconds())
            if self._timer is not None:  # for a permit after this one
                self._timer.cancel()
                self._timer = None
            self._let_go()

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        line = self._line
        busy = self._limit.under_way or line.interactive or line.background
        # Those of a process that this one was forked from are none of its own.
        if self._loop is not None and busy and not self._loop.is_closed() and self._pid == os.getpid():
            raise ConfigError(
                "This throttle has calls under way in another event loop that is still alive: make one session per"
                " loop, or let all threads use one through etelecom_async.blocking.Blocking.",
            )
        self._loop, self._pid = loop, os.getpid()
        self._limit.lose()
        line.clear()
        self.waiting_tasks.clear()
        self._timer = None


def _reason(error: EtelecomError) -> str:
    return f"{error.status} {error.code}".rstrip() if isinstance(error, ApiError) else type(error).__name__


def _give_up(waiter: Waiter, limit: float, since: float) -> None:
    if waiter.turn.done():
        return
    loop = waiter.turn.get_loop()
    if seconds() - since - limit > STANDSTILL:  # the process stood still meanwhile: it has its time once more
        waiter.timer = loop.call_later(limit, _give_up, waiter, limit, seconds())
    else:
        waiter.turn.set_exception(QueueTimeout(f"No slot or permit came within {limit:g} s."))
