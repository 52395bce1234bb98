"""Permits by the clock, in numbers computed by hand."""

from __future__ import annotations

import pytest

from etelecom_async.ratelimit.permits import Permits


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
    permits = Permits()
    permits.add(2, due=10, interval=0.5, now=9)
    assert permits.due(12.0) == 10
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
