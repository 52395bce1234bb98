"""The progress of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import frozen

__all__ = ["Progress", "Tally"]


@frozen(kw_only=True)
class Progress:
    """How far a run has come.

    Attributes:
        done: items with an outcome, failures included.
        failed: items that could not be done.
        total: items in all; None if unknown.
        rate: items per second over about the last ten seconds.
        eta: seconds until the end at that rate; None if the total or the rate is unknown.
    """

    done: int
    failed: int
    total: int | None
    rate: float
    eta: float | None


class Tally:
    """Counts outcomes, and remembers the last ten seconds to compute the current rate."""

    _INTERVAL = 1.0
    _INTERVALS = 10

    def __init__(self, *, total: int | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._total = total
        self._failed = 0
        self.done = 0
        """Outcomes so far."""
        now = clock()
        self._past: deque[tuple[float, int]] = deque([(now, 0)], maxlen=self._INTERVALS + 1)
        self._look_at = now + self._INTERVAL

    def count(self, *, failed: bool) -> None:
        """One more outcome."""
        self.done += 1
        if failed:
            self._failed += 1
        now = self._clock()
        if now >= self._look_at:
            self._past.append((now, self.done))
            self._look_at = now + self._INTERVAL

    @property
    def progress(self) -> Progress:
        """The progress at this moment."""
        since, done_then = self._past[0]
        elapsed = self._clock() - since
        rate = (self.done - done_then) / elapsed if elapsed > 0 else 0.0
        left = None if self._total is None else self._total - self.done
        return Progress(
            done=self.done,
            failed=self._failed,
            total=self._total,
            rate=rate,
            eta=None if left is None or rate <= 0 else left / rate,
        )
