"""One controller for every hidden limit and every outage: pure arithmetic on times that are passed in."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from .noise import Noise, in_a_row
from .outcome import Kind, Outcome, Sent
from .places import Places
from .swing import Swing

__all__ = ["Controller"]

_FIRST = 4
"""Requests under way in the beginning."""
_PROBES = 2
"""Tries under way at once while the server accepts nothing."""
_GAP_GROWTH, _GAP, _LATE_GAP, _LONGEST_GAP, _JITTER = 0.2, 2.0, 0.03, 4.5, 0.2
"""The gap between two tries is such a share of the time that nothing was accepted, at most so many seconds; where that
is long, the greater of the two; and what it varies by."""
_INSTANT = 1e-6
"""Seconds by which a cut comes after what was sent in the same moment before it, and before what is sent after it."""
_PRIOR = 4
"""Requests that the present rate counts for where what was accepted is measured: few answers say little."""
_GUESS, _LEAST = 10.0, 0.1
"""Requests per second that are taken to be possible at the first refusal, and seconds that they are counted in."""
_REST, _REST_REQUESTS = 1.0, 4
"""Seconds, or requests of the rate, without use of the rate, after which what was accepted tells nothing of a limit."""
_CONFIRMED, _ENOUGH, _GUESSES = 0.7, 8, 2
"""Share of the rate that was accepted, above which the limit is not far; requests that this is measured by; and how
many cuts may be by fewer, before fewer are enough."""
_ALIKE, _ALIKE_TIME = 0.03, 0.06
"""How far two cycles of a quota may differ in their requests and their time."""
_FEWEST, _SHUT = 8, 0.1
"""Requests of a quota at least, and the share of its cycle in which it accepts nothing."""
_UNKNOWN_QUOTA = 4
"""Times the requests per second of one cycle, above which the rate does not go in the next."""
_FORGOTTEN = 0.01
"""Weight of one request in the share of those that end in trouble."""
_LOSSY = 0.25
"""Share of such requests, above which a timeout is a sign of a queue however fast the others are answered."""
_LONG = 10
"""Requests that would have gone meanwhile, above which a time without an accepted one is no lack of the rate's own."""


_TROUBLES = frozenset({Kind.FAULT, Kind.TIMEOUT, Kind.UNREACHABLE})


class Controller:
    """How many requests may be under way, when the next may go, and whether the server accepts any.

    Two governors, and a request goes only if both let it: a number under way, which follows latency, timeouts and
    refusals above a number, and a rate, which is unlimited until a request is refused for another reason. A cut aims
    at the rate that was accepted since the last one; only what was sent after a cut can cause another. Where several
    refusals follow each other without an accepted request between them, the server is shut, and single requests try.
    Where it opens and shuts alike twice, it keeps a quota.

    Args:
        most: requests under way at most.
        first: and in the beginning; four unless given.
        attempt: seconds that an attempt may take.
        longest_pause: seconds of a `Retry-After` that are obeyed.
        random: a number in 0..1; spreads the tries of many clients.
    """

    def __init__(
        self,
        *,
        most: int,
        first: int | None = None,
        attempt: float = 10.0,
        longest_pause: float = math.inf,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.under_way = 0
        self.refusals = 0
        self._most = most
        self._longest_pause = longest_pause
        self._random = random
        self._places = Places(most=most, first=_FIRST if first is None else first, attempt=attempt)
        self._swing = Swing()
        self._noise = Noise()
        self.not_before = 0.0
        """A pause that the server asked for ends then."""
        self._cut_at = -math.inf
        self._guesses = 0
        self._is_spell = self._is_calm = False
        self._prompt = self._roomy = 0.0
        self._accepted = self._others = 0
        self._accepted_at = -math.inf
        self._lost = 0.0
        self._mark: tuple[float, int] | None = None
        self._row = self._troubles = 0
        self._row_at = 0.0
        self._lossy = 0.0
        """Share of the requests that end in trouble while the server accepts others."""
        self._shut: float | None = None
        self._shut_by, self._shut_rate = Kind.REFUSED, 0.0
        self._probes, self._probe_at, self._gap = 0, 0.0, 0.0
        self._probed = self._probed_before = 0.0
        self._opened = (0.0, 0)
        self._cycle: tuple[float, int] | None = None
        self._quota = self._period = 0.0

    @property
    def rate(self) -> float:
        """Requests per second that may go; infinite where no limit is known."""
        return self._swing.rate

    @property
    def is_limited(self) -> bool:
        """A limit was learnt, of the rate or of the number under way."""
        return self._swing.rate < math.inf or self._places.is_limited

    @property
    def is_shut(self) -> bool:
        """The server accepts nothing: only probes go."""
        return self._shut is not None

    @property
    def quiet_until(self) -> float:
        """No request goes before then, where the server accepts none."""
        return max(self.not_before, self._probe_at if self._shut is not None else 0.0)

    def unavailable_since(self, now: float) -> float | None:
        """Since when no request is accepted, where none may go but a probe; None where others may."""
        if self._shut is None and self.not_before <= now:
            return None
        return max(self._row_at, self._accepted_at)

    def before(self, now: float) -> float:
        """When the next may go, which can be past; infinite where that has to wait for an answer."""
        if self._shut is not None:
            if self._probes >= _PROBES or self.under_way >= self._most:
                return math.inf
            return max(self._probe_at, self.not_before)
        if self.under_way >= self._places.number:
            return math.inf
        due = max(self._swing.due, self.not_before)
        if due > now:
            self._swing.hold_back(now)
        return due

    def begin(self, now: float) -> Sent:
        """One goes. Its ticket comes back with its `Outcome`."""
        self.under_way += 1
        if self._mark is None:
            self._opened = self._mark = (now, 0)
        if self._shut is None:
            if self._swing.rate < math.inf:
                has_room = self.under_way < self._places.number
                if has_room and self._swing.rested(now) > max(_REST, _REST_REQUESTS / self._swing.rate):
                    self._mark = (now - self._lost, self._accepted)
                self._swing.take(now)
            return max(now, self._cut_at), self.under_way, None
        self._probes += 1
        self._probed, self._probed_before = now, self._probed
        self._probe_at = now + self._next_gap(now - self._shut)
        return now, self.under_way, self._shut

    def begin_if_due(self, now: float) -> Sent | None:
        """One goes, if it may; else None."""
        if self._is_calm:
            if self.under_way < self._places.number:
                self.under_way = beside = self.under_way + 1
                return now, beside, None
            return None
        return self.begin(now) if self.before(now) <= now else None

    def accept(self, sent: Sent, now: float) -> None:
        """One was accepted, whatever was answered."""
        at, _, closed_at = sent
        under_way = self.under_way
        self.under_way = under_way - 1
        self._accepted += 1
        if now - self._accepted_at > _REST and not self._row and self._swing.rate == math.inf:
            self._mark = (now - self._lost, self._accepted)
        self._accepted_at = now
        # As long as all goes well, there is nothing more to learn.
        if self._is_calm and under_way < self._roomy and now - at <= self._prompt:
            return
        self._places.accept(sent, under_way, now)
        self._hear_of_troubles()
        if self._row or self._is_spell or self._shut is not None:
            self._row = 0
            if closed_at is not None and closed_at == self._shut:
                self._probes -= 1
                self._open(closed_at, at, now)
            if at >= self._cut_at:
                self._is_spell = False
        if self._noise.is_active:
            self._noise.accepted(is_low=self._is_low)
            self._judge_noise(now)
        self._prompt, self._roomy = self._places.prompt, self._places.roomy
        is_bound = self._lossy or self._row or self._is_spell or self._shut is not None or self.not_before > now
        self._is_calm = not (is_bound or self.is_limited or self._noise.is_active)

    def after(self, outcome: Outcome, now: float) -> bool:
        """What came of one. Returns whether it was the request's own fault: neither a limit nor an outage."""
        kind, sent, retry_after, _ = outcome
        if kind is Kind.ACCEPTED:
            self.accept(sent, now)
            return False
        self.under_way -= 1
        self._is_calm = False
        self._probes -= sent[2] is not None and sent[2] == self._shut
        if kind is Kind.UNSENT:
            self._swing.give_back()
        if kind in {Kind.UNSENT, Kind.UNKNOWN}:
            return True
        was_shut = self._shut is not None
        self.refusals += kind is Kind.REFUSED
        pause = min(retry_after or 0.0, self._longest_pause)
        if pause:
            until = max(self.not_before, now + pause)
            if not was_shut:
                self._lost += until - max(self.not_before, now)
            self.not_before = until
        self._refuse(outcome, now, pause)
        return kind not in {Kind.REFUSED, Kind.UNREACHABLE} and not was_shut and self._shut is None

    def lose(self) -> None:
        """None of those under way will end."""
        self.under_way = self._probes = 0

    @property
    def _is_low(self) -> bool:
        return self._swing.is_sure and self._swing.way < 0.25  # noqa: PLR2004 - so far the rate is well below its top

    def _refuse(self, outcome: Outcome, now: float, pause: float) -> None:
        kind, sent = outcome.kind, outcome.sent
        self._others += 1
        self._row += 1
        if self._row == 1:
            self._row_at = sent[0]
        self._troubles += kind in _TROUBLES
        self._places.refuse(sent)
        if self._shut is None and self._row >= in_a_row(max(self._noise.share, self._lossy)):
            self._close(kind, now)
        if self._shut is not None or kind is Kind.FAULT:
            return
        if kind is Kind.TIMEOUT:
            self._places.time_out(sent, now, is_lossy=self._lossy > _LOSSY)
        elif self._judge_noise(now):
            return
        elif (
            not self._is_spell
            and sent[0] >= self._cut_at
            and not (outcome.is_doubtful and self._noise.is_explained(is_low=self._is_low))
        ):
            self._cut(outcome, now, pause)

    def _hear_of_troubles(self) -> None:
        """One was accepted, after some that ended in trouble. What ends while the server is shut tells nothing."""
        if self._shut is None and (self._troubles or self._lossy):
            kept = 1 - _FORGOTTEN
            self._lossy = (1 - (1 - self._lossy) * kept**self._troubles) * kept
            if self._lossy < _FORGOTTEN / 10:
                self._lossy = 0.0
        self._troubles = 0

    def _judge_noise(self, now: float) -> bool:
        """End a trial that can be ended. Returns whether refusals are no reason for a cut: there is one, or was."""
        verdict = self._noise.verdict(self._accepted + self._others, self._accepted)
        if verdict is True:
            self._set(self._noise.accepted_rate, now)
        elif verdict is False:
            self._swing.guess(self._swing.rate)
        return verdict is True or self._noise.is_tried

    def _cut(self, outcome: Outcome, now: float, pause: float) -> None:
        """One event for all that was sent before: fewer under way, or a lower rate."""
        if self._places.is_limit(outcome.sent, now):
            self._cut_at = now + _INSTANT
            self._swing.climb()
        elif outcome.kind is Kind.UNREACHABLE:
            self._cut_at = now + _INSTANT
            self._places.narrow(now)
        else:
            self._cut_rate(now, pause, is_doubtful=outcome.is_doubtful)

    def _cut_rate(self, now: float, pause: float, *, is_doubtful: bool) -> None:
        swing, rate = self._swing, self._swing.rate
        at, count = self._mark or (now, 0)
        accepted, seconds = self._accepted - count, max(now, self.not_before) - self._lost - at
        self._mark = (at + seconds, self._accepted)
        if rate == math.inf:
            top = max(accepted / max(seconds, _LEAST), _GUESS)
        else:
            delivered = (accepted + _PRIOR) / (seconds + _PRIOR / rate) / (1 - self._noise.share)
            top = min(delivered, rate)
            self._guesses += accepted < _ENOUGH
            is_measured = accepted >= _ENOUGH or self._guesses > _GUESSES
            swing.is_sure = delivered >= _CONFIRMED * rate and is_measured
            if swing.is_sure:
                # It was accepted on average, on the way up: the limit is a little higher.
                top += min(0.3 * (rate - top), 0.05 * top)
            if not pause and not self._quota:
                counts = (self._accepted + self._others, self._accepted)
                if self._noise.is_suspected(rate, delivered, swing.way, *counts, is_doubtful=is_doubtful):
                    self._set(0.5 * self._noise.accepted_rate, now)
                    return
        if top > 0.8 * self._quota > 0:
            self._quota = min(max(0.985 * rate, 0.9 * self._quota), 1.1 * self._quota)
        else:
            self._quota = 0.0
        self._set(top, now, pause)
        self._is_spell = True

    def _set(self, top: float, now: float, pause: float = 0.0) -> None:
        self._cut_at = now + _INSTANT
        if self._quota:
            self._swing.is_sure = True
            self._swing.cut(self._quota, now, pause=pause, period=self._period)
        else:
            self._swing.cut(top, now, pause=pause)

    def _next_gap(self, shut: float) -> float:
        gap = max(min(_GAP, _GAP_GROWTH * shut), min(_LONGEST_GAP, _LATE_GAP * shut))
        if self._cycle is not None and shut < 2 * self._cycle[0]:
            gap = min(gap, _ALIKE * self._cycle[0])
        self._gap = min(max(self._places.latency, gap), _LONGEST_GAP)
        return self._gap * (1 + _JITTER * (self._random() - 0.5))

    def _close(self, kind: Kind, now: float) -> None:
        """Nothing is accepted: single requests try."""
        self._shut, self._shut_by, self._shut_rate = now, kind, self._swing.rate
        self._probes, self._probed = 0, now
        self._probe_at = now + min(max(self._places.latency, 0.02), _LONGEST_GAP)

    def _open(self, shut_at: float, at: float, now: float) -> None:
        """A try was accepted, that was sent at this moment."""
        shut = at - shut_at
        self._shut, self._row = None, 0
        since, count = self._opened
        opened = (at + self._probed_before) / 2
        cycle = (opened - since, self._accepted - 1 - count)
        self._opened = (opened, self._accepted - 1)
        is_long = shut > 4 * self._places.latency
        if is_long and shut * self._shut_rate > _LONG:
            self._lost += now - max(shut_at, min(self.not_before, now))
            self._mark = (now - self._lost, self._accepted)
        self._cut_at, self._swing.due = now + _INSTANT, now
        self._is_spell = False
        self._noise.begin_anew()
        if self._shut_by is Kind.REFUSED and min(cycle) > 0:
            self._learn_quota(cycle, shut, now, is_long=is_long)
            self._cycle = cycle

    def _learn_quota(self, cycle: tuple[float, int], shut: float, now: float, *, is_long: bool) -> None:
        """What was accepted from one opening to the next, and how long that took."""
        seconds, accepted = cycle
        if self._quota:
            if seconds < 1.5 * self._period:
                self._quota = accepted / seconds
        elif self._is_alike(cycle) and accepted >= _FEWEST and shut >= _SHUT * seconds:
            before = self._cycle or cycle
            self._quota, self._period = (accepted + before[1]) / (seconds + before[0]), seconds
        elif is_long and self._swing.rate > _UNKNOWN_QUOTA * accepted / seconds:
            self._swing.bound(_UNKNOWN_QUOTA * accepted / seconds, now + 3 * seconds)
        if self._quota:
            self._set(self._quota, now)
            self._swing.due = now

    def _is_alike(self, cycle: tuple[float, int]) -> bool:
        if self._cycle is None:
            return False
        seconds, accepted = self._cycle
        is_same_time = abs(cycle[0] - seconds) <= _ALIKE_TIME * seconds + self._gap
        return is_same_time and abs(cycle[1] - accepted) <= _ALIKE * accepted + 1
