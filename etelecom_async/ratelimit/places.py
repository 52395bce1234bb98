"""How many requests may be under way: follows latency, timeouts, and refusals that come above a number."""

from __future__ import annotations

import math
from collections import deque

from .outcome import Sent

__all__ = ["Places"]

_FIRST, _STEP = 4, 0.5
"""Requests under way in the beginning, and by how many each answer raises that: half more in a round trip."""
_PATIENCE = 5
"""Part of an attempt's time that an answer may take before the server is taken to queue."""
_SLOWLY = 4000
"""After a cut the number grows by one in a hundred answers or so, and ever faster: one too many costs a refusal."""
_REMEMBERED = 1000
"""Answers that a limit on requests under way is looked for in."""
_FEW, _REFUSED_ABOVE, _TAKEN_BELOW = 3, 0.25, 20
"""Refusals above such a limit that prove it, their share there, and how many are accepted below for one that is not."""


class Places:
    """The number that may be under way.

    Args:
        most: the number is never greater.
        attempt: seconds that an attempt may take.
    """

    def __init__(self, *, most: int, attempt: float) -> None:
        self.latency = 0.0
        """Seconds that an accepted request takes, smoothed."""
        self._most = most
        self._attempt = attempt
        self._number = float(min(_FIRST, most))
        self._is_search = True
        self._cut_at = -math.inf
        self._since_cut = 0
        self._least_latency = 0.0
        self._answers: deque[tuple[int, bool]] = deque(maxlen=_REMEMBERED)
        self._known = 0

    @property
    def number(self) -> int:
        """How many may be under way."""
        return int(self._number)

    def hear(self, sent: Sent, *, is_accepted: bool) -> None:
        """Remember beside how many a request was accepted or not."""
        self._answers.append((sent.beside, is_accepted))

    def time(self, latency: float) -> None:
        """An accepted request took so long."""
        self.latency += (latency - self.latency) * (0.1 if self.latency else 1.0)
        # It drifts upward, so that a server that has become slower for good is not taken to queue for ever.
        self._least_latency = min(self._least_latency or latency, latency) * 1.0001

    def widen(self, sent: Sent, now: float) -> None:
        """After an accepted request: more, if all are used; fewer, if it took so long that the server must queue."""
        budget = max(2 * self._least_latency, self._attempt / _PATIENCE)
        if self.latency > budget:
            if sent.at >= self._cut_at:
                self._cut(self._number * max(0.5, budget / self.latency), now)
        elif self._number < self._most and self.latency <= budget / 2:
            if self._is_search:
                self._number += _STEP if sent.beside >= self._number / 2 else 0.0
            elif sent.beside >= int(self._number):
                self._since_cut += 1
                self._number += min(1.0, self._since_cut / _SLOWLY)
            self._number = min(self._number, self._most)

    def halve(self, sent: Sent, now: float) -> None:
        """After a timeout: the server queues what we send."""
        if sent.at >= self._cut_at:
            self._cut(self._number / 2, now)

    def narrow(self, now: float) -> None:
        """After a connection that was refused: there are too many."""
        self._cut(0.8 * self._number, now)
        self._since_cut = 0

    def is_limit(self, sent: Sent, now: float) -> bool:
        """Was this one refused because too many were under way? Then the number is cut."""
        most = self._split()
        if most is None or sent.beside <= most:
            self._known = 0
            return False
        self._cut(most, now)
        self._since_cut, self._known = 0, most
        self._answers.clear()
        return True

    def _cut(self, number: float, now: float) -> None:
        self._number = max(1.0, number)
        self._cut_at, self._is_search = now, False

    def _split(self) -> int | None:
        """The number above which many are refused, and up to which nearly none; None if there is no such number."""
        counts: dict[int, list[int]] = {}
        for beside, is_accepted in self._answers:
            counts.setdefault(beside, [0, 0])[is_accepted] += 1
        refused_below = sum(count[0] for count in counts.values())
        taken_below = sum(count[1] for count in counts.values())
        refused = taken = 0
        for beside in sorted(counts, reverse=True):
            refused += counts[beside][0]
            taken += counts[beside][1]
            refused_below -= counts[beside][0]
            taken_below -= counts[beside][1]
            enough = 1 if beside - 1 == self._known else _FEW
            is_clean = taken_below >= _TAKEN_BELOW * refused_below and taken_below + refused_below >= enough + 2
            if beside > 1 and refused >= enough and refused >= _REFUSED_ABOVE * (refused + taken) and is_clean:
                return beside - 1
        return None
