"""The controller by hand: what it says of one request after the other, on times that it is given."""

import itertools
import math
import random

import pytest

from etelecom_async.ratelimit.controller import Controller
from etelecom_async.ratelimit.outcome import Kind, Outcome


def controller(**options):
    return Controller(**{"most": 100, "random": lambda: 0.5, **options})


def served(control, count, *, since=0.0, every=0.01, latency=0.05):
    """So many requests are accepted one after the other; the time after them."""
    now = since
    for _ in range(count):
        now = max(now, control.before(now))
        control.accept(control.begin(now), now + latency)
        now += every
    return now + latency


def refused(control, now, *, latency=0.05, kind=Kind.REFUSED, **options):
    """One goes as soon as it may, and is not accepted; when that is known."""
    now = max(now, control.before(now))
    sent = control.begin(now)
    return control.after(Outcome(kind, sent, **options), now + latency), now + latency


def closed(kind=Kind.FAULT, **options):
    control = controller(**options)
    now = served(control, 20)
    for _ in range(3):
        _, now = refused(control, now, kind=kind)
    return control, now


def test_before_a_refusal_there_is_nothing_to_wait_for_but_a_slot():
    control = controller()
    assert [control.before(0.0) <= 0.0 and bool(control.begin(0.0)) for _ in range(4)] == [True] * 4
    assert control.before(0.0) == math.inf
    assert control.rate == math.inf
    assert not control.is_limited


def test_a_refusal_sets_a_rate_just_below_what_was_accepted():
    control = controller()
    now = served(control, 100, every=0.01)
    refused(control, now)
    assert control.rate == pytest.approx(0.95 * 100 / 1.1, rel=0.05)
    assert (control.refusals, control.is_limited) == (1, True)


def test_what_was_sent_before_a_cut_causes_no_other():
    control = controller()
    now = served(control, 100)
    sent = [control.begin(now) for _ in range(4)]
    control.after(Outcome(Kind.REFUSED, sent[0]), now + 0.05)
    rate = control.rate
    for one in sent[1:]:
        control.accept(control.begin(now), now + 0.05)  # so that it is no closed server
        control.after(Outcome(Kind.REFUSED, one), now + 0.051)
    assert control.rate == rate


def test_the_rate_comes_back_and_grows_beyond_only_while_it_holds_calls_back():
    control = controller()
    now = served(control, 100)
    _, now = refused(control, now)
    low = control.rate
    for _ in range(10):
        now += 5
        served(control, 1, since=now)
    assert control.rate == pytest.approx(low, rel=0.1)
    now = served(control, 1000, since=now, every=0.0)
    assert control.rate > 1.5 * low


def test_calls_that_came_seldom_before_a_refusal_are_no_measure_of_the_limit():
    control = controller()
    now = served(control, 50, every=10.0)
    _, now = refused(control, now)
    assert control.rate >= 9


def test_a_limit_that_is_known_is_not_cut_to_what_was_used_of_it():
    control = controller()
    now = served(control, 100)
    _, now = refused(control, now)
    known = control.rate
    now = served(control, 20, since=now + 600, every=10.0)
    refused(control, now)
    assert control.rate >= 0.4 * known


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.FAULT, Kind.TIMEOUT, Kind.UNREACHABLE])
def test_three_in_a_row_that_are_not_accepted_close_the_server_and_one_answer_opens_it(kind):
    control = controller()
    now = served(control, 20)
    started = now
    for is_shut in (False, False, True):
        assert not control.is_shut
        _, now = refused(control, now, kind=kind)
        assert control.is_shut is is_shut
    assert control.unavailable_since(now) == pytest.approx(started, abs=0.2)
    now = control.before(now)
    control.accept(control.begin(now), now + 0.05)
    assert not control.is_shut
    assert control.unavailable_since(now + 0.05) is None


def test_an_accepted_request_between_them_begins_the_row_anew():
    control = controller()
    now = served(control, 20)
    for _ in range(10):
        for _ in range(2):
            _, now = refused(control, now, kind=Kind.FAULT)
        now = served(control, 1, since=now)
    assert not control.is_shut


def test_probes_come_in_growing_pauses_of_at_most_five_seconds():
    control, now = closed()
    gaps = []
    for _ in range(200):
        before = now
        _, now = refused(control, now, kind=Kind.FAULT)
        gaps.append(now - before)
    assert gaps[0] < 0.2
    assert max(gaps) <= 5.0
    assert gaps[-1] > 4
    assert all(later >= 0.9 * earlier for earlier, later in itertools.pairwise(gaps[2:]))


def test_two_probes_may_be_under_way_and_no_third():
    control, now = closed()
    for _ in range(2):
        now = control.before(now)
        control.begin(now)
    assert control.before(now + 100) == math.inf


def test_a_probe_that_was_not_sent_gives_its_place_back():
    control, now = closed()
    for kind in (Kind.UNSENT, Kind.UNKNOWN):
        for _ in range(5):
            now = control.before(now)
            control.after(Outcome(kind, control.begin(now)), now)
    assert control.before(now) < math.inf
    assert control.under_way == 0


@pytest.mark.parametrize(("asked", "pause"), [(7.0, 7.0), (1e9, 60.0)])
def test_a_pause_is_kept_up_to_the_longest(asked, pause):
    control = controller(longest_pause=60.0)
    now = served(control, 20)
    _, now = refused(control, now, retry_after=asked)
    assert control.before(now) == pytest.approx(now + pause)
    assert control.unavailable_since(now) is not None
    assert control.unavailable_since(now + pause) is None


def widened(control):
    """As many are under way as may be, each answered in 50 ms; the time."""
    now = 0.0
    for _ in range(20):
        sent = []
        while control.before(now) <= now:
            sent.append(control.begin(now))
        for one in sent:
            control.accept(one, now + 0.05)
        now += 0.05
    return now


def room(control, now):
    """How many more may go now."""
    count = 0
    while control.before(now) <= now:
        control.begin(now)
        count += 1
    return count


def test_slow_answers_bring_down_what_may_be_under_way():
    control = controller(most=64)
    now = widened(control)
    for _ in range(2):
        sent = [control.begin(now) for _ in range(64) if control.before(now) <= now]
        assert control.before(now) == math.inf
        now += 10
        for one in sent:
            control.accept(one, now)
    assert 10 <= room(control, now) <= 48


def test_a_timeout_among_slow_answers_halves_what_may_be_under_way():
    control = controller(most=64)
    now = widened(control)
    for _ in range(2):
        for one in [control.begin(now) for _ in range(64)]:
            control.accept(one, now + 1.9)
        now += 1.9
    lost, *others = [control.begin(now) for _ in range(64)]
    control.after(Outcome(Kind.TIMEOUT, lost), now + 10)
    for one in others:
        control.after(Outcome(Kind.UNKNOWN, one), now + 10)
    assert room(control, now + 10) == 32


@pytest.mark.parametrize(("before", "later", "attempt"), [(0.1, 0.3, 1.0), (0.1, 1.0, 2.0), (0.2, 5.0, 10.0)])
def test_a_server_that_has_become_slower_for_good_gets_as_many_under_way_as_before(before, later, attempt):
    control, rnd = controller(most=64, attempt=attempt), random.Random(5)
    now, fewest = 0.0, 64
    for number in range(300):
        latency = before if number < 100 else later
        sent = [control.begin(now) for _ in range(64) if control.before(now) <= now]
        for one, took in zip(sent, sorted(latency * rnd.uniform(0.8, 1.2) for _ in sent), strict=True):
            control.accept(one, now + took)
        now += 1.2 * latency
        fewest = min(fewest, len(sent) if number > 50 else 64)
    assert room(control, now) >= 60
    assert fewest < 32, "at first it may be a queue, which fewer requests would shorten"


def test_a_lost_answer_among_fast_ones_leaves_what_may_be_under_way():
    control = controller(most=64)
    now = widened(control)
    for _ in range(200):
        lost, *others = [control.begin(now) for _ in range(64)]
        for one in others:
            control.accept(one, now + 0.05)
        control.after(Outcome(Kind.TIMEOUT, lost), now + 0.1)
        now += 1
    assert room(control, now) == 64


def test_answers_of_uneven_length_are_no_queue_however_short_an_attempt_is():
    control, rnd = controller(most=64, attempt=2.0), random.Random(4)
    now = 0.0
    for _ in range(200):
        sent = [control.begin(now) for _ in range(64) if control.before(now) <= now]
        for one, latency in zip(sent, sorted(rnd.uniform(0.2, 0.6) for _ in sent), strict=True):
            control.accept(one, now + latency)
        now += 0.6
    assert room(control, now) == 64


def test_timeouts_of_half_of_the_requests_bring_down_what_may_be_under_way():
    control = controller(most=64)
    now = widened(control)
    for _ in range(100):
        lost, one = control.begin(now), control.begin(now)
        control.accept(one, now + 0.05)
        control.after(Outcome(Kind.TIMEOUT, lost), now + 0.1)
        now += 1
    assert room(control, now) <= 32


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_trouble_at_random_does_not_close_the_server_and_an_outage_does(share):
    control, rnd = controller(), random.Random(3)
    now, closings = 0.0, 0
    for _ in range(20_000):
        sent = control.begin(max(now, control.before(now)))
        now = sent[0] + 0.01
        control.after(Outcome(Kind.FAULT if rnd.random() < share else Kind.ACCEPTED, sent), now)
        closings += control.is_shut
    assert closings < 20
    for _ in range(12):
        _, now = refused(control, now, kind=Kind.FAULT)
    assert control.is_shut


def test_refusals_above_a_number_under_way_are_a_limit_on_that_number_and_not_a_rate():
    control, now = controller(most=20), 0.0
    rnd = random.Random(1)
    busy = []
    for _ in range(4000):
        while control.before(now) <= now:
            sent = control.begin(now)
            ends = now + rnd.uniform(0.03, 0.07)
            is_taken = sum(taken for _, _, taken in busy) < 10
            busy.append((ends if is_taken else now + 0.001, sent, is_taken))
        busy.sort(key=lambda one: one[0])
        now, sent, is_taken = busy.pop(0)
        if is_taken:
            control.accept(sent, now)
        else:
            control.after(Outcome(Kind.REFUSED, sent), now)
    assert control.rate > 200
    assert 9 <= len(busy) <= 11


def test_an_end_that_says_nothing_changes_nothing():
    control = controller()
    now = served(control, 20)
    for _ in range(20):
        sent = control.begin(now)
        assert control.after(Outcome(Kind.UNKNOWN, sent), now + 0.05)
    assert (control.rate, control.is_shut, control.under_way) == (math.inf, False, 0)


@pytest.mark.parametrize("pause", [None, 1.0])
def test_any_order_of_ends_leaves_a_rate_and_gives_every_place_back(pause):
    kinds = list(Kind)
    for seed in range(200):
        rnd = random.Random(seed)
        control, now, sent = controller(most=10, random=rnd.random), 0.0, []
        for _ in range(300):
            due = control.before(now)
            if due < math.inf and rnd.random() < 0.6:
                now = max(now, due)
                sent.append(control.begin(now))
            elif sent:
                now += rnd.expovariate(10)
                control.after(Outcome(rnd.choice(kinds), sent.pop(rnd.randrange(len(sent))), pause), now)
            assert control.rate > 0
            assert control.under_way == len(sent) <= 10
        for one in sent:
            control.after(Outcome(Kind.UNKNOWN, one), now)
        assert control.under_way == 0
        assert control.before(now) < math.inf
