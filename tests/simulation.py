"""A server with a hidden limit and its clients, in virtual time: a heap of events and no event loop."""

import heapq
import random
from collections import deque


class Bucket:
    """A token bucket, as a proxy has it."""

    def __init__(self, rate, burst):
        self.rate = rate
        self.burst = burst
        self.tokens = burst
        self.at = 0.0

    def takes(self, now):
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Client:
    """`places` workers with endless work, let go in turn by an `AdaptiveRate`, and in the beginning by a throttle."""

    def __init__(self, rate, *, places, starts=0.0):
        self.rate = rate
        self.free = min(places, 4)
        self.held = places - self.free
        self.earned = 0.0
        self.starts = starts
        self.taken = []
        self.refused = []
        self.wakes = None


def simulate(bucket, clients, *, seconds, seed=0, latency=0.05, retry_after=None, changes=()):  # noqa: C901 - one loop
    """Run the clients against the bucket. `changes` are (moment, new rate)."""
    rnd = random.Random(seed)
    events, order = [], 0
    changes = deque(changes)

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
            bucket.takes(changes[0][0])
            bucket.rate = changes.popleft()[1]
        if kind == "wake":
            client.wakes = None
        elif kind == "arrives":
            plan(now + latency / 2 * rnd.uniform(0.8, 1.4), "answer", client, (detail, bucket.takes(now)))
            continue
        else:
            sent_at, is_taken = detail
            client.free += 1
            if is_taken:
                client.taken.append(now)
                client.rate.answered(now, sent_at)
                client.earned += 0.5
                more = min(client.held, int(client.earned))
                client.earned %= 1
            else:
                more = client.held
                client.refused.append(now)
                client.rate.refused(now, sent_at, retry_after)
            client.free += more
            client.held -= more
        send(client, now)


def goodput(clients, since, until):
    """Accepted requests per second of some clients together."""
    return sum(since <= moment < until for client in clients for moment in client.taken) / (until - since)


def settled(client, limit, since, *, share=0.9, span=2.0):
    """Seconds from `since` until the mean over `span` seconds is and stays near the limit for ten seconds."""
    moment = since
    while moment < since + 60:
        if all(goodput([client], moment + more, moment + more + span) >= share * limit for more in (0, 2, 4, 6)):
            return moment - since
        moment += 0.25
    return 60.0
