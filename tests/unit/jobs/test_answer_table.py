"""F16: equal phones among the last million different ones of a job are asked once."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import Consent
from etelecom_async.jobs.answer_table import AnswerTable
from tests.support.job_files import phone

SEVEN = timezone(timedelta(hours=7))
MOMENTS = [
    None, datetime(2027, 1, 31, 8, 30, tzinfo=UTC), datetime(2027, 1, 31, 8, 30, tzinfo=SEVEN),
    datetime(2027, 1, 31, 8, 30, 0, 1, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC),
    datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-7))),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=7))),
]  # fmt: skip
PHONES = st.one_of(
    st.integers(0, 30).map(lambda n: f"849000000{n:02d}"),
    st.integers(0, 3).map(lambda n: f"8428000000{n:02d}"),
    st.integers(0, 3).map(lambda n: f"+120255501{n:02d}"),
)
CONSENTS = st.builds(
    Consent,
    error=st.sampled_from([None, 0, 3, 20, -32, 2**40]),
    message=st.sampled_from(["", "Thành công", "x" * 300]),
    expired_time=st.sampled_from(MOMENTS),
)


@given(st.lists(st.tuples(PHONES, CONSENTS), max_size=80))
def test_an_answer_that_is_kept_is_the_one_that_was_put_last(entries):
    table = AnswerTable(capacity=1000)
    last = {}
    for question, consent in entries:
        table.put(question, consent)
        last[question] = consent
        for asked, answer in last.items():
            got = table.get(asked)
            assert got == answer
            if answer.expired_time is not None:
                assert got.expired_time.isoformat() == answer.expired_time.isoformat()


@given(st.lists(st.integers(0, 25), max_size=200))
def test_the_last_different_phones_up_to_the_capacity_are_asked_once(numbers):
    capacity = 10
    table = AnswerTable(capacity=capacity)
    last = {}
    for moment, number in enumerate(numbers):
        since = set() if number not in last else set(numbers[last[number] : moment])
        known = table.get(phone(number))
        if known is None:
            assert number not in last or len(since) > capacity
            table.put(phone(number), Consent(error=number))
        else:
            assert known == Consent(error=number)
        last[number] = moment


def test_a_phone_that_was_not_seen_for_long_is_forgotten():
    table = AnswerTable(capacity=10)
    for number in range(100):
        table.put(phone(number), Consent(error=0))
    assert [table.get(phone(number)) for number in range(80)] == [None] * 80


def test_a_phone_that_is_asked_about_again_stays_among_the_last():
    capacity = 500
    table = AnswerTable(capacity=capacity)
    table.put(phone(0), Consent(error=0))
    for number in range(1, 10 * capacity):
        table.put(phone(number), Consent(error=3))
        if number % (capacity - 1) == 0:
            assert table.get(phone(0)) == Consent(error=0)


def test_many_different_answers_are_kept_as_far_as_there_is_room():
    table = AnswerTable(capacity=10_000)
    answers = {phone(number): Consent(error=number) for number in range(5000)}
    for question, consent in answers.items():
        table.put(question, consent)
    kept = {question: table.get(question) for question in answers}
    assert all(consent in (None, answers[question]) for question, consent in kept.items())
    assert sum(consent is not None for consent in kept.values()) >= 1024 + 512


def test_foreign_phones_and_landlines_are_told_apart_from_mobiles():
    table = AnswerTable(capacity=100)
    table.put("842812345678", Consent(error=1))
    table.put("84812345678", Consent(error=2))
    table.put("+2812345678", Consent(error=3))
    assert [table.get(number).error for number in ("842812345678", "84812345678", "+2812345678")] == [1, 2, 3]
