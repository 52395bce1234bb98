"""Servers with hidden limits, put together from parts: pure arithmetic on times that are passed in."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from attrs import define, field

from etelecom_async.ratelimit.outcome import Kind

__all__ = [
    "Answer",
    "Backlog",
    "Bucket",
    "Changing",
    "Noise",
    "Outage",
    "Part",
    "Queue",
    "Sliding",
    "UnderWay",
    "Window",
]


class Answer(NamedTuple):
    """What is not taken is answered with.

    Attributes:
        kind: as the client's layer would call it.
        retry_after: seconds that the client is asked to wait.
        is_doubtful: of a refusal, that it need not have to do with load: a 503, consent code 5.
    """

    kind: Kind
    retry_after: float | None = None
    is_doubtful: bool = False


_NO = Answer(Kind.REFUSED)


class Part(Protocol):
    """One limit of a server, or one trouble."""

    def admit(self, now: float, rnd: random.Random, /) -> Answer | None:
        """Count a request and let it through, or say what it is answered with."""
        ...

    def serve(self, now: float, rnd: random.Random, /) -> float:
        """Seconds that an admitted request takes here."""
        ...

    def done(self) -> None:
        """An admitted request has been answered."""
        ...


class _Plain:
    """A part that takes no time and holds nothing."""

    def serve(self, _: float, __: random.Random, /) -> float:
        return 0.0

    def done(self) -> None:
        pass


@define
class Bucket(_Plain):
    """A token bucket that begins full."""

    rate: float
    burst: float
    answer: Answer = _NO
    _tokens: float = field(init=False)
    _filled: float = 0.0

    def __attrs_post_init__(self) -> None:
        self._tokens = self.burst

    def admit(self, now: float, _: random.Random, /) -> Answer | None:
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1 - 1e-9:
            return self.answer
        self._tokens -= 1
        return None


@define
class Window(_Plain):
    """So many requests in each stretch of the clock; the client starts somewhere in the first."""

    count: int
    seconds: float
    counts_refused: bool = False
    answer: Answer = _NO
    phase: float = field(init=False, default=-1.0)
    _window: float = -1.0
    _used: int = 0

    def admit(self, now: float, rnd: random.Random, /) -> Answer | None:
        if self.phase < 0:
            self.phase = rnd.random() * self.seconds
        window = (now + self.phase) // self.seconds
        if window != self._window:
            self._window, self._used = window, 0
        if self._used >= self.count:
            return self.answer
        self._used += 1
        return None


@define
class Sliding(_Plain):
    """So many requests in any stretch of so many seconds."""

    count: int
    seconds: float
    counts_refused: bool = False
    answer: Answer = _NO
    _times: deque[float] = field(factory=deque[float])

    def admit(self, now: float, _: random.Random, /) -> Answer | None:
        times = self._times
        while times and times[0] <= now - self.seconds:
            times.popleft()
        is_full = len(times) >= self.count
        if self.counts_refused or not is_full:
            times.append(now)
            if len(times) > self.count:
                times.popleft()
        return self.answer if is_full else None


@define
class UnderWay:
    """At most so many at once, with answers of uneven length: log-normal, `seconds` on average."""

    most: int
    seconds: float = 0.05
    answer: Answer = _NO
    _now: int = 0

    def admit(self, _: float, __: random.Random, /) -> Answer | None:
        if self._now >= self.most:
            return self.answer
        self._now += 1
        return None

    def serve(self, _: float, rnd: random.Random, /) -> float:
        return self.seconds * rnd.lognormvariate(-0.125, 0.5)

    def done(self) -> None:
        self._now -= 1


@define
class Queue(_Plain):
    """Takes everything and answers so many a second, in order."""

    rate: float
    _free: float = 0.0

    def admit(self, _: float, __: random.Random, /) -> Answer | None:
        return None

    def serve(self, now: float, rnd: random.Random, /) -> float:
        self._free = max(self._free, now) + rnd.uniform(0.5, 1.5) / self.rate
        return self._free - now


@define
class Backlog(Queue):
    """The same, with room for so many connections that wait; one more is refused."""

    most: int = 10

    def admit(self, now: float, _: random.Random, /) -> Answer | None:
        return Answer(Kind.UNREACHABLE) if (self._free - now) * self.rate > self.most else None


@define
class Noise(_Plain):
    """Refuses a share at random, at any rate."""

    share: float
    answer: Answer = _NO

    def admit(self, _: float, rnd: random.Random, /) -> Answer | None:
        return self.answer if rnd.random() < self.share else None


@define
class Outage(_Plain):
    """From one moment on nothing is taken for so many seconds; again every so many, if told. TIMEOUT is silence."""

    since: float
    seconds: float
    answer: Answer = _NO
    every: float | None = None

    def is_on(self, now: float) -> bool:
        passed = now - self.since
        if passed < 0:
            return False
        return (passed if self.every is None else passed % self.every) < self.seconds

    def admit(self, now: float, _: random.Random, /) -> Answer | None:
        return self.answer if self.is_on(now) else None


@define
class Changing(_Plain):
    """One limit until a moment, then another."""

    before: Bucket
    after: Bucket
    at: float

    def admit(self, now: float, rnd: random.Random, /) -> Answer | None:
        return (self.before if now < self.at else self.after).admit(now, rnd)


@define
class Server:
    """All its parts, asked in order."""

    parts: Sequence[Part]
    rnd: random.Random

    def admit(self, now: float) -> Answer | None:
        """As `Part.admit`."""
        for index, part in enumerate(self.parts):
            answer = part.admit(now, self.rnd)
            if answer is not None:
                for earlier in self.parts[:index]:
                    earlier.done()
                return answer
        return None

    def serve(self, now: float) -> float:
        """As `Part.serve`."""
        return sum(part.serve(now, self.rnd) for part in self.parts)

    def done(self) -> None:
        """As `Part.done`."""
        for part in self.parts:
            part.done()
