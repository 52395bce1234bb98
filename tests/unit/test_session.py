"""The session: routing, keys, options."""

import asyncio

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    ConfigError,
    Consent,
    Partner,
    Retry,
    Role,
    Safety,
    Session,
    Shop,
    Throttle,
    Timeout,
    Unavailable,
)
from etelecom_async.testing import MockTransport
from etelecom_async.transport.aiohttp import AiohttpTransport
from tests.support import FakeTransport, answer

OK = Consent(error=0, message="Success")
API_KEY = "1000000000000000001:made-up"
SHOP_KEY = "shop1000000000000000002:made-up"


def mocked(account=None, **options):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(OK)
    return mock, Session(account or Shop(API_KEY), transport=mock, **options)


async def test_a_check_answers_with_a_consent():
    mock, session = mocked()
    assert await session.zalo.check_consent(oa_id="1000000000000000003", phone="0987 654 321") == OK
    assert mock.calls[0].payload == CheckConsent(oa_id=1000000000000000003, phone="84987654321")


async def test_call_raw_tells_how_the_result_came_about():
    mock, session = mocked(retry=Retry(base=0))
    mock.on(CHECK_CONSENT).fail(Unavailable()).reply(OK)
    reply = await session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=1, phone="0987654321"))
    assert (reply.value, reply.attempts, reply.response.status) == (OK, 2, 200)
    assert reply.elapsed >= 0


async def test_a_partner_uses_the_key_that_the_method_wants():
    wire = FakeTransport(answer({"id": "1"}))
    session = Session(Partner(shop_key=SHOP_KEY, api_key=API_KEY), transport=wire)
    await session.zalo.check_consent(oa_id=1, phone="0987654321")
    for name in ("Zalo/ListOA", "Zalo/RequestConsent", "Shop/CurrentShop", "Etelecom/GetTenant"):
        await session.invoke(name)
    for name in ("Shop/GetShops", "Webhook/GetWebhooks", "Misc/CurrentAccount", "Etelecom/PartnerAddHotline"):
        await session.invoke(name)
    await session.invoke("Zalo/ListOA", role=Role.ACCOUNT)
    keys = [str(request.headers["Authorization"]) for request in wire.requests]
    assert keys == [f"Bearer {SHOP_KEY}"] * 5 + [f"Bearer {API_KEY}"] * 5
    assert str(wire.requests[0].url) == "https://api.etelecom.vn/v1/partner.Zalo/CheckConsent"


async def test_with_options_changes_only_what_is_said():
    seen = []

    async def spy(request, call_next):
        seen.append(request.timeout)
        return await call_next(request)

    mock, session = mocked(timeout=Timeout(attempt=3), middlewares=[spy])
    await session.with_options(retry=Retry(attempts=1)).zalo.check_consent(oa_id=1, phone="0987654321")
    await session.with_options(timeout=Timeout(attempt=4)).zalo.check_consent(oa_id=1, phone="0987654321")
    await session.with_options(middlewares=[]).zalo.check_consent(oa_id=1, phone="0987654321")
    assert [timeout.attempt for timeout in seen] == [3, 4]
    assert len(mock.calls) == 3


async def test_invoke_reaches_any_method_with_plain_json():
    mock, session = mocked()
    mock.on("Etelecom/GetHotlines").reply({"hotlines": [{"id": "7", "name": "đường dây"}]})
    assert await session.invoke("Etelecom/GetHotlines", {"filter": {"x": 1}}) == {
        "hotlines": [{"id": "7", "name": "đường dây"}]
    }
    assert mock.calls[0].payload == {"filter": {"x": 1}}
    await session.invoke("Etelecom/GetHotlines")
    assert mock.calls[1].request.body == b"{}"


async def test_an_unknown_method_is_never_repeated_on_doubt_unless_it_is_said_to_be_a_read():
    mock, session = mocked(retry=Retry(base=0))
    mock.on("Etelecom/GetDriverConfig").fail(Unavailable()).reply({})
    with pytest.raises(Unavailable):
        await session.invoke("Etelecom/GetDriverConfig")
    mock.on("Etelecom/GetDriverConfig").fail(Unavailable()).reply({})
    assert await session.invoke("Etelecom/GetDriverConfig", safety=Safety.READ) == {}


@pytest.mark.parametrize(
    "name", ["Zalo", "Zalo/", "/X", "Zalo/../x", "Zalo/Check Consent", "Zalo/X?y=1", "https://h/x"]
)
async def test_a_name_that_is_no_method_is_refused(name):
    mock, session = mocked()
    with pytest.raises(ConfigError, match="Zalo/CheckConsent"):
        await session.invoke(name)
    assert mock.calls == []


async def test_user_middleware_sees_every_attempt_but_not_the_key():
    seen = []

    async def stamp(request, call_next):
        seen.append(dict(request.headers))
        return await call_next(request.with_headers({**request.headers, "X-Trace": str(len(seen))}))

    mock, session = mocked(middlewares=[stamp], retry=Retry(base=0))
    mock.on(CHECK_CONSENT).fail(Unavailable()).reply(OK)
    await session.zalo.check_consent(oa_id=1, phone="0987654321")
    assert [call.request.headers["X-Trace"] for call in mock.calls] == ["1", "2"]
    assert all("authorization" not in {name.lower() for name in headers} for headers in seen)


async def test_middlewares_run_in_the_order_given():
    order = []

    def named(name):
        async def layer(request, call_next):
            order.append(name)
            return await call_next(request)

        return layer

    _, session = mocked(middlewares=[named("outer"), named("inner")])
    await session.zalo.check_consent(oa_id=1, phone="0987654321")
    assert order == ["outer", "inner"]


def test_a_pool_smaller_than_the_slots_is_refused():
    with pytest.raises(ConfigError, match=r"Throttle\(concurrency=5\)"):
        Session(Shop(API_KEY), transport=AiohttpTransport(pool_size=5))
    Session(Shop(API_KEY), transport=AiohttpTransport(pool_size=5), throttle=Throttle(concurrency=5))


@pytest.mark.parametrize("count", [2_000, pytest.param(50_000, marks=pytest.mark.long)])
async def test_thousands_of_gathered_checks_on_one_session_all_answer(count):
    mock, session = mocked(timeout=Timeout(attempt=5, total=5))
    phones = [f"09{n:08d}" for n in range(count)]
    consents = await asyncio.gather(*(session.zalo.check_consent(oa_id=1, phone=phone) for phone in phones))
    assert consents == [OK] * count
    assert len({call.payload.phone for call in mock.calls}) == count
