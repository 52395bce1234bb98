"""One clock: in virtual time, whatever waits, expires or is measured follows the event loop."""

import asyncio
import functools
import math
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    AttemptTimeout,
    ConfigError,
    Consent,
    ConsentState,
    DeadlineExceeded,
    QueueTimeout,
    RateLimited,
    Retry,
    Session,
    Shop,
    Throttle,
    Timeout,
    Unavailable,
)
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, FixedWindow, SandboxTransport, World
from etelecom_async.testing import MockTransport, VirtualTimeLoop, run_virtually
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.support import FakeTransport, answer, virtually

OK = Consent(error=0)
PHONE = "84987654321"
START = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
from_start = functools.partial(virtually, start=START)


def over(transport, **options):
    return Session(Shop(SANDBOX_API_KEY), transport=transport, **options)


def check(session):
    return session.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)


def now():
    return asyncio.get_running_loop().time()


def test_a_session_waits_out_two_refusals_with_a_retry_after_of_an_hour_each_at_once():
    """E5: with a clock and a sleep of a test's own, this hung for ever."""

    async def main():
        mock = MockTransport()
        mock.on(CHECK_CONSENT).fail(RateLimited(retry_after=3600)).fail(RateLimited(retry_after=3600)).reply(OK)
        session = over(mock, timeout=Timeout(total=None))
        assert await check(session) == OK
        assert 7200 <= now() < 7300
        assert session.throttle.snapshot().refusals == 2

    began = time.monotonic()
    run_virtually(main())
    assert time.monotonic() - began < 3600


@virtually
async def test_pauses_limits_rates_and_what_is_measured_follow_it():
    """E5"""
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(Unavailable()).fail(Unavailable()).reply(OK)
    session = over(mock, retry=Retry(base=8, random=lambda: 1.0), throttle=Throttle(adaptive=False))
    reply = await session.call_raw(CHECK_CONSENT, mock_payload())
    assert (reply.elapsed, reply.attempts, now()) == (24.0, 3, 24.0)

    hanging = MockTransport()
    hanging.on(CHECK_CONSENT).answer(lambda _payload: asyncio.sleep(math.inf))
    limited = over(hanging, timeout=Timeout(attempt=10, total=15), retry=Retry(base=0))
    with pytest.raises(DeadlineExceeded) as caught:
        await check(limited)
    assert caught.value.elapsed == 15.0
    assert isinstance(caught.value.__cause__, AttemptTimeout)

    began = now()
    paced = over(FakeTransport(answer({"error": 0})), throttle=Throttle(rate=1, burst=1))
    await asyncio.gather(*(check(paced) for _ in range(61)))
    assert now() - began == pytest.approx(60)
    busy = paced.with_options(timeout=Timeout(queue=0.5))
    with pytest.raises(QueueTimeout):
        await check(busy)


def mock_payload():
    return CHECK_CONSENT.payload(oa_id=SANDBOX_OA, phone=PHONE)


@from_start
async def test_a_permission_ends_when_its_virtual_time_has_come():
    """E5"""
    customer = Customer(phone=PHONE, error=0, expires=START + timedelta(hours=1))
    session = over(SandboxTransport(World(customers={PHONE: customer})))
    consent = await check(session)
    assert (consent.granted, consent.state) == (True, ConsentState.GRANTED)
    await asyncio.sleep(3599)
    assert consent.granted
    await asyncio.sleep(1)
    assert (consent.granted, consent.state) == (False, ConsentState.EXPIRED)
    assert (await check(session)).state is ConsentState.EXPIRED  # the server's clock is the same


@from_start
async def test_a_date_in_retry_after_is_read_against_the_virtual_date():
    later = "Mon, 05 Jan 2026 08:30:07 GMT"
    session = over(FakeTransport(answer(status=429, retry_after=later), answer({"error": 0})))
    await check(session)
    assert now() == pytest.approx(7, abs=0.5)


@from_start
async def test_a_hidden_limit_of_the_sandbox_goes_by_it_too():
    world = World(customers={}, limit=FixedWindow(count=10, seconds=60))
    session = over(SandboxTransport(world, latency=0.1), timeout=Timeout(total=None), retry=Retry(attempts=20))
    await asyncio.gather(*(check(session) for _ in range(50)))
    assert now() > 200


def test_the_progress_of_a_run_counts_virtual_seconds():
    async def main():
        mock = MockTransport()
        mock.on(CHECK_CONSENT).answer(lambda _payload: asyncio.sleep(1, OK))
        phones = [f"849{n:08d}" for n in range(20)]
        async with over(mock).zalo.check_consents(oa_id=1, phones=phones, concurrency=1) as run:
            async for _ in run:
                pass
            return run.progress.rate

    assert run_virtually(main()) == pytest.approx(1, rel=0.2)


def test_outside_of_its_loop_and_in_other_threads_time_is_the_machines():
    seen = []

    async def main():
        await asyncio.sleep(10**9)
        expired = Consent(error=0, expired_time=datetime.now(UTC) + timedelta(hours=1))
        thread = threading.Thread(target=lambda: seen.append(expired.granted))
        thread.start()
        await asyncio.to_thread(thread.join)
        seen.append(expired.granted)
        return expired

    expired = run_virtually(main())
    assert seen == [True, False]
    assert expired.granted


def test_two_loops_in_a_row_have_each_their_own_time():
    async def main():
        await asyncio.sleep(5)
        return now()

    assert [run_virtually(main()), run_virtually(main())] == [5.0, 5.0]


@pytest.mark.parametrize("transport", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
def test_a_socket_is_refused_with_what_to_use_and_not_tried_again(transport):
    async def main():
        carrier = transport()
        session = Session(Shop(SANDBOX_API_KEY, base_url="http://127.0.0.1:9"), transport=carrier)
        try:
            await check(session)
        finally:
            await carrier.aclose()

    with pytest.raises(AssertionError, match="give the session a MockTransport or a SandboxTransport"):
        run_virtually(main())


def test_what_would_hang_is_an_error():
    with pytest.raises(AssertionError, match="this would hang"):
        run_virtually(asyncio.Event().wait())


@virtually
async def test_time_stands_still_while_a_thread_works():
    watch = asyncio.create_task(asyncio.sleep(3600))
    done = await asyncio.to_thread(lambda: time.sleep(0.01) or "done")
    assert (done, now(), watch.done()) == ("done", 0.0, False)
    await watch
    assert now() == 3600


@virtually
async def test_small_steps_far_from_the_beginning_are_made_and_a_year_takes_no_time():
    await asyncio.sleep(365 * 86400)
    await asyncio.sleep(1e-9)
    loop = asyncio.get_running_loop()
    loop.jump(2**60)
    before = now()
    await asyncio.sleep(1e-6)
    assert now() >= before


@virtually
async def test_a_jump_makes_timers_due_as_a_busy_loop_does():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            asyncio.get_running_loop().jump(6)
            await asyncio.sleep(1)
    assert now() == 6


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf])
def test_a_jump_is_a_number_of_seconds(seconds):
    loop = VirtualTimeLoop()
    try:
        with pytest.raises(ConfigError, match="seconds of at least 0"):
            loop.jump(seconds)
    finally:
        loop.close()
