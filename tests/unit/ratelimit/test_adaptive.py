"""The search for the server's limit: its arithmetic by hand."""

import random

import pytest

from etelecom_async.ratelimit.adaptive import AdaptiveRate
from etelecom_async.ratelimit.bucket import Bucket


def counted(bucket, count, since, until):
    """So many requests are taken, evenly, from one moment to the other."""
    for index in range(count):
        now = since + index * (until - since) / count
        if now >= bucket.next_note:
            bucket.note(now)
        bucket.accepted += 1


def test_from_a_full_bucket_to_a_dry_one_the_limit_is_what_was_taken_by_the_time_and_a_tenth_of_a_second():
    bucket = Bucket()
    counted(bucket, 20, 10.0, 10.9)
    measured = bucket.measure(10.9, enough=16)
    assert measured.limit == pytest.approx(20.5 / (0.9 + 0.1))
    assert (measured.requests, measured.dry) == (20, 0.0)


def test_while_the_bucket_ran_over_less_was_taken_than_it_could_have_given():
    bucket = Bucket()
    counted(bucket, 20, 0.0, 4.0)  # 5/s, and then 30/s until it is dry
    counted(bucket, 30, 4.0, 5.0)
    assert bucket.measure(5.0, enough=16).limit == pytest.approx(30.5 / (1.0 + 0.1))


def test_from_dry_to_dry_the_limit_is_exact_whatever_the_bucket_holds():
    bucket = Bucket()
    counted(bucket, 100, 0.0, 1.0)
    bucket.note(1.0, held=0.0)
    counted(bucket, 40, 1.0, 3.0)
    measured = bucket.measure(3.0, enough=16)
    assert measured.dry == pytest.approx(40 / 2)


def test_once_the_limit_is_known_the_bucket_holds_what_was_taken_above_it():
    bucket = Bucket()
    counted(bucket, 60, 0.0, 1.0)  # where 20/s run in: 40 came out of the bucket, so it holds two seconds
    bucket.note(1.0, held=0.0)
    bucket.learn(20.0)
    assert bucket.measure(1.0, enough=16).limit == pytest.approx(60.5 / (1.0 + 40.5 / 20), rel=0.02)


def test_too_few_requests_measure_only_where_there_are_no_more():
    bucket = Bucket()
    counted(bucket, 3, 0.0, 0.1)
    measured = bucket.measure(0.1, enough=16)
    assert (measured.limit, measured.requests) == (pytest.approx(3.5 / (0.1 + 0.1)), 3)
    bucket.forget()
    assert bucket.measure(0.1, enough=16).limit == 0


def test_there_is_no_rate_before_the_first_refusal_and_then_just_less_than_what_was_taken():
    rate = AdaptiveRate()
    for count in range(100):
        assert rate.wait(count / 100) == 0
        rate.sent(count / 100)
        rate.answered(count / 100 + 0.05, count / 100)
    assert rate.rate is None
    rate.refused(1.05, 1.0, None)
    assert rate.rate == pytest.approx(0.95 * 100.5 / (1.0 + 0.1))
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


@pytest.mark.parametrize("pause", [None, 1.0])
def test_any_order_of_answers_leaves_a_rate_above_zero(pause):
    for seed in range(300):
        rnd = random.Random(seed)
        rate = AdaptiveRate(random=rnd.random)
        now = 0.0
        for _ in range(200):
            now += rate.wait(now) + rnd.expovariate(10)
            rate.sent(now)
            if rnd.random() < seed / 300:
                rate.refused(now + 0.05, now, pause)
            else:
                rate.answered(now + 0.05, now)
            assert rate.rate is None or 0 < rate.rate < 1e6
