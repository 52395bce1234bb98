"""C3, C5, C12: a run waits an outage out, and fails no item that others could have failed for."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import AttemptTimeout, ConnectError, InvalidArgument, Phase, QueueTimeout, ServerFault, Unavailable
from etelecom_async.bulk import Bulk, Done, NotDone
from etelecom_async.clock import seconds
from tests.support import virtually
from tests.support.bulk import taken
from tests.support.outages import Service, always, between


def run_over(service, items, *, repeat=True, **options):
    return Bulk(
        service.call,
        items,
        done=Done,
        failed=NotDone,
        service=service,
        repeat=service.call if repeat else None,
        **options,
    )


def failed(outcomes):
    return [outcome.item for outcome in outcomes if isinstance(outcome, NotDone)]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("concurrency", [1, 2, 50])
@pytest.mark.parametrize("start", [0, 1])
@virtually
async def test_no_item_fails_in_an_outage_of_ten_minutes(concurrency, ordered, start):
    service = Service(is_down=between(start, start + 600))
    outcomes = await taken(run_over(service, range(200), concurrency=concurrency, ordered=ordered))
    assert sorted(outcome.index for outcome in outcomes) == list(range(200))
    assert failed(outcomes) == []
    assert len(set(service.asked)) == 200


@pytest.mark.parametrize("concurrency", [2, 20])
@virtually
async def test_a_second_of_outage_every_twenty_fails_no_item(concurrency):
    service = Service(is_down=lambda moment: moment % 20 >= 19)
    outcomes = await taken(run_over(service, range(5000), concurrency=concurrency))
    assert (len(outcomes), failed(outcomes)) == (5000, [])


@virtually
async def test_what_was_under_way_when_an_outage_began_is_asked_again():
    service = Service(is_down=between(0.5, 30))
    run = run_over(service, range(100), concurrency=10)
    outcomes = await taken(run)
    assert failed(outcomes) == []
    assert seconds() < 40
    # A second between two calls of a worker: the run itself makes no more of them.
    assert len(service.asked) < 100 + 10 * 31


@pytest.mark.parametrize("concurrency", [1, 3, 30])
@pytest.mark.parametrize("own", [[0], [199], [7, 8, 9, 10], [195, 196, 197, 198, 199], range(170, 200)], ids=str)
@virtually
async def test_items_that_fail_alone_fail_wherever_they_stand(own, concurrency):
    service = Service(own=own)
    outcomes = await taken(run_over(service, range(200), concurrency=concurrency))
    assert sorted(failed(outcomes)) == sorted(own)
    assert sorted(outcome.index for outcome in outcomes) == list(range(200))
    assert seconds() < 60 + 200 * 0.05 / concurrency


@pytest.mark.parametrize("concurrency", [1, 3, 30])
@virtually
async def test_items_that_fail_alone_fail_after_an_outage_and_others_do_not(concurrency):
    service = Service(own=range(90, 100), is_down=between(0.5, 300))
    outcomes = await taken(run_over(service, range(100), concurrency=concurrency))
    assert sorted(failed(outcomes)) == list(range(90, 100))


@pytest.mark.parametrize("fault", [ConnectError, AttemptTimeout, ServerFault])
@virtually
async def test_a_run_of_which_nothing_was_ever_answered_ends_after_its_patience(fault):
    service, outcomes = Service(is_down=always, fault=fault), []
    before = asyncio.all_tasks()
    with pytest.raises(Unavailable, match=r"no request for 30 min \(" + fault.__name__) as caught:
        await taken(run_over(service, range(1000), concurrency=5), outcomes)
    assert outcomes == []
    assert 1800 <= seconds() < 1810
    assert (caught.value.phase, type(caught.value.__cause__)) == (Phase.NOT_SENT, fault)
    assert asyncio.all_tasks() == before


@virtually
async def test_the_patience_counts_from_the_last_answer_and_is_the_callers_choice():
    service, outcomes = Service(is_down=between(10, 10_000)), []
    with pytest.raises(Unavailable, match="for 45 s"):
        await taken(run_over(service, range(10_000), concurrency=5, give_up_after=45), outcomes)
    assert 50 < seconds() < 62
    assert failed(outcomes) == []
    assert len(outcomes) > 900


@virtually
async def test_an_input_that_gives_nothing_for_hours_is_no_outage():
    async def items():
        yield 0
        await asyncio.sleep(1)
        service.faults, service.first_fault = 3, seconds()  # of another program's calls
        await asyncio.sleep(7200)
        yield 1

    service = Service()
    outcomes = await taken(run_over(service, items(), concurrency=4, give_up_after=60))
    assert (len(outcomes), failed(outcomes)) == (2, [])


@pytest.mark.parametrize("phase", Phase)
@virtually
async def test_an_item_that_may_have_been_carried_out_is_not_asked_again_without_repeat(phase):
    service = Service(is_down=between(1, 100), fault=ServerFault(phase=phase))
    outcomes = await taken(run_over(service, range(60), concurrency=1, repeat=False))
    asked_once = all(service.asked.count(item) == 1 for item in range(60))
    assert bool(failed(outcomes)) == asked_once == (phase is Phase.UNKNOWN)


@virtually
async def test_a_wait_behind_the_programs_own_calls_is_the_items_own_failure():
    async def call(item):
        await asyncio.sleep(0.05)
        raise QueueTimeout

    service = Service()
    outcomes = await taken(Bulk(call, range(9), done=Done, failed=NotDone, service=service, repeat=call))
    assert len(failed(outcomes)) == 9
    assert seconds() < 1


@virtually
async def test_a_refusal_of_an_item_shows_that_the_service_answers():
    async def call(item):
        await asyncio.sleep(0.05)
        raise ServerFault if item == 0 else InvalidArgument

    service = Service()
    run = Bulk(call, range(4), done=Done, failed=NotDone, concurrency=1, service=service, repeat=call)
    outcomes = await taken(run)
    assert [type(outcome.error) for outcome in sorted(outcomes, key=lambda it: it.index)] == [
        ServerFault, InvalidArgument, InvalidArgument, InvalidArgument
    ]  # fmt: skip


@virtually
async def test_calls_that_were_under_way_when_the_process_stood_still_are_made_again():
    """C15"""
    loop = asyncio.get_running_loop()
    service = Service()

    async def call(item):
        if item == 12 and item not in service.asked:
            service.asked.append(item)
            loop.call_later(0.01, loop.jump, 65)
            await asyncio.sleep(10)
            raise AttemptTimeout
        return await service.call(item)

    run = Bulk(call, range(40), done=Done, failed=NotDone, concurrency=1, service=service, repeat=call)
    assert failed(await taken(run)) == []
    assert service.asked.count(12) == 2


@virtually
async def test_time_in_which_the_process_stood_still_is_no_waiting():
    loop = asyncio.get_running_loop()
    service = Service(is_down=between(0.5, 1850))
    loop.call_later(20, loop.jump, 1800)
    assert failed(await taken(run_over(service, range(100), concurrency=5, give_up_after=600))) == []


@virtually
async def test_a_stop_in_an_outage_ends_at_once_and_leaves_out_what_it_does_not_know():
    service = Service(is_down=between(1, 10_000))
    run = run_over(service, range(1000), concurrency=5)
    asyncio.get_running_loop().call_later(100, run.stop)
    outcomes = await taken(run)
    assert failed(outcomes) == []
    assert 90 <= len(outcomes) <= 100
    assert seconds() < 103


@virtually
async def test_a_run_that_waits_says_so_in_its_state():
    service = Service(is_down=between(5, 65))
    run = run_over(service, range(1000), concurrency=5)
    seen = []
    for moment in (4, 30, 60, 67):
        asyncio.get_running_loop().call_later(moment, lambda: seen.append(run.waiting))
    await taken(run)
    before, waiting, later, after = seen
    assert (before, after) == (None, None)
    assert (waiting.fault, round(waiting.seconds), round(later.seconds)) == ("ServerFault", 25, 55)
    assert abs(waiting.since - later.since).total_seconds() < 2


@given(
    st.sets(st.integers(0, 79)),
    st.lists(st.tuples(st.floats(0, 12), st.floats(1, 20)), max_size=3),
    st.sampled_from([1, 2, 7, 20]),
    st.booleans(),
)
def test_whatever_is_down_and_when_only_items_of_their_own_fault_fail(own, outages, concurrency, ordered):
    @virtually
    async def check():
        service = Service(
            own=own,
            is_down=lambda moment: any(start <= moment < start + length for start, length in outages),
            attempts=4,
        )
        run = run_over(service, range(80), concurrency=concurrency, ordered=ordered, give_up_after=70)
        outcomes = []
        try:
            await taken(run, outcomes)
        except Unavailable:
            assert len(own) >= 20  # so many at the start that none shows whose the fault is
            return
        assert sorted(outcome.index for outcome in outcomes) == list(range(80))
        assert set(failed(outcomes)) <= own

    check()
