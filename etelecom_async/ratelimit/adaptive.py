"""The server's hidden limit, found by being refused: pure arithmetic on times that are passed in."""

from __future__ import annotations

import enum
import math
import random
from collections.abc import Callable

from .bucket import Bucket, Measured
from .pace import Pace

__all__ = ["AdaptiveRate"]

_FEWEST = 10.0
"""Requests per second that are taken to be possible at the first refusal."""
_LEAST_CUT = 0.3
"""Of the rate, for one refusal: few answers say little, so no cut goes deeper."""
_ENOUGH, _ENOUGH_BY_PAUSES = 16, 6
"""Accepted requests that make their rate an estimate and not a guess; fewer where each refusal costs a pause."""
_CLOSE = 0.8
"""Share of the rate above which what was taken from dry to dry can be the limit: else the bucket ran over meanwhile."""
_UNDER, _DOUBT = 0.01, 0.4
"""Of the limit: how far below it the rate rests; and by how many requests the count can be wrong, if that is more."""
_BELOW = 0.95
"""Of what is taken for the limit: safely below it. There the search goes on."""
_REST, _SPREAD = 8.5, 0.3
"""Seconds at rest before the limit is felt for, at most; and by how much of that it can be less. It is random, so that
two clients of one limit do not feel for it at the same moments for ever, each taking its share for the limit."""
_FEEL, _DOUBLING = 0.02, 0.6
"""Share of the limit by which the rate grows in the first second of feeling; seconds in which that doubles."""
_SLOWLY = 3.0
"""By how much longer all that takes where a refusal costs a pause that the server asked for."""
_SAME, _RISE = 0.03, 1.005
"""Of the limit: how far what is measured may lie from it and still confirm it; by how much it is then raised, for a
limit that is too low is never refused."""
_CLIMB, _STEEPER = 0.2, 0.4
"""Share by which the rate above a guess grows in the first second, and how much more in each second after: the longer
it is not refused, the farther the guess must be."""
_SHARED_CUT = 0.87
"""Of the rate, where somebody else seems to use the same limit. Who has more gives up more, so shares become equal."""
_SHARED_PAUSE = 0.7
"""Seconds after such a cut without another: so the others are refused too."""
_SHARED_SIGNS = 30.0
"""Seconds within which two refusals at rest are a sign of that. One can be the error of an estimate."""
_SHARED_FOR = 40.0
"""Seconds for which that is believed after the last sign of it."""
_SHARED_GROWTH, _SHARED_POWER = 0.1, 0.95
"""Requests per second that the rate then grows in a second, times this power of it: a little more alike for all than a
share of it would be."""
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

    GUESS = enum.auto()
    """Climbing from a guess, to be refused and so measure the limit."""
    KNOWN = enum.auto()
    """At rest below a limit that was measured, or feeling for a higher one."""
    SHARED = enum.auto()
    """Somebody else uses the limit too."""


class AdaptiveRate:
    """Just under the rate that the server takes, once it has refused a request.

    A refusal says that the server's `Bucket` is dry, and that measures the limit: roughly from what the bucket is
    thought to hold, exactly between two refusals. So the first refusal leads to a guess, and from just below that the
    rate climbs to the next one, until a measurement is good. The rate then rests a little below the limit, and feels
    its way up until it is refused, at first gently and then ever faster, in case the limit has risen. If that confirms
    the limit, the rate rests again; if not, it is measured anew. Only a request that was sent after the last cut can
    cause another, so one overshoot is one cut. A refusal while the rate is at rest means that the limit fell, or that
    somebody else uses it too: where it happens again, for a while the rate is cut in proportion and grows alike for
    all, which makes shares equal. Where nothing is taken at all, single requests try until one is.

    Args:
        random: a number in 0..1; spreads the tries of many clients.
    """

    def __init__(self, *, random: Callable[[], float] = random.random) -> None:
        self.refusals = 0
        self._random = random
        self.pace: Pace | None = None
        """The rate that is kept; None as long as no limit is known, and then nothing has to wait or to be `sent`."""
        self._bucket = Bucket()
        self._was_full = False
        """What is known of the bucket reaches back to a moment at which it was full."""
        self._limit = 0.0
        self._phase = _Phase.GUESS
        self._cut_at, self._accepted_at_cut = 0.0, 0
        self._deaf_until = 0.0
        self._resumed = 0.0
        self._rests = _REST
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
        bucket = self._bucket
        if now >= bucket.next_note:
            bucket.note(now)
        bucket.accepted += 1
        if self._shut and self.pace is not None and sent_at >= self._deaf_until:
            if self.is_shut:
                self._go(self.pace, _BELOW * self._limit, now, now)
            self._shut = 0

    def refused(self, now: float, sent_at: float, retry_after: float | None) -> None:
        """The server did not take a request, for there were too many."""
        self.refusals += 1
        resumes = now + (retry_after or 0.0)
        self._is_paused = resumes > now
        if self.pace is None:
            limit = max(self._bucket.measure(now, enough=_ENOUGH).limit, _FEWEST)
            self.pace = Pace(rate=limit)
            self._held_back = now
            self._was_full = True
            self._guess(self.pace, limit, now, sent_at)
        elif sent_at >= self._deaf_until:
            self._cut(self.pace, now, sent_at)
        if self._is_paused:
            # The bucket fills meanwhile, so what was taken until then tells nothing.
            self._bucket.forget()
            self._bucket.next_note = self._resumed = max(self._resumed, resumes)
            self.pace.pause(resumes)

    def forget(self) -> None:
        """There is no limit after all."""
        self.pace = None
        self._shut = 0

    def _cut(self, pace: Pace, now: float, sent_at: float) -> None:
        if self._bucket.accepted == self._accepted_at_cut:
            self._shut += _SHUT if pace.rate * (now - self._cut_at) > _ENOUGH else 1
            if self.is_shut:
                self._knock(pace, now)
                return
        is_at_rest = pace.rate <= self._limit
        if self._phase is _Phase.SHARED:
            self._share(pace, now, sent_at)
        elif self._phase is _Phase.KNOWN and is_at_rest and not self._is_paused:
            self._disturb(pace, now, sent_at)
        else:
            if is_at_rest and (self._was_full or self._is_paused):
                self._bucket.holds_more()
            elif self._phase is _Phase.KNOWN and self._is_paused:
                self._bucket.holds_less()
            enough = _ENOUGH_BY_PAUSES if self._is_paused else _ENOUGH
            measured = self._bucket.measure(now, enough=enough)
            is_enough = measured.requests >= enough
            if self._phase is _Phase.GUESS:
                self._settle(pace, measured, now, sent_at, is_enough=is_enough)
            else:
                self._compare(pace, measured, now, sent_at, is_enough=is_enough)

    def _settle(self, pace: Pace, measured: Measured, now: float, sent_at: float, *, is_enough: bool) -> None:
        """Refused on the climb from a guess: is that good enough to rest?"""
        limit = min(max(measured.limit, _LEAST_CUT * pace.rate), pace.rate)
        if self._is_paused and is_enough:
            self._rest(pace, limit, measured.requests, now, sent_at)
        elif not self._is_paused and measured.dry >= _CLOSE * pace.rate:
            limit = min(measured.dry, pace.rate)
            if self._was_full:
                self._bucket.learn(limit)
            self._rest(pace, limit, measured.requests, now, sent_at)
        else:
            self._guess(pace, limit, now, sent_at)

    def _compare(self, pace: Pace, measured: Measured, now: float, sent_at: float, *, is_enough: bool) -> None:
        """Refused while it felt for the limit: is that where it was?"""
        limit = min(max(measured.limit, _LEAST_CUT * pace.rate), pace.rate)
        if self._is_paused and is_enough:
            # At rest only the bucket was misjudged, most likely, and the limit is not much lower.
            least = _CLOSE * pace.rate if pace.rate <= self._limit else 0.0
            self._rest(pace, max(limit, least), measured.requests, now, sent_at)
        elif abs(limit - self._limit) <= _SAME * self._limit and not self._is_paused:
            self._rest(pace, _RISE * (self._limit + limit) / 2, measured.requests, now, sent_at)
        else:
            self._was_full = True
            self._guess(pace, limit, now, sent_at)

    def _disturb(self, pace: Pace, now: float, sent_at: float) -> None:
        """Refused at rest."""
        if now - self._disturbed < _SHARED_SIGNS:
            self._phase, self._shared_until = _Phase.SHARED, now + _SHARED_FOR
            self._share(pace, now, sent_at)
        else:
            self._disturbed = now
            self._begin_anew(pace, now, sent_at)

    def _share(self, pace: Pace, now: float, sent_at: float) -> None:
        if pace.rate <= _BELOW * self._limit:
            self._shared_until = now + _SHARED_FOR
        if now > self._shared_until:
            self._begin_anew(pace, now, sent_at)
            return
        self._limit = pace.rate
        self._go(pace, _SHARED_CUT * pace.rate, now, sent_at)
        self._deaf_until = max(self._deaf_until, now + _SHARED_PAUSE)

    def _begin_anew(self, pace: Pace, now: float, sent_at: float) -> None:
        self._bucket.forget()
        self._was_full = False
        self._guess(pace, pace.rate, now, sent_at)

    def _guess(self, pace: Pace, limit: float, now: float, sent_at: float) -> None:
        self._phase, self._limit = _Phase.GUESS, limit
        self._go(pace, _BELOW * limit, now, sent_at)

    def _rest(self, pace: Pace, limit: float, requests: int, now: float, sent_at: float) -> None:
        self._phase, self._limit = _Phase.KNOWN, limit
        self._rests = _REST * (1 - _SPREAD * self._random())
        self._go(pace, (1 - max(_UNDER, _DOUBT / max(requests, _ENOUGH))) * limit, now, sent_at)

    def _go(self, pace: Pace, rate: float, now: float, sent_at: float) -> None:
        pace.change(rate, now)
        self._stepped = self._resumed = now
        self._cut_at, self._accepted_at_cut = now, self._bucket.accepted
        # What was sent before the cut keeps the bucket dry until the last of it has arrived.
        round_trip = now - sent_at
        self._deaf_until = now + round_trip
        pace.pause(now + min(round_trip / 2, _BREATH))
        self._bucket.note(now, held=0.0)

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
            return  # no call asks for more, so it is not known whether there is more
        growth = self._growth(pace, max(now - self._resumed, 0.0))
        if growth > 0:
            pace.change(pace.rate + min(passed, longest) * growth, now)

    def _growth(self, pace: Pace, since: float) -> float:
        """Requests per second that the rate grows in a second, so long after the last cut or pause."""
        if self._phase is _Phase.SHARED:
            return _SHARED_GROWTH * math.pow(pace.rate, _SHARED_POWER)
        if self._phase is _Phase.GUESS:
            return (_CLIMB + _STEEPER * since) * pace.rate
        slowness = _SLOWLY if self._is_paused else 1.0
        felt = since / slowness - self._rests
        return _FEEL * 2.0 ** min(felt / _DOUBLING, 8.0) / slowness * self._limit if felt >= 0 else 0.0
