"""A rate that swings around the limit: cut when it is refused, back where it was after a while, and then beyond."""

from __future__ import annotations

import math

__all__ = ["Swing"]

_DEPTH, _QUOTA_DEPTH = 0.05, 0.02
"""Share by which the rate goes below what is taken for the limit; and where that is a quota, which is known well."""
_SECONDS, _REQUESTS, _PAUSES, _PERIODS = 1.0, 60, 20, 4
"""The way back takes so many seconds, or requests, or times the pause that a refusal costs, or periods of a quota."""
_DOUBLING = 15
"""Requests in which a rate that is no more than a guess doubles, or a second."""
_CATCH_UP = 0.02
"""Seconds of the rate that are made up for where a timer is late."""


class Swing:
    """The rate, and when its next request is due.

    Below its top the rate grows ever slower, so that it stays near it for long, and above it ever faster, for it may
    be far from the limit. It grows only while it holds somebody back.
    """

    def __init__(self) -> None:
        self.rate = math.inf
        """Requests per second; infinite until one is refused."""
        self.is_sure = False
        """The top is a measured limit, and not a guess."""
        self.due = 0.0
        """When the next request may go."""
        self._top = math.inf
        self._depth = _DEPTH
        self._grown, self._back = 0.0, 1.0
        self._beyond = 1.0
        self._stepped = 0.0
        self._held_back = -math.inf
        self._ceiling, self._bounded_until = math.inf, 0.0

    @property
    def way(self) -> float:
        """How far the rate is on its way back to the top; 1 is all of it."""
        return self._grown / self._back

    def hold_back(self, now: float) -> None:
        """Somebody has to wait."""
        self._held_back = now

    def rested(self, now: float) -> float:
        """Seconds for which no call has had to wait for it."""
        return now - self._held_back

    def take(self, now: float) -> None:
        """A request goes."""
        if self.rate == math.inf:
            return
        self._grow(now)
        interval = 1 / self.rate
        self.due = max(self.due, now - max(0.25 * interval, _CATCH_UP - interval)) + interval

    def give_back(self) -> None:
        """It did not."""
        if self.rate < math.inf:
            self.due -= 1 / self.rate

    def cut(self, top: float, now: float, *, pause: float = 0.0, period: float = 0.0) -> None:
        """Go below what is taken for the limit.

        Args:
            top: that limit, in requests per second.
            now: the time.
            pause: seconds that the refusal costs.
            period: of a quota, in seconds; 0 where it is none.
        """
        self._depth = _QUOTA_DEPTH if period else _DEPTH
        self._top, self.rate = top, (1 - self._depth) * top
        self._stepped = self._held_back = now
        self._grown = 0.0
        self._back = max(_SECONDS, _REQUESTS / top, _PAUSES * pause, _PERIODS * period)
        self._beyond = self._back if period else max(_SECONDS, _REQUESTS / top)
        following = now + 1 / self.rate
        self.due = max(self.due, following) if self.due < now + 10 / self.rate else following

    def guess(self, rate: float) -> None:
        """Search upwards from here."""
        self._top = self.rate = rate
        self._grown, self.is_sure = 0.0, False

    def climb(self) -> None:
        """Search upwards from the present rate."""
        self._top, self._grown, self.is_sure = self.rate / (1 - _DEPTH), 0.0, False

    def bound(self, rate: float, until: float) -> None:
        """Go on from this rate, and not above it until then."""
        self._ceiling = self._top = self.rate = rate
        self._grown, self._bounded_until = 0.0, until

    def _grow(self, now: float) -> None:
        passed = now - self._stepped
        self._stepped = now
        longest = max(0.1, 2 / self.rate)
        if now - self._held_back > longest or passed <= 0:
            return
        self._grown += min(passed, longest)
        if not self.is_sure:
            self.rate = (1 - _DEPTH) * self._top * 2 ** (self._grown / max(1.0, _DOUBLING / self._top))
        else:
            past = self._grown - self._back
            x = past / (self._back if past <= 0 else self._beyond)
            self.rate = self._top * (1 + self._depth * x**3)
        if now < self._bounded_until:
            self.rate = min(self.rate, self._ceiling)
