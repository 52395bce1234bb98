"""`Blocking`: one session for threads and synchronous programs."""

import asyncio
import gc
import json
import sys
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    AttemptTimeout,
    CheckConsent,
    ConfigError,
    Consent,
    ConsentState,
    DeadlineExceeded,
    EtelecomError,
    InvalidPhone,
    Phase,
    Session,
    SessionClosed,
    Shop,
)
from etelecom_async.blocking import Blocking
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA
from etelecom_async.testing import MockTransport
from tests.support import HANG, KEY, OA, PHONE, answer, each_carrier
from tests.support.programs import output_of

THREADS, CALLS = 50, 40


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(60)  # one that closed itself may still be on its way out
        assert not thread.is_alive()


@pytest.fixture
def base_url(sandbox):
    """Of a sandbox on a socket."""
    return sandbox["ETELECOM_BASE_URL"]


def over(transport, **options):
    return Blocking(Session(Shop(KEY), transport=transport, **options))


def answering(consent=None):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(consent or Consent(error=0))
    return over(mock)


def hanging():
    """A server that is never done, and when it was asked."""
    mock, asked = MockTransport(), threading.Event()

    async def never(_payload):
        asked.set()
        await asyncio.Event().wait()

    mock.on(CHECK_CONSENT).answer(never)
    return over(mock), asked


def ask(blocking, phone=PHONE, **options):
    return blocking.run(blocking.session.zalo.check_consent(oa_id=OA, phone=phone), **options)


@contextmanager
def in_thread(function):
    """A thread in which the function runs, and the box with the error that it ends in."""
    box = []

    def run():
        try:
            function()
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield box
    thread.join(HANG)
    assert not thread.is_alive()


class Echo:
    """Answers each question with the phone that it is about."""

    def __init__(self):
        self.asked = 0

    async def send(self, request, /):
        self.asked += 1
        await asyncio.sleep(0)
        return answer({"error": 20, "message": json.loads(request.body)["phone"]})

    async def aclose(self):
        pass


async def without_debugging():
    """Ten thousand calls are measured by their answers; asyncio's dev mode only makes each cost ten times as much."""
    asyncio.get_running_loop().set_debug(False)


def test_two_thousand_calls_from_fifty_threads_all_get_their_own_answers():
    """D12: each thread asks about other people than the others do."""
    echo = Echo()
    with over(echo) as blocking, ThreadPoolExecutor(THREADS) as threads:
        blocking.run(without_debugging())

        def work(number):
            for call in range(CALLS):
                phone = f"849{number:04d}{call:04d}"
                assert ask(blocking, phone).message == phone

        list(threads.map(work, range(THREADS)))
    assert echo.asked == THREADS * CALLS


@each_carrier
def test_threads_share_the_connections_of_one_session_over_a_real_socket(carry, base_url):
    """D12: threads with an `asyncio.run` of their own met a ConfigError in most calls."""
    carrier = carry()
    session = Session(Shop(SANDBOX_API_KEY, base_url=base_url), transport=carrier)
    with Blocking(session) as blocking, ThreadPoolExecutor(20) as threads:
        blocking.run(without_debugging())
        check = session.zalo.check_consent
        asked = [
            threads.submit(lambda n=n: blocking.run(check(oa_id=SANDBOX_OA, phone=f"09{n:08d}"))) for n in range(500)
        ]
        assert {future.result().state for future in asked} == {ConsentState.NEVER_ASKED}
        if carrier is not None:
            blocking.run(carrier.aclose())


def test_a_new_blocking_starts_no_thread_and_can_be_closed():
    before = threading.active_count()
    blocking = answering()
    assert threading.active_count() == before
    blocking.close()


def test_one_thread_is_started_however_many_threads_call_first():
    barrier, names = threading.Barrier(20), set()
    with answering() as blocking, ThreadPoolExecutor(20) as threads:

        async def where():
            names.add(threading.current_thread())

        def first(_):
            barrier.wait()
            blocking.run(where())

        list(threads.map(first, range(20)))
    assert len(names) == 1
    assert names.pop().daemon


def test_results_and_errors_are_those_of_the_coroutine():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(AttemptTimeout("no answer"))
    with over(mock) as blocking:
        with pytest.raises(AttemptTimeout):  # a TimeoutError too, and not that of `timeout`
            blocking.run(blocking.session.call(CHECK_CONSENT, CheckConsent(oa_id=1, phone=PHONE)), timeout=HANG)
        with pytest.raises(InvalidPhone):
            ask(blocking, "12")
        with pytest.raises(ZeroDivisionError):
            blocking.run(divided(1, 0))
        assert blocking.run(divided(6, 3)) == 2


async def divided(one, other):
    await asyncio.sleep(0)
    return one / other


def test_any_awaitable_can_be_run():
    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 7

    with answering() as blocking:
        assert blocking.run(Awaitable()) == 7


def test_a_run_in_bulk_works_as_a_single_call_does():
    with answering() as blocking:
        run = blocking.session.zalo.check_consents(oa_id=OA, phones=[PHONE, "12"])
        assert [type(outcome).__name__ for outcome in blocking.run(run.collect())] == ["Checked", "Failed"]


def test_a_call_beyond_its_timeout_is_cancelled_and_the_next_one_works():
    blocking, _ = hanging()
    ended = threading.Event()

    async def noticed():
        try:
            await blocking.session.zalo.check_consent(oa_id=OA, phone=PHONE)
        finally:
            ended.set()

    with blocking:
        with pytest.raises(DeadlineExceeded, match=r"no result within the 0\.05 s of Blocking\.run") as caught:
            blocking.run(noticed(), timeout=0.05)
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.phase is Phase.UNKNOWN
        assert ended.wait(HANG)
        assert blocking.session.throttle.snapshot().in_flight == 0
        assert blocking.run(divided(6, 3)) == 2


def test_a_keyboard_interrupt_cancels_the_call_it_interrupts():
    program = """
        import asyncio, os, signal, sys, threading
        from etelecom_async import Session, Shop
        from etelecom_async.blocking import Blocking

        blocking = Blocking(Session(Shop("1:made-up")))
        ended = threading.Event()

        def place():
            frame = sys._current_frames()[threading.main_thread().ident]
            return frame.f_code.co_name, frame.f_lasti

        async def interrupt():
            # A signal in the middle of CPython's own `Condition.__enter__` would leave its lock taken for ever.
            before = None
            while before != (now := place()) or now[0] != "wait":
                before = now
                await asyncio.sleep(0.01)
            try:
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.Event().wait()
            finally:
                ended.set()

        try:
            blocking.run(interrupt())
        except KeyboardInterrupt:
            print("interrupted", ended.wait(60))
        print(blocking.run(asyncio.sleep(0, "works on")))
    """
    assert output_of(program) == "interrupted True\nworks on\n"


def test_inside_a_running_loop_it_is_refused_with_what_to_write():
    blocking = answering()

    async def main():
        ask(blocking)

    with pytest.raises(ConfigError, match="await the coroutine instead"):
        asyncio.run(main())
    assert blocking.session.throttle.snapshot().in_flight == 0


def test_inside_its_own_loop_it_is_refused_and_does_not_wait_for_itself():
    with answering() as blocking:

        async def nested():
            return ask(blocking)

        with pytest.raises(ConfigError, match="await the coroutine instead"):
            blocking.run(nested(), timeout=HANG)
        assert ask(blocking).granted


def test_a_thread_of_its_loops_executor_may_run_calls():
    with answering() as blocking:
        assert blocking.run(asyncio.to_thread(ask, blocking), timeout=HANG).granted


def test_after_close_the_session_is_closed_and_a_call_is_refused_before_its_coroutine_begins():
    blocking = answering()
    assert ask(blocking).granted
    blocking.close()
    blocking.close()
    with pytest.raises(SessionClosed, match="make a new one"):
        ask(blocking)
    with pytest.raises(SessionClosed):
        asyncio.run(blocking.session.zalo.check_consent(oa_id=OA, phone=PHONE))


def test_close_ends_the_calls_under_way_in_all_threads():
    blocking, asked = hanging()
    with in_thread(lambda: ask(blocking)) as ends:
        assert asked.wait(HANG)
        blocking.close()
    assert [type(end) for end in ends] == [SessionClosed]
    assert ends[0].phase is Phase.UNKNOWN


@pytest.fixture
def switching_threads_often():
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


async def granted_in_two_steps(blocking):
    await asyncio.sleep(0)
    return (await blocking.session.zalo.check_consent(oa_id=OA, phone=PHONE)).granted


def test_close_while_many_threads_call_leaves_no_thread_waiting_and_no_coroutine_unawaited(
    caplog, switching_threads_often
):
    for _ in range(100):
        blocking = answering()
        begun, ends = threading.Barrier(9), []

        def work(blocking=blocking, begun=begun, ends=ends):
            begun.wait()
            try:
                while True:
                    assert blocking.run(granted_in_two_steps(blocking))
            except EtelecomError as error:
                ends.append(type(error))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        begun.wait()
        blocking.close()
        for thread in threads:
            thread.join(HANG)
        assert ends == [SessionClosed] * 8
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_close_from_its_own_loop_does_not_wait_for_itself():
    blocking = answering()

    with pytest.raises(SessionClosed):
        blocking.run(asyncio.wait_for(closing_and_waiting(blocking), HANG))


async def closing_and_waiting(blocking):
    blocking.close()
    await asyncio.Event().wait()


def test_a_cancellation_that_the_coroutine_raises_passes_as_it_is():
    async def cancelled():
        raise asyncio.CancelledError

    with answering() as blocking, pytest.raises(CancelledError):
        blocking.run(cancelled())


def test_a_dropped_blocking_ends_its_thread():
    blocking = answering()
    assert ask(blocking).granted
    del blocking  # the fixture counts the threads


def test_a_session_that_was_closed_is_opened_again():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    session = Session(Shop(KEY), transport=mock)
    asyncio.run(session.aclose())
    with Blocking(session) as blocking:
        assert ask(blocking).granted
