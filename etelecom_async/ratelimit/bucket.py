"""What the server's token bucket must be like, going by what it took: pure arithmetic on times that are passed in."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import NamedTuple

from attrs import define, field

__all__ = ["Bucket", "Measured"]

_HELD, _HELD_MOST = 0.1, 2.0
"""Seconds of its limit that a bucket is taken to hold until that is known, and the most that is believed."""
_TICK, _TICKS = 0.05, 100
"""Seconds between two notes, and how many are kept."""
_FEW = 6
"""Requests that a span from dry to dry is counted by at least."""
_SHORTEST = 0.02
"""Seconds that a span is taken to last at least."""


class _Note(NamedTuple):
    """So many requests had been accepted then.

    Attributes:
        held: how much the bucket can have held, as a share of all that it holds.
    """

    at: float
    accepted: int
    held: float


class Measured(NamedTuple):
    """What a bucket that has just run dry tells.

    Attributes:
        limit: requests per second.
        requests: how many that was counted by.
        dry: the same limit from spans between two dry moments only, which tell nothing of what the bucket holds; 0 if
            they are too short.
    """

    limit: float
    requests: int
    dry: float


@define
class Bucket:
    """The server's bucket, seen from outside.

    Since any moment the server has taken at most what its bucket held then and what has run in since. Where it is dry
    now, it took exactly that since the last moment at which it was full, or dry. So its limit is the greatest of all
    these quotients: accepted requests, divided by the time plus what the bucket held, in seconds of the limit.
    """

    accepted: int = 0
    """Requests that were taken so far."""
    next_note: float = 0.0
    """When another note is due; what counts looks at it."""
    _held: float = _HELD
    _notes: deque[_Note] = field(factory=lambda: deque[_Note](maxlen=_TICKS))

    def note(self, now: float, *, held: float = 1.0) -> None:
        """Remember how many were accepted until now."""
        self._notes.append(_Note(now, self.accepted, held))
        self.next_note = now + _TICK

    def forget(self) -> None:
        """What was taken so far tells nothing of what will be."""
        self._notes.clear()

    def measure(self, now: float, *, enough: int) -> Measured:
        """The limit, the bucket being dry. Spans of fewer than `enough` requests count where there are none longer."""
        spans = [(self.accepted - note.accepted, now - note.at, note.held) for note in self._notes]
        # Dry at both ends, a span is exact up to a request more or less. Full at first, it has half a request to spare.
        quotients = [
            ((taken + 0.5 * held) / max(seconds + held * self._held, _SHORTEST), taken, held)
            for taken, seconds, held in spans
            if taken >= (1 if held else _FEW)
        ]
        long = [quotient for quotient in quotients if quotient[1] >= enough]
        limit, requests, *_ = max(long or quotients, default=(0.0, 0))
        return Measured(limit, requests, max((limit for limit, _, held in long if not held), default=0.0))

    def learn(self, limit: float) -> None:
        """The limit is known, and the notes reach back to a full bucket: it holds what was taken above the limit."""
        excess = most = 0.0
        for before, note in pairwise(self._notes):
            excess = max(0.0, excess + note.accepted - before.accepted - limit * (note.at - before.at))
            most = max(most, excess)
        self._held = min((most + 0.5) / limit, _HELD_MOST)

    def holds_more(self) -> None:
        """It was full, and ran dry later than it should have."""
        self._held = min(2 * self._held, _HELD_MOST)

    def holds_less(self) -> None:
        """Nothing says any more that it holds as much."""
        self._held = max(_HELD, self._held / 2)
