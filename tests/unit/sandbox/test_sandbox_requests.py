"""The sandbox plays the life of a request: carried out, billed, answered, expired, listed."""

import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from etelecom_async import (
    ConfigError,
    ConsentState,
    ErrorCategory,
    InvalidArgument,
    NotFound,
    ReplyStatus,
    RequestStatus,
    Retry,
    SendFailed,
    Session,
    Shop,
)
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, Reply, SandboxTransport, World, serve
from tests.support import PHONE

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
WIRE = "84987654321"


class Hands:
    """A clock that the test moves."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Hands()


def over(world):
    return Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world), retry=Retry(attempts=1))


async def request(world, phone=PHONE):
    return await over(world).zalo.request_consent(
        oa_id=SANDBOX_OA, phone=phone, call_type="audio", reason_code="update_order"
    )


async def state(world, phone=PHONE):
    consent = await over(world).zalo.check_consent(oa_id=SANDBOX_OA, phone=phone)
    return consent.state_at(world._clock())


async def listed(world, **options):
    return [it async for it in over(world).zalo.list_request_consent(**options)]


def new(clock, *customers, **options):
    return World(customers={customer.phone: customer for customer in customers}, clock=clock, **options)


async def test_a_request_is_billed_once_and_waits_for_the_customer(clock):
    world = new(clock)
    record = await request(world)
    assert (record.status, record.reply_status) == (RequestStatus.SENT, ReplyStatus.WAITING)
    assert record.is_charged is True
    assert (record.created_at, record.expires_at) == (NOON, NOON + DAY)
    assert [(charge.phone, charge.request_id, charge.moment) for charge in world.charges] == [(WIRE, record.id, NOON)]
    assert await state(world) is ConsentState.PENDING
    assert [it.id for it in await listed(world)] == [record.id]
    assert "987" not in repr(world.charges)


@pytest.mark.parametrize(
    ("reply", "status", "after"),
    [
        ("allow", ReplyStatus.AGREED, ConsentState.GRANTED),
        (Reply.DENY, ReplyStatus.REFUSED, ConsentState.REFUSED),
        ("block", ReplyStatus.REFUSED, ConsentState.BLOCKED),
    ],
)
async def test_a_reply_by_hand_decides_what_a_check_answers(clock, reply, status, after):
    world = new(clock)
    await request(world)
    clock.now += SECOND
    world.reply("0987 654 321", reply)
    assert await state(world) is after
    (record,) = await listed(world)
    assert (record.reply_status, record.updated_at) == (status, NOON + SECOND)
    assert not record.is_open
    with pytest.raises(ConfigError, match="waits for"):
        world.reply(PHONE, reply)


@pytest.mark.parametrize(
    ("word", "shown"),
    [("yes", "'yes'"), ("no answer", "'no answer'"), (PHONE, "a str"), ("a" * 41, "a str"), ("a\n", "a str"), (5, "5")],
)
def test_a_wrong_reply_is_refused_with_the_word_unless_it_may_be_a_phone(word, shown):
    for give in (lambda: World().reply(PHONE, word), lambda: Customer(phone=PHONE, reply=word)):
        with pytest.raises(ConfigError) as caught:
            give()
        assert caught.value.message.endswith(f"reply is a Reply, or its text: allow, deny or block; got {shown}.")


async def test_a_yes_lasts_thirty_days(clock):
    world = new(clock)
    await request(world)
    world.reply(PHONE, "allow")
    clock.now = NOON + timedelta(days=30) - SECOND
    assert await state(world) is ConsentState.GRANTED
    clock.now += SECOND
    assert await state(world) is ConsentState.EXPIRED


async def test_a_request_without_an_answer_is_over_after_24_hours(clock):
    world = new(clock)
    await request(world)
    clock.now = NOON + DAY - SECOND
    assert await state(world) is ConsentState.PENDING
    clock.now += SECOND
    assert await state(world) is ConsentState.EXPIRED
    (record,) = await listed(world)
    assert record.reply_status is ReplyStatus.NO_ANSWER
    with pytest.raises(ConfigError):
        world.reply(PHONE, "allow")
    assert len(world.charges) == 1


@pytest.mark.parametrize("reply", [Reply.ALLOW, "allow"])
async def test_a_customer_answers_by_themselves_after_their_time(clock, reply):
    world = new(clock, Customer(phone=PHONE, error=20, reply=reply, reply_after=90))
    await request(world)
    clock.now += timedelta(seconds=89)
    assert await state(world) is ConsentState.PENDING
    clock.now += SECOND
    assert await state(world) is ConsentState.GRANTED


async def test_a_customer_who_answers_too_late_has_not_answered(clock):
    world = new(clock, Customer(phone=PHONE, error=20, reply=Reply.ALLOW, reply_after=DAY.total_seconds()))
    await request(world)
    clock.now += DAY
    assert await state(world) is ConsentState.EXPIRED


async def test_a_late_request_is_unknown_and_unbilled_until_it_is_carried_out(clock):
    delays = iter([60.0, 0.0])
    world = new(clock, request_delay=lambda: next(delays))
    record = await request(world)
    assert record.status is RequestStatus.SENT
    clock.now += timedelta(seconds=59)
    assert (await state(world), await listed(world), world.charges) == (ConsentState.NEVER_ASKED, [], [])
    clock.now += SECOND
    assert await state(world) is ConsentState.PENDING
    assert [it.id for it in await listed(world)] == [record.id]
    assert [charge.moment for charge in world.charges] == [NOON + timedelta(seconds=60)]
    await request(world, "0912345678")
    assert len(world.charges) == 2


async def test_a_second_request_is_a_second_charge(clock):
    world = new(clock)
    await request(world)
    await request(world)
    assert len(world.charges) == 2


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (-201, ErrorCategory.INPUT),
        (-204, ErrorCategory.CONFIGURATION),
        (-213, ErrorCategory.RECIPIENT),
        (-211, ErrorCategory.QUOTA),
        (-321, ErrorCategory.MONEY),
        (-216, ErrorCategory.TOKEN),
        (-200, ErrorCategory.MAY_PASS),
        (-9999, ErrorCategory.UNKNOWN),
    ],
)
async def test_a_failure_of_each_category_is_inside_a_200_and_costs_nothing(clock, code, category):
    world = new(clock, Customer(phone=PHONE, error=20, request_error=code))
    with pytest.raises(SendFailed) as caught:
        await request(world)
    assert (caught.value.error_code, caught.value.category, caught.value.is_charged) == (code, category, False)
    assert world.charges == []
    assert await state(world) is ConsentState.NEVER_ASKED
    (record,) = await listed(world)
    assert (record.status, record.is_open) == (RequestStatus.FAILED, False)


@pytest.mark.parametrize(("wire", "own", "other"), [(False, "0987654321", WIRE), (True, WIRE, "0987654321")])
async def test_the_list_knows_one_writing_of_phones(clock, wire, own, other):
    world = new(clock, lists_wire_phones=wire)
    await request(world)
    assert [it.phone for it in await listed(world, phone=own)] == [own]
    assert await listed(world, phone=other) == []


async def test_the_list_is_filtered_by_each_of_its_fields(clock):
    world = new(clock, Customer(phone="0912345678", request_error=-213, error=20))
    first = await request(world)
    clock.now += SECOND
    with pytest.raises(SendFailed):
        await request(world, "0912345678")
    clock.now += SECOND
    video = await over(world).zalo.request_consent(
        oa_id=SANDBOX_OA, phone=PHONE, call_type="video", reason_code="flight_announcement"
    )
    world.reply(PHONE, "deny")
    failed = (await listed(world, status="N"))[0]

    async def found(**options):
        return [it.id for it in await listed(world, **options)]

    assert await found() == [video.id, failed.id, first.id]
    assert await found(call_type="video") == [video.id]
    assert await found(reason_code="update_order") == [failed.id, first.id]
    assert await found(status="P") == [video.id, first.id]
    assert await found(reply_status="N") == [video.id]
    assert await found(is_charged=False) == [failed.id]
    assert await found(oa_id=7) == []
    assert await found(oa_id=SANDBOX_OA, user_id=first.user_id) == [video.id, failed.id, first.id]
    assert await found(user_id=7) == []
    assert await found(date_from=NOON + SECOND) == [video.id, failed.id]
    assert await found(date_to=NOON + SECOND) == [failed.id, first.id]
    assert await found(sort="created_at") == [first.id, failed.id, video.id]
    assert await found(sort="-created_at") == [video.id, failed.id, first.id]


async def test_the_list_comes_in_pages_in_both_directions(clock):
    world = new(clock)
    made = [(await request(world)).id for _ in range(5)]
    newest = made[::-1]
    for limit in (1, 2, 3, 5, 100):
        assert [it.id for it in await listed(world, limit=limit)] == newest
    zalo = over(world).zalo
    second = await zalo.list_request_consent(limit=2, after=str(newest[1]))
    assert [it.id for it in second.consents] == newest[2:4]
    first = await zalo.list_request_consent(limit=2, before=second.paging.prev)
    assert [it.id for it in first.consents] == newest[:2]
    assert (first.paging.prev, first.paging.next) == ("", str(newest[1]))
    assert [it.id for it in await listed(world, after=".")] == newest


async def raw(world, **fields):
    return await over(world).invoke("Zalo/ListRequestConsent", fields)


@pytest.mark.parametrize("limit", [None, 0, 101, 10**6])
async def test_a_limit_out_of_range_is_a_hundred(clock, limit):
    world = new(clock)
    for _ in range(101):
        await request(world)
    answered = await raw(world, paging={"limit": limit})
    assert (len(answered["consents"]), answered["paging"]["limit"]) == (100, 100)
    assert answered["paging"]["next"]


@pytest.mark.parametrize(
    "fields",
    [
        {"filter": []},
        {"filter": {"phone": 1}},
        {"filter": {"oa_id": ""}},
        {"filter": {"is_charged": "yes"}},
        {"filter": {"date_from": "yesterday"}},
        {"paging": {"sort": "id"}},
        {"paging": {"sort": "-id"}},
        {"paging": {"sort": "a,b"}},
        {"paging": {"sort": "nothing"}},
        {"paging": {"after": "nothing"}},
    ],
    ids=repr,
)
async def test_what_the_list_cannot_read_is_refused(clock, fields):
    world = new(clock)
    await request(world)
    with pytest.raises(InvalidArgument):
        await raw(world, **fields)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"call_type": None}, InvalidArgument),
        ({"call_type": "unknown"}, InvalidArgument),
        ({"call_type": "telepathy"}, InvalidArgument),
        ({"call_type": 7}, InvalidArgument),
        ({"reason_code": "unknown"}, InvalidArgument),
        ({"phone": ""}, InvalidArgument),
        ({"oa_id": "7"}, NotFound),
    ],
    ids=repr,
)
async def test_a_request_that_cannot_be_read_is_refused_and_not_billed(clock, changes, kind):
    world = new(clock)
    fields = {"oa_id": str(SANDBOX_OA), "phone": WIRE, "call_type": "audio", "reason_code": "update_order"}
    with pytest.raises(kind):
        await over(world).invoke("Zalo/RequestConsent", {**fields, **changes})
    assert world.charges == []
    clock.now += DAY
    assert await listed(world) == []


async def test_a_phone_that_no_customer_has_is_taken_and_billed(clock):
    world = new(clock)
    fields = {"oa_id": str(SANDBOX_OA), "phone": "no number", "call_type": "audio", "reason_code": "update_order"}
    answered = await over(world).invoke("Zalo/RequestConsent", fields)
    assert (answered["status"], len(world.charges)) == ("P", 1)


async def test_on_a_socket_a_reply_is_a_post_without_a_key():
    world = World()
    await request(world)
    async with serve(world) as served, aiohttp.ClientSession() as client:

        async def reply(body):
            async with client.post(served.reply_url, data=body) as answered:
                return answered.status, await answered.json()

        status, body = await reply(json.dumps({"phone": PHONE, "reply": "yes"}))
        assert status == 400
        assert "allow, deny or block" in body["msg"]
        assert (await reply("{"))[0] == 400
        assert (await reply(json.dumps({"phone": "12", "reply": "allow"})))[0] == 400
        assert await reply(json.dumps({"phone": PHONE, "reply": "allow"})) == (200, {"replied": True})
        status, body = await reply(json.dumps({"phone": PHONE, "reply": "allow"}))
        assert status == 400
        assert "654" not in body["msg"]
    assert await state(world) is ConsentState.GRANTED
