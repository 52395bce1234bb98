"""The search for the server's limit step by step, in numbers computed by hand. The figures of it all: test_adaptive."""

import pytest

from etelecom_async.ratelimit.adaptive import AdaptiveRate


def near(number):
    return pytest.approx(number, rel=1e-9)


def search(random=0.0):
    return AdaptiveRate(random=lambda: random)


def takes(rate, count, at):
    """The server takes so many at this moment, which were sent then."""
    for _ in range(count):
        rate.answered(at, at)


def push(rate, at):
    """Somebody is held back, and then sent."""
    rate.pace.pause(at + 1e-6)
    assert rate.wait(at) > 0
    rate.sent(at)
    return rate.rate


def refused(rate, at, retry_after=None):
    rate.refused(at, at, retry_after)
    return rate.rate


def resting():
    """At rest since 5.0, for from dry to dry it took 38 in 4 seconds: 9.5 a second."""
    rate = search()
    refused(rate, 1.0)
    takes(rate, 38, 1.01)
    assert refused(rate, 5.0) == near(9.4)  # four tenths of a request below
    return rate


# What is known at first


def test_before_a_refusal_there_is_nothing_to_wait_for():
    rate = search()
    takes(rate, 1000, 1.0)
    rate.sent(1.0)
    rate.give_back()
    assert (rate.rate, rate.pace, rate.wait(1.0), rate.is_shut, rate.refusals) == (None, None, 0.0, False, 0)


def test_the_first_refusal_is_taken_for_ten_a_second_at_least():
    rate = search()
    assert refused(rate, 1.0) == near(9.5)
    assert rate.refusals == 1


def test_the_first_refusal_measures_what_a_full_bucket_gave():
    rate = search()
    takes(rate, 50, 1.0)
    takes(rate, 50, 2.0)
    # 100 and a half in 1.1 seconds, or 50 and a half in 0.1: the latter is more
    assert refused(rate, 2.0) == near(0.95 * 505)
    rate = search()
    takes(rate, 10, 1.0)
    takes(rate, 10, 2.0)
    # ten are not enough where there are twenty in 1.1 seconds
    assert refused(rate, 2.0) == near(0.95 * 20.5 / 1.1)


def test_a_cut_holds_back_for_half_the_round_trip_and_for_fifty_milliseconds_at_most():
    for round_trip, breath in [(0.0, 0.0), (0.04, 0.02), (0.1, 0.05), (0.5, 0.05)]:
        rate = search()
        rate.refused(1.0, 1.0 - round_trip, None)
        assert rate.wait(1.0) == near(breath)


def test_what_was_sent_before_the_cut_arrived_causes_no_other():
    rate = search()
    rate.refused(1.0, 0.9, None)
    takes(rate, 5, 1.05)
    rate.refused(1.2, 1.09, None)
    assert (rate.rate, rate.refusals) == (near(9.5), 2)
    rate.refused(1.2, 1.1, None)
    assert (rate.rate, rate.refusals) == (near(9.025), 3)


# The climb from a guess


def test_a_guess_is_climbed_from_ever_faster_as_long_as_somebody_is_held_back():
    rate = search()
    refused(rate, 1.0)
    assert push(rate, 1.01) == near(9.5)
    # 0.4 of the rate in a second, half a second after the cut, and for two permits of it
    assert push(rate, 1.5) == near(10.3)
    assert push(rate, 1.51) == near(10.3)
    assert push(rate, 1.52) == near(10.3 + 0.02 * (0.2 + 0.4 * 0.52) * 10.3)
    before = rate.rate
    rate.sent(2.0)
    assert rate.rate == before
    assert push(rate, 2.05) == near(before + 0.05 * (0.2 + 0.4 * 1.05) * before)


def test_a_fast_rate_climbs_for_a_tenth_of_a_second_at_most():
    rate = search()
    takes(rate, 100, 1.0)
    refused(rate, 1.0)
    before = rate.rate
    assert push(rate, 2.0) == near(before * (1 + 0.1 * 0.6))


def test_a_rate_climbs_fifty_times_a_second():
    rate = search()
    refused(rate, 0.0)
    assert push(rate, 0.02) == near(9.5 * (1 + 0.02 * (0.2 + 0.4 * 0.02)))


def test_who_was_held_back_a_tenth_of_a_second_ago_still_wants_more():
    for since, is_wanted in [(0.1, True), (0.11, False)]:
        rate = search()
        takes(rate, 100, 0.0)
        before = refused(rate, 0.0)
        rate.sent(since)
        assert rate.rate == near(before * (1 + 0.1 * (0.2 + 0.4 * 0.1)) if is_wanted else before)


def test_a_guess_that_was_far_too_high_is_cut_to_three_tenths_at_most():
    rate = search()
    takes(rate, 100, 1.0)
    high = refused(rate, 1.0)
    for step in range(20):
        takes(rate, 1, 2.0 + step)
    assert refused(rate, 30.0) == near(0.95 * 0.3 * high)


def test_a_guess_that_was_measured_roughly_leads_to_the_next():
    rate = search()
    refused(rate, 1.0)
    for step in range(10):
        takes(rate, 2, 1.5 + 0.35 * step)
    # From dry to dry 20 in 4 seconds, which is far below the rate: it ran over. From full at 1.5 it is twice as much
    # that the bucket is thought to hold: 20.5 in 3.7 seconds.
    assert refused(rate, 5.0) == near(0.95 * 20.5 / 3.7)


@pytest.mark.parametrize(
    ("taken", "then"),
    [(40, 0.99 * 9.5), (32, 0.9875 * 8), (31, 0.9875 * 7.75), (30, 0.95 * 9.5)],
    ids=["all", "a bit less", "four fifths", "less"],
)
def test_a_guess_is_measured_from_dry_to_dry_and_good_enough_from_four_fifths_on(taken, then):
    rate = search()
    refused(rate, 1.0)
    takes(rate, taken, 5.0)
    if taken == 31:
        then = (1 - 0.4 / 31) * 7.75
    assert refused(rate, 5.0) == near(then)


def test_fewer_than_sixteen_are_a_guess_again():
    rate = search()
    refused(rate, 1.0)
    takes(rate, 15, 2.5)
    assert refused(rate, 2.5) == near(0.95 * 9.5)
    rate = search()
    refused(rate, 1.0)
    takes(rate, 16, 2.6)
    assert refused(rate, 2.6) == near(0.975 * 9.5)


# At rest


def test_at_rest_the_rate_stays_for_eight_and_a_half_seconds_and_then_feels_for_more():
    rate = resting()
    for second in (6, 10, 13, 13.4):
        assert push(rate, second) == near(9.4)
    assert push(rate, 13.5) == near(9.4 + 0.1 * 0.02 * 9.5)
    for at, doublings in [(14.1, 1), (18.3, 8), (30.0, 8)]:
        before = rate.rate
        assert push(rate, at) == near(before + 2 / before * 0.02 * 2**doublings * 9.5)


@pytest.mark.parametrize(("random", "rest"), [(0.0, 8.5), (0.5, 7.225), (1.0, 5.95)])
def test_the_rest_is_up_to_three_tenths_shorter(random, rest):
    rate = search(random)
    refused(rate, 1.0)
    takes(rate, 38, 1.01)
    refused(rate, 5.0)
    assert push(rate, 5.0 + rest - 0.05) == near(9.4)
    assert push(rate, 5.0 + rest + 0.01) > 9.4


def felt(rate, until=15.0):
    """Felt its way up until above the limit."""
    for tenths in range(5, -1, -1):
        push(rate, until - tenths / 10)
    return rate


@pytest.mark.parametrize(("taken", "measured"), [(95, 9.5), (93, 131 / 14), (97, 9.7), (92, 130 / 14)])
def test_where_feeling_confirms_the_limit_it_is_raised_a_little(taken, measured):
    rate = resting()
    takes(rate, taken, 5.01)
    felt(rate)
    assert refused(rate, 15.0) == near(0.99 * 1.005 * (9.5 + measured) / 2)
    for second in (20, 23.4):
        assert push(rate, second) < 9.6  # at rest again
    assert push(rate, 23.5) > 0.99 * 1.005 * (9.5 + measured) / 2


@pytest.mark.parametrize(("taken", "measured"), [(98, 9.8), (91, 129 / 14), (60, 98 / 14), (500, None)])
def test_where_it_does_not_the_limit_is_searched_for_from_what_was_measured(taken, measured):
    rate = resting()
    takes(rate, taken, 5.01)
    high = felt(rate).rate
    assert high > 9.8
    assert refused(rate, 15.0) == near(0.95 * (measured or high))
    before = rate.rate
    assert push(rate, 15.1) == near(before * (1 + 0.1 * (0.2 + 0.4 * 0.1)))  # and climbs at once


def test_a_limit_that_was_measured_anew_tells_what_the_bucket_holds():
    rate = resting()
    takes(rate, 98, 5.01)
    felt(rate)
    assert refused(rate, 15.0) == near(0.95 * 9.8)
    takes(rate, 38, 15.01)
    # Above 9.31 a second it took 0.76 until 5.0, 4.9 until 15.0 and 0.76 until 19.0: 6.92 with half a request, 0.743 s.
    assert refused(rate, 19.0) == near(0.99 * 9.31)
    assert refused(rate, 20.0, 1.0) == near(0.99 * 174 / 19)  # at rest: it holds twice as much
    takes(rate, 32, 21.0)
    assert refused(rate, 23.0, 1.0) == near((1 - 0.4 / 32) * 32.5 / (2 + 2))  # and again, but no more than two seconds


def test_a_refusal_at_rest_makes_what_is_kept_a_guess():
    rate = resting()
    assert refused(rate, 6.0) == near(0.95 * 9.4)
    # and what was taken before it tells nothing more: from dry to dry 34 in 4 seconds
    takes(rate, 34, 6.01)
    assert refused(rate, 10.0) == near(8.4)


def test_what_was_taken_before_a_refusal_at_rest_tells_nothing_of_the_bucket():
    rate = disturbed()
    assert refused(rate, 11.0, 1.0) == near((1 - 0.4 / 34) * 6.8)  # 34 in 5 seconds
    takes(rate, 12, 12.0)
    # Half a request of 9.5 a second is what it was thought to hold, and it was at rest twice since.
    assert refused(rate, 14.0, 1.0) == near(0.975 * 12.5 / (2 + 4 * 0.5 / 9.5))


# Somebody else uses the limit too


def disturbed():
    """Refused at rest at 6.0, and at rest again since 10.0, below 8.5."""
    rate = resting()
    refused(rate, 6.0)
    takes(rate, 34, 6.01)
    assert refused(rate, 10.0) == near(8.4)
    return rate


def test_a_second_refusal_at_rest_within_half_a_minute_is_a_sign_of_somebody_else():
    rate = disturbed()
    takes(rate, 1, 10.01)
    assert refused(rate, 35.9) == near(0.87 * 8.4)
    rate = disturbed()
    takes(rate, 1, 10.01)
    assert refused(rate, 36.0) == near(0.95 * 8.4)


def test_while_it_is_shared_the_rate_grows_alike_for_all_and_is_cut_again_after_a_while():
    rate = disturbed()
    takes(rate, 1, 10.01)
    low = refused(rate, 11.0)
    assert low == near(0.87 * 8.4)
    assert refused(rate, 11.69) == low  # the others are refused too
    assert push(rate, 11.69) == near(low + min(0.69, 2 / low) * 0.1 * low**0.95)
    takes(rate, 1, 11.7)
    before = rate.rate
    assert refused(rate, 11.7) == near(0.87 * before)


@pytest.mark.parametrize(("at", "share"), [(51.0, 0.87), (51.1, 0.95)], ids=["shared", "a limit of its own"])
def test_it_is_shared_for_forty_seconds_after_the_last_sign(at, share):
    rate = disturbed()
    takes(rate, 1, 10.01)
    assert refused(rate, 11.0) == near(0.87 * 8.4)
    for tenths in range(115, 140):
        push(rate, tenths / 10)
    before = rate.rate
    assert before > 0.95 * 8.4
    takes(rate, 1, at)
    assert refused(rate, at) == near(share * before)


def test_a_cut_below_the_last_one_is_a_sign_too():
    rate = disturbed()
    takes(rate, 1, 10.01)
    low = refused(rate, 11.0)
    takes(rate, 1, 50.0)
    assert refused(rate, 50.0) == near(0.87 * low)
    takes(rate, 1, 89.0)
    assert refused(rate, 89.0) == near(0.87**2 * low)


# Where the server asks for a pause


def paused():
    """Asked at 1.0 to wait for 2 seconds."""
    rate = search()
    assert refused(rate, 1.0, 2.0) == near(9.5)
    assert rate.wait(1.0) == near(2.0)
    return rate


def test_in_a_pause_nothing_grows_and_what_is_taken_tells_nothing():
    rate = paused()
    assert push(rate, 2.0) == near(9.5 + 2 / 9.5 * 0.2 * 9.5)
    rate = paused()
    assert push(rate, 3.5) == near(10.3)  # half a second after it
    rate = paused()
    takes(rate, 50, 2.9)
    takes(rate, 20, 3.2)
    assert refused(rate, 5.2, 1.0) == near(0.98 * 20.5 / 2.2)


@pytest.mark.parametrize(
    ("taken", "then"),
    [(20, 0.98 * 20.5 / 2.2), (6, 0.975 * 6.5 / 2.2), (5, 0.95 * 0.3 * 9.5), (40, 0.99 * 9.5)],
)
def test_after_a_pause_six_that_were_taken_are_enough(taken, then):
    rate = paused()
    takes(rate, taken, 3.2)
    assert refused(rate, 5.2, 1.0) == near(then)


def resting_by_pauses():
    rate = paused()
    takes(rate, 20, 3.2)
    assert refused(rate, 5.2, 1.0) == near(0.98 * 20.5 / 2.2)
    return rate


def test_where_refusals_cost_pauses_all_takes_three_times_as_long():
    rate = resting_by_pauses()
    low = rate.rate
    assert push(rate, 31.6) == low
    assert push(rate, 31.7) == near(low + 0.1 * 0.02 / 3 * 20.5 / 2.2)
    low = rate.rate
    assert push(rate, 33.5) == near(low + 2 / low * 0.04 / 3 * 20.5 / 2.2)


def test_a_bucket_that_runs_dry_below_its_limit_after_a_pause_is_taken_to_hold_twice_as_much():
    rate = resting_by_pauses()
    takes(rate, 20, 6.2)
    # at rest, and not above the limit: 0.4 seconds of it now
    assert refused(rate, 8.2, 1.0) == near(0.98 * 20.5 / 2.4)
    takes(rate, 20, 9.2)
    assert refused(rate, 11.2, 1.0) == near(0.98 * min(20.5 / 2.8, 0.98 * 20.5 / 2.4))


def test_a_bucket_that_was_felt_for_is_taken_to_hold_half_as_much():
    rate = resting_by_pauses()
    felt(rate, until=40.0)
    takes(rate, 300, 40.0)
    high = rate.rate
    assert high > 20.5 / 2.2
    assert refused(rate, 72.0, 1.0) == near(0.99 * min(300.5 / 32.1, high))
    takes(rate, 20, 73.0)
    low = rate.rate
    assert refused(rate, 75.0, 1.0) == near(0.98 * min(20.5 / 2.2, low))


def test_what_was_felt_for_without_pauses_tells_nothing_of_what_the_bucket_holds():
    rate = resting()
    takes(rate, 95, 5.01)
    felt(rate)
    refused(rate, 15.0)
    assert refused(rate, 16.0, 1.0) == near(0.99 * 133 / 15)
    takes(rate, 18, 17.0)
    # Half a request of 9.5 a second is what it was thought to hold, and it was at rest twice since.
    assert refused(rate, 19.0, 1.0) == near((1 - 0.4 / 18) * 18.5 / (2 + 4 * 0.5 / 9.5))


def test_at_rest_a_refusal_that_costs_a_pause_cuts_a_fifth_at_most():
    rate = resting_by_pauses()
    low, now = rate.rate, 5.2
    for _ in range(10):
        takes(rate, 6, now + 1)
        now += 61
        assert refused(rate, now, 1.0) == near(0.975 * 0.8 * low)
        low = rate.rate
    assert low < 0.8
    # but above its limit to three tenths
    takes(rate, 6, now + 1)
    for seconds in range(30, 36):
        push(rate, now + seconds)
    high = rate.rate
    assert high > low / 0.975
    assert refused(rate, now + 61, 1.0) == near(0.975 * 0.3 * high)


def test_after_a_pause_too_few_are_a_guess():
    rate = resting_by_pauses()
    takes(rate, 5, 6.2)
    assert refused(rate, 8.2, 1.0) == near(0.95 * 0.3 * 0.98 * 20.5 / 2.2)


def test_the_later_of_two_pauses_counts():
    rate = paused()
    rate.refused(1.5, 0.9, 0.5)
    assert rate.wait(1.5) == near(1.5)
    assert push(rate, 3.5) == near(10.3)


# Nothing is taken at all


@pytest.mark.parametrize(("second", "is_shut"), [(2.6, False), (2.7, True)])
def test_a_refusal_after_more_than_sixteen_without_an_answer_counts_twice(second, is_shut):
    rate = search()
    refused(rate, 1.0)
    refused(rate, second)  # 15.2 or 16.15 at 9.5 a second
    assert not rate.is_shut
    refused(rate, 2.8)
    assert rate.is_shut is is_shut
    refused(rate, 2.9)
    assert rate.is_shut


def test_three_refusals_without_an_answer_mean_that_nothing_is_taken():
    rate = search(1.0)
    assert refused(rate, 1.0) == near(9.5)
    assert refused(rate, 1.1) == near(0.95 * 0.3 * 9.5)
    assert refused(rate, 1.2) == near(0.95 * 0.3 * 0.95 * 0.3 * 9.5)
    assert not rate.is_shut
    assert refused(rate, 1.3) == near(2.0)
    assert rate.is_shut
    now, pauses = 1.3, []
    for _ in range(8):
        pauses.append(rate.wait(now))
        now += pauses[-1]
        refused(rate, now)
    assert pauses == near([0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0])


@pytest.mark.parametrize(("random", "pause"), [(0.0, 0.25), (0.5, 0.375), (1.0, 0.5)])
def test_a_try_comes_after_a_half_to_the_whole_of_its_pause(random, pause):
    rate = search(random)
    for at in (1.0, 1.1, 1.2, 1.3):
        refused(rate, at)
    assert (rate.wait(1.3), rate.rate) == (near(pause), near(1 / pause))


def test_one_answer_ends_that():
    rate = search(1.0)
    for at in (1.0, 1.1, 1.2, 1.3):
        refused(rate, at)
    assert push(rate, 1.6) == near(2.0)  # no climb
    rate.answered(1.7, 1.29)  # sent before the last refusal
    assert rate.is_shut
    rate.answered(1.8, 1.3)
    assert not rate.is_shut
    assert rate.rate == near(0.95 * 0.3 * 0.95 * 0.3 * 9.5)
    assert push(rate, 1.9) > 0.95 * 0.3 * 0.95 * 0.3 * 9.5


def test_an_answer_between_two_refusals_means_that_something_is_taken():
    rate = search()
    for at in (1.0, 1.1, 1.2):
        refused(rate, at)
    before = rate.rate
    takes(rate, 1, 1.25)
    assert rate.rate == before
    for at in (1.3, 1.4, 1.5):
        refused(rate, at)
    assert not rate.is_shut


# Nobody is held back


def test_a_limit_that_held_nobody_back_for_a_minute_is_forgotten():
    rate = search()
    refused(rate, 1.0)
    assert rate.wait(61.0) == 0
    assert rate.rate == near(9.5)
    assert rate.wait(61.1) == 0
    assert rate.rate is None
    rate = search()
    refused(rate, 1.0, 2.0)
    assert rate.wait(2.0) == near(1.0)
    assert rate.wait(62.0) == 0
    assert rate.rate == near(9.5)


def test_a_limit_that_is_no_limit_is_forgotten_at_once():
    rate = search()
    for at in (1.0, 1.1, 1.2, 1.3):
        refused(rate, at)
    rate.forget()
    assert (rate.rate, rate.wait(1.3), rate.is_shut, rate.refusals) == (None, 0.0, False, 4)
    assert refused(rate, 1.4) == near(9.5)
    for at in (1.5, 1.6):
        refused(rate, at)
    assert not rate.is_shut
