"""Clients with endless work at a server with hidden limits, in virtual time: a heap of events and no event loop."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import define, field

from benchmarks.limit_servers import Part, Server
from etelecom_async.ratelimit.outcome import Kind, Outcome, Sent

__all__ = ["ATTEMPT", "Client", "Governor", "simulate"]

ATTEMPT = 10.0
"""Seconds that an attempt may take."""
_LEG, _JITTER = 0.025, 0.2
"""Seconds from the client to the server, and by what share of it that varies."""
_LATE = 0.001
"""Seconds by which a timer can be late."""
_NEVER = float("inf")
_ARRIVES, _ANSWERED, _WAKES = range(3)


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
    """

    governor: Governor
    tries: int = 4
    backoff: float = 0.0
    starts: float = 0.0
    taken: list[float] = field(factory=lambda: list[float]())
    refused: list[float] = field(factory=lambda: list[float]())
    failed: int = 0
    wakes: float = _NEVER
    again: deque[int] = field(factory=lambda: deque[int]())
    later: list[tuple[float, int]] = field(factory=lambda: list[tuple[float, int]]())


def simulate(
    parts: Sequence[Part],
    clients: Sequence[Client],
    *,
    seconds: float,
    seed: int,
    leg: float = _LEG,
    watch: Callable[[float], None] | None = None,
) -> None:
    """Let them work for so many seconds."""
    rnd = random.Random(seed)
    server = Server(parts, rnd)
    events: list[tuple[float, int, int, Client, Sent | None, int, Outcome | None]] = []
    order = 0
    uniform, push, pop = rnd.uniform, heapq.heappush, heapq.heappop
    least, most = leg * (1 - _JITTER), leg * (1 + _JITTER)

    def go(client: Client, now: float) -> None:
        nonlocal order
        governor = client.governor
        while (due := governor.before(now)) <= now:
            charged = 0
            if client.later and client.later[0][0] <= now:
                charged = heapq.heappop(client.later)[1]
            elif client.again:
                charged = client.again.popleft()
            order += 1
            push(events, (now + uniform(least, most), order, _ARRIVES, client, governor.begin(now), charged, None))
        if due < client.wakes:
            client.wakes = due + rnd.random() * _LATE
            order += 1
            push(events, (client.wakes, order, _WAKES, client, None, 0, None))

    for client in clients:
        order += 1
        client.wakes = client.starts
        push(events, (client.starts, order, _WAKES, client, None, 0, None))
    while events:
        now, _, what, client, sent, charged, outcome = pop(events)
        if now >= seconds:
            break
        if watch is not None:
            watch(now)
        if what == _ARRIVES:
            assert sent is not None
            answer = server.admit(now)
            took = uniform(least, most)
            if answer is None:
                took += server.serve(now)
                kind, pause = Kind.ACCEPTED, None
            else:
                kind, pause = answer
            at = now + took
            if kind is Kind.TIMEOUT or at - sent.at > ATTEMPT:
                if answer is None:  # the server works on it all the same
                    order += 1
                    push(events, (at, order, _ANSWERED, client, None, 0, None))
                kind, at = Kind.TIMEOUT, sent.at + ATTEMPT
            order += 1
            push(events, (at, order, _ANSWERED, client, sent, charged, Outcome(kind, sent, pause)))
            continue
        if what == _WAKES:
            if client.wakes <= now:
                client.wakes = _NEVER
        elif outcome is None:
            server.done()
            continue
        else:
            kind = outcome.kind
            counts = client.governor.after(outcome, now)
            if kind is Kind.ACCEPTED:
                server.done()
                client.taken.append(now)
            else:
                client.refused.append(now)
                charged += counts
                if charged >= client.tries:
                    client.failed += 1
                elif client.backoff:
                    pause = max(outcome.retry_after or 0.0, rnd.random() * client.backoff * 2.0 ** (charged - 1))
                    heapq.heappush(client.later, (now + pause, charged))
                else:
                    client.again.append(charged)
        go(client, now)
