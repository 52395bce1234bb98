"""Permits by the clock, in numbers computed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.middleware.pace import Pace
from etelecom_async.middleware.permits import Permits


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


def test_permits_come_due_one_by_one():
    permits = Permits()
    permits.add(3, due=10, interval=0.1, now=9)
    assert permits.due(9) == 10
    assert not permits.take(9.99)
    assert permits.take(10)
    assert not permits.take(10.09)
    assert permits.due(10.09) == pytest.approx(10.1)
    assert [permits.take(10.2) for _ in range(3)] == [True, True, False]
    assert permits.due(10.2) is None


def test_permits_of_the_past_can_be_spent_at_once():
    permits = Permits()
    permits.add(2, due=5, interval=0.1, now=100)
    assert [permits.take(100) for _ in range(3)] == [True, True, False]


def test_unspent_permits_expire_a_second_after_their_batch():
    permits = Permits(grace=1)
    permits.add(2, due=10, interval=0.5, now=9)
    assert permits.due(11.9) == 10
    assert permits.due(12.1) is None
    permits.add(1, due=20, interval=0.5, now=20)
    assert permits.take(20)


def test_a_pause_holds_back_what_is_held_already_and_what_comes():
    permits = Permits()
    permits.add(1, due=10, interval=0.1, now=10)
    permits.pause(10.5)
    permits.pause(10.2)
    permits.add(1, due=10.1, interval=0.1, now=10)
    assert permits.due(10) == 10.5
    assert not permits.take(10.4)
    assert [permits.take(10.5) for _ in range(3)] == [True, True, False]
