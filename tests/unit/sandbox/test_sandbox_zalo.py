"""The sandbox's Official Account, the people who follow it, and the messages to them."""

from datetime import timedelta

import pytest

from etelecom_async import InvalidArgument, NotFound, SendFailed, Unavailable
from etelecom_async.api.followers import FollowerState
from etelecom_async.api.oa import OaStatus
from etelecom_async.api.transactions import Button
from etelecom_async.api.zns import MessageType
from etelecom_async.sandbox import Customer
from tests.support import PHONE
from tests.support.sandbox_calls import NOON, OA, REDIRECT, Scene, follower, offered, send

QUARTER = timedelta(days=90)
OTHER = "0987654333"


async def test_an_official_account_is_connected_for_ninety_days_and_again_with_a_code_that_is_good_once():
    scene = Scene()
    account = await scene.zalo.get_shop_oa(**OA)
    assert (account.status, account.expires_at) == (OaStatus.CONNECTED, NOON + QUARTER)
    user_id = await follower(scene.session)
    scene.now += QUARTER
    assert (await scene.zalo.get_shop_oa(**OA)).status is OaStatus.DISCONNECTED
    with pytest.raises(SendFailed) as caught:
        await send(scene.session)
    assert caught.value.error_code == -124
    with pytest.raises(Unavailable, match="-220"):
        await scene.zalo.oa_send_text(**OA, user_id=user_id, text="a")
    offer = offered(await scene.zalo.refresh_token(**OA))
    with pytest.raises(InvalidArgument):
        await scene.zalo.connect_oa(**{**offer, "state": offer["state"] + 1})
    connected = await scene.zalo.connect_oa(**offer)
    assert (connected.status, connected.expires_at) == (OaStatus.CONNECTED, scene.now + QUARTER)
    with pytest.raises(InvalidArgument):
        await scene.zalo.connect_oa(**offer)
    await send(scene.session)


async def test_an_authorised_app_is_that_of_the_account_once_it_is_connected():
    scene = Scene()
    link = await scene.zalo.authorize_oa(app_id=77, app_secret="s", redirect_uri=REDIRECT)
    assert link.url.startswith(f"{REDIRECT}?")
    assert (await scene.zalo.get_shop_oa(**OA)).app_id != 77
    await scene.zalo.connect_oa(**offered(link))
    (account,) = [it async for it in scene.zalo.list_oa(app_id=77, name="CỬA HÀNG")]
    assert (account.app_id, account.owner_id) == (77, 1000000000000000004)
    assert [it async for it in scene.zalo.list_oa(app_id=78)] == []


async def test_a_webhook_is_kept_until_it_is_taken_away():
    scene = Scene()
    for url in (REDIRECT, ""):
        scene.now += timedelta(hours=1)
        await scene.zalo.update_shop_oa(**OA, webhook_url=url)
        account = await scene.zalo.get_shop_oa(**OA)
        assert (account.webhook_url, account.updated_at) == (url, scene.now)


async def test_the_followers_are_the_customers_who_have_met_the_account_with_the_same_ids_each_time():
    scene, again = Scene(), Scene()
    followers = await scene.followers(limit=7)
    never_met = [customer.phone for customer in scene.world.customers.values() if customer.error == 9]
    assert len(never_met) == 1
    phones = ["84" + it.phone.removeprefix("0") for it in followers]
    assert phones == [phone for phone in scene.world.customers if phone not in never_met]
    assert len({it.zl_user_id for it in followers}) == len({it.id for it in followers}) == len(followers)
    assert followers == await again.followers()
    (gone,) = await scene.followers(state="unfollow")
    assert scene.world.customers["84" + gone.phone.removeprefix("0")].error == 4
    chosen = followers[3]
    assert await scene.followers(zl_user_id=chosen.zl_user_id, phone=chosen.phone, gender=chosen.gender) == [chosen]
    assert await scene.followers(zl_user_ids=[followers[5].zl_user_id, chosen.zl_user_id]) == [chosen, followers[5]]
    assert chosen in await scene.followers(name=chosen.full_name.upper())
    assert await scene.followers(tags=["vip"]) == []


async def test_a_customer_who_blocks_the_account_follows_it_no_more():
    scene = Scene(Customer(phone=PHONE))
    user_id = await follower(scene.session)
    await scene.zalo.request_consent(**OA, phone=PHONE, call_type="audio", reason_code="update_order")
    scene.world.reply(PHONE, "block")
    (gone,) = await scene.followers()
    assert gone.state is FollowerState.UNFOLLOW
    with pytest.raises(Unavailable, match="-213"):
        await scene.zalo.oa_send_text(**OA, user_id=user_id, text="a")


async def test_a_message_begins_a_conversation_and_an_answer_gives_name_and_phone():
    scene = Scene(Customer(phone=PHONE), Customer(phone=OTHER))
    first = await follower(scene.session)
    assert await scene.followers(has_conversation=True) == []
    scene.now += timedelta(minutes=5)
    message = await scene.zalo.oa_send_text(**OA, user_id=first, text="Xin chào")
    await scene.zalo.request_user_info(**OA, zl_user_id=first)
    (talking,) = await scene.followers(has_conversation=True)
    assert (talking.zl_user_id, talking.updated_at) == (message.recipient_id, scene.now)
    assert talking.last_conversation["msg_id"] == message.msg_id
    assert talking.last_conversation["text"] == "Xin chào"
    assert talking.shared_info.phone == PHONE
    assert [it.shared_info for it in await scene.followers(has_conversation=False)] == [None]


async def test_a_days_messages_run_out_with_zalos_code():
    scene = Scene(Customer(phone=PHONE), message_quota=2)
    user_id = await follower(scene.session)
    left = [(await scene.zalo.oa_send_sticker(**OA, user_id=user_id, attachment_id="s")).quota for _ in range(2)]
    assert [(it.remain, it.total) for it in left] == [("1", "2"), ("0", "2")]
    with pytest.raises(Unavailable, match="-211"):
        await scene.zalo.oa_send_text(**OA, user_id=user_id, text="a")
    with pytest.raises(SendFailed):
        await scene.zalo.request_user_info(**OA, zl_user_id=user_id)
    scene.now += timedelta(days=1)
    await scene.zalo.oa_send_text(**OA, user_id=user_id, text="a")


async def test_a_customer_with_an_error_and_an_unknown_person_get_no_message():
    scene = Scene(Customer(phone=PHONE, oa_error=-230))
    user_id = await follower(scene.session)
    for whom, code in ((user_id, "-230"), ("7", "-201")):
        with pytest.raises(Unavailable, match=code):
            await scene.zalo.oa_send_file(**OA, user_id=whom, token="t")
        with pytest.raises(Unavailable, match=code):
            await scene.zalo.send_zns_txn(**OA, user_id=whom)
        with pytest.raises(SendFailed):
            await scene.zalo.request_user_info(**OA, zl_user_id=whom)
    assert scene.world.spent == 0


async def test_transactions_are_listed_and_paid_as_long_as_there_is_money():
    scene = Scene(Customer(phone=PHONE), balance=500)
    user_id = await follower(scene.session)
    sent = [(await scene.zalo.send_zns_txn(**OA, user_id=user_id)).message_id for _ in range(2)]
    with pytest.raises(Unavailable, match="-321"):
        await scene.zalo.send_zns_txn(**OA, user_id=user_id)
    listed = [it async for it in scene.zalo.list_messages(msg_type="uid", phone=PHONE)]
    assert [it.msg_id for it in listed] == sent[::-1]
    assert {(it.type, it.zl_user_id) for it in listed} == {(MessageType.UID, user_id)}
    assert scene.world.spent == sum(it.fee_main for it in listed) == 400


async def test_what_is_about_another_official_account_is_not_found():
    scene = Scene()
    user_id = await follower(scene.session)
    for call in (
        scene.zalo.get_shop_oa(oa_id=7),
        scene.zalo.update_shop_oa(oa_id=7, webhook_url=""),
        scene.zalo.refresh_token(oa_id=7),
        scene.zalo.connect_oa(code="c", oa_id=7, state=1),
        scene.zalo.oa_send_text(oa_id=7, user_id=user_id, text="a"),
        scene.zalo.oa_send_image(oa_id=7, user_id=user_id, image_url=REDIRECT),
        scene.zalo.request_user_info(oa_id=7, zl_user_id=user_id),
        scene.zalo.send_zns_txn(oa_id=7, user_id=user_id),
    ):
        with pytest.raises(NotFound):
            await call
    assert await scene.followers(oa_id=7) == []


async def test_an_empty_message_one_too_long_one_with_five_buttons_and_one_to_no_user_id_are_invalid():
    scene = Scene()
    user_id = await follower(scene.session)
    buttons = [Button(title="a", type="oa.open.url")] * 5
    for call in (
        scene.zalo.oa_send_image(**OA, user_id=user_id),
        scene.zalo.request_user_info(**OA, zl_user_id=user_id, title="a" * 101),
        scene.session.invoke("Zalo/RequestUserInfo", {**OA, "zl_user_id": ""}),
        scene.session.invoke("Zalo/RequestUserInfo", {**OA, "zl_user_id": "abc"}),
        scene.zalo.send_zns_txn(**OA, user_id=user_id, buttons=buttons),
        scene.session.invoke("Zalo/AuthorizeOA", {"app_id": "7"}),
    ):
        with pytest.raises(InvalidArgument):
            await call
