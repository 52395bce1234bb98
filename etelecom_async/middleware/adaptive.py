"""The server's hidden limit, found by being refused: pure arithmetic on times that are passed in."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from .pace import Pace

__all__ = ["AdaptiveRate"]

_FIRST_CUT = 0.5
"""Of the rate at the first refusal. It tells that there is a limit, and nothing of where."""
_FEWEST = 2.0
"""Requests per second that are taken to be possible at the first refusal."""
_LEAST_CUT = 0.3
"""Of the rate, for one refusal: few answers say little, so no cut goes deeper."""
_CONFIRMED, _CONFIRMED_BY_PAUSES = 25, 10
"""Accepted requests between two refusals that make their rate an estimate and not a guess; fewer where each costs a
pause."""
_UNDER = 0.985
"""Of a confirmed limit: how far below it the rate rests."""
_CLOSE = 0.7
"""Share of the rate above which what was measured can be the limit, and not much less than it."""
_GUESSED = 0.95
"""Of a guessed one."""
_REST = 7.0
"""Seconds at rest before the limit is felt for."""
_REST_AFTER_PAUSE = 14.0
"""The same where a refusal costs a pause that the server asked for."""
_FEEL, _DOUBLING = 0.03, 0.6
"""Share of the limit by which the rate grows in the first second of feeling; seconds in which that doubles."""
_CLIMB = 0.1
"""Share by which the rate above a guess grows in the first second. The longer it is not refused, the farther the guess
must be, so from then on it grows with the square of the time."""
_RAISE = 1.015
"""By how much an estimate rises that was shown to be too low."""
_GENTLE = 2.5
"""By how much slower where each refusal costs a pause, which also fills the bucket and so falsifies a short measure."""
_SHARED_CUT = 0.82
"""Of the rate, where somebody else seems to use the same limit. Who has more gives up more, so shares become equal."""
_SHARED_SIGNS = 30.0
"""Seconds within which two refusals at rest are a sign of that. One can be the error of an estimate."""
_SHARED_FOR = 40.0
"""Seconds for which that is believed after the last sign of it."""
_SHARED_GROWTH = 0.2
"""Requests per second that the rate then grows in a second, times its power of 3/4: nearly alike for big and small."""
_BREATH = 0.05
"""Seconds at most, after a cut, in which the bucket gains a little: a dry one refuses whatever comes a moment early."""
_SHUT = 2
"""Refusals in a row without an answer between them that mean: nothing is taken at all."""
_PROBE, _PROBE_MOST = 0.5, 10.0
"""Seconds between two single tries while nothing is taken: the first pause, and the longest."""
_IDLE = 60.0
"""Seconds without anybody held back after which the limit is forgotten."""
_STEP = 0.02
"""Seconds between two changes of the rate."""


class AdaptiveRate:
    """Just under the rate that the server takes, once it has refused a request.

    While its bucket is dry a server takes exactly what its limit is. So what was accepted between two refusals, divided
    by the time between them, is the limit, or less if the bucket ran over meanwhile. The rate rests a little below
    that, then feels its way up until it is refused, at first gently and then ever faster, in case the limit has risen.
    Only a request that was sent after the last cut can cause another, so one overshoot is one cut. A refusal while the
    rate is at rest means that the limit fell, or that somebody else uses it too: for a while it is then cut in
    proportion and grows alike for all, which makes shares equal. Where nothing is taken at all, single requests try
    until one is.

    Args:
        random: a number in 0..1; spreads the tries of many clients.
    """

    def __init__(self, *, random: Callable[[], float] = random.random) -> None:
        self.refusals = 0
        self._random = random
        self._pace: Pace | None = None
        self._accepted = 0
        # The last whole second's count of accepted requests, and the one under way, for the rate at the first refusal.
        self._second, self._second_began_with, self._last_second = 0.0, 0, 0.0
        self._limit = 0.0
        self._is_first = self._is_guess = True
        self._cut_at = 0.0
        self._deaf_until = 0.0
        self._mark, self._accepted_at_mark = 0.0, 0
        self._rest = _REST
        self._shared_until = self._disturbed = -_SHARED_SIGNS
        self._shut = 0
        self._stepped = 0.0
        self._held_back = 0.0

    @property
    def rate(self) -> float | None:
        """Requests per second; None as long as no limit is known."""
        return None if self._pace is None else self._pace.rate

    @property
    def is_shut(self) -> bool:
        """The server takes nothing at all."""
        return self._shut > _SHUT

    def wait(self, now: float) -> float:
        """Seconds until another request may be sent."""
        if self._pace is None:
            return 0.0
        delay = self._pace.wait(now)
        if delay > 0:
            self._held_back = now
        elif now - self._held_back > _IDLE:
            self._pace = None
        return delay

    def sent(self, now: float) -> None:
        """A request is sent."""
        if self._pace is not None:
            self._step(self._pace, now)
            self._pace.take(now)

    def give_back(self) -> None:
        """It was not sent after all."""
        if self._pace is not None:
            self._pace.give_back()

    def answered(self, now: float, sent_at: float) -> None:
        """The server took a request."""
        self._accepted += 1
        if now - self._second >= 1.0:
            self._last_second = (self._accepted - self._second_began_with) / (now - self._second)
            self._second, self._second_began_with = now, self._accepted
        if self._shut and self._pace is not None and sent_at >= self._deaf_until:
            if self.is_shut:
                self._go(self._pace, _GUESSED * self._limit, now, now)
            self._shut = 0

    def refused(self, now: float, sent_at: float, retry_after: float | None) -> None:
        """The server did not take a request, for there were too many."""
        self.refusals += 1
        if self._pace is None:
            self._limit = max(self._last_second, self._accepted - self._second_began_with, _FEWEST)
            self._pace = Pace(rate=self._limit)
            self._is_first = self._is_guess = True
            self._held_back = now
            self._go(self._pace, _FIRST_CUT * self._limit, now, sent_at)
        elif sent_at >= self._deaf_until:
            self._cut(self._pace, now, sent_at)
        if retry_after is not None and retry_after > 0:
            self._rest = _REST_AFTER_PAUSE
            self._pace.pause(now + retry_after)
            # What the bucket gains meanwhile was not earned by a rate.
            self._mark = max(self._mark, now + retry_after)
        else:
            self._rest = _REST

    def _cut(self, pace: Pace, now: float, sent_at: float) -> None:
        taken = self._accepted - self._accepted_at_mark
        if taken == 0:
            self._shut += 1
            if self.is_shut:
                self._knock(pace, now)
                return
        measured = min((taken + 0.5) / max(now - self._mark, _STEP), pace.rate)
        enough = _CONFIRMED_BY_PAUSES if self._rest == _REST_AFTER_PAUSE else _CONFIRMED
        was_guess, is_at_rest = self._is_guess, pace.rate <= self._limit
        # A rate far above what was taken climbed steeply, and on its way let the bucket run over.
        self._is_guess = taken < enough or measured < _CLOSE * pace.rate
        if not was_guess and is_at_rest:
            if now - self._disturbed < _SHARED_SIGNS:
                self._shared_until = now + _SHARED_FOR
            self._disturbed = now
        if now < self._shared_until and not self._is_guess:
            self._limit = pace.rate
            self._go(pace, _SHARED_CUT * pace.rate, now, sent_at)
        elif is_at_rest and not was_guess and not self._is_guess:
            self._limit = min(measured, _GUESSED * pace.rate)
            self._go(pace, _UNDER * self._limit, now, sent_at)
        elif was_guess or self._is_guess:
            if self._is_first or not (was_guess or is_at_rest):
                # A steep climb: what was taken is far too little, and the rate far too much.
                measured = math.sqrt(measured * pace.rate)
            self._is_first = False
            self._limit = max(measured, _LEAST_CUT * pace.rate)
            # The bucket was dry at the last refusal and is dry now. As long as it did not run over in between, the time
            # before that one counts too, and a guess becomes an estimate.
            goes_on = self._is_guess and measured > _CLOSE * pace.rate
            self._go(pace, _GUESSED * self._limit, now, sent_at, goes_on=goes_on)
        else:
            # The rate at rest was taken all the time. If less was measured than the limit known so far, then because
            # the bucket ran over: the limit is higher.
            self._limit = max(measured, self._limit * _RAISE)
            self._go(pace, _UNDER * self._limit, now, sent_at)

    def _go(self, pace: Pace, rate: float, now: float, sent_at: float, *, goes_on: bool = False) -> None:
        pace.change(rate, now)
        self._cut_at = self._stepped = now
        # What was sent before the cut keeps the bucket dry until the last of it has arrived.
        round_trip = now - sent_at
        self._deaf_until = now + round_trip
        pace.pause(now + min(round_trip / 2, _BREATH))
        if not goes_on:
            self._mark, self._accepted_at_mark = now, self._accepted

    def _knock(self, pace: Pace, now: float) -> None:
        """Nothing is taken: one try, after a pause that grows."""
        doublings = min(self._shut - _SHUT - 1, 10)
        pause = min(_PROBE_MOST, _PROBE * 2.0**doublings) * (0.5 + self._random() / 2)
        self._go(pace, 1 / pause, now, now)
        pace.pause(now + pause)

    def _step(self, pace: Pace, now: float) -> None:
        """Let the rate grow with the time since the last cut, if it holds anybody back."""
        passed = now - self._stepped
        if passed < _STEP or self.is_shut:
            return
        self._stepped = now
        longest = max(0.1, 2 / pace.rate)
        if now - self._held_back > longest:
            return  # nobody asks for more, so nobody knows whether there is more
        passed = min(passed, longest)
        since = now - max(self._cut_at, self._mark)
        if now < self._shared_until and not self._is_guess:
            pace.change(pace.rate + passed * _SHARED_GROWTH * pace.rate**0.75, now)
        elif self._is_guess:
            steepness = min(since, 3.0) / (1.0 if self._is_first or self._rest == _REST else _GENTLE)
            pace.change(pace.rate * (1 + passed * (_CLIMB + steepness**2)), now)
        elif since >= self._rest and pace.rate < 1.5 * max(self._limit, self._last_second):
            growth = _FEEL * 2.0 ** min((since - self._rest) / _DOUBLING, 8.0)
            pace.change(pace.rate + passed * growth * self._limit, now)
