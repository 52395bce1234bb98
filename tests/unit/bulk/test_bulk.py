"""Many phones: bounded, streaming, nothing left behind."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    Checked,
    ConfigError,
    Consent,
    Failed,
    InvalidArgument,
    InvalidId,
    InvalidPhone,
    Retry,
    Session,
    SessionClosed,
    Shop,
    Throttle,
    Unavailable,
)
from etelecom_async.bulk import Bulk, Done, NotDone
from etelecom_async.bulk.single_flight import LastAnswers, SingleFlight
from etelecom_async.testing import MockTransport
from tests.support.bulk import phones, taken

OK = Consent(error=0)


def mocked(answer=lambda _payload: OK, **options):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(answer)
    return mock, Session(Shop("1:test"), transport=mock, **{"retry": Retry(attempts=1), **options})


class Pulls:
    """An iterable that counts how far it was read."""

    def __init__(self, items):
        self.items = iter(items)
        self.count = 0

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self.items)
        self.count += 1
        return item


class AsyncPulls(Pulls):
    __iter__ = None

    async def __aiter__(self):
        for item in self.items:
            await asyncio.sleep(0)
            self.count += 1
            yield item


@pytest.mark.parametrize("source", [list, iter, Pulls, AsyncPulls], ids=lambda source: source.__name__)
@pytest.mark.parametrize("concurrency", [1, 3, 200])
async def test_every_phone_gets_exactly_one_outcome_in_its_place(source, concurrency):
    _, session = mocked(lambda payload: Consent(error=int(payload.phone[-1]) % 4))
    given = phones(100)
    outcomes = await taken(session.zalo.check_consents(oa_id=7, phones=source(given), concurrency=concurrency))
    assert sorted(outcome.index for outcome in outcomes) == list(range(100))
    assert all(outcome.phone == given[outcome.index] for outcome in outcomes)
    assert all(outcome.consent.error == int(outcome.phone[-1]) % 4 for outcome in outcomes)


async def test_an_unusable_phone_and_a_failed_check_are_failures_in_their_places():
    _, session = mocked(lambda payload: OK if payload.phone.endswith("1") else Unavailable())
    run = session.zalo.check_consents(oa_id=7, phones=["0900000001", "hello", "0900000002"])
    first, *failed = await run.collect()
    assert first == Checked(0, "0900000001", OK)
    assert [(type(it), it.index, it.phone, type(it.error)) for it in failed] == [
        (Failed, 1, "hello", InvalidPhone), (Failed, 2, "0900000002", Unavailable)
    ]  # fmt: skip


async def test_a_closed_session_stops_the_run():
    _, session = mocked()
    await session.aclose()
    with pytest.raises(SessionClosed):
        await session.zalo.check_consents(oa_id=7, phones=phones(10)).collect()


async def test_a_programming_error_is_raised_as_it_is_and_ends_the_rest():
    _, session = mocked(lambda _payload: 1 / 0)
    before = asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError):
        await session.zalo.check_consents(oa_id=7, phones=phones(1000)).collect()
    assert asyncio.all_tasks() == before


async def test_an_error_of_the_source_is_raised():
    _, session = mocked()

    def broken():
        yield "0900000001"
        raise OSError("the disk is gone")

    outcomes = []
    with pytest.raises(OSError, match="the disk is gone"):
        await taken(session.zalo.check_consents(oa_id=7, phones=broken()), outcomes)
    assert len(outcomes) <= 1


async def test_a_programming_error_is_not_lost_when_the_consumer_leaves_early():
    async def call(item):
        await asyncio.sleep(0)
        if item == 2:
            raise RuntimeError("lost?")
        return item

    with pytest.raises(RuntimeError, match=r"lost\?"):
        async with Bulk.of(call, [1, 2, 3], concurrency=3) as run:
            await asyncio.sleep(0.01)
            async for _ in run:
                break


@pytest.mark.parametrize("way", ["break", "exception", "cancellation"])
async def test_leaving_early_leaves_nothing_behind(way):
    never = asyncio.Event()

    async def answer(payload):
        if int(payload.phone[-4:]) > 20:
            await never.wait()
        return OK

    _, session = mocked(answer)
    before = asyncio.all_tasks()
    pulls = Pulls(phones(10_000))

    async def consume():
        async with session.zalo.check_consents(oa_id=7, phones=pulls, concurrency=10) as run:
            taken = 0
            async for _ in run:
                taken += 1
                if taken == 10 and way == "break":
                    break
                if taken == 10 and way == "exception":
                    raise LookupError

    consumer = asyncio.create_task(consume())
    await asyncio.wait([consumer], timeout=0.05)
    if way == "cancellation":
        consumer.cancel()
    ends = await asyncio.gather(consumer, return_exceptions=True)
    assert type(ends[0]) is {"break": type(None), "exception": LookupError}.get(way, asyncio.CancelledError)
    assert asyncio.all_tasks() == before
    assert session.throttle.snapshot().in_flight == 0
    assert pulls.count <= 50


@pytest.mark.parametrize(("ordered", "ahead"), [(False, 7), (True, 16 * 7)])
@pytest.mark.parametrize("source", [Pulls, AsyncPulls])
async def test_what_is_read_ahead_of_a_slow_consumer_is_bounded_by_the_concurrency(source, ordered, ahead):
    _, session = mocked()
    pulls = source(phones(200))
    taken = most = 0
    async with session.zalo.check_consents(oa_id=7, phones=pulls, concurrency=7, ordered=ordered) as run:
        async for _ in run:
            taken += 1
            for _ in range(20):
                await asyncio.sleep(0)
            most = max(most, pulls.count - taken)
    assert taken == 200
    assert most <= ahead


@pytest.mark.parametrize("source", [Pulls, AsyncPulls])
@pytest.mark.parametrize("way", ["ordered", "collect"])
async def test_behind_a_slow_call_an_ordered_run_goes_on_within_its_window(source, way):
    slow = asyncio.Event()
    under_way = most = 0

    async def answer(payload):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await (slow.wait() if payload.phone.endswith("0000") else asyncio.sleep(0))
        under_way -= 1
        return OK

    _, session = mocked(answer)
    pulls = source(phones(500))
    run = session.zalo.check_consents(oa_id=7, phones=pulls, concurrency=5, ordered=way == "ordered")
    consumer = asyncio.create_task(run.collect() if way == "collect" else taken(run))
    for _ in range(2000):
        await asyncio.sleep(0)
    assert pulls.count == 16 * 5
    assert run.progress.done == 16 * 5 - 1
    slow.set()
    outcomes = await consumer
    assert [outcome.index for outcome in outcomes] == list(range(500))
    assert most <= 5


async def test_ordered_outcomes_come_in_the_order_of_the_phones():
    async def answer(payload):
        for _ in range(int(payload.phone[-1]) * 3):
            await asyncio.sleep(0)
        return OK

    _, session = mocked(answer)
    given = [*phones(50), "hello", *phones(20)]
    run = session.zalo.check_consents(oa_id=7, phones=given, concurrency=9, ordered=True)
    assert [outcome.index for outcome in await taken(run)] == list(range(71))


async def test_a_fast_answer_does_not_wait_for_a_slow_one():
    slow = asyncio.Event()

    async def answer(payload):
        if payload.phone.endswith("0000"):
            await slow.wait()
        return OK

    _, session = mocked(answer)
    async with session.zalo.check_consents(oa_id=7, phones=phones(5), concurrency=5) as run:
        taken = []
        async for outcome in run:
            taken.append(outcome.index)
            if len(taken) == 4:
                slow.set()
    assert taken[-1] == 0


async def test_the_same_number_in_any_writing_is_asked_once_and_answers_all():
    mock, session = mocked(lambda _payload: asyncio.sleep(0.01, OK))
    writings = ["0987654321", "+84 987 654 321", "84987654321", "0987.654.321"] * 5
    outcomes = await session.zalo.check_consents(oa_id=7, phones=writings, concurrency=6).collect()
    assert [outcome.consent for outcome in outcomes] == [OK] * 20
    assert [outcome.phone for outcome in outcomes] == writings
    assert len(mock.calls) == 1


async def test_a_failure_is_shared_by_the_callers_that_wait_and_not_remembered():
    async def first_fails(_payload):
        await asyncio.sleep(0.01)
        if len(mock.calls) == 1:
            raise InvalidArgument("no")
        return OK

    mock, session = mocked(first_fails)
    outcomes = await session.zalo.check_consents(oa_id=7, phones=["0987654321"] * 3, concurrency=2).collect()
    assert [type(outcome) for outcome in outcomes] == [Failed, Failed, Checked]
    assert len(mock.calls) == 2


async def test_a_cancelled_caller_leaves_the_shared_call_to_the_others():
    answer = asyncio.Event()

    async def call(number):
        await answer.wait()
        return number

    flight = SingleFlight(call, question=abs)
    asking, leaving, staying = (asyncio.ensure_future(flight.ask(number)) for number in (7, -7, 7))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    answer.set()
    assert await asyncio.gather(asking, staying) == [7, 7]
    assert leaving.cancelled()


async def test_what_is_remembered_is_bounded():
    calls = []

    async def call(item):
        calls.append(item)
        return True

    flight = SingleFlight(call, question=abs, remembered=LastAnswers(size=3))
    await Bulk.of(flight.ask, [*range(10), 9, 8, 0], concurrency=1).collect()
    assert calls == [*range(10), 0]


async def test_stopping_ends_what_is_under_way_and_begins_no_more():
    mock, session = mocked(lambda _payload: asyncio.sleep(0, OK))
    outcomes = []
    async with session.zalo.check_consents(oa_id=7, phones=phones(1000), concurrency=5) as run:
        async for outcome in run:
            outcomes.append(outcome)
            if len(outcomes) == 20:
                run.stop()
    assert 20 <= len(outcomes) <= 25
    assert len(outcomes) == len(mock.calls)


async def test_progress_counts_and_estimates():
    now = [0.0]

    async def call(item):
        now[0] += 0.5
        if item % 10 == 9:
            raise InvalidArgument
        return item

    run = Bulk(call, list(range(100)), done=Done, failed=NotDone, concurrency=1, clock=lambda: now[0])
    async with run:
        seen = [run.progress async for _ in run]
    assert (seen[-1].done, seen[-1].failed, seen[-1].total) == (100, 10, 100)
    assert seen[49].rate == pytest.approx(2.0)
    assert seen[49].eta == pytest.approx(25.0, rel=0.05)
    assert seen[-1].eta == pytest.approx(0.0)


async def test_an_unknown_total_has_no_eta():
    async def call(item):
        return item

    run = Bulk.of(call, iter([1, 2]))
    await run.collect()
    assert (run.progress.total, run.progress.eta, run.progress.done) == (None, None, 2)


async def test_any_call_can_run_in_bulk():
    mock, session = mocked()
    mock.on("Etelecom/GetHotlines").reply({"hotlines": []})
    outcomes = await Bulk.of(lambda name: session.invoke(name), ["Etelecom/GetHotlines"] * 3).collect()
    assert outcomes == [Done(n, "Etelecom/GetHotlines", {"hotlines": []}) for n in range(3)]


async def test_misuse_of_a_run_is_a_config_error():
    _, session = mocked()
    with pytest.raises(InvalidId):
        session.zalo.check_consents(oa_id=0, phones=[])
    with pytest.raises(ConfigError, match="from 1 to 10000"):
        session.zalo.check_consents(oa_id=7, phones=[], concurrency=0)
    run = session.zalo.check_consents(oa_id=7, phones=phones(3))
    with pytest.raises(ConfigError, match="async with"):
        await anext(run)
    assert len(await run.collect()) == 3
    with pytest.raises(ConfigError, match="runs once"):
        async with run:
            pass


async def test_concurrency_is_bounded_by_the_run_and_by_the_throttle():
    inside, most = 0, 0

    async def answer(_payload):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        return OK

    _, session = mocked(answer, throttle=Throttle(concurrency=4))
    await session.zalo.check_consents(oa_id=7, phones=phones(50), concurrency=20).collect()
    assert most == 4
    most = 0
    await session.zalo.check_consents(oa_id=7, phones=phones(50), concurrency=2).collect()
    assert most == 2


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 8), st.booleans())
async def test_whatever_the_delays_nothing_is_lost_or_doubled(delays, concurrency, ordered):
    async def call(turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return True

    outcomes = await taken(Bulk.of(call, delays, concurrency=concurrency, ordered=ordered))
    indices = [outcome.index for outcome in outcomes]
    assert (indices if ordered else sorted(indices)) == list(range(len(delays)))
