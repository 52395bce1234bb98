"""Permits that are handed on in order of arrival."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Permits"]


class Permits:
    """A number of permits; who finds none waits for one to be given back.

    `asyncio.Semaphore` does the same, but looks at every waiter that was woken and has not run yet each time that one
    is given back: half of what a run would cost, where they come back by the hundred.

    Args:
        count: how many there are.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiters: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take one, if there is one."""
        if self._free > 0:
            self._free -= 1
            return True
        return False

    def turn(self) -> asyncio.Future[None]:
        """Comes with the next one that is given back. A cancelled wait may lose it: it is for the end of a run."""
        turn = asyncio.get_running_loop().create_future()
        self._waiters.append(turn)
        return turn

    def release(self) -> None:
        """Give one back."""
        while self._waiters:
            turn = self._waiters.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
