"""Every kind of server that a client may meet without knowing, and what is to be reached there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from benchmarks.lib.limit_servers import (
    Answer,
    Backlog,
    Bucket,
    Changing,
    Noise,
    Outage,
    Part,
    Queue,
    Sliding,
    UnderWay,
    Window,
)
from etelecom_async.ratelimit.outcome import Kind

__all__ = ["KINDS", "Scenario"]

_LATER = Answer(Kind.REFUSED, 1.0)
_FAULT = Answer(Kind.FAULT)
_SILENCE = Answer(Kind.TIMEOUT)
_GONE = Answer(Kind.UNREACHABLE)
_NO = Answer(Kind.REFUSED)
_BUSY = Answer(Kind.REFUSED, is_doubtful=True)


@frozen(kw_only=True)
class Scenario:
    """One kind.

    Attributes:
        make: its parts, as new.
        capacity: requests that it takes in a second, on average over the run.
        used: share of that to be used at least.
        refused: share of the requests that may be refused.
        later: the same in the second half.
        seconds: how long it is watched.
        slots: requests under way at most.
        clients: how many clients, which know nothing of each other.
        leg: seconds from the client to the server.
        outage: from when to when nothing is taken, where recovery is measured.
    """

    make: Callable[[], Sequence[Part]]
    capacity: float
    used: float | None = None
    refused: float | None = None
    later: float | None = None
    seconds: float = 600.0
    slots: int = 600
    clients: int = 1
    leg: float = 0.025
    outage: tuple[float, float] | None = None


def _bucket(rate: float, held: float, *, refused: float) -> Scenario:
    return Scenario(make=lambda: [Bucket(rate, max(2.0, rate * held))], capacity=rate, used=0.97, refused=refused)


def _later(rate: float, *, refused: float) -> Scenario:
    return Scenario(make=lambda: [Bucket(rate, max(2.0, rate / 10), _LATER)], capacity=rate, used=0.92, refused=refused)


def _single(rate: float, used: float) -> Scenario:
    return Scenario(make=lambda: [Bucket(rate, 1.0)], capacity=rate, used=used, later=0.02)


def _window(count: int, seconds: float) -> Scenario:
    return Scenario(
        make=lambda: [Window(count, seconds)], capacity=count / seconds, used=0.97, refused=0.03, later=0.005
    )


def _sliding(count: int, seconds: float, *, counts_refused: bool) -> Scenario:
    return Scenario(
        make=lambda: [Sliding(count, seconds, counts_refused)],
        capacity=count / seconds,
        used=0.92 if counts_refused else 0.97,
        refused=0.03,
        later=0.005,
    )


def _noise(share: float) -> Scenario:
    return Scenario(make=lambda: [Noise(share, _BUSY)], capacity=400 * (1 - share), used=0.9, slots=20)


def _noisy(share: float, *, rate: float = 200.0) -> Scenario:
    return Scenario(make=lambda: [Noise(share, _BUSY), Bucket(rate, rate / 10)], capacity=rate, used=0.9)


def _changing(before: float, after: float) -> Scenario:
    return Scenario(
        make=lambda: [Changing(Bucket(before, before / 10), Bucket(after, after / 10), 300.0)],
        capacity=(before + after) / 2,
        used=0.93,
        refused=0.03,
    )


def _two(capacity: float, make: Callable[[], Sequence[Part]], leg: float = 0.025) -> Scenario:
    return Scenario(make=make, capacity=capacity, used=0.93, refused=0.03, leg=leg)


def _under_way(most: int) -> Scenario:
    used = 0.9 if most == 1 else 0.95
    return Scenario(make=lambda: [UnderWay(most)], capacity=most / 0.054, used=used, refused=0.02, leg=0.002)


def _outage(seconds: float, answer: Answer) -> Scenario:
    return Scenario(
        make=lambda: [Outage(200, seconds, answer), Bucket(200, 20)],
        capacity=200 * (1 - seconds / 600),
        used=0.95,
        outage=(200, 200 + seconds),
    )


def _pair(capacity: float, make: Callable[[], Sequence[Part]], leg: float = 0.025) -> Scenario:
    return Scenario(make=make, capacity=capacity, clients=2, leg=leg)


KINDS: dict[str, Scenario] = {
    "bucket of 20/s, 0.1 s": _bucket(20, 0.1, refused=0.015),
    "bucket of 20/s, 1 s": _bucket(20, 1, refused=0.015),
    "bucket of 200/s, 0.1 s": _bucket(200, 0.1, refused=0.005),
    "bucket of 200/s, 1 s": _bucket(200, 1, refused=0.005),
    "bucket of 2,000/s, 0.1 s": _bucket(2000, 0.1, refused=0.005),
    "bucket of 2,000/s, 1 s": _bucket(2000, 1, refused=0.005),
    "bucket of 20/s, Retry-After: 1": _later(20, refused=0.015),
    "bucket of 200/s, Retry-After: 1": _later(200, refused=0.005),
    "burst of 1, 0.5/s": _single(0.5, 0.96),
    "burst of 1, 5/s": _single(5, 0.92),
    "burst of 1, 50/s": _single(50, 0.66),
    "20 in each second": _window(20, 1),
    "200 in each second": _window(200, 1),
    "500 in each 10 s": _window(500, 10),
    "300 in each 7 s": _window(300, 7),
    "1,200 in each minute": _window(1200, 60),
    "500 in any 10 s": _sliding(500, 10, counts_refused=False),
    "500 in any 10 s, refused ones too": _sliding(500, 10, counts_refused=True),
    "1,200 in any minute, refused ones too": _sliding(1200, 60, counts_refused=True),
    "1 % refused at random": _noise(0.01),
    "5 % refused at random": _noise(0.05),
    "10 % refused at random": _noise(0.1),
    "10 % at random, bucket of 50/s": _noisy(0.1, rate=50),
    "1 % at random, bucket of 200/s": _noisy(0.01),
    "10 % at random, bucket of 200/s": _noisy(0.1),
    "3 % broken and 1 % lost at random, bucket of 200/s": Scenario(
        make=lambda: [Noise(0.03, _FAULT), Noise(0.01, _SILENCE), Bucket(200, 20)], capacity=200, used=0.9
    ),
    "bucket of 20/s halves": _changing(20, 10),
    "bucket of 20/s triples": _changing(20, 60),
    "bucket of 200/s halves": _changing(200, 100),
    "bucket of 200/s triples": _changing(200, 600),
    "bucket of 200/s and 6,000 a minute": _two(100, lambda: [Bucket(200, 20), Window(6000, 60)]),
    "bucket of 50/s and 300 in 10 s": _two(30, lambda: [Bucket(50, 5), Window(300, 10)]),
    "10 under way and 100/s": _two(100, lambda: [UnderWay(10), Bucket(100, 10)], leg=0.002),
    "10 under way": _under_way(10),
    "5 under way": _under_way(5),
    "1 under way": _under_way(1),
    "queue, 9/s": Scenario(make=lambda: [Queue(9)], capacity=9, used=0.95),
    "queue, 40/s": Scenario(make=lambda: [Queue(40)], capacity=40, used=0.95),
    "backlog of 10, 200/s": Scenario(make=lambda: [Backlog(200, most=10)], capacity=200, used=0.95),
    "refuses for 1 s a minute": Scenario(
        make=lambda: [Outage(30, 1, every=60)], capacity=400 * 59 / 60, used=0.95, slots=20
    ),
    "503 for 1 s in 20 s": Scenario(
        make=lambda: [Outage(15, 1, _FAULT, every=20), Bucket(200, 20)], capacity=190, used=0.95
    ),
    "429 for a minute": _outage(60, _NO),
    "500 for a minute": _outage(60, _FAULT),
    "no connection for a minute": _outage(60, _GONE),
    "silence for a minute": _outage(60, _SILENCE),
    "500 for five minutes": _outage(300, _FAULT),
    "two clients, bucket of 20/s": _pair(20, lambda: [Bucket(20, 2)]),
    "two clients, bucket of 200/s": _pair(200, lambda: [Bucket(200, 20)]),
    "two clients, 500 in each 10 s": _pair(50, lambda: [Window(500, 10)]),
    "two clients, 10 under way": _pair(10 / 0.054, lambda: [UnderWay(10)], leg=0.002),
}
"""By name."""
