"""An event loop whose time jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from .. import _checks, clock
from ..errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

__all__ = ["VirtualTimeLoop", "run_virtually"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_RESOLUTION = 1e-9
"""Seconds by which a timer may go off early, as with asyncio's own loops."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A sleep of an hour in it ends at once, and an hour has gone by.

    Time stands still while anything runs, a thread of an executor included. When everything waits, it jumps to the next
    timer: `asyncio.sleep`, `asyncio.timeout`, and in the SDK every time limit, pause, rate, and the date that
    `Consent.granted` and `World` go by, follow this one clock. Where everything waits and no timer runs, a real loop
    would hang; here that is an AssertionError.

    It is for code without sockets, over `MockTransport` or `SandboxTransport`: with a socket, time would jump past its
    limits while bytes are on their way. Opening one is an AssertionError, which no retry swallows.

    Args:
        start: the date at its beginning, aware; the present unless given.

    Raises:
        ConfigError: start has no time zone.
    """

    # asyncio looks at it when a loop is dropped, also one whose arguments were refused and that has nothing to close.
    _closed = True

    def __init__(self, *, start: datetime | None = None) -> None:
        self._seconds = 0.0
        self._jobs = 0
        selector = _JumpingSelector(self)
        super().__init__(selector)
        selector.is_complete = True
        try:
            self._start = datetime.now(UTC) if start is None else _checks.aware("VirtualTimeLoop.start", start)
        except ConfigError:
            self.close()
            raise

    def time(self) -> float:
        """Seconds since its beginning."""
        return self._seconds

    def now(self) -> datetime:
        """The date."""
        return self._start + timedelta(seconds=self._seconds)

    @property
    def is_at_work(self) -> bool:
        """A thread works for it."""
        return self._jobs > 0

    def jump(self, seconds: float) -> None:
        """Let so many seconds go by at once, as where something keeps the loop busy.

        Raises:
            ConfigError: there is no such number of seconds.
        """
        if not 0 <= seconds < math.inf:
            raise ConfigError(f"VirtualTimeLoop.jump takes a number of seconds of at least 0; got {seconds!r}.")
        self._seconds += seconds
        # A timer is due within this much. Far from zero a smaller step is lost in rounding, and nothing would be due.
        self._clock_resolution = max(_RESOLUTION, math.ulp(self._seconds))

    def run_forever(self) -> None:
        """As every event loop; meanwhile this thread's clock is the loop's."""
        with clock.governed_by(self):
            super().run_forever()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As every event loop; time stands still until the thread is done."""
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._end_job)
        return future

    async def shutdown_default_executor(self, *timeout: float | None) -> None:
        """As every event loop; time stands still until its threads are done."""
        self._jobs += 1
        try:
            await super().shutdown_default_executor(*timeout)
        finally:
            self._jobs -= 1

    def _end_job(self, _: object) -> None:
        self._jobs -= 1


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self.is_complete = False
        """It has what the loop needs for itself; what comes then is a socket."""
        self._loop = loop

    def register(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        if self.is_complete:
            raise AssertionError(
                "Virtual time is for code without sockets, since it would jump past time limits while bytes are on"
                " their way: give the session a MockTransport or a SandboxTransport.",
            )
        return super().register(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._loop.is_at_work and timeout != 0:
            return super().select(None)
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise AssertionError("Everything waits and no timer runs: with a real event loop this would hang.")
        self._loop.jump(timeout)
        return ready


def run_virtually(coroutine: Coroutine[object, object, T], *, start: datetime | None = None) -> T:
    """Run a coroutine to its end in virtual time: `asyncio.run` over a `VirtualTimeLoop`.

    Args:
        coroutine: what is run.
        start: the date at its beginning, aware; the present unless given.

    Raises:
        ConfigError: coroutine is none, or start has no time zone.
    """
    if not asyncio.iscoroutine(coroutine):
        raise _checks.refused("coroutine", "a coroutine, such as main()", coroutine)
    if start is not None:
        try:
            _checks.aware("start", start)
        except ConfigError:
            coroutine.close()  # a coroutine that never runs warns of that
            raise
    with asyncio.Runner(loop_factory=partial(VirtualTimeLoop, start=start)) as runner:
        return runner.run(coroutine)
