"""The sandbox's account webhooks: registered, listed, deleted, and sent the changes that they are for."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from etelecom_async import InvalidArgument, NotFound, Partner, Retry, Session, Shop
from etelecom_async.sandbox import (
    SANDBOX_API_KEY,
    SANDBOX_PARTNER_KEY,
    SANDBOX_SHOP_KEY,
    SandboxTransport,
    World,
    serve,
)
from etelecom_async.sandbox.account_delivery import COLLECTING, RETRIES
from etelecom_async.webhooks import MAX_BODY, Change, Seen, parse
from tests.support import PHONE, settled
from tests.support.sandbox_calls import send

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
OK = (200, b"ok")


@pytest.fixture
def world():
    return World(clock=lambda: NOON)


def as_shop(world):
    return Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world), retry=Retry(attempts=1))


def as_partner(world):
    account = Partner(api_key=SANDBOX_PARTNER_KEY, shop_key=SANDBOX_SHOP_KEY)
    return Session(account, transport=SandboxTransport(world), retry=Retry(attempts=1))


@asynccontextmanager
async def receiver(*answers):
    """A URL, and the bodies that came to it. It gives these answers, the last for ever."""
    came = []

    async def take(request):
        came.append(await request.read())
        status, body = answers[min(len(came), len(answers)) - 1]
        return web.Response(status=status, body=body)

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", came
    finally:
        await runner.cleanup()


def changes(came):
    return [change for body in came for change in parse(body, {})]


async def only(session):
    (webhook,) = (await session.webhook.get_webhooks()).webhooks
    return webhook


async def test_a_webhook_is_registered_listed_and_deleted(world):
    webhooks = as_shop(world).webhook
    first = await webhooks.create_webhook(
        url="http://127.0.0.1/a", entities=["call_log", "zl_oa_message"], fields=["id"], metadata="m"
    )
    assert (first.url, first.entities, first.fields, first.metadata) == (
        "http://127.0.0.1/a",
        ("call_log", "zl_oa_message"),
        ("id",),
        "m",
    )
    assert (first.created_at, first.states.state, first.states.last_sent_at) == (NOON, "ok", None)
    second = await webhooks.create_webhook(url="http://127.0.0.1/b", entities=["call_log"])
    assert (await webhooks.get_webhooks()).webhooks == (first, second)
    assert (await webhooks.delete_webhook(id=first.id)).webhooks == (second,)
    with pytest.raises(NotFound):
        await webhooks.delete_webhook(id=first.id)


async def test_a_partner_and_its_shops_have_webhooks_of_their_own(world):
    partner, shop = as_partner(world), as_shop(world)
    partners = await partner.webhook.create_webhook(url="http://127.0.0.1/a", entities=["call_log"])
    assert (await shop.webhook.get_webhooks()).webhooks == ()
    shops = await shop.webhook.create_webhook(url="http://127.0.0.1/b", entities=["call_log"])
    assert (await partner.webhook.get_webhooks()).webhooks == (partners,)
    with pytest.raises(NotFound):
        await partner.webhook.delete_webhook(id=shops.id)


@pytest.mark.parametrize(
    "body",
    [
        {"entities": ["call_log"]},
        {"url": "127.0.0.1/hook", "entities": ["call_log"]},
        {"url": "ftp://127.0.0.1/hook", "entities": ["call_log"]},
        {"url": "http://127.0.0.1/hook"},
        {"url": "http://127.0.0.1/hook", "entities": []},
        {"url": "http://127.0.0.1/hook", "entities": ["consent"]},
        {"url": "http://127.0.0.1/hook", "entities": "call_log"},
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(world, body):
    with pytest.raises(InvalidArgument):
        await as_shop(world).invoke("Webhook/CreateWebhook", body)


async def test_a_call_is_delivered_as_call_logs_list_it(world):
    session = as_shop(world)
    async with receiver(OK) as (url, came), serve(world, change_delay=0.01):
        await session.webhook.create_webhook(url=url, entities=["call_log"])
        call_id = world.call(PHONE, duration=30)
        await settled(lambda: came)
        (change,) = changes(came)
        assert isinstance(change, Change)
        assert (change.entity, change.time, change.record_id) == ("call_log", NOON, str(call_id))
        listed = await session.invoke("Etelecom/ListCallLogs", {"paging": {"limit": 1}})
        assert change.record == listed["call_logs"][0]
        await asyncio.sleep(0.1)
        webhook = await only(session)
    assert len(came) == 1
    assert (webhook.states.state, webhook.states.last_sent_at, webhook.states.last_error) == ("ok", NOON, None)


async def test_a_message_is_delivered_as_it_was_answered(world):
    session = as_shop(world)
    async with receiver(OK) as (url, came), serve(world, change_delay=0.0):
        await session.webhook.create_webhook(url=url, entities=["zl_oa_message"])
        sent = await send(session)
        await settled(lambda: came)
    (change,) = changes(came)
    assert (change.entity, change.record_id, change.record["msg_id"]) == ("zl_oa_message", str(sent.id), sent.msg_id)


async def test_changes_that_come_together_are_one_delivery(world):
    async with receiver(OK) as (url, came), serve(world, change_delay=0.2):
        await as_shop(world).webhook.create_webhook(url=url, entities=["call_log"])
        ids = [world.call(PHONE) for _ in range(3)]
        await settled(lambda: came)
    assert [change.record_id for change in changes(came)] == [str(call_id) for call_id in ids]
    assert len(came) == 1


async def test_a_delivery_that_is_not_taken_comes_again_under_another_id(world):
    session, bad = as_shop(world), [(200, b""), (200, b'{"ok":true}'), (500, b"ok"), (302, b"ok")]
    async with (
        receiver(*bad, (200, b"ok\n")) as (url, came),
        serve(world, change_delay=0.0, change_retries=[0.01] * 9),
    ):
        await session.webhook.create_webhook(url=url, entities=["call_log"])
        world.call(PHONE)
        await settled(lambda: len(came) == len(bad) + 1)
        await asyncio.sleep(0.1)
        webhook = await only(session)
    assert len(came) == len(bad) + 1
    assert len({json.loads(body)["id"] for body in came}) == len(came)
    assert len({change.key for change in changes(came)}) == 1
    assert (webhook.states.state, webhook.states.last_error) == ("ok", None)


async def test_a_receiver_that_leaves_out_what_it_has_seen_counts_a_change_once(world):
    seen = Seen()
    async with receiver((500, b""), OK) as (url, came), serve(world, change_delay=0.0, change_retries=[0.01]):
        await as_shop(world).webhook.create_webhook(url=url, entities=["call_log"])
        world.call(PHONE)
        await settled(lambda: len(came) == 2)
    assert len(list(seen.new(changes(came)))) == 1


async def test_a_webhook_says_why_a_delivery_failed_and_stops_after_the_last_repetition(world, caplog):
    session = as_shop(world)
    async with receiver((500, b"trouble")) as (url, came), serve(world, change_delay=0.0, change_retries=[0.01, 0.3]):
        await session.webhook.create_webhook(url=url, entities=["call_log"])
        world.call(PHONE)
        await settled(lambda: len(came) == 2)
        await asyncio.sleep(0.1)
        states = (await only(session)).states
        assert (states.state, states.last_error.resp_status, states.last_error.resp_body) == ("retry", 500, "trouble")
        assert (states.last_error.retried, states.last_error.sent_at) == (1, NOON)
        with caplog.at_level(logging.WARNING, logger="etelecom_async"):
            await settled(lambda: caplog.records)
        assert (await only(session)).states.state == "stop"
        world.call(PHONE)
        await asyncio.sleep(0.2)
    assert len(came) == 3
    assert "987" not in caplog.text
    assert url not in caplog.text


async def test_a_receiver_that_is_not_there_is_an_error_without_a_status(world):
    session = as_shop(world)
    async with serve(world, change_delay=0.0, change_retries=[30]):
        await session.webhook.create_webhook(url="http://127.0.0.1:1/hook", entities=["call_log"])
        world.call(PHONE)
        async with asyncio.timeout(30):
            while (await only(session)).states.state == "ok":
                await asyncio.sleep(0.01)
        error = (await only(session)).states.last_error
    assert error.error
    assert error.resp_status == 0


async def test_a_url_on_another_machine_gets_nothing(world, caplog):
    session = as_shop(world)
    with caplog.at_level(logging.WARNING, logger="etelecom_async"):
        async with serve(world, change_delay=0.0):
            await session.webhook.create_webhook(url="https://hook.example.vn/secret-path", entities=["call_log"])
            world.call(PHONE)
            await settled(lambda: caplog.records)
            assert (await only(session)).states.last_sent_at is None
    assert "this machine" in caplog.text
    assert "secret-path" not in caplog.text


async def test_a_deleted_webhook_gets_nothing_more(world):
    session = as_shop(world)
    async with receiver((500, b"")) as (url, came), serve(world, change_delay=0.0, change_retries=[0.1] * 9):
        webhook = await session.webhook.create_webhook(url=url, entities=["call_log"])
        world.call(PHONE)
        await settled(lambda: came)
        await session.webhook.delete_webhook(id=webhook.id)
        world.call(PHONE)
        await asyncio.sleep(0.3)
    assert len(came) == 1


async def test_two_webhooks_double_the_deliveries_and_one_for_messages_hears_of_no_call(world):
    session = as_shop(world)
    async with receiver(OK) as (url, came), receiver(OK) as (other, nothing), serve(world, change_delay=0.0):
        for _ in range(2):
            await session.webhook.create_webhook(url=url, entities=["call_log"])
        await session.webhook.create_webhook(url=other, entities=["zl_oa_message"])
        world.call(PHONE)
        await settled(lambda: len(came) == 2)
        await asyncio.sleep(0.2)
    assert nothing == []
    assert len({change.key for change in changes(came)}) == 1


async def test_the_partner_hears_of_all_shops_and_a_shop_of_itself_alone(world):
    partner = as_partner(world)
    made = await partner.shop.create_shop_account(fields={})
    other = Session(Shop(made.api_key), transport=SandboxTransport(world))
    async with receiver(OK) as (url, came), receiver(OK) as (others_url, nothing), serve(world, change_delay=0.0):
        await partner.webhook.create_webhook(url=url, entities=["call_log"])
        await other.webhook.create_webhook(url=others_url, entities=["call_log"])
        call_id = world.call(PHONE)
        await settled(lambda: came)
        await asyncio.sleep(0.2)
    assert [change.record_id for change in changes(came)] == [str(call_id)]
    assert nothing == []


async def test_what_waits_while_no_sandbox_is_served_is_delivered_in_portions_and_cut(world):
    session = as_shop(world)
    async with receiver(OK) as (url, came):
        await session.webhook.create_webhook(url=url, entities=["call_log"])
        ids = [str(world.call(PHONE)) for _ in range(1500)]
        async with serve(world, change_delay=0.0):
            await settled(lambda: not world.webhooks.waiting())
        assert [len(json.loads(body)["changes"]) for body in came] == [1000, 500]
        is_whole = [change.record_id for change in changes(came)] == ids
        assert is_whole  # alone, since pytest would compare lists of this length for minutes
        came.clear()
        ids = [str(world.call(PHONE)) for _ in range(2001)]
        async with serve(world, change_delay=0.0):
            await settled(lambda: not world.webhooks.waiting())
        assert [len(json.loads(body)["changes"]) for body in came] == [1000]
        came_ids = [change.record_id for change in changes(came)]
        assert (came_ids[0], came_ids[-1]) == (ids[-1000], ids[-1])


def test_the_pauses_are_those_of_the_servers_sender():
    assert COLLECTING == 5
    hours = [timedelta(seconds=pause) / timedelta(hours=1) for pause in RETRIES[7:]]
    assert RETRIES[:7] == (30, 60, 120, 240, 480, 900, 1800)
    assert hours == [1, 2, 4, 8, 12, 16, 24]


async def test_calls_are_added_and_shops_confirmed_over_http(world):
    async with serve(world) as served, aiohttp.ClientSession() as client:
        shop = Session(Shop(world.api_key, base_url=served.base_url))
        account = Partner(api_key=world.partner_key, shop_key=world.shop_key, base_url=served.partner_base_url)
        async with shop, Session(account) as partner:
            call = {"phone": PHONE, "extension_number": "0103", "direction": "in", "duration": 7}
            async with client.post(served.call_url, json=call) as answer:
                assert answer.status == 200
                call_id = int((await answer.json())["id"])
            newest = await anext(aiter(shop.etelecom.list_call_logs()))
            assert (newest.id, newest.direction, newest.duration) == (call_id, "in", 7)
            for wrong in ({"phone": "x"}, {"phone": PHONE, "duration": -1}, {"phone": PHONE, "direction": "up"}, []):
                async with client.post(served.call_url, json=wrong) as answer:
                    assert answer.status == 400
            asked = await partner.shop.authorize_shop(phone="0987654322", email="a@shop.example.vn", name="A")
            token = {"token": asked.auth_token.reveal()}
            async with client.post(served.confirm_url, json=token) as answer:
                shop_id = (await answer.json())["shop_id"]
            async with client.post(served.confirm_url, json=token) as answer:
                assert answer.status == 400
            assert (await partner.shop.authorize_shop(shop_id=shop_id)).type == "shop_key"
