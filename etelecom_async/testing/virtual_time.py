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
    """A sleep of an hour ends at once, and an hour has passed.

    Time stands still while anything runs, threads of an executor included. When everything waits, it jumps to the next
    timer. `asyncio.sleep`, `asyncio.timeout`, and in the SDK every time limit, pause and rate and the date in
    `Consent.granted` and `World` follow this clock. If everything waits and there is no timer, a real loop would hang:
    that is an AssertionError.

    It is for code without sockets, over `MockTransport` or `SandboxTransport`: with a socket, time would jump past its
    limits while bytes are on their way. Opening one is an AssertionError, which no retry catches.

    Args:
        start: the first date, aware; None for the present.

    Raises:
        ConfigError: start has no time zone.
    """

    # asyncio reads it when a loop is dropped, even if `__init__` has refused the arguments.
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
        """Seconds since the start."""
        return self._seconds

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    @property
    def is_at_work(self) -> bool:
        return self._jobs > 0

    def jump(self, seconds: float) -> None:
        """Let this many seconds pass at once, as if something blocked the loop; a ConfigError for a wrong number."""
        if not 0 <= seconds < math.inf:
            raise ConfigError(f"VirtualTimeLoop.jump takes a number of seconds of at least 0; got {seconds!r}.")
        self._seconds += seconds
        # Timers that are due within this much are run. Far from zero a smaller one would be lost in rounding.
        self._clock_resolution = max(_RESOLUTION, math.ulp(self._seconds))

    def run_forever(self) -> None:
        with clock.governed_by(self):
            super().run_forever()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._end_job)
        return future

    async def shutdown_default_executor(self, *timeout: float | None) -> None:
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
        """The loop has registered what it needs; what comes now is a socket."""
        self._loop = loop

    def register(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        if self.is_complete:
            raise AssertionError(
                "Virtual time is for code without sockets, since it would jump past time limits while bytes are on"
                " their way: give the session a MockTransport or a SandboxTransport."
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
    """Run a coroutine to its end in virtual time: `asyncio.run` on a `VirtualTimeLoop`.

    Args:
        coroutine: such as `main()`.
        start: the first date, aware; None for the present.

    Raises:
        ConfigError: coroutine is not a coroutine, or start has no time zone.
    """
    if not asyncio.iscoroutine(coroutine):
        raise _checks.refused("coroutine", "a coroutine, such as main()", coroutine)
    if start is not None:
        try:
            _checks.aware("start", start)
        except ConfigError:
            coroutine.close()  # a coroutine that never runs warns
            raise
    with asyncio.Runner(loop_factory=partial(VirtualTimeLoop, start=start)) as runner:
        return runner.run(coroutine)
