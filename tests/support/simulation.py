"""A server with a hidden limit and its clients, in virtual time: a heap of events and no event loop."""

import heapq
import math
import random
from collections import deque

from etelecom_async import RateLimited, Unavailable
from etelecom_async.ratelimit.adaptive import AdaptiveRate
from etelecom_async.ratelimit.refusal import Refusals
from etelecom_async.sandbox import Refusal

_DOUBTFUL = {Refusal.UNAVAILABLE: Unavailable("", status=503), Refusal.CONSENT: RateLimited("", status=200)}


class Client:
    """`places` workers with endless work, let go in turn by an `AdaptiveRate`, and in the beginning by a throttle."""

    def __init__(self, *, seed=0, places=400, starts=0.0):
        self.rate = AdaptiveRate(random=random.Random(seed).random)
        self.refusals = Refusals()
        self.free = min(places, 4)
        self.held = places - self.free
        self.earned = 0.0
        self.starts = starts
        self.taken = []
        self.refused = []
        self.wakes = None

    def hear(self, now, sent_at, refusal, pause):
        """An answer: taken if there is no `refusal`. Returns how many more may be under way."""
        self.free += 1
        self.refusals.answers += 1
        (self.refused if refusal else self.taken).append(now)
        error = _DOUBTFUL.get(refusal)
        if refusal and (error is None or self.refusals.includes(error, now)):
            self.rate.refused(now, sent_at, pause)
            return self.held
        if refusal:
            return 0
        self.rate.answered(now, sent_at)
        self.earned += 0.5
        more, self.earned = divmod(self.earned, 1)
        return min(self.held, int(more))

    @property
    def waste(self):
        """Share of its requests that was refused."""
        return len(self.refused) / (len(self.refused) + len(self.taken))


def _asked(refusal, now, wait):
    """Seconds that a refusal of this form asks to wait; None where it does not say."""
    if refusal is Refusal.RETRY_AFTER:
        return max(1.0, math.ceil(wait))
    if refusal is Refusal.RETRY_DATE:
        return float(math.ceil(now % 1 + wait))
    return None


def simulate(limit, clients, *, seconds, seed=0, latency=0.05, changes=()):  # noqa: C901 - one loop
    """Run the clients against a limit of the sandbox. `changes` are (moment, new limit)."""
    rnd = random.Random(seed)
    events, order = [], 0
    changes = deque(changes)
    meter = limit.meter()

    def plan(when, *what):
        nonlocal order
        order += 1
        heapq.heappush(events, (when, order, *what))

    def send(client, now):
        while client.free:
            delay = client.rate.wait(now)
            if delay > 0:
                if client.wakes is None:
                    client.wakes = now + delay + rnd.random() * 0.001  # timers are up to a millisecond late
                    plan(client.wakes, "wake", client, None)
                return
            client.free -= 1
            client.rate.sent(now)
            plan(now + latency / 2 * rnd.uniform(0.8, 1.4), "arrives", client, now)

    for client in clients:
        plan(client.starts, "wake", client, None)
    while events and events[0][0] < seconds:
        now, _, kind, client, detail = heapq.heappop(events)
        while changes and changes[0][0] <= now:
            limit = changes.popleft()[1]
            meter = limit.meter()
        if kind == "arrives":
            wait = meter.wait(now)
            answer = (detail, limit.refusal, _asked(limit.refusal, now, wait)) if wait else (detail, None, None)
            plan(now + latency / 2 * rnd.uniform(0.8, 1.4), "answer", client, answer)
            continue
        if kind == "wake":
            client.wakes = None
        else:
            more = client.hear(now, *detail)
            client.free += more
            client.held -= more
        send(client, now)


def goodput(clients, since, until):
    """Accepted requests per second of some clients together."""
    return sum(since <= moment < until for client in clients for moment in client.taken) / (until - since)


def settled(client, limit, since, *, share=0.9):
    """Whole seconds from `since` until what is taken is within a tenth of the limit, and stays there for ten seconds.

    Counted in windows of two seconds, or of as many as forty requests take.
    """
    window = max(2, math.ceil(40 / limit))
    for moment in range(since, since + 60):
        if all(
            goodput([client], moment + more, moment + more + window) >= share * limit for more in range(0, 10, window)
        ):
            return moment - since
    return math.inf
