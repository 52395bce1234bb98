"""What the search for the server's limit reaches, in a simulation in virtual time over many seeds."""

import random
import statistics

import pytest

from etelecom_async.sandbox import FixedWindow, Refusal, TokenBucket
from tests.support.simulation import Client, goodput, settled, simulate

SEEDS = {20: range(12), 200: range(4), 2000: range(1)}
each_limit = pytest.mark.parametrize("limit", [20, 200, pytest.param(2000, marks=pytest.mark.long)])
PAUSES = {Refusal.RETRY_AFTER, Refusal.RETRY_DATE}


def bucket(rate, *, held=0.1, refusal=Refusal.EXHAUSTED):
    """A bucket that holds so many seconds of its rate, and two requests at least: of one, any jitter is refused."""
    return TokenBucket(rate=rate, burst=max(2, rate * held), refusal=refusal)


@pytest.mark.parametrize("refusal", list(Refusal))
@each_limit
def test_nearly_all_of_a_limit_is_used_and_little_is_refused(limit, refusal):
    used = []
    for seed in SEEDS[limit]:
        one = Client(seed=seed)
        simulate(bucket(limit, refusal=refusal), [one], seconds=65, seed=seed)
        used.append(goodput([one], 5, 65) / limit)
        assert one.waste <= (0.015 if limit == 20 else 0.005)
        assert settled(one, limit, 0) <= (5 if limit == 20 and refusal in PAUSES else 4)
    goal = 0.92 if refusal in PAUSES else 0.97
    assert statistics.mean(used) >= goal + 0.005
    assert min(used) >= goal - (0.02 if refusal in PAUSES else 0.0)


@pytest.mark.parametrize(("held", "refused"), [(0.05, 0.013), (0.2, 0.016), (0.5, 0.04), (1.0, 0.05)])
@pytest.mark.parametrize("refusal", [Refusal.EXHAUSTED, Refusal.RETRY_AFTER])
@pytest.mark.parametrize("limit", [20, 200])
def test_it_is_learnt_what_the_bucket_holds(limit, refusal, held, refused):
    for seed in SEEDS[limit]:
        one = Client(seed=seed)
        simulate(bucket(limit, held=held, refusal=refusal), [one], seconds=65, seed=seed)
        assert goodput([one], 5, 65) >= (0.87 if refusal in PAUSES else 0.95) * limit
        assert one.waste <= (0.018 if limit == 200 and refusal not in PAUSES else refused)


@each_limit
def test_a_limit_that_halves_is_followed_at_once(limit):
    for seed in SEEDS[limit]:
        one = Client(seed=seed)
        simulate(bucket(limit), [one], seconds=60, seed=seed, changes=[(30, bucket(limit / 2))])
        assert settled(one, limit / 2, 30) < 5


@pytest.mark.parametrize("held", [0.1, 0.5])
@each_limit
def test_a_limit_that_triples_is_found_again(limit, held):
    for seed in SEEDS[limit]:
        turn = 30 + seed % 11  # at any moment of the search
        changes = [(turn, bucket(3 * limit, held=held))]
        one = Client(seed=seed, places=800)
        simulate(bucket(limit, held=held), [one], seconds=turn + 30, seed=seed, changes=changes)
        assert settled(one, 3 * limit, turn) < 15


@each_limit
@pytest.mark.parametrize("second", [0.0, 15.0])
def test_two_clients_that_know_nothing_of_each_other_come_to_share(limit, second):
    jains = []
    for seed in SEEDS[limit][:4]:
        pair = Client(seed=seed), Client(seed=seed + 100, starts=second)
        simulate(bucket(limit), pair, seconds=120, seed=seed)
        one, other = (goodput([each], 90, 120) for each in pair)
        jains.append((one + other) ** 2 / (2 * (one**2 + other**2)))
        assert one + other >= 0.92 * limit
    assert statistics.mean(jains) >= 0.97
    assert min(jains) >= 0.93


@pytest.mark.parametrize("refusal", [Refusal.EXHAUSTED, Refusal.RETRY_AFTER, Refusal.UNAVAILABLE])
@pytest.mark.parametrize("limit", [20, 200])
def test_a_count_per_second_is_mostly_used(limit, refusal):
    for seed in SEEDS[limit]:
        one = Client(seed=seed)
        simulate(FixedWindow(count=limit, seconds=1, refusal=refusal), [one], seconds=65, seed=seed)
        assert goodput([one], 5, 65) >= (0.65 if refusal in PAUSES else 0.75) * limit
        assert one.waste <= 0.18


@pytest.mark.parametrize("refusal", [Refusal.EXHAUSTED, Refusal.RETRY_AFTER, Refusal.UNAVAILABLE])
@pytest.mark.parametrize("count", [500, pytest.param(12_000, marks=pytest.mark.long)])
def test_a_quota_per_minute_is_used_up_and_the_rest_of_the_minute_waited_out(count, refusal):
    for seed in range(3):
        one = Client(seed=seed)
        simulate(FixedWindow(count=count, seconds=60, refusal=refusal), [one], seconds=175, seed=seed)
        assert len(one.taken) == 3 * count
        # What is under way when it is used up, of at most 400, then a few round trips of that, then single requests.
        assert len(one.refused) <= 3 * (400 + 0.1 * count)


@pytest.mark.parametrize("seeds", [150, pytest.param(2000, marks=pytest.mark.long)])
def test_any_limit_is_found_behind_any_bucket_at_any_distance(seeds):
    rnd = random.Random(4)
    used = []
    for seed in range(seeds):
        limit = 10 ** rnd.uniform(0.7, 1.8)
        refusal = rnd.choice(list(Refusal))
        hidden = bucket(limit, held=10 ** rnd.uniform(-1.3, 0), refusal=refusal)
        one = Client(seed=seed)
        simulate(hidden, [one], seconds=25, seed=seed, latency=10 ** rnd.uniform(-1.7, -1))
        used.append(goodput([one], 10, 25) / limit)
        assert one.waste <= 0.3, hidden
        assert used[-1] >= 0.35, hidden
    assert statistics.mean(used) >= 0.93
    assert statistics.quantiles(used, n=20)[0] >= 0.8
