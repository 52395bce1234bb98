"""How much at once: fair concurrency slots, shared by all sessions of an account."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from ..errors import ConfigError, QueueTimeout

if TYPE_CHECKING:
    from ..transport.base import Request, Response
    from . import CallNext

__all__ = ["Throttle", "ThrottleSnapshot"]


@frozen(kw_only=True)
class ThrottleSnapshot:
    """What a throttle is doing now.

    Attributes:
        concurrency: how many requests may be under way at once.
        in_flight: how many are.
        waiting: how many calls wait for a slot.
    """

    concurrency: int
    in_flight: int
    waiting: int


class Throttle:
    """At most `concurrency` requests under way at once; who waits is served in order of arrival.

    The state is plain numbers, so a throttle can be made at import and used under one event loop after another.
    Give the same throttle to two sessions and they share its slots.

    Args:
        concurrency: requests under way at once, at least 1.
        clock: seconds, monotonic; for tests.

    Raises:
        ConfigError: concurrency is not a whole number above 0.
        QueueTimeout (when called): the wait took longer than the request's `Timeout.queue`. Nothing was sent.
    """

    def __init__(self, *, concurrency: int = 100, clock: Callable[[], float] = time.monotonic) -> None:
        if type(concurrency) is not int or concurrency < 1:
            raise ConfigError(f"Throttle.concurrency is a whole number above 0; got {concurrency!r}.")
        self.concurrency = concurrency
        self._clock = clock
        self._in_flight = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def snapshot(self) -> ThrottleSnapshot:
        """What it is doing now."""
        waiting = sum(not waiter.done() for waiter in self._waiters)
        return ThrottleSnapshot(concurrency=self.concurrency, in_flight=self._in_flight, waiting=waiting)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_to(loop)
        if self._in_flight < self.concurrency:
            self._in_flight += 1
        else:
            await self._wait(request, loop)
        try:
            return await call_next(request)
        finally:
            self._release(loop)

    async def _wait(self, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for a slot that a finished call hands over; it stays counted in `_in_flight` on its way."""
        slot: asyncio.Future[None] = loop.create_future()
        self._waiters.append(slot)
        started = self._clock()
        limit = request.timeout.queue
        timer = None if limit is None else loop.call_later(limit, _give_up, slot, limit)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self._release(loop)  # handed over in the same moment: pass it on
            raise
        finally:
            if timer is not None:
                timer.cancel()
            request.call.queued += self._clock() - started

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return  # a straggler of a loop that is gone; its slots were taken back when the next one came
        while self._waiters:
            slot = self._waiters.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self._in_flight -= 1

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        busy = self._in_flight or self._waiters
        if self._loop is not None and busy and not self._loop.is_closed():
            raise ConfigError("This throttle has calls under way in another event loop: make one session per loop.")
        self._loop = loop
        self._in_flight = 0
        self._waiters.clear()


def _give_up(slot: asyncio.Future[None], limit: float) -> None:
    if not slot.done():
        slot.set_exception(QueueTimeout(f"No slot became free within {limit:g} s."))
