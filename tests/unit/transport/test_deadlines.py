"""Many time limits under one timer, and a block that one of them cuts short."""

import asyncio
import contextvars
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.testing import VirtualTimeLoop, run_virtually
from etelecom_async.transport.deadlines import Deadlines, TimeLimit
from tests.support import virtually

LATE = 0.02  # of a second at most
ROUNDING = 1e-9


class Attempt:
    def __init__(self):
        self.ran_out_at = None

    def run_out(self):
        assert self.ran_out_at is None
        self.ran_out_at = asyncio.get_running_loop().time()


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.001, 20), st.none() | st.floats(0, 20)), min_size=1, max_size=30)
)
def test_an_attempt_runs_out_at_its_time_unless_it_ends_before(attempts):
    async def one(deadlines, begins, seconds, lasts):
        attempt, loop = Attempt(), asyncio.get_running_loop()
        await asyncio.sleep(begins)
        begun = loop.time()
        deadlines.add(attempt, seconds)
        if lasts is not None:
            await asyncio.sleep(lasts)
            deadlines.remove(attempt)
        await asyncio.sleep(50)
        if attempt.ran_out_at is None:
            assert lasts is not None
            assert lasts <= seconds + LATE
        else:
            assert -ROUNDING <= attempt.ran_out_at - begun - seconds <= LATE + ROUNDING
            assert lasts is None or seconds <= lasts + ROUNDING

    async def all_of_them():
        deadlines = Deadlines(asyncio.get_running_loop())
        await asyncio.gather(*(one(deadlines, *attempt) for attempt in attempts))

    run_virtually(all_of_them())


def test_one_timer_watches_thousands_and_none_is_left_behind_them():
    timers = []

    class CountingLoop(VirtualTimeLoop):
        def call_at(self, when, callback, *arguments, context=None):
            if getattr(callback, "__func__", None) is Deadlines._wake:
                timers.append(when)
            return super().call_at(when, callback, *arguments, context=context)

    async def thousands():
        deadlines = Deadlines(asyncio.get_running_loop())
        for _ in range(5000):
            attempt = Attempt()
            deadlines.add(attempt, 10)
            await asyncio.sleep(0.01)
            deadlines.remove(attempt)
        assert len(timers) <= 6
        await asyncio.sleep(60)
        assert len(timers) <= 7

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(thousands())


@virtually
async def test_attempts_that_run_out_one_after_the_other_are_not_all_looked_at_for_each():
    deadlines = Deadlines(asyncio.get_running_loop())
    wakes, woken = 0, deadlines._wake

    def wake():
        nonlocal wakes
        wakes += 1
        woken()

    deadlines._wake = wake
    attempts = [Attempt() for _ in range(10_000)]
    for attempt in attempts:
        deadlines.add(attempt, 1)
        asyncio.get_running_loop().jump(1e-5)
    await asyncio.sleep(2)
    assert all(attempt.ran_out_at is not None for attempt in attempts)
    assert wakes <= 12


def test_a_timer_that_goes_off_a_moment_early_makes_nothing_late():
    class EarlyLoop(VirtualTimeLoop):  # uvloop's timers count whole milliseconds
        def call_at(self, when, callback, *arguments, context=None):
            early = 0.0005 if getattr(callback, "__func__", None) is Deadlines._wake else 0
            return super().call_at(when - early, callback, *arguments, context=context)

    async def wait():
        deadlines, attempt = Deadlines(asyncio.get_running_loop()), Attempt()
        deadlines.add(attempt, 1)
        await asyncio.sleep(5)
        assert attempt.ran_out_at == pytest.approx(1, abs=0.001)

    with asyncio.Runner(loop_factory=EarlyLoop) as runner:
        runner.run(wait())


@virtually
async def test_what_is_under_way_when_it_is_closed_still_runs_out_and_no_timer_is_left():
    loop = asyncio.get_running_loop()
    deadlines, attempt = Deadlines(loop), Attempt()
    deadlines.add(attempt, 1)
    deadlines.close()
    await asyncio.sleep(2)
    assert attempt.ran_out_at == pytest.approx(1)
    deadlines.add(attempt, 1000)
    deadlines.remove(attempt)
    deadlines.close()
    assert all(timer.cancelled() for timer in loop._scheduled)


def test_an_attempt_that_fails_to_run_out_keeps_no_other_from_it():
    class Broken(Attempt):
        def run_out(self):
            super().run_out()
            raise RuntimeError

    async def fail():
        loop = asyncio.get_running_loop()
        told = []
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        deadlines, attempts = Deadlines(loop), [Attempt(), Broken(), Attempt(), Attempt()]
        for attempt, seconds in zip(attempts, (1, 1, 1, 2), strict=True):
            deadlines.add(attempt, seconds)
        await asyncio.sleep(5)
        assert all(attempt.ran_out_at <= 2 + LATE for attempt in attempts)
        assert len(told) == 1

    run_virtually(fail())


@virtually
async def test_an_attempt_that_ends_another_as_it_runs_out_is_the_only_one_of_them_that_does():
    deadlines, other = Deadlines(asyncio.get_running_loop()), Attempt()

    class Ending(Attempt):
        def run_out(self):
            super().run_out()
            deadlines.remove(other)

    deadlines.add(Ending(), 1)
    deadlines.add(other, 1)
    await asyncio.sleep(5)
    assert other.ran_out_at is None


def test_the_timer_holds_nothing_of_the_call_that_it_was_set_in():
    variable = contextvars.ContextVar("variable", default="none")
    seen = []

    class Looking(Attempt):
        def run_out(self):
            seen.append(variable.get())

    async def call():
        variable.set("the call's")
        Deadlines(asyncio.get_running_loop()).add(Looking(), 1)
        await asyncio.sleep(2)

    run_virtually(call())
    assert seen == ["none"]


def limited(test):
    """The test in virtual time, with the deadlines of its loop; its task is not left cancelled."""

    @virtually
    async def run(**options):
        await test(Deadlines(asyncio.get_running_loop()), **options)
        assert asyncio.current_task().cancelling() == 0

    first, *others = inspect.signature(test).parameters.values()
    assert first.name == "deadlines"
    run.__name__, run.__signature__ = test.__name__, inspect.Signature(others)
    return run


@limited
async def test_a_block_is_cut_short_when_its_time_has_run_out(deadlines):
    loop = asyncio.get_running_loop()
    with pytest.raises(TimeoutError), TimeLimit(deadlines, 5, asyncio.current_task()):
        await asyncio.sleep(60)
    assert 5 <= loop.time() <= 5 + LATE


@pytest.mark.parametrize("seconds", [5, None])
@limited
async def test_a_block_that_ends_in_time_is_left_alone(deadlines, seconds):
    with TimeLimit(deadlines, seconds, asyncio.current_task()):
        await asyncio.sleep(4)
    await asyncio.sleep(60)


@limited
async def test_an_error_of_the_block_goes_through(deadlines):
    with pytest.raises(KeyError), TimeLimit(deadlines, 5, asyncio.current_task()):
        raise KeyError


@limited
async def test_a_block_that_turns_its_cancellation_into_another_error_leaves_no_task_cancelled(deadlines):
    with pytest.raises(KeyError), TimeLimit(deadlines, 5, asyncio.current_task()):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise KeyError from None


@pytest.mark.parametrize("outer", [4.0, 5.0, 6.0])
@limited
async def test_the_shorter_of_two_limits_is_the_one_that_counts(deadlines, outer):
    inner_ran_out = False
    try:
        async with asyncio.timeout(outer):
            try:
                with TimeLimit(deadlines, 5, asyncio.current_task()):
                    await asyncio.sleep(60)
            except TimeoutError:
                inner_ran_out = True
    except TimeoutError:
        assert outer <= 5
        assert not inner_ran_out
    else:
        assert outer >= 5
        assert inner_ran_out


@limited
async def test_a_task_that_is_cancelled_from_outside_in_the_same_moment_stays_cancelled(deadlines):
    async def block():
        with TimeLimit(deadlines, 5, asyncio.current_task()):
            await asyncio.sleep(60)

    task = asyncio.create_task(block())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_at(5, task.cancel)
    await asyncio.wait([task])
    assert task.cancelled()


@limited
async def test_a_limit_needs_a_task(deadlines):
    said = asyncio.get_running_loop().create_future()

    def outside():
        try:
            with TimeLimit(deadlines, 1, asyncio.current_task()):
                said.set_result("")
        except RuntimeError as error:
            said.set_result(str(error))

    asyncio.get_running_loop().call_soon(outside)
    assert "no task" in await said
