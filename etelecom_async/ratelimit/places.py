"""How many requests may be under way: follows latency, timeouts, and refusals that come above a number."""

from __future__ import annotations

import math
from collections import deque

from .outcome import Sent

__all__ = ["Places"]

_STEP = 0.5
"""By how many each answer raises the number in the beginning: half more in a round trip."""
_PATIENCE = 5
"""Part of an attempt's time that an answer may take before the server is taken to queue."""
_SMOOTHED, _LASTING = 15, 100
"""Answers that the mean of their times is about: what is steered by, and what that is compared with."""
_IN_VAIN = 8
"""Part of the number at which slow answers are no queue of ours, since they have not become faster on the way down."""
_SHORTEST = 0.1
"""Seconds that an attempt is taken to have at least."""
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
        first: and this in the beginning.
        attempt: seconds that an attempt may take.
    """

    def __init__(self, *, most: int, first: int, attempt: float) -> None:
        self.number = min(first, most)
        """How many may be under way."""
        self.is_limited = False
        """It was cut."""
        self.latency = 0.0
        """Seconds that an accepted request takes, smoothed."""
        self._most = most
        self._attempt = attempt
        self._number = float(self.number)
        self._is_search = True
        self._cut_at = -math.inf
        self._since_cut = 0
        self._measured = 0
        self._lasting = 0.0
        self._declined_from = 0.0
        self._least_latency = 0.0
        self._answers: deque[int] = deque(maxlen=_REMEMBERED)
        """Beside how many each was sent; of those that were refused, less than 0."""
        self._known = 0

    @property
    def roomy(self) -> float:
        """With fewer than so many under way there is no reason for more."""
        return math.inf if self.number == self._most else self._number / 2

    @property
    def prompt(self) -> float:
        """Seconds below which an answer is no sign of a queue."""
        return self._attempt / _PATIENCE / 2

    @property
    def _prompt(self) -> float:
        """Seconds in which answers come where there is no queue: as fast as ever, or well within an attempt's time."""
        return max(1.5 * self._least_latency, self.prompt)

    def accept(self, sent: Sent, under_way: int, now: float) -> None:
        """One was accepted: more, if they are used; fewer, if it took so long that the server must queue."""
        at, beside, _ = sent
        self._answers.append(beside)
        self._measure(now - at)
        budget = max(2 * self._least_latency, self._attempt / _PATIENCE)
        if self.latency > budget:
            if at >= self._cut_at:
                self._decline(budget, now)
            return
        self._declined_from = 0.0
        if self._number < self._most and self.latency <= self._prompt:
            self._widen(max(beside, under_way))

    def _measure(self, latency: float) -> None:
        """Tell how long one took. The least is that of a lasting mean: single answers may be fast by chance."""
        self._measured += 1
        self.latency += (latency - self.latency) / min(self._measured, _SMOOTHED)
        self._lasting += (latency - self._lasting) / min(self._measured, _LASTING)
        if self._measured <= _SMOOTHED or self._lasting < self._least_latency:
            self._least_latency = self._lasting

    def _decline(self, budget: float, now: float) -> None:
        """Answers are slow: let fewer go. Where that did not help, the server has become slower, and does not queue."""
        self._declined_from = max(self._declined_from, self._number)
        if self._number > max(1.0, self._declined_from / _IN_VAIN):
            self._cut(self._number * max(0.5, budget / self.latency), now)
        else:
            self._least_latency = self._lasting = self.latency
            self._declined_from, self._is_search = 0.0, True

    def refuse(self, sent: Sent) -> None:
        """One was not accepted."""
        self._answers.append(-sent[1])

    def _widen(self, used: int) -> None:
        if self._is_search:
            self._number += _STEP if used >= self._number / 2 else 0.0
        elif used >= self.number:
            self._since_cut += 1
            self._number += min(1.0, self._since_cut / _SLOWLY)
        self._number = min(self._number, self._most)
        self.number = math.ceil(self._number) if self._is_search else int(self._number)

    def time_out(self, sent: Sent, now: float, *, is_lossy: bool) -> None:
        """After a timeout: the server queues what is sent, unless it answers the others at once.

        Args:
            sent: the request.
            now: the time.
            is_lossy: so many end like that, that the speed of the others tells nothing.
        """
        self._attempt = min(self._attempt, max(now - sent[0], _SHORTEST))
        if sent[0] < self._cut_at:
            return
        if is_lossy or not self._measured or self._lasting > self._prompt:
            self._cut(self._number / 2, now)
        else:
            self.is_limit(sent, now)

    def narrow(self, now: float) -> None:
        """After a connection that was refused: there are too many."""
        self._cut(0.8 * self._number, now)
        self._since_cut = 0

    def is_limit(self, sent: Sent, now: float) -> bool:
        """Was this one refused because too many were under way? Then the number is cut."""
        most = self._split()
        if most is None or sent[1] <= most:
            self._known = 0
            return False
        self._cut(most, now)
        self._since_cut, self._known = 0, most
        self._answers.clear()
        return True

    def _cut(self, number: float, now: float) -> None:
        self._number = max(1.0, number)
        self.number, self.is_limited = int(self._number), True
        self._cut_at, self._is_search = now, False

    def _split(self) -> int | None:
        """The number above which many are refused, and up to which nearly none; None if there is no such number."""
        counts: dict[int, list[int]] = {}
        for answer in self._answers:
            counts.setdefault(abs(answer), [0, 0])[answer > 0] += 1
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
