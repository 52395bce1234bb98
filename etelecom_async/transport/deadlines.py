"""One timer for the time limits of many attempts."""

from __future__ import annotations

import asyncio
import contextvars
import math
from types import TracebackType
from typing import Protocol

__all__ = ["Deadlines", "Limited", "TimeLimit"]

_GRAIN = 0.01
"""Seconds between two scans at least: thousands of attempts may run out one after the other."""


class Limited(Protocol):
    def run_out(self) -> None:
        """The time is over."""


class Deadlines:
    """Watches attempts, nearly all of which end in time, so a timer for each would be a waste.

    The one timer goes off when the first attempt is due, and is then set for the first of those still under way.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: dict[Limited, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    def add(self, limited: Limited, seconds: float) -> None:
        """Call `limited.run_out` after this many seconds, unless it is removed before."""
        self._due[limited] = due = self._loop.time() + seconds
        if due < self._wakes_at:
            self._wake_at(due)

    def remove(self, limited: Limited) -> None:
        self._due.pop(limited, None)

    def close(self) -> None:
        """No more will be added. Those under way still run out: they may wait for what never comes."""
        if not self._due:
            self._wake_at(math.inf)

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # In an empty context, or it would keep alive all that the present call has in its own.
        context = contextvars.Context()
        self._timer = self._loop.call_at(due, self._wake, context=context) if due < math.inf else None
        self._wakes_at = due

    def _wake(self) -> None:
        now = max(self._loop.time(), self._wakes_at)  # timers may go off a moment early
        try:
            for limited in [limited for limited, due in self._due.items() if due <= now]:
                if self._due.pop(limited, None) is not None:  # an earlier one may have ended it
                    limited.run_out()
        finally:
            self._wake_at(max(min(self._due.values(), default=math.inf), now + _GRAIN))


class TimeLimit:
    """`asyncio.timeout` on `Deadlines`: after `seconds` the block is cancelled and ends in TimeoutError.

    Args:
        deadlines: of the running loop.
        seconds: how long; None for no limit.
        task: the current one.

    Raises:
        RuntimeError: there is no current task.
    """

    __slots__ = ("_cancelling", "_deadlines", "_has_run_out", "_seconds", "_task")

    def __init__(self, deadlines: Deadlines, seconds: float | None, task: asyncio.Task[object] | None) -> None:
        if task is None:
            raise RuntimeError("There is no task whose time could be limited.")
        self._deadlines = deadlines
        self._seconds = seconds
        self._task = task
        self._cancelling = task.cancelling()
        self._has_run_out = False

    def __enter__(self) -> None:
        if self._seconds is not None:
            self._deadlines.add(self, self._seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        # A task that was cancelled from elsewhere too stays cancelled.
        if self._has_run_out and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def run_out(self) -> None:
        self._has_run_out = True
        self._task.cancel()
