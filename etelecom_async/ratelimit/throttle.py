"""How much at once and how fast: fair slots and permits, shared by all sessions of an account."""

from __future__ import annotations

import asyncio
import os
import random
from asyncio import get_running_loop
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from .. import _checks
from .._loop import no_loop
from ..clock import seconds
from ..errors import ApiError, ConfigError, EtelecomError, QueueTimeout, RateLimited, Unavailable
from .adaptive import AdaptiveRate
from .pace import Pace
from .refusal import Refusals

if TYPE_CHECKING:
    from ..pipeline.attempt import Attempt, Send
    from ..transport.base import Request, Response

__all__ = ["SharedRate", "Throttle", "ThrottleSnapshot"]

_FIRST_WINDOW, _WINDOW_GROWTH = 4, 0.5
"""Requests under way at once in the beginning; by how many each answer raises that."""


_MOST = 1_000_000


class SharedRate(Protocol):
    """A rate that other processes share, such as `RedisRate`."""

    async def acquire(self) -> None:
        """Wait for one permit. A cancelled wait costs no permit."""
        ...


@frozen(kw_only=True)
class ThrottleSnapshot:
    """What a throttle is doing now.

    Attributes:
        concurrency: how many requests may be under way at once.
        in_flight: how many are.
        waiting: how many calls wait for a slot or a permit.
        rate: requests per second that are let through; None without a limit.
        refusals: how often the server said "too many requests".
    """

    concurrency: int
    in_flight: int
    waiting: int
    rate: float | None
    refusals: int


class Throttle:
    """At most `concurrency` requests under way at once, as fast as the server takes them; first come, first served.

    The server's limit is not published. So a run begins with four requests under way and half as many more after each
    round trip, until it has as many as it may or the server refuses one: that keeps the first overshoot small. From
    then on they go out at a rate just under what it was seen to take, which follows the limit as that moves. A
    `Retry-After` pauses every caller. A call that is refused comes back to the end of the line, so a refusal costs the
    account one pause and no caller one of its own.

    The state is plain numbers, so a throttle can be made at import and used under one event loop after another.
    Give the same throttle to two sessions and they share its slots and its rate.

    Args:
        concurrency: requests under way at once, from 1 to 1,000,000.
        rate: requests per second at most, above 0; None for no fixed ceiling.
        burst: requests that may go out at once below that ceiling, at least 1; 20 ms of the rate unless given.
        adaptive: find the server's limit. Without it a refusal is left to the retries of each call.
        shared: a rate that other processes share; asked for every request, after this throttle's own limits.
        random: a number in 0..1; for tests.

    Raises:
        ConfigError: a number is out of range, or there is a burst without a rate.
        QueueTimeout (when called): the wait took longer than the request's `Timeout.queue`. Nothing was sent.
    """

    def __init__(
        self,
        *,
        concurrency: int = 100,
        rate: float | None = None,
        burst: float | None = None,
        adaptive: bool = True,
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
        if shared is not None:
            wanted = "an object with the method acquire, such as a RedisRate"
            _checks.methods("Throttle.shared", shared, "acquire", wanted=wanted)
        _checks.flag("Throttle.adaptive", adaptive)
        _checks.function("Throttle.random", random, wanted="a function that gives a number in 0..1")
        self._ceiling = None if rate is None else Pace(rate=rate, burst=burst)
        self._limit = AdaptiveRate(random=random)
        self._learns = adaptive
        self._refusals = Refusals()
        self._shared = shared
        self._window = float(min(concurrency, _FIRST_WINDOW) if adaptive else concurrency)
        self._in_flight = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.waiting_tasks: set[asyncio.Task[object] | None] = set()
        """The tasks that wait for a slot or a permit; to cancel one of them leaves no request in doubt."""
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def snapshot(self) -> ThrottleSnapshot:
        """What it is doing now."""
        rates = (self._limit.rate, None if self._ceiling is None else self._ceiling.rate)
        return ThrottleSnapshot(
            concurrency=self.concurrency,
            in_flight=self._in_flight,
            waiting=sum(not waiter.done() for waiter in self._waiters),
            rate=min((rate for rate in rates if rate is not None), default=None),
            refusals=self._limit.refusals,
        )

    def __call__(self, call_next: Send) -> Send:  # noqa: C901 - in one piece, since each call passes it
        """The layer that lets requests go on in their turn."""
        limit, ceiling, refusals, shared = self._limit, self._ceiling, self._refusals, self._shared

        async def send(request: Request, attempt: Attempt) -> Response:
            try:
                loop = get_running_loop()
            except RuntimeError:
                raise no_loop() from None
            if loop is not self._loop:
                self._move_to(loop)
            now = seconds()
            # As long as no limit is known there is nothing to ask of the rates and nothing to tell them.
            is_free = limit.pace is None and ceiling is None
            if self._waiters or self._in_flight >= self._window or not (is_free or self._has_permit(now)):
                await self._wait(request, attempt, loop)
                now = seconds()
            else:
                self._in_flight += 1
            try:
                if shared is not None:
                    await self._wait_for_others(shared, request, attempt)
                    now = seconds()
                response = await call_next(request, attempt)
            except EtelecomError as error:
                self._learn(error, attempt, now)
                raise
            else:
                refusals.answers += 1
                limit.answered(seconds(), now)
                if self._window < self.concurrency:
                    self._widen()
                return response
            finally:
                # Where it is not, this is a straggler of a loop that is gone, and the next one took its slots back.
                if loop is self._loop:
                    self._in_flight -= 1
                    if self._waiters:
                        self._let_go()

        return send

    def _has_permit(self, now: float) -> bool:
        """Take a permit of the rates, if one is to be had."""
        if self._delay(now) > 0:
            return False
        self._spend(now)
        return True

    def _delay(self, now: float) -> float:
        """Seconds until the rates let another request go."""
        delay = self._limit.wait(now)
        return delay if self._ceiling is None else max(delay, self._ceiling.wait(now))

    def _spend(self, now: float) -> None:
        """A request goes: take its permits."""
        self._limit.sent(now)
        if self._ceiling is not None:
            self._ceiling.take(now)

    def _learn(self, error: EtelecomError, attempt: Attempt, sent_at: float) -> None:
        """What an error says about the server's limit."""
        if isinstance(error, ApiError):
            self._refusals.answers += 1
        if not self._learns:
            return
        now = seconds()
        if self._limit.rate is None:
            self._refusals.forget()
        if self._refusals.includes(error, now):
            self._window = self.concurrency
            self._limit.refused(now, sent_at, error.retry_after)
            attempt.is_paced = not self._limit.is_shut
            if self._refusals.are_refuted(self._limit.rate or 0.0):
                self._refusals.forget()
                self._limit.forget()
            return
        attempt.is_paced = False
        # What may have been a refusal was not taken, and asks for no more at once.
        if isinstance(error, ApiError) and not isinstance(error, RateLimited | Unavailable):
            self._limit.answered(now, sent_at)
            self._widen()

    def _widen(self) -> None:
        self._window = min(self.concurrency, self._window + _WINDOW_GROWTH)

    async def _wait(self, request: Request, attempt: Attempt, loop: asyncio.AbstractEventLoop) -> None:
        """Wait in line. Who is let go has its slot and its permits already."""
        turn: asyncio.Future[None] = loop.create_future()
        task = asyncio.current_task()
        self.waiting_tasks.add(task)
        self._waiters.append(turn)
        self._let_go()
        started = seconds()
        limit = request.timeout.queue
        timer = None if limit is None else loop.call_later(limit, _give_up, turn, limit)
        try:
            await turn
        except asyncio.CancelledError:
            # Let go in the same moment, and not given up in it: who gave up has nothing to give back.
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._take_back(loop)
            raise
        finally:
            self.waiting_tasks.discard(task)
            if timer is not None:
                timer.cancel()
            attempt.waited += seconds() - started

    async def _wait_for_others(self, shared: SharedRate, request: Request, attempt: Attempt) -> None:
        started = seconds()
        limit = request.timeout.queue
        task = asyncio.current_task()
        self.waiting_tasks.add(task)
        try:
            async with asyncio.timeout(limit):
                await shared.acquire()
        except TimeoutError:
            if limit is None:
                raise
            raise QueueTimeout(f"No permit of the shared rate came within {limit:g} s.") from None
        finally:
            self.waiting_tasks.discard(task)
            attempt.waited += seconds() - started

    def _let_go(self) -> None:
        """Let those go who may, first come first; a single timer stands for all who wait for the rate."""
        while self._waiters:
            first = self._waiters[0]
            if first.done():
                self._waiters.popleft()
                continue
            if self._in_flight >= self._window:
                return
            now = seconds()
            delay = self._delay(now)
            if delay > 0:
                self._wake_in(delay)
                return
            self._waiters.popleft()
            self._spend(now)
            self._in_flight += 1
            first.set_result(None)

    def _wake_in(self, delay: float) -> None:
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(delay, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._let_go()

    def _take_back(self, loop: asyncio.AbstractEventLoop) -> None:
        """A permit that was not used."""
        self._limit.give_back()
        if self._ceiling is not None:
            self._ceiling.give_back()
        if loop is self._loop:
            self._in_flight -= 1
            if self._timer is not None:  # for a permit after this one
                self._timer.cancel()
                self._timer = None
            self._let_go()

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        busy = self._in_flight or self._waiters
        # Those of a process that this one was forked from are none of its own.
        if self._loop is not None and busy and not self._loop.is_closed() and self._pid == os.getpid():
            raise ConfigError(
                "This throttle has calls under way in another event loop that is still alive: make one session per"
                " loop, or let all threads use one through etelecom_async.blocking.Blocking.",
            )
        self._loop, self._pid = loop, os.getpid()
        self._in_flight = 0
        self._waiters.clear()
        self.waiting_tasks.clear()
        self._timer = None


def _give_up(turn: asyncio.Future[None], limit: float) -> None:
    if not turn.done():
        turn.set_exception(QueueTimeout(f"No slot or permit came within {limit:g} s."))
