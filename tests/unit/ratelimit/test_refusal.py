"""Which errors are refusals for there are too many requests: by their kind, and the doubtful ones by their number."""

import pytest

from etelecom_async import (
    ApiError,
    ConnectError,
    PermissionDenied,
    RateLimited,
    ServerFault,
    Unavailable,
    UnexpectedStatus,
)
from etelecom_async.ratelimit.refusal import Refusals

DOUBTFUL = [Unavailable(status=503), RateLimited(status=200)]


def verdicts(answers, *, now=100.0, error=DOUBTFUL[0], refusals=None):
    """What is said of each x in a row of answers, of which g is a good one."""
    refusals = refusals or Refusals()
    said = []
    for letter in answers:
        refusals.answers += 1
        if letter == "x":
            said.append(refusals.includes(error, now))
    return said


@pytest.mark.parametrize("error", [RateLimited(), RateLimited(status=429), RateLimited(status=400)])
def test_who_says_too_many_means_it(error):
    assert Refusals().includes(error, 100.0) is True


@pytest.mark.parametrize(
    "error",
    [
        ConnectError(),
        ApiError(status=503),
        PermissionDenied(),
        ServerFault(retry_after=1),
        UnexpectedStatus(status=503),
        Unavailable(status=200, retry_after=1),
        Unavailable(status=408, retry_after=1),
        Unavailable(status=502, retry_after=1),
        Unavailable(status=504, retry_after=1),
    ],
    ids=repr,
)
def test_another_trouble_is_no_refusal_however_often_it_comes(error):
    assert verdicts("x" * 100, error=error) == [False] * 100


@pytest.mark.parametrize("retry_after", [0.0, 5.0])
@pytest.mark.parametrize(("kind", "status"), [(Unavailable, 503), (RateLimited, 200)])
def test_a_doubtful_answer_that_says_when_to_come_back_is_a_refusal(kind, status, retry_after):
    assert Refusals().includes(kind(status=status, retry_after=retry_after), 100.0) is True
    assert Refusals().includes(kind(status=status), 100.0) is False


@pytest.mark.parametrize("error", DOUBTFUL)
@pytest.mark.parametrize(
    ("answers", "is_refusal"),
    [
        ("xx", False),
        ("xxx", True),
        ("xgxx", True),
        ("xggxx", False),
        ("xggggxxx", True),
        ("xgggggxxx", False),
        ("x" + "g" * 11 + "xxxx", True),
        ("x" + "g" * 12 + "xxxx", False),
        ("x" + "g" * 26 + "xxxxx", True),
        ("x" + "g" * 27 + "xxxxx", False),
        ("x" + "g" * 57 + "xxxxxx", True),
        ("x" + "g" * 58 + "xxxxxx", False),
        ("x" + "g" * 72 + "xxxxxxx", True),
        ("x" + "g" * 73 + "xxxxxxx", False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_doubtful_answers_are_refusals_from_three_of_four_on_down_to_a_tenth(error, answers, is_refusal):
    *before, last = verdicts(answers, error=error)
    assert not any(before)
    assert last is is_refusal


def test_what_was_answered_before_the_first_doubtful_one_does_not_count():
    assert verdicts("g" * 1000 + "xxx") == [False, False, True]
    assert verdicts("g" * 1000 + "xxx", now=1.5) == [False, False, True]


def test_within_the_first_second_of_the_clock_all_answers_count():
    assert verdicts("xx", now=0.5) == [False, False]
    assert verdicts("gxxx", now=0.5) == [False, False, True]
    assert verdicts("ggxxx", now=0.5) == [False, False, False]


def test_doubtful_answers_are_counted_for_a_second():
    refusals = Refusals()
    assert [*verdicts("xx", refusals=refusals), *verdicts("x", now=101.0, refusals=refusals)] == [False, False, True]
    refusals = Refusals()
    assert [*verdicts("xx", refusals=refusals), *verdicts("xx", now=101.1, refusals=refusals)] == [False] * 4


def test_once_they_are_certain_each_counts_until_that_is_forgotten():
    refusals = Refusals()
    verdicts("xxx", refusals=refusals)
    assert verdicts("x" + "g" * 100 + "x", now=500.0, refusals=refusals) == [True, True]
    refusals.forget()
    assert verdicts("x", now=600.0, refusals=refusals) == [False]


def refuted(refusals, answers, rate, *, error=DOUBTFUL[0]):
    """Is a refusal after so many other answers refuted, where so many requests a second are let through then?"""
    refusals.answers += answers + 1
    assert refusals.includes(error, 100.0)
    return refusals.are_refuted(rate)


def certain(rate):
    """Where unavailable means too many, since three in a row were so, at that rate."""
    refusals = Refusals()
    assert verdicts("xxx", refusals=refusals)[-1]
    assert not refusals.are_refuted(rate)
    return refusals


@pytest.mark.parametrize(
    ("answers", "rate", "third"),
    [(10, 9.9, True), (9, 9.9, False), (10, 10.0, False), (1000, 0.1, True)],
    ids=["far below", "not among many", "not far below", "anywhere"],
)
def test_three_in_a_row_far_below_the_rate_that_was_refused_are_no_refusals(answers, rate, third):
    refusals = certain(30.0)
    assert [refuted(refusals, answers, rate) for _ in range(3)] == [False, False, third]


def test_one_that_is_not_far_below_begins_the_row_anew():
    refusals = certain(30.0)
    assert [refuted(refusals, 50, rate) for rate in (9, 9, 11, 9, 9, 9)] == [False] * 5 + [True]


def test_what_is_refused_at_a_higher_rate_is_the_measure_from_then_on():
    refusals = certain(30.0)
    assert [refuted(refusals, 50, rate) for rate in (40, 13, 13, 13)] == [False] * 3 + [True]
    refusals = certain(30.0)
    assert [refuted(refusals, 50, rate) for rate in (20, 9, 9, 9)] == [False] * 3 + [True]


@pytest.mark.parametrize("proof", [RateLimited(), Unavailable(status=503, retry_after=1.0)], ids=["word", "pause"])
def test_a_refusal_beyond_doubt_is_never_refuted_and_sets_the_measure(proof):
    refusals = certain(30.0)
    assert [refuted(refusals, 50, 1.0, error=proof) for _ in range(5)] == [False] * 5
    assert [refuted(refusals, 50, 0.4) for _ in range(3)] == [False] * 3
    refusals = certain(30.0)
    assert [refuted(refusals, 50, 9.0) for _ in range(2)] == [False] * 2
    assert not refuted(refusals, 50, 30.0, error=proof)
    assert [refuted(refusals, 50, 9.0) for _ in range(3)] == [False, False, True]
