"""Time limits of many attempts at once, watched by one timer."""

from __future__ import annotations

import asyncio
import contextvars
import math
from types import TracebackType
from typing import Protocol

__all__ = ["Deadlines", "Limit", "Limited"]

_GRAIN = 0.01
"""Seconds at least from one look at all that is under way to the next: thousands may run out one after the other."""


class Limited(Protocol):
    """What is told when its time has run out."""

    def run_out(self) -> None:
        """Its time is over, and it is watched no more."""
        ...


class Deadlines:
    """Watches attempts that nearly always end in time.

    A timer for each would cost more than all that is done here: the one there is goes off when the first attempt that
    it was set for is due, looks at those under way by then, and is set for the first of these.

    Args:
        loop: the event loop whose clock counts.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: dict[Limited, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    def add(self, limited: Limited, seconds: float) -> None:
        """Let it run out after so many seconds, unless it is removed before."""
        self._due[limited] = due = self._loop.time() + seconds
        if due < self._wakes_at:
            self._wake_at(due)

    def remove(self, limited: Limited) -> None:
        """It has ended, or was never there."""
        self._due.pop(limited, None)

    def close(self) -> None:
        """No more will be added. Those under way still run out: what they wait for may never end by itself."""
        if not self._due:
            self._wake_at(math.inf)

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # In a context of its own, or it would hold whatever that of the call has that it happens to be set in.
        context = contextvars.Context()
        self._timer = self._loop.call_at(due, self._wake, context=context) if due < math.inf else None
        self._wakes_at = due

    def _wake(self) -> None:
        now = max(self._loop.time(), self._wakes_at)  # a loop's timers may go off a moment early
        try:
            for limited in [limited for limited, due in self._due.items() if due <= now]:
                if self._due.pop(limited, None) is not None:  # an earlier one may have ended it
                    limited.run_out()
        finally:
            self._wake_at(max(min(self._due.values(), default=math.inf), now + _GRAIN))


class Limit:
    """`asyncio.timeout` by way of `Deadlines`: what is in the block is cancelled when its time has run out.

    Args:
        deadlines: what watches it.
        seconds: for the block; None for any time.

    Raises:
        TimeoutError (at the end of the block): it has run out.
    """

    __slots__ = ("_cancelling", "_deadlines", "_has_run_out", "_seconds", "_task")

    def __init__(self, deadlines: Deadlines, seconds: float | None) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self._has_run_out = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("There is no task whose time could be limited.")
        self._task = task
        self._cancelling = task.cancelling()
        if self._seconds is not None:
            self._deadlines.add(self, self._seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        # A task that somebody else has cancelled too stays cancelled.
        if self._has_run_out and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def run_out(self) -> None:
        """Cancel the block."""
        self._has_run_out = True
        self._task.cancel()
