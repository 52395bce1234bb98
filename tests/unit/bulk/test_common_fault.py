"""F4, C4: a fault that every item meets ends a run; the same failure of one item among others is that item's own."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    AccountClosed,
    BadRoute,
    Checked,
    Consent,
    Failed,
    InvalidPhone,
    NotFound,
    PermissionDenied,
    ProxyError,
    Retry,
    Session,
    Shop,
    Throttle,
    TlsError,
    Unauthenticated,
    Unavailable,
    UnknownHost,
)
from etelecom_async.bulk import Bulk
from etelecom_async.testing import MockTransport
from tests.support import mock_of
from tests.support.bulk import phones, taken

OK = Consent(error=0)
COMMON = [
    *(Unauthenticated(), PermissionDenied(), NotFound(), BadRoute(), AccountClosed()),
    *(ProxyError("407"), TlsError("untrusted"), UnknownHost("no such name")),
]


def answering(*answers, **options):
    """A session whose server gives these answers in turn, the last one for ever."""
    mock = mock_of(*answers)
    return mock, Session(Shop("1:test"), transport=mock, retry=Retry(attempts=1), **options)


@pytest.mark.parametrize("concurrency", [1, 2, 100])
@pytest.mark.parametrize("error", COMMON, ids=lambda error: type(error).__name__)
async def test_a_fault_that_the_first_three_phones_meet_ends_the_run(error, concurrency):
    mock, session = answering(error, throttle=Throttle(concurrency=2))
    before = asyncio.all_tasks()
    outcomes = []
    with pytest.raises(type(error)):
        await taken(session.zalo.check_consents(oa_id=7, phones=phones(10_000), concurrency=concurrency), outcomes)
    assert outcomes == []
    assert 3 <= len(mock.calls) <= 3 + concurrency
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("count", [1, 2])
async def test_a_fault_that_every_phone_of_a_short_run_meets_ends_it(count):
    _, session = answering(Unauthenticated())
    with pytest.raises(Unauthenticated):
        await session.zalo.check_consents(oa_id=7, phones=phones(count)).collect()


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("concurrency", [1, 50])
@pytest.mark.parametrize("error", COMMON, ids=lambda error: type(error).__name__)
async def test_the_same_failure_of_one_phone_in_many_fails_that_phone_alone(error, concurrency, ordered):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(OK)
    mock.on(CHECK_CONSENT, where=lambda payload: payload.phone.endswith(("20", "50"))).fail(error)
    session = Session(Shop("1:test"), transport=mock, retry=Retry(attempts=1))
    run = session.zalo.check_consents(oa_id=7, phones=phones(60), concurrency=concurrency, ordered=ordered)
    outcomes = await taken(run)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    assert sorted(outcome.index for outcome in outcomes) == list(range(60))
    assert sorted(outcome.index for outcome in failed) == [20, 50]
    assert all(type(outcome.error) is type(error) for outcome in failed)
    assert (run.progress.done, run.progress.failed) == (60, 2)


async def test_twenty_in_a_row_after_answers_end_the_run_and_have_no_outcome():
    mock, session = answering(*[OK] * 5, Unauthenticated())
    outcomes = []
    with pytest.raises(Unauthenticated):
        await taken(session.zalo.check_consents(oa_id=7, phones=phones(1000), concurrency=1), outcomes)
    assert [outcome.index for outcome in outcomes] == list(range(5))
    assert len(mock.calls) == 25


async def test_nineteen_in_a_row_after_an_answer_fail_alone():
    _, session = answering(OK, *[PermissionDenied()] * 19, OK)
    outcomes = await session.zalo.check_consents(oa_id=7, phones=phones(40), concurrency=1).collect()
    assert [type(outcome) for outcome in outcomes] == [Checked, *[Failed] * 19, *[Checked] * 20]


async def test_failures_at_the_end_of_a_run_that_had_answers_are_given():
    _, session = answering(OK, *[NotFound()] * 9)
    outcomes = await session.zalo.check_consents(oa_id=7, phones=phones(10)).collect()
    assert [type(outcome) for outcome in outcomes] == [Checked, *[Failed] * 9]


async def test_one_phone_given_three_times_is_one_item():
    mock, session = answering(*[PermissionDenied()] * 3, OK)
    given = ["0987654321", "+84 987 654 321", "84987654321", "0912345678"]
    outcomes = await session.zalo.check_consents(oa_id=7, phones=given, concurrency=1).collect()
    assert [type(outcome) for outcome in outcomes] == [Failed, Failed, Failed, Checked]
    assert len(mock.calls) == 4


async def test_phones_that_were_never_sent_count_neither_for_nor_against_a_common_fault():
    _, session = answering(Unauthenticated())
    outcomes, given = [], ["x", "y", "0987654321", "z"]
    with pytest.raises(Unauthenticated):
        await taken(session.zalo.check_consents(oa_id=7, phones=given, concurrency=1), outcomes)
    assert {type(outcome.error) for outcome in outcomes} == {InvalidPhone}


async def test_a_stopped_run_leaves_out_what_it_does_not_know():
    async def call(item):
        if item == 0:
            raise Unauthenticated
        run.stop()
        raise Unavailable

    async with Bulk.of(call, range(10), concurrency=1) as run:
        outcomes = [outcome async for outcome in run]
    assert [outcome.index for outcome in outcomes] == [1]


@given(st.lists(st.sampled_from(["ok", "later", "common"]), min_size=1, max_size=60), st.integers(1, 8), st.booleans())
async def test_whatever_the_failures_each_item_has_one_outcome_or_the_run_ends(answers, concurrency, ordered):
    async def call(item):
        await asyncio.sleep(0)
        if answers[item] == "later":
            raise Unavailable
        if answers[item] == "common":
            raise PermissionDenied
        return True

    outcomes = []
    try:
        await taken(Bulk.of(call, range(len(answers)), concurrency=concurrency, ordered=ordered), outcomes)
    except PermissionDenied:
        assert "common" in answers
    else:
        assert sorted(outcome.index for outcome in outcomes) == list(range(len(answers)))
        assert "ok" in answers or "common" not in answers
    assert len({outcome.index for outcome in outcomes}) == len(outcomes)
