"""The search for the server's limit: its arithmetic by hand, and its figures in a simulation over many seeds."""

import random

import pytest

from etelecom_async.middleware.adaptive import AdaptiveRate
from tests.simulation import Bucket, Client, goodput, settled, simulate

SEEDS = range(5)
PLACES = {20: 100, 200: 100, 2000: 333}


def client(seed, limit, *, more=1, starts=0.0):
    return Client(AdaptiveRate(random=random.Random(seed).random), places=more * PLACES[limit], starts=starts)


def test_there_is_no_rate_before_the_first_refusal_and_then_half_of_what_was_taken():
    rate = AdaptiveRate()
    for count in range(100):
        assert rate.wait(count / 100) == 0
        rate.sent(count / 100)
        rate.answered(count / 100 + 0.05, count / 100)
    assert rate.rate is None
    rate.refused(1.05, 1.0, None)
    assert rate.rate == pytest.approx(50, rel=0.05)  # counted by whole seconds
    assert rate.refusals == 1


def test_one_overshoot_is_one_cut():
    rate = AdaptiveRate()
    rate.refused(1.0, 0.95, None)
    first = rate.rate
    for late in (1.01, 1.02, 1.04):
        rate.refused(late, 0.96, None)
    assert rate.rate == first
    rate.refused(1.2, 1.11, None)
    assert rate.rate < first


def test_a_retry_after_pauses_everybody():
    rate = AdaptiveRate()
    rate.refused(1.0, 0.95, 7.0)
    assert rate.wait(1.0) == pytest.approx(7.0)


def test_while_nothing_is_taken_single_tries_follow_in_growing_pauses_and_one_answer_ends_that():
    rate = AdaptiveRate(random=lambda: 1.0)
    now = 0.0
    for _ in range(200):
        rate.answered(now, now)
    rate.refused(now, now, None)
    pauses = []
    for _ in range(12):
        now += rate.wait(now)
        rate.sent(now)
        pauses.append(rate.wait(now))
        rate.refused(now + 0.001, now, None)
        now += 0.001
    assert rate.is_shut
    assert pauses[-1] == pytest.approx(10.0, rel=0.01)
    now += rate.wait(now)
    rate.sent(now)
    rate.answered(now + 0.05, now)
    assert not rate.is_shut
    assert rate.rate > 1


def test_a_limit_that_holds_nobody_back_for_a_minute_is_forgotten():
    rate = AdaptiveRate()
    rate.refused(1.0, 0.95, None)
    assert rate.wait(1.0) > 0
    assert rate.wait(59.0) == 0
    assert rate.rate is not None
    assert rate.wait(62.0) == 0
    assert rate.rate is None


@pytest.mark.parametrize(
    ("limit", "seconds_of_burst", "refused"),
    [(20, 0.1, 0.021), (200, 0.1, 0.006), (2000, 0.1, 0.005), (20, 1.0, 0.045), (200, 1.0, 0.013), (2000, 1.0, 0.006)],
)
def test_nearly_all_of_a_limit_is_used_and_little_is_refused(limit, seconds_of_burst, refused):
    for seed in SEEDS:
        one = client(seed, limit)
        simulate(Bucket(limit, max(2, limit * seconds_of_burst)), [one], seconds=65, seed=seed)
        assert goodput([one], 5, 65) >= 0.97 * limit
        assert settled(one, limit, 0) < 5
        assert len(one.refused) <= refused * len(one.taken)


@pytest.mark.parametrize(("limit", "used"), [(20, 0.9), (200, 0.92), (2000, 0.92)])
@pytest.mark.parametrize("seconds_of_burst", [0.1, 0.2, 1.0])
def test_pauses_that_the_server_asks_for_cost_little_more(limit, used, seconds_of_burst):
    for seed in SEEDS:
        one = client(seed, limit)
        simulate(Bucket(limit, max(2, limit * seconds_of_burst)), [one], seconds=65, seed=seed, retry_after=1.0)
        assert goodput([one], 5, 65) >= (used - 0.01) * limit


@pytest.mark.parametrize("limit", [20, 200, 2000])
def test_a_limit_that_halves_is_followed_at_once(limit):
    for seed in SEEDS:
        one = client(seed, limit)
        simulate(Bucket(limit, max(2, limit / 10)), [one], seconds=60, seed=seed, changes=[(30, limit / 2)])
        assert settled(one, limit / 2, 30) < 5


@pytest.mark.parametrize("limit", [20, 200, 2000])
def test_a_limit_that_triples_is_found_again(limit):
    for seed in SEEDS:
        one = client(seed, limit, more=2)
        simulate(Bucket(limit, limit / 10), [one], seconds=60, seed=seed, changes=[(30, 3 * limit)])
        assert settled(one, 3 * limit, 30) < 15


@pytest.mark.parametrize("limit", [20, 200, 2000])
@pytest.mark.parametrize("second", [0.0, 15.0])
def test_two_clients_that_know_nothing_of_each_other_come_to_share(limit, second):
    for seed in SEEDS:
        pair = client(seed, limit), client(seed + 100, limit, starts=second)
        simulate(Bucket(limit, max(2, limit / 10)), pair, seconds=120, seed=seed)
        one, other = (goodput([each], 90, 120) for each in pair)
        assert (one + other) ** 2 / (2 * (one**2 + other**2)) >= 0.85
        assert one + other >= 0.9 * limit
