"""Refusals that have nothing to do with load: a share of the answers, at any rate."""

from __future__ import annotations

import math

__all__ = ["Noise", "in_a_row"]

_TOLERATED, _BEYOND = 1.7, 6.0
"""Times the share that refusals may be without a sign of a limit, and by how many they are beyond it when they are."""
_FAR, _FARTHER = 0.85, 0.7
"""Shares of the rate that was accepted: refusals below the first are strange, and below the second proof."""
_EARLY, _SIGNS = 0.8, 6
"""Part of the rate's way back to what it was, before which a refusal is strange; and how many such are proof."""
_MOST, _LEAST = 0.25, 0.001
"""The greatest share that is believed, and the least."""
_PROOF, _TRIAL = 3, 4
"""Refusals at half of the rate that prove it, and how many would be expected after which a trial ends."""
_RARELY = 1e-6
"""Chance of so many refusals in a row that the server is taken to accept nothing."""


class Noise:
    """What share of the answers is a refusal at any rate, and whether there are more of them than that.

    A limit refuses nothing far below the rate that it accepted before. Where the rate is cut again and again, soon
    after each cut, and refusals do not become fewer, they do not come from a limit.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self.accepted_rate = 0.0
        """Requests per second that were accepted, in the best of the last spells."""
        self._sum = 0.0
        self._signs = 0.0
        self._since = (0, 0)
        self._suspected = 0.0
        self.is_tried = False
        """A trial is on."""

    @property
    def is_active(self) -> bool:
        """There is noise, or a trial whether there is."""
        return self.is_tried or self.share > 0

    def accepted(self, *, is_low: bool) -> None:
        """A request was accepted; `is_low` where the rate is well below the limit."""
        if self.share:
            self._sum = max(0.0, self._sum - _TOLERATED * self.share)
            self._hear(refused=0.0, is_low=is_low)

    def is_explained(self, *, is_low: bool) -> bool:
        """A request was refused: may that be chance?"""
        if not self.share:
            return False
        self._sum += 1
        self._hear(refused=1.0, is_low=is_low)
        if self._sum < _BEYOND:
            return True
        self._sum = 0.0
        return False

    def is_suspected(
        self, rate: float, delivered: float, grown: float, answers: int, accepted: int, *, is_doubtful: bool
    ) -> bool:
        """The rate is about to be cut: may it be noise instead? Then half of the rate that was accepted is tried.

        Args:
            rate: requests per second that were refused.
            delivered: requests per second that were accepted since the last cut.
            grown: how far the rate was on its way back to what it was; 1 is all of it.
            answers: how many there were so far.
            accepted: how many of them.
            is_doubtful: a limit's refusal beyond doubt is no sign of noise.
        """
        if rate >= _FAR * self.accepted_rate:
            self._signs = 0.0
            self.accepted_rate = max(delivered, 0.995 * self.accepted_rate)
            return False
        if not is_doubtful:
            return False
        if not self._signs:
            self._since = (answers, accepted)
        self._signs = self._signs + 1 if grown < _EARLY else max(0.0, self._signs - 0.5)
        if self._signs < _SIGNS or rate > _FARTHER * self.accepted_rate:
            return False
        self._signs = 0.0
        answers_before, accepted_before = self._since
        share = 1 - (accepted - accepted_before) / max(answers - answers_before, 1)
        if share > _MOST:
            self.accepted_rate = delivered
            return False
        self._suspected, self._since, self.is_tried = max(share, _LEAST), (answers, accepted), True
        return True

    def verdict(self, answers: int, accepted: int) -> bool | None:
        """The rate is half of what was accepted, for a trial: is it noise? None while that is open, or none is on."""
        if not self.is_tried:
            return None
        count = answers - self._since[0]
        refused = count - (accepted - self._since[1])
        if count >= _PROOF / _MOST and refused >= _PROOF and refused >= 0.5 * self._suspected * count:
            self.is_tried = False
            if refused > _MOST * count:
                return False
            self.share = max(self.share, refused / count)
            return True
        if count < _TRIAL / self._suspected:
            return None
        self.is_tried = False
        return False

    def begin_anew(self) -> None:
        """Nothing was accepted for a while, so the signs are none."""
        self._signs, self.is_tried = 0.0, False

    def _hear(self, *, refused: float, is_low: bool) -> None:
        if is_low:
            self.share = min(_MOST, self.share + 0.01 * (refused - self.share))
            if self.share < _LEAST:
                self.share = 0.0


def in_a_row(share: float) -> int:
    """So many requests in a row without an accepted one are no chance, where such a share is not accepted anyway."""
    return max(3, math.ceil(math.log(_RARELY) / math.log(share))) if share else 3
