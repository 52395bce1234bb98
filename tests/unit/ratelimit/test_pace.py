"""A rate by the clock, in numbers computed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.ratelimit.pace import Pace


def test_a_pace_gives_permits_at_its_rate_and_saves_up_to_its_burst():
    pace = Pace(rate=10, burst=3)
    for _ in range(3):
        assert pace.wait(100.0) == 0
        pace.take(100.0)
    assert pace.wait(100.0) == pytest.approx(0.1)
    pace.give_back()
    assert pace.wait(100.0) == 0
    pace.take(100.0)
    pace.change(20, 100.0)
    assert pace.wait(100.0) == pytest.approx(0.05)
    pace.pause(107.0)
    pace.change(10, 101.0)
    assert pace.wait(101.0) == pytest.approx(6.0)


def test_a_burst_is_twenty_milliseconds_of_the_rate():
    pace = Pace(rate=5000)
    taken = 0
    while pace.wait(1.0) == 0:
        pace.take(1.0)
        taken += 1
    assert taken == 100


def test_a_pace_saves_up_a_quarter_of_a_permit_at_least_and_20_milliseconds_of_a_fast_rate():
    slow = Pace(rate=10)
    slow.take(100.0)
    assert slow.wait(100.0) == pytest.approx(0.075)  # 0.1 s, less a quarter of it
    fast = Pace(rate=100)
    fast.take(100.0)
    assert fast.wait(100.0) == 0.0  # two permits are 20 ms
    fast.take(100.0)
    assert fast.wait(100.0) == pytest.approx(0.01)


def test_what_is_due_has_no_wait_however_long_it_is_due():
    pace = Pace(rate=1, burst=1)
    assert pace.wait(100.0) == 0.0
    pace.take(100.0)
    assert pace.wait(107.0) == 0.0


def test_a_pace_saves_up_nothing_before_its_start():
    pace = Pace(rate=10, burst=3, start=5.0)
    assert pace.wait(4.0) == 1.0
    assert pace.reserve(1, 5.05) == 5.0


def test_another_rate_counts_from_the_next_permit_on_and_never_puts_it_off():
    pace = Pace(rate=1, burst=1)
    pace.take(100.0)
    pace.change(2, 100.0)
    assert pace.rate == 2
    assert pace.wait(100.0) == 0.5
    pace.change(0.5, 100.0)
    assert pace.wait(100.0) == 0.5
    pace.take(100.5)
    assert pace.wait(100.5) == 2.0


def test_a_pause_lasts_to_the_later_of_two_ends_and_nothing_is_saved_up_in_it():
    pace = Pace(rate=10, burst=3)
    pace.pause(7.0)
    pace.pause(5.0)
    assert pace.wait(4.0) == 3.0
    assert pace.reserve(1, 7.0) == 7.0
    assert pace.wait(7.0) == pytest.approx(0.1)


def test_a_pace_reserves_one_stretch_after_the_other():
    pace = Pace(rate=10, burst=3, start=5)
    assert pace.reserve(1, 5) == 5
    assert pace.reserve(4, 5) == pytest.approx(5.1)
    assert pace.reserve(1, 5.2) == pytest.approx(5.5)


def test_a_pace_saves_up_its_burst_and_no_more():
    pace = Pace(rate=10, burst=3, start=0)
    # At 60 s three are free at once: those of 59.8, 59.9 and 60.
    assert pace.reserve(3, 60) == pytest.approx(59.8)
    assert pace.reserve(1, 60) == pytest.approx(60.1)


@given(
    rate=st.floats(1, 1000),
    burst=st.floats(1, 50),
    asked=st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 20)), min_size=1, max_size=50),
)
def test_a_pace_never_lets_more_come_due_than_its_rate_and_burst(rate, burst, asked):
    pace, now, dues = Pace(rate=rate, burst=burst, start=0), 0.0, []
    for pause, count in asked:
        now += pause
        first = pace.reserve(count, now)
        dues += [max(now, first + i / rate) for i in range(count)]
    assert dues == sorted(dues)
    assert all(count <= rate * due + burst + 1e-6 for count, due in enumerate(dues, 1))
