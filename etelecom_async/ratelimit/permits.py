"""Permits that have been reserved of a rate and not been spent yet."""

from __future__ import annotations

import math
from collections import deque

from attrs import define

__all__ = ["Permits"]


@define
class _Batch:
    due: float
    interval: float
    left: int
    expires: float


class Permits:
    """Reserved permits, each with the moment from which it may be spent.

    Args:
        grace: seconds after which an unspent one expires, from when its batch could have been spent. It lets a process
            that was held up spend what it had reserved, and keeps an idle one from saving permits for a burst.
    """

    def __init__(self, *, grace: float = 1.0) -> None:
        self._grace = grace
        self._batches: deque[_Batch] = deque()
        self._not_before = -math.inf

    def add(self, count: int, *, due: float, interval: float, now: float) -> None:
        """Hold `count` more, the first due then and each next one `interval` seconds later."""
        expires = max(now, due + count * interval) + self._grace
        self._batches.append(_Batch(due, interval, count, expires))

    def pause(self, until: float) -> None:
        """Let none be spent before then."""
        self._not_before = max(self._not_before, until)

    def paused(self, now: float) -> float:
        """For how long none may be spent: seconds, 0 for no pause."""
        return max(0.0, self._not_before - now)

    def clear(self) -> None:
        """Hold none, and forget the pause."""
        self._batches.clear()
        self._not_before = -math.inf

    def due(self, now: float) -> float | None:
        """When the next one may be spent; None if there is none."""
        while self._batches and (not self._batches[0].left or self._batches[0].expires < now):
            self._batches.popleft()
        return max(self._batches[0].due, self._not_before) if self._batches else None

    def take(self, now: float) -> bool:
        """Spend one, if one is due."""
        due = self.due(now)
        if due is None or due > now:
            return False
        batch = self._batches[0]
        batch.left -= 1
        batch.due += batch.interval
        return True
