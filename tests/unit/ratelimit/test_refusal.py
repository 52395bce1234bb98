"""What errors say of the server: by their kind, and the doubtful ones by their number."""

import pytest

from etelecom_async import (
    ApiError,
    AttemptTimeout,
    BodyTooLarge,
    ConfigError,
    ConnectError,
    DecodeError,
    Disconnected,
    PermissionDenied,
    QueueTimeout,
    RateLimited,
    ServerFault,
    TlsError,
    Unavailable,
    UnexpectedStatus,
)
from etelecom_async.ratelimit.outcome import Kind
from etelecom_async.ratelimit.refusal import Refusals

DOUBTFUL = [Unavailable(status=503), RateLimited(status=200)]


def verdicts(answers, *, now=100.0, error=DOUBTFUL[0], refusals=None):
    """Whether it is a refusal, of each x in a row of answers, of which g is a good one."""
    refusals = refusals or Refusals()
    said = []
    for letter in answers:
        refusals.answers += 1
        if letter == "x":
            said.append(refusals.kind(error, now)[0] is Kind.REFUSED)
    return said


@pytest.mark.parametrize("error", [RateLimited(), RateLimited(status=429), RateLimited(status=400)])
def test_an_error_that_says_too_many_is_a_refusal_beyond_doubt(error):
    assert Refusals().kind(error, 100.0) == (Kind.REFUSED, False)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServerFault(retry_after=1), Kind.FAULT),
        (Unavailable(status=200, retry_after=1), Kind.FAULT),
        (Unavailable(status=408, retry_after=1), Kind.FAULT),
        (Unavailable(status=502, retry_after=1), Kind.FAULT),
        (Unavailable(status=504, retry_after=1), Kind.FAULT),
        (Disconnected(), Kind.FAULT),
        (AttemptTimeout(), Kind.TIMEOUT),
        (ConnectError(), Kind.UNREACHABLE),
        (ApiError(status=503), Kind.ACCEPTED),
        (PermissionDenied(), Kind.ACCEPTED),
        (UnexpectedStatus(status=503), Kind.ACCEPTED),
        (DecodeError(), Kind.ACCEPTED),
        (BodyTooLarge(), Kind.ACCEPTED),
        (TlsError(), Kind.UNKNOWN),
        (QueueTimeout(), Kind.UNKNOWN),
        (ConfigError(), Kind.UNKNOWN),
    ],
    ids=lambda value: repr(value),
)
def test_another_trouble_is_no_refusal_however_often_it_comes(error, kind):
    refusals = Refusals()
    for _ in range(100):
        refusals.answers += 1
        assert refusals.kind(error, 100.0) == (kind, False)


@pytest.mark.parametrize("retry_after", [0.0, 5.0])
@pytest.mark.parametrize(("kind", "status"), [(Unavailable, 503), (RateLimited, 200)])
def test_a_doubtful_answer_that_says_when_to_come_back_is_a_refusal(kind, status, retry_after):
    assert Refusals().kind(kind(status=status, retry_after=retry_after), 100.0) == (Kind.REFUSED, False)
    assert Refusals().kind(kind(status=status), 100.0)[0] is not Kind.REFUSED


def test_a_doubtful_answer_that_is_no_refusal_is_a_fault_or_one_customers_own_limit():
    assert Refusals().kind(Unavailable(status=503), 100.0) == (Kind.FAULT, False)
    assert Refusals().kind(RateLimited(status=200), 100.0) == (Kind.ACCEPTED, False)


@pytest.mark.parametrize("error", DOUBTFUL)
def test_a_refusal_without_a_word_of_when_to_come_back_stays_in_doubt(error):
    refusals = Refusals()
    verdicts("xx", error=error, refusals=refusals)
    refusals.answers += 1
    assert refusals.kind(error, 100.0) == (Kind.REFUSED, True)


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


def test_once_they_are_certain_each_counts_for_a_minute():
    refusals = Refusals()
    verdicts("xxx", refusals=refusals)
    assert verdicts("x" + "g" * 100 + "x", now=160.0, refusals=refusals) == [True, True]
    assert verdicts("x", now=160.1, refusals=refusals) == [False]
