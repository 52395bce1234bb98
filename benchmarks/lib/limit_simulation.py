"""Clients with endless work at a server with hidden limits, in virtual time: a heap of events and no event loop."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from attrs import define, field

from benchmarks.lib.limit_servers import Answer, Part, Server
from etelecom_async.ratelimit.outcome import Kind, Outcome, Sent

__all__ = ["ATTEMPT", "Client", "Governor", "simulate"]

ATTEMPT = 10.0
"""Seconds that an attempt may take."""
_LEG, _JITTER = 0.025, 0.2
"""Seconds from the client to the server, and by what share of it that varies."""
_LATE = 0.001
"""Seconds by which a timer can be late."""
_NEVER = float("inf")


class Governor(Protocol):
    """Who decides when requests go."""

    def before(self, now: float, /) -> float:
        """When the next may go; infinite if that has to wait for an answer."""
        ...

    def begin(self, now: float, /) -> Sent:
        """One goes."""
        ...

    def after(self, outcome: Outcome, now: float, /) -> bool:
        """What came of it. Returns whether the attempt counts against its row."""
        ...


@define(eq=False)
class Client:
    """One client, and what it has seen.

    Attributes:
        tries: attempts that count before a row fails.
        backoff: seconds of the first pause after an attempt that failed; it doubles, with full jitter.
        workers: rows under way and in such a pause at most.
    """

    governor: Governor
    tries: int = 4
    backoff: float = 0.0
    workers: int | None = None
    starts: float = 0.0
    taken: list[float] = field(factory=list[float])
    refused: list[float] = field(factory=list[float])
    failed: int = 0
    wakes: float = _NEVER
    again: deque[int] = field(factory=deque[int])
    later: list[tuple[float, int]] = field(factory=list[tuple[float, int]])
    under_way: int = 0

    def may_go(self, now: float) -> float:
        """When the next request may go."""
        due = self.governor.before(now)
        if self.workers is None or due > now or (self.later and self.later[0][0] <= now):
            return due
        if self.under_way + len(self.later) < self.workers:
            return due
        return self.later[0][0] if self.later else _NEVER

    def next_row(self, now: float) -> int:
        """How many attempts of the next row counted so far."""
        if self.later and self.later[0][0] <= now:
            return heapq.heappop(self.later)[1]
        return self.again.popleft() if self.again else 0

    def try_again(self, charged: int, at: float) -> None:
        """A row's attempt did not succeed. Where there is no backoff, the governor decides when it goes again."""
        if charged >= self.tries:
            self.failed += 1
        elif self.backoff:
            heapq.heappush(self.later, (at, charged))
        else:
            self.again.append(charged)


def simulate(parts: Sequence[Part], clients: Sequence[Client], *, seconds: float, seed: int, leg: float = _LEG) -> None:
    """Let them work for so many seconds."""
    run = _Run(Server(parts, random.Random(seed)), leg)
    for client in clients:
        client.wakes = client.starts
        run.plan(client.starts, run.wake, client, None)
    while run.events and run.events[0].at < seconds:
        event = heapq.heappop(run.events)
        event.what(event.at, event.client, event.attempt)


@define(eq=False)
class _Attempt:
    """A request of a row that has failed so many times."""

    sent: Sent
    charged: int
    outcome: Outcome | None = None


class _Event(NamedTuple):
    at: float
    order: int
    what: Callable[[float, Client, _Attempt | None], None]
    client: Client
    attempt: _Attempt | None


class _Run:
    def __init__(self, server: Server, leg: float) -> None:
        self.events: list[_Event] = []
        self._server = server
        self._random = server.rnd
        self._least, self._most = leg * (1 - _JITTER), leg * (1 + _JITTER)
        self._order = 0

    def plan(
        self,
        at: float,
        what: Callable[[float, Client, _Attempt | None], None],
        client: Client,
        attempt: _Attempt | None,
    ) -> None:
        self._order += 1
        heapq.heappush(self.events, _Event(at, self._order, what, client, attempt))

    def wake(self, now: float, client: Client, _: _Attempt | None) -> None:
        if client.wakes <= now:
            client.wakes = _NEVER
        self._go(client, now)

    def _go(self, client: Client, now: float) -> None:
        """Send what may be sent."""
        while (due := client.may_go(now)) <= now:
            charged = client.next_row(now)
            client.under_way += 1
            leg = self._random.uniform(self._least, self._most)
            self.plan(now + leg, self._arrive, client, _Attempt(client.governor.begin(now), charged))
        if due < client.wakes:
            client.wakes = due + self._random.random() * _LATE
            self.plan(client.wakes, self.wake, client, None)

    def _arrive(self, now: float, client: Client, attempt: _Attempt | None) -> None:
        assert attempt is not None
        answer, sent = self._server.admit(now), attempt.sent
        took = self._random.uniform(self._least, self._most)
        if answer is None:
            took += self._server.serve(now)
            answered = Answer(Kind.ACCEPTED)
        else:
            answered = answer
        kind, pause, is_doubtful = answered
        at = now + took
        if kind is Kind.TIMEOUT or at - sent[0] > ATTEMPT:
            if answer is None:
                self.plan(at, self._finish, client, None)
            kind, at = Kind.TIMEOUT, sent[0] + ATTEMPT
        attempt.outcome = Outcome(kind, sent, pause, is_doubtful)
        self.plan(at, self._answer, client, attempt)

    def _finish(self, _: float, __: Client, ___: _Attempt | None) -> None:
        """The server has worked on something that is waited for no more."""
        self._server.done()

    def _answer(self, now: float, client: Client, attempt: _Attempt | None) -> None:
        assert attempt is not None
        assert attempt.outcome is not None
        client.under_way -= 1
        is_charged = client.governor.after(attempt.outcome, now)
        if attempt.outcome.kind is Kind.ACCEPTED:
            self._server.done()
            client.taken.append(now)
        else:
            client.refused.append(now)
            charged = attempt.charged + is_charged
            pause = self._random.random() * client.backoff * 2.0 ** (charged - 1) if client.backoff else 0.0
            client.try_again(charged, now + max(attempt.outcome.retry_after or 0.0, pause))
        self._go(client, now)
