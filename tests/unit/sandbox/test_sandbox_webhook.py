"""The sandbox sends Zalo's events of requests to a URL, and repeats what is not taken."""

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from etelecom_async import Session, Shop
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SandboxTransport, World, serve
from etelecom_async.sandbox.webhook import RETRIES
from etelecom_async.webhooks import ConsentWaiter, OASendConsent, UserReplyConsent, parse
from tests.support import HANG, PHONE, settled
from tests.support.ensure import ensure

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
WIRE = "84987654321"


@asynccontextmanager
async def receiver(*statuses):
    """A URL, and what came to it: events with their `num_retry`. It answers with these statuses, the last for ever."""
    came = []

    async def take(request):
        (event,) = parse(await request.read(), request.headers)
        came.append((event, request.headers.get("num_retry")))
        status = statuses[min(len(came), len(statuses)) - 1]
        if status is None:
            await asyncio.sleep(HANG)
        return web.Response(status=status, body=b"ok")

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", came
    finally:
        await runner.cleanup()


async def request(world, phone=PHONE):
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world))
    return await session.zalo.request_consent(
        oa_id=SANDBOX_OA, phone=phone, call_type="audio", reason_code="update_order"
    )


@pytest.mark.parametrize(("reply", "answer"), [("allow", "ALLOW"), ("deny", "DENY"), ("block", "USER_BLOCKED")])
async def test_a_request_and_its_answer_are_sent_as_zalos_events(reply, answer):
    world = World(clock=lambda: NOON)
    async with receiver(200) as (url, came), serve(world, webhook_url=url):
        await request(world)
        await settled(lambda: len(came) == 1)
        world.reply(PHONE, reply)
        await settled(lambda: len(came) == 2)
    (sent, first_try), (replied, _) = came
    assert first_try is None
    assert isinstance(sent, OASendConsent)
    assert (sent.phone, sent.request_type, sent.oa_id) == (WIRE, "SENT", SANDBOX_OA)
    assert (sent.create_time, sent.expired_time) == (NOON, NOON + timedelta(days=1))
    assert isinstance(replied, UserReplyConsent)
    assert (replied.phone, replied.user_consent, replied.confirmed_time) == (WIRE, answer, NOON)
    assert replied.expired_time == (NOON + timedelta(days=30) if reply == "allow" else None)


async def test_a_request_without_an_answer_is_sent_as_expired():
    moment = NOON
    world = World(clock=lambda: moment)
    async with receiver(200) as (url, came), serve(world, webhook_url=url):
        await request(world)
        await settled(lambda: len(came) == 1)
        moment += timedelta(hours=24)
        await settled(lambda: len(came) == 2)
    assert [event.request_type for event, _ in came] == ["SENT", "EXPIRED"]


@pytest.mark.parametrize("status", [500, 204, 302])
async def test_an_event_that_is_not_taken_comes_again_with_the_number_of_the_repetition(status):
    world = World()
    async with receiver(status, status, 200) as (url, came), serve(world, webhook_url=url, webhook_retries=[0.01] * 5):
        await request(world)
        await settled(lambda: len(came) == 3)
        await asyncio.sleep(0.1)
    assert [number for _, number in came] == [None, "1", "2"]
    assert len({event.key for event, _ in came}) == 1


async def test_after_the_last_repetition_no_event_is_sent_any_more(caplog):
    world = World()
    async with receiver(500) as (url, came), serve(world, webhook_url=url, webhook_retries=[0.01, 0.01]):
        await request(world)
        with caplog.at_level(logging.WARNING, logger="etelecom_async"):
            await settled(lambda: caplog.records)
        await request(world, "0912345678")
        await asyncio.sleep(0.1)
    assert [number for _, number in came] == [None, "1", "2"]
    assert "987" not in caplog.text


async def test_a_receiver_that_is_not_there_stops_nothing():
    world = World()
    async with serve(world, webhook_url="http://127.0.0.1:1/hook"):
        await request(world)
        await asyncio.sleep(0.1)
        assert len(world.charges) == 1


def test_the_pauses_are_those_of_zalos_documents():
    assert RETRIES == (30, 300, 900, 1800, 3600)


async def test_a_late_request_is_an_event_when_it_is_carried_out_and_an_old_one_is_none():
    moment = NOON
    world = World(clock=lambda: moment, request_delay=30)
    await request(world, "0912345678")
    moment += timedelta(seconds=40)
    async with receiver(200) as (url, came), serve(world, webhook_url=url):
        await request(world)
        await asyncio.sleep(0.1)
        assert came == []
        moment += timedelta(seconds=30)
        await settled(lambda: came)
    assert [event.phone for event, _ in came] == [WIRE]


async def test_an_event_wakes_ensure_consent_before_its_next_check():
    world = World(customers={})
    async with (
        receiver(200) as (url, came),
        serve(world, webhook_url=url) as served,
        Session(Shop(SANDBOX_API_KEY, base_url=served.base_url)) as session,
    ):
        waiter = ConsentWaiter(session)
        waiting = asyncio.create_task(ensure(session, wait=HANG, poll=HANG, waiter=waiter))
        await settled(lambda: came)
        world.reply(PHONE, "allow")
        await settled(lambda: len(came) == 2)
        for event, _ in came:
            waiter.feed(event)
        async with asyncio.timeout(HANG / 10):
            assert (await waiting).granted
