"""A rate as arithmetic on times that are passed in."""

from __future__ import annotations

import math

__all__ = ["Pace"]


class Pace:
    """Permits at a steady rate, by the generic cell rate algorithm.

    Args:
        rate: permits per second, above 0.
        burst: permits that can be saved up while no call asks, at least 1. Unless given 20 ms of the rate, and a little
            more than one: event loops wake up to a millisecond late, and without savings could not catch up.
        start: seconds on the clock that all times here are read from; nothing is saved up before.
    """

    _CATCH_UP = 0.02
    _LEAST = 1.25

    def __init__(self, *, rate: float, burst: float | None = None, start: float = -math.inf) -> None:
        self._burst = burst
        self._next = start
        self._set(rate)

    @property
    def rate(self) -> float:
        """Permits per second."""
        return self._rate

    def wait(self, now: float) -> float:
        """Seconds until the next permit is due; 0 if one is."""
        return max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """Spend a permit that is due."""
        self.reserve(1, now)

    def give_back(self) -> None:
        """The last one was not spent."""
        self._next -= self._interval

    def reserve(self, count: int, now: float) -> float:
        """Spend the next `count` permits in advance: when the first is due, which can be past. The others follow it."""
        first = max(self._next, now - self._saved)
        self._next = first + count * self._interval
        return first

    def change(self, rate: float, now: float) -> None:
        """Another rate from now on."""
        paused = self._next - now > self._interval
        self._set(rate)
        if not paused:
            self._next = min(self._next, now + self._interval)

    def pause(self, until: float) -> None:
        """No permit is due before then, and none is saved up until then."""
        self._next = max(self._next, until)

    def _set(self, rate: float) -> None:
        self._rate = rate
        self._interval = 1 / rate
        burst = max(self._LEAST, rate * self._CATCH_UP) if self._burst is None else self._burst
        self._saved = (burst - 1) * self._interval
