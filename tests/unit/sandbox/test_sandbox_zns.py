"""The sandbox's ZNS: sent ones are listed and paid, refused ones fail with Zalo's codes, quotas and money run out."""

from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import ErrorCategory, InvalidArgument, NotFound, SendFailed
from etelecom_async.api.error_codes import ZNS_CODES
from etelecom_async.api.journeys import JourneyStatus
from etelecom_async.api.zns import MessageStatus, MessageType, SendingMode
from etelecom_async.sandbox import Customer
from tests.support import PHONE
from tests.support.sandbox_calls import (
    DISABLED,
    FOLLOW_UP,
    JOURNEY,
    NOON,
    OA,
    ORDER,
    ORDER_DATA,
    OTP,
    Scene,
    send_in_journey,
)

DAY = timedelta(days=1)
OTHER = "0987654333"
CLASSES = [it for it in ErrorCategory if it is not ErrorCategory.UNKNOWN]
CODES = {category: next(code for code, its in ZNS_CODES.items() if its.category is category) for category in CLASSES}


async def failure(sending):
    """The error in an answer."""
    with pytest.raises(SendFailed) as caught:
        await sending
    return caught.value


async def test_a_sent_message_is_found_by_each_of_its_marks_and_by_no_other():
    scene = Scene()
    sent = await scene.send(tracking_id="t-1")
    await scene.send(OTHER, template_id=OTP, template_data={"otp": "123456"})
    assert (sent.status, sent.error_code, sent.type) == (MessageStatus.SENT, 0, MessageType.TEMPLATE)
    assert (sent.template_id, sent.template_data, sent.request_time) == (str(ORDER), ORDER_DATA, NOON)
    assert await scene.zalo.get_message(**OA, msg_id=sent.msg_id) == sent
    marks = {
        "phone": PHONE,
        "msg_id": sent.msg_id,
        "tracking_id": "t-1",
        "template_id": ORDER,
        "date_to": NOON,
        **OA,
        "status": "P",
        "is_charged": True,
        "msg_type": "template",
    }
    assert await scene.messages(**marks) == [sent]
    for name, value in {"phone": "0987654322", "tracking_id": "t", "template_id": 1, "status": "N"}.items():
        assert await scene.messages(**{**marks, name: value}) == []
    assert await scene.messages(date_from=NOON + timedelta(seconds=1)) == []


async def test_a_list_goes_on_over_pages_from_the_newest_to_the_oldest_and_in_another_order():
    scene = Scene()
    sent = []
    for number in range(105):
        sent.append((await scene.send(tracking_id=f"{number:03}")).id)
        scene.now += timedelta(seconds=1)
    first = await scene.zalo.list_messages()
    assert len(first.messages) == 100
    assert first.paging.next
    assert [it.id for it in await scene.messages()] == sent[::-1]
    assert [it.id for it in await scene.messages(limit=7, sort="tracking_id")] == sent
    second = await scene.zalo.list_messages(after=first.paging.next)
    assert (len(second.messages), second.paging.next) == (5, "")
    assert (await scene.zalo.list_messages(before=second.paging.prev)).messages == first.messages


@pytest.mark.parametrize(("category", "code"), CODES.items(), ids=[it.value for it in CODES])
async def test_a_customer_who_refuses_with_a_class_of_code_fails_every_sending_with_it(category, code):
    scene = Scene(Customer(phone=PHONE, zns_error=code))
    for sending in (scene.send(), scene.zalo.create_journey(**OA, phone=PHONE)):
        error = await failure(sending)
        assert (error.error_code, error.category, error.is_charged) == (code, category, False)
    (message,) = await scene.messages()
    assert (message.status, message.error_code, message.is_charged, message.msg_id) == (
        *(MessageStatus.FAILED, code, False),
        "",
    )
    (journey,) = await scene.journeys()
    assert (journey.status, journey.error_code, journey.journey_id) == (JourneyStatus.DISABLED, code, "")
    assert (await scene.send(OTHER)).status is MessageStatus.SENT
    assert scene.world.spent == 300


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"template_id": 5}, -109),
        ({"template_id": DISABLED, "template_data": {}}, -146),
        ({"template_id": JOURNEY}, -148),
        ({"template_data": {"customer_name": "An"}}, -1122),
        ({"template_data": {**ORDER_DATA, "order_code": "A" * 31}}, -1121),
        ({"sending_mode": "tag3"}, -162),
    ],
)
async def test_a_message_that_its_template_does_not_allow_fails_with_zalos_code(changes, code):
    scene = Scene()
    assert (await failure(scene.send(**changes))).error_code == code
    assert scene.world.spent == 0


async def test_a_days_quota_runs_out_is_passed_by_follow_ups_alone_and_comes_back_at_midnight_in_vietnam():
    scene = Scene(zns_quota=2)
    for _ in range(2):
        await scene.send()
    error = await failure(scene.send())
    assert (error.error_code, error.category) == (-144, ErrorCategory.QUOTA)
    assert (await scene.send(mode="development")).is_charged is False
    above = await scene.send(template_id=FOLLOW_UP, template_data={}, sending_mode="tag3")
    assert (above.sending_mode, above.fee_main) == (SendingMode.TAG3, 450)
    account = await scene.zalo.get_shop_oa(**OA)
    assert (account.daily_quota, account.remaining_quota) == (2, 0)
    scene.now = datetime(2030, 5, 17, 16, 59, 59, tzinfo=UTC)
    await failure(scene.send())
    scene.now += timedelta(seconds=1)
    await scene.send()
    assert (await scene.zalo.get_shop_oa(**OA)).remaining_quota == 1


async def test_what_is_spent_is_the_sum_of_what_is_charged_and_ends_with_the_balance():
    scene = Scene(balance=1200)
    await scene.zalo.create_journey(**OA, phone=PHONE)
    await scene.send()
    await scene.send()
    error = await failure(scene.send())
    assert (error.error_code, error.category) == (-115, ErrorCategory.MONEY)
    assert (await failure(scene.zalo.create_journey(**OA, phone=PHONE))).error_code == -115
    fees = [it.fee_main for it in await scene.messages(is_charged=True)]
    assert fees == [300, 300]
    assert scene.world.spent == 500 + sum(fees)


async def test_a_message_arrives_when_the_customer_takes_it_or_never():
    scene = Scene(Customer(phone=PHONE, delivery_after=60), Customer(phone=OTHER, delivery_after=None))
    sent = await scene.send()
    await scene.send(OTHER)
    assert (sent.delivery_status.value, sent.delivery_time) == ("unknown", None)
    scene.now += timedelta(seconds=60)
    (arrived,) = await scene.messages(delivery_status="received")
    assert (arrived.id, arrived.delivery_time) == (sent.id, scene.now)
    assert await scene.messages(date_from=scene.now) == [arrived]
    assert await scene.messages(date_from=scene.now, time_type="request_time") == []
    assert await scene.messages(date_to=scene.now, time_type="submit_time") == []
    scene.now += 30 * DAY
    assert (await scene.messages(phone=OTHER))[0].delivery_time is None


async def test_a_journey_takes_messages_to_its_phone_until_it_ends():
    scene = Scene()
    week = await scene.zalo.create_journey(**OA, phone=PHONE)
    month = await scene.zalo.create_journey(**OA, phone=OTHER, token_type="token_coach_bus_30")
    assert (week.expired_at, month.expired_at) == (NOON + 7 * DAY, NOON + 30 * DAY)

    def sending(journey, phone=PHONE, **changes):
        given = {"template_id": JOURNEY, "template_data": {"order_code": "A1"}, **changes}
        return scene.zalo.send_zns_journey(**OA, journey_id=journey, phone=phone, **given)

    sent = await sending(week.journey_id)
    assert (sent.type, sent.journey_id, sent.price) == (MessageType.JOURNEY, week.journey_id, 300)
    assert [it.id for it in await scene.messages(journey_id=week.journey_id, msg_type="journey")] == [sent.id]
    assert (await failure(sending("7"))).error_code == -149
    assert (await failure(sending(week.journey_id, OTHER))).error_code == -149
    assert (await failure(sending(week.journey_id, template_id=ORDER))).error_code == -1491
    scene.now += 7 * DAY
    assert (await failure(sending(week.journey_id))).error_code == -150
    assert (await scene.zalo.get_journey(journey_id=week.journey_id)).status is JourneyStatus.DISABLED
    assert [it.id for it in await scene.journeys(status="P")] == [month.id]
    assert [it.id for it in await scene.journeys(phone=PHONE, journey_id=week.journey_id, **OA)] == [week.id]
    await sending(month.journey_id, OTHER)


async def test_a_template_is_known_once_it_is_made_and_then_used():
    scene = Scene()
    with pytest.raises(NotFound):
        await scene.zalo.get_template(**OA, template_id=123)
    made = await scene.zalo.create_template(**OA, template_id=123, type="text")
    assert await scene.zalo.create_template(**OA, template_id=123, type="text") == made
    assert await scene.zalo.get_template(**OA, template_id=123) == made
    assert (await scene.send(template_id=123, template_data={"x": "y"})).status is MessageStatus.SENT
    listed = [int(it.template_id) async for it in scene.zalo.list_templates(limit=2)]
    assert listed == [123, FOLLOW_UP, DISABLED, JOURNEY, ORDER, OTP]
    assert [int(it.template_id) async for it in scene.zalo.list_templates(type="otp", template_name="mã")] == [OTP]


async def test_what_is_about_another_official_account_or_about_nothing_is_not_found():
    scene = Scene()
    sent = await send_in_journey(scene.session)
    for call in (
        scene.zalo.send_zns(oa_id=7, phone=PHONE, template_id=ORDER, template_data=ORDER_DATA),
        scene.zalo.get_message(oa_id=7, msg_id=sent.msg_id),
        scene.zalo.get_message(**OA, msg_id="none"),
        scene.zalo.create_journey(oa_id=7, phone=PHONE),
        scene.zalo.send_zns_journey(
            oa_id=7, journey_id=sent.journey_id, phone=PHONE, template_id=JOURNEY, template_data={}
        ),
        scene.zalo.get_journey(journey_id=sent.journey_id, oa_id=7),
        scene.zalo.get_journey(journey_id="none"),
        scene.zalo.create_template(oa_id=7, template_id=1, type="text"),
        scene.zalo.get_template(oa_id=7, template_id=ORDER),
    ):
        with pytest.raises(NotFound):
            await call
    assert await scene.messages(oa_id=7) == await scene.journeys(oa_id=7) == []


async def test_a_request_without_a_phone_or_with_a_value_that_is_none_is_invalid():
    scene = Scene()
    for name, fields in {
        "Zalo/SendZNS": {},
        "Zalo/CreateJourney": {},
        "Zalo/CreateTemplate": {"template_id": 1},
        "Zalo/ListMessages": {"filter": {"status": "new"}},
        "Zalo/ListJourneys": {"filter": {"date_from": "today"}},
        "Zalo/ListTemplates": {"paging": {"sort": "none"}},
    }.items():
        with pytest.raises(InvalidArgument):
            await scene.session.invoke(name, {"oa_id": str(OA["oa_id"]), **fields})


async def test_the_same_calls_give_the_same_answers_in_another_world():
    first, second = Scene(), Scene()
    for scene in (first, second):
        await scene.send()
        await send_in_journey(scene.session)
    assert await first.messages() == await second.messages()
    assert await first.journeys() == await second.journeys()
