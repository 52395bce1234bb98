"""Who waits for a slot or a permit, and who goes next: two classes, each first come, first served."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Callable

from attrs import define

from .outcome import Sent

__all__ = ["Line", "Waiter"]

_SHARE = 20
"""Of so many permits background work gets one, however many interactive calls wait."""
_PROBE_TIME = 1.0
"""Seconds that a call has left at least which is sent as a probe, if there is such a call: a probe needs an answer."""
_GRAIN = 0.05
"""Seconds between two looks for calls whose time is over: each goes through all that wait."""


@define(eq=False)
class Waiter:
    """One call in the line.

    Attributes:
        turn: its ticket, once it may go.
        is_background: it lets interactive calls go first.
        joined: when it came, in seconds of `clock`.
        left: seconds that it may wait while the server accepts no request; None for any number.
        excused: seconds in which the process stood still meanwhile.
        timer: ends the wait after `Timeout.queue`.
    """

    turn: asyncio.Future[Sent]
    is_background: bool
    joined: float
    left: float | None
    excused: float = 0.0
    timer: asyncio.TimerHandle | None = None

    def ends(self, since: float) -> float:
        """When it has waited long enough for a server that accepts nothing since then."""
        return math.inf if self.left is None else max(self.joined, since) + self.left + self.excused


class Line:
    """Interactive calls go first; background work gets what they leave, and at least a twentieth."""

    def __init__(self) -> None:
        self.interactive: deque[Waiter] = deque()
        self.background: deque[Waiter] = deque()
        self._passed_by = 0
        self._look_at = math.inf

    def __len__(self) -> int:
        return sum(not waiter.turn.done() for waiter in itertools.chain(self.interactive, self.background))

    def clear(self) -> None:
        """They wait no more: their event loop is gone."""
        self.interactive.clear()
        self.background.clear()
        self._passed_by, self._look_at = 0, math.inf

    def add(self, waiter: Waiter) -> None:
        """One more at the end of its class."""
        (self.background if waiter.is_background else self.interactive).append(waiter)
        self._look_at = min(self._look_at, waiter.ends(waiter.joined))

    def first(self) -> Waiter | None:
        """Who goes next; None where no call waits."""
        interactive, background = self.interactive, self.background
        while interactive and interactive[0].turn.done():
            interactive.popleft()
        while background and background[0].turn.done():
            background.popleft()
        if background and (not interactive or self._passed_by >= _SHARE - 1):
            return background[0]
        return interactive[0] if interactive else None

    def probe(self, since: float, now: float) -> Waiter | None:
        """Who goes next while the server accepts nothing: the first one with time for an answer, else the first."""
        for waiter in itertools.chain(self.interactive, self.background):
            if not waiter.turn.done() and waiter.ends(since) - now >= min(_PROBE_TIME, (waiter.left or 0.0) / 2):
                return waiter
        return self.first()

    def go(self, waiter: Waiter, sent: Sent) -> None:
        """Let one go."""
        line = self.background if waiter.is_background else self.interactive
        if line[0] is waiter:
            line.popleft()
        else:
            line.remove(waiter)
        self._passed_by = self._passed_by + 1 if self.background and not waiter.is_background else 0
        waiter.turn.set_result(sent)

    def end_overdue(self, since: float, until: float, now: float, error: Callable[[], BaseException]) -> float:
        """End those whose time is over, or will be before any may go; says when to look again.

        Args:
            since: when the server began to accept nothing.
            until: when a pause that it asked for ends.
            now: the time.
            error: makes what each ends with.
        """
        if now < self._look_at and until < self._look_at:
            return self._look_at
        following = math.inf
        for waiter in itertools.chain(self.interactive, self.background):
            if not waiter.turn.done():
                ends = waiter.ends(since)
                if ends <= now or ends < until:
                    waiter.turn.set_exception(error())
                else:
                    following = min(following, ends)
        self._look_at = max(following, now + _GRAIN)
        return self._look_at

    def excuse(self, seconds: float) -> None:
        """The process stood still for so long, which is the fault of no call."""
        for waiter in itertools.chain(self.interactive, self.background):
            waiter.excused += seconds
