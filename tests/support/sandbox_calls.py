"""A sandbox for tests, and a call of every method that it answers, with what has to be there before it."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from etelecom_async import Retry, Session, Shop
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SandboxTransport, World
from tests.support import PHONE

OTP, ORDER, JOURNEY, DISABLED, FOLLOW_UP = range(300001, 300006)
"""The templates that are there from the start."""

OA = {"oa_id": SANDBOX_OA}
ORDER_DATA = {"customer_name": "An", "order_code": "A1"}
REDIRECT = "https://shop.example.vn/back"
NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)


class Scene:
    """A sandbox whose clock the test moves, with these customers or the usual ones, and a shop's session over it."""

    def __init__(self, *customers, **options):
        self.now = NOON
        known = {customer.phone: customer for customer in customers}
        self.world = World(customers=known or None, clock=lambda: self.now, **options)
        self.session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(self.world), retry=Retry(attempts=1))
        self.zalo = self.session.zalo

    async def send(self, phone=PHONE, **changes):
        return await send(self.session, phone, **changes)

    async def messages(self, **options):
        return [it async for it in self.zalo.list_messages(**options)]

    async def journeys(self, **options):
        return [it async for it in self.zalo.list_journeys(**options)]

    async def followers(self, **options):
        return [it async for it in self.zalo.list_followers(**options)]


async def follower(session, at=0):
    """The id on Zalo of one of the followers."""
    return (await session.zalo.list_followers(limit=at + 1)).followers[at].zl_user_id


async def send(session, phone=PHONE, **changes):
    """Send an order's ZNS."""
    given = {"phone": phone, "template_id": ORDER, "template_data": ORDER_DATA, **changes}
    return await session.zalo.send_zns(**OA, **given)


async def send_in_journey(session, phone=PHONE, **changes):
    """Make a journey, and send a ZNS in it."""
    journey = await session.zalo.create_journey(**OA, phone=phone)
    given = {"journey_id": journey.journey_id, "template_id": JOURNEY, "template_data": {"order_code": "A1"}, **changes}
    return await session.zalo.send_zns_journey(**OA, phone=phone, **given)


def offered(link):
    """What the browser brings to the `redirect_uri`, as the arguments of `connect_oa`."""
    query = {name: value for name, (value,) in parse_qs(urlsplit(link.url).query).items()}
    return {"code": query["code"], "oa_id": query["oa_id"], "state": int(query["state"])}


async def _request(session):
    return await session.zalo.request_consent(**OA, phone=PHONE, call_type="audio", reason_code="update_order")


async def _list_requests(session):
    await _request(session)
    return await session.zalo.list_request_consent()


async def _connect(session):
    return await session.zalo.connect_oa(**offered(await session.zalo.refresh_token(**OA)))


async def _list_followers(session):
    user_id = await follower(session)
    await session.zalo.oa_send_text(**OA, user_id=user_id, text="Xin chào")
    await session.zalo.request_user_info(**OA, zl_user_id=user_id)
    return await session.zalo.list_followers()


async def _text(session):
    return await session.zalo.oa_send_text(**OA, user_id=await follower(session), text="Xin chào")


async def _sticker(session):
    return await session.zalo.oa_send_sticker(**OA, user_id=await follower(session), attachment_id="s1")


async def _image(session):
    return await session.zalo.oa_send_image(**OA, user_id=await follower(session), image_url=REDIRECT)


async def _file(session):
    return await session.zalo.oa_send_file(**OA, user_id=await follower(session), token="t1")


async def _user_info(session):
    return await session.zalo.request_user_info(**OA, zl_user_id=await follower(session), title="a", subtitle="b")


async def _txn(session):
    return await session.zalo.send_zns_txn(**OA, user_id=await follower(session), template_type="transaction_order")


async def _get_message(session):
    return await session.zalo.get_message(**OA, msg_id=(await send(session)).msg_id)


async def _list_messages(session):
    await send(session)
    await send_in_journey(session)
    return await session.zalo.list_messages()


async def _get_journey(session):
    journey = await session.zalo.create_journey(**OA, phone=PHONE)
    return await session.zalo.get_journey(journey_id=journey.journey_id)


async def _list_journeys(session):
    await session.zalo.create_journey(**OA, phone=PHONE)
    return await session.zalo.list_journeys()


ZALO = {
    "Zalo/CheckConsent": lambda session: session.zalo.check_consent(**OA, phone=PHONE),
    "Zalo/RequestConsent": _request,
    "Zalo/ListRequestConsent": _list_requests,
    "Zalo/AuthorizeOA": lambda session: session.zalo.authorize_oa(app_id=7, app_secret="s", redirect_uri=REDIRECT),
    "Zalo/ConnectOA": _connect,
    "Zalo/RefreshToken": lambda session: session.zalo.refresh_token(**OA),
    "Zalo/ListOA": lambda session: session.zalo.list_oa(),
    "Zalo/GetShopOA": lambda session: session.zalo.get_shop_oa(**OA),
    "Zalo/UpdateShopOA": lambda session: session.zalo.update_shop_oa(**OA, webhook_url=REDIRECT),
    "Zalo/ListFollowers": _list_followers,
    "Zalo/OASendText": _text,
    "Zalo/OASendSticker": _sticker,
    "Zalo/OASendImage": _image,
    "Zalo/OASendFile": _file,
    "Zalo/RequestUserInfo": _user_info,
    "Zalo/SendZNSTxn": _txn,
    "Zalo/CreateTemplate": lambda session: session.zalo.create_template(**OA, template_id=123, type="otp"),
    "Zalo/GetTemplate": lambda session: session.zalo.get_template(**OA, template_id=OTP),
    "Zalo/ListTemplates": lambda session: session.zalo.list_templates(),
    "Zalo/SendZNS": send,
    "Zalo/GetMessage": _get_message,
    "Zalo/ListMessages": _list_messages,
    "Zalo/CreateJourney": lambda session: session.zalo.create_journey(**OA, phone=PHONE),
    "Zalo/SendZNSJourney": send_in_journey,
    "Zalo/GetJourney": _get_journey,
    "Zalo/ListJourneys": _list_journeys,
}

CALLS = {**ZALO}
"""By wire name: takes a session over a sandbox, and ends with a call of this method."""
