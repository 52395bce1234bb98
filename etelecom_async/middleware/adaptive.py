"""The server's hidden limit, found by being refused: pure arithmetic on times that are passed in."""

from __future__ import annotations

import enum
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
_ENOUGH, _ENOUGH_BY_PAUSES = 16, 10
"""Accepted requests between two refusals that make their rate an estimate and not a guess; fewer where each costs a
pause."""
_CLOSE, _CLOSE_BY_PAUSES = 0.8, 0.65
"""Share of the rate above which what was measured can be the limit, and not much less than it."""
_GUESSES = 4
"""Guesses in a row that no estimate followed: somebody else is searching too."""
_UNDER = 0.975
"""Of the limit: how far below it the rate rests."""
_GUESSED = 0.95
"""Of a guess: where the search goes on, and how far the limit fell at least that refused a rate at rest."""
_GUESSED_BY_PAUSES = 1.1
"""The same after a pause: the bucket is full then, and would run over at less than the limit."""
_HELD = 0.1
"""Seconds of the limit that a bucket is taken to have gained in a pause."""
_TOWARDS = 1 / 3
"""How far the next guess lies from what was measured towards the rate, where those are not close."""
_REST = 8.5
"""Seconds at rest before the limit is felt for."""
_REST_BY_PAUSES = 26.0
"""The same where a refusal costs a pause that the server asked for."""
_FEEL, _DOUBLING = 0.03, 0.6
"""Share of the limit by which the rate grows in the first second of feeling; seconds in which that doubles."""
_FAR = 1.4
"""Of the limit: where the rate is refused above that, the limit has risen and is searched for anew."""
_RISE = 1.015
"""By how much the limit is taken to have risen where a new search would cost a pause."""
_CLIMB, _STEEPEST, _STEEPEST_BY_PAUSES = 0.1, 1.5, 3.0
"""Share by which the rate above a guess grows in the first second. The longer it is not refused, the farther the guess
must be, so from then on it grows with the square of the time, up to the square of so many seconds."""
_GENTLE, _GENTLE_BY_PAUSES, _COUNTED = 4.0, 5.0, 80
"""By how much slower after the first guess: at low rates, so that enough are counted; and where a refusal costs a
pause, for that falsifies a short measure."""
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


class _Phase(enum.Enum):
    """Where the search is."""

    FIRST = enum.auto()
    """Nothing is known but that there is a limit."""
    GUESS = enum.auto()
    """Climbing from a guess, to be refused soon and so measure the limit."""
    KNOWN = enum.auto()
    """At rest below a limit that was measured, or feeling for a higher one."""
    SHARED = enum.auto()
    """Somebody else uses the limit too."""


class AdaptiveRate:
    """Just under the rate that the server takes, once it has refused a request.

    While its bucket is dry a server takes exactly what its limit is. So what was accepted between two refusals, divided
    by the time between them, is the limit, or less if the bucket ran over meanwhile. The rate rests a little below
    that, then feels its way up until it is refused, at first gently and then ever faster, in case the limit has risen.
    That refusal begins a new measurement: from just below the limit the rate climbs at once to the next one, so that
    the bucket does not run over in between. Only a request that was sent after the last cut can cause another, so one
    overshoot is one cut. A refusal while the rate is at rest means that the limit fell, or that somebody else uses it
    too: for a while it is then cut in proportion and grows alike for all, which makes shares equal. Where nothing is
    taken at all, single requests try until one is.

    Args:
        random: a number in 0..1; spreads the tries of many clients.
    """

    def __init__(self, *, random: Callable[[], float] = random.random) -> None:
        self.refusals = 0
        self._random = random
        self.pace: Pace | None = None
        """The rate that is kept; None as long as no limit is known, and then nothing has to wait or to be `sent`."""
        self._accepted = 0
        # The last whole second's count of accepted requests, and the one under way, for the rate at the first refusal.
        self._second, self._second_began_with, self._last_second = 0.0, 0, 0.0
        self._limit = 0.0
        self._phase = _Phase.FIRST
        self._guesses = 0
        self._cut_at = 0.0
        self._deaf_until = 0.0
        self._mark, self._accepted_at_mark = 0.0, 0
        self._is_paused = False
        self._shared_until = self._disturbed = -_SHARED_SIGNS
        self._shut = 0
        self._stepped = 0.0
        self._held_back = 0.0

    @property
    def rate(self) -> float | None:
        """Requests per second; None as long as no limit is known."""
        return None if self.pace is None else self.pace.rate

    @property
    def is_shut(self) -> bool:
        """The server takes nothing at all."""
        return self._shut > _SHUT

    def wait(self, now: float) -> float:
        """Seconds until another request may be sent."""
        if self.pace is None:
            return 0.0
        delay = self.pace.wait(now)
        if delay > 0:
            self._held_back = now
        elif now - self._held_back > _IDLE:
            self.pace = None
        return delay

    def sent(self, now: float) -> None:
        """A request is sent."""
        if self.pace is not None:
            self._step(self.pace, now)
            self.pace.take(now)

    def give_back(self) -> None:
        """It was not sent after all."""
        if self.pace is not None:
            self.pace.give_back()

    def answered(self, now: float, sent_at: float) -> None:
        """The server took a request."""
        self._accepted += 1
        if now - self._second >= 1.0:
            self._last_second = (self._accepted - self._second_began_with) / (now - self._second)
            self._second, self._second_began_with = now, self._accepted
        if self._shut and self.pace is not None and sent_at >= self._deaf_until:
            if self.is_shut:
                self._go(self.pace, _GUESSED * self._limit, now, now)
            self._shut = 0

    def refused(self, now: float, sent_at: float, retry_after: float | None) -> None:
        """The server did not take a request, for there were too many."""
        self.refusals += 1
        if self.pace is None:
            self._limit = max(self._last_second, self._accepted - self._second_began_with, _FEWEST)
            self.pace = Pace(rate=self._limit)
            self._phase = _Phase.FIRST
            self._held_back = now
            self._go(self.pace, _FIRST_CUT * self._limit, now, sent_at)
        elif sent_at >= self._deaf_until:
            self._cut(self.pace, now, sent_at)
        if retry_after is not None and retry_after > 0:
            self._is_paused = True
            self.pace.pause(now + retry_after)
            # What the bucket gains meanwhile was not earned by a rate.
            self._mark = max(self._mark, now + retry_after)
        else:
            self._is_paused = False

    def _cut(self, pace: Pace, now: float, sent_at: float) -> None:
        taken = self._accepted - self._accepted_at_mark
        if taken == 0:
            self._shut += 1
            if self.is_shut:
                self._knock(pace, now)
                return
        held = _HELD if self._is_paused else 0.0
        measured = min((taken + 0.5) / max(now - self._mark + held, _STEP), pace.rate)
        close = (_CLOSE_BY_PAUSES if self._is_paused else _CLOSE) * pace.rate
        is_estimate = measured >= close and taken >= (_ENOUGH_BY_PAUSES if self._is_paused else _ENOUGH)
        if self._phase in (_Phase.FIRST, _Phase.GUESS):
            self._measure(pace, measured, now, sent_at, is_close=measured >= close, is_estimate=is_estimate)
        elif pace.rate <= self._limit:
            self._disturb(pace, measured, now, sent_at, is_estimate=is_estimate)
        elif self._phase is _Phase.SHARED:
            self._share(pace, now, sent_at)
        elif self._is_paused and pace.rate < _FAR * self._limit:
            self._limit = max(measured, self._limit * _RISE)
            self._go(pace, _UNDER * self._limit, now, sent_at)
        else:
            # While the rate was at rest the bucket ran over: what was taken says too little.
            if measured < _CLOSE * pace.rate:
                measured = math.sqrt(measured * pace.rate)
            self._guess(pace, max(measured, self._limit), _UNDER, now, sent_at)

    def _measure(
        self, pace: Pace, measured: float, now: float, sent_at: float, *, is_close: bool, is_estimate: bool
    ) -> None:
        """Refused on the climb from a guess."""
        if self._phase is _Phase.FIRST:
            measured = math.sqrt(measured * pace.rate)
        elif not is_close:
            measured = measured ** (1 - _TOWARDS) * pace.rate**_TOWARDS
        self._guesses = 0 if is_estimate else self._guesses + 1
        self._limit = max(measured, _LEAST_CUT * pace.rate)
        if self._guesses >= _GUESSES:
            self._guesses = 0
            self._phase, self._shared_until = _Phase.SHARED, now + _SHARED_FOR
        elif is_estimate:
            self._phase = _Phase.KNOWN
        else:
            # The bucket was dry at the last refusal and is dry now. As long as it did not run over in between, the time
            # before that one counts too, and a guess becomes an estimate.
            factor = _GUESSED_BY_PAUSES if self._is_paused else _GUESSED
            self._guess(pace, self._limit, factor, now, sent_at, goes_on=is_close)
            return
        self._go(pace, _UNDER * self._limit, now, sent_at)

    def _disturb(self, pace: Pace, measured: float, now: float, sent_at: float, *, is_estimate: bool) -> None:
        """Refused at rest."""
        # After pauses an estimate is too rough to tell its own error from a sharer.
        if now - self._disturbed < _SHARED_SIGNS and not self._is_paused:
            self._phase, self._shared_until = _Phase.SHARED, now + _SHARED_FOR
        self._disturbed = now
        if not is_estimate:
            self._guess(pace, max(measured, _LEAST_CUT * pace.rate), _GUESSED, now, sent_at)
        elif self._phase is _Phase.SHARED:
            self._share(pace, now, sent_at)
        else:
            self._limit = min(measured, _GUESSED * pace.rate)
            self._go(pace, _UNDER * self._limit, now, sent_at)

    def _share(self, pace: Pace, now: float, sent_at: float) -> None:
        if now > self._shared_until:
            self._guess(pace, pace.rate, _GUESSED, now, sent_at)
            return
        self._limit = pace.rate
        self._go(pace, _SHARED_CUT * pace.rate, now, sent_at)

    def _guess(
        self, pace: Pace, limit: float, factor: float, now: float, sent_at: float, *, goes_on: bool = False
    ) -> None:
        self._phase, self._limit = _Phase.GUESS, limit
        self._go(pace, factor * limit, now, sent_at, goes_on=goes_on)

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
        if self._phase is _Phase.SHARED:
            pace.change(pace.rate + passed * _SHARED_GROWTH * pace.rate**0.75, now)
        elif self._phase is not _Phase.KNOWN:
            pace.change(pace.rate * (1 + passed * self._climb(pace, since)), now)
        else:
            felt = since - (_REST_BY_PAUSES if self._is_paused else _REST)
            if felt >= 0 and pace.rate < 1.5 * max(self._limit, self._last_second):
                pace.change(pace.rate + passed * _FEEL * 2.0 ** min(felt / _DOUBLING, 8.0) * self._limit, now)

    def _climb(self, pace: Pace, since: float) -> float:
        """Share by which the rate above a guess grows in a second."""
        steepness = min(since, _STEEPEST_BY_PAUSES if self._is_paused else _STEEPEST)
        if self._phase is _Phase.GUESS:
            gentle = min(max(_COUNTED / pace.rate, 1.0), _GENTLE)
            steepness /= max(gentle, _GENTLE_BY_PAUSES) if self._is_paused else gentle
        return _CLIMB + steepness**2
