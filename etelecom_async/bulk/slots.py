"""Permits, given in order of arrival."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Permits"]


class Permits:
    """A number of permits; a caller that finds none waits until one is released.

    `asyncio.Semaphore` does the same, but each release scans every waiter that was woken and has not run yet, which
    takes half of a run's time when hundreds are released at once.

    Args:
        count: how many there are.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def is_any(self) -> bool:
        """Whether one can be taken now."""
        return self._free > 0

    def take(self) -> bool:
        """Take one if there is one."""
        if self._free > 0:
            self._free -= 1
            return True
        return False

    def turn(self) -> asyncio.Future[None]:
        """A future for the next permit that is released. Cancelling it may lose the permit: do so at a run's end."""
        turn: asyncio.Future[None] = asyncio.Future()
        self._waiters.append(turn)
        return turn

    def release(self) -> None:
        """Release one."""
        while self._waiters:
            turn = self._waiters.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
