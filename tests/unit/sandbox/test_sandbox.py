"""The sandbox speaks the contract: in memory behind a session, and on a socket for any client."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from etelecom_async import (
    AttemptTimeout,
    BadRoute,
    ConsentState,
    InvalidArgument,
    NotFound,
    Partner,
    PermissionDenied,
    RateLimited,
    Retry,
    Session,
    Shop,
    Timeout,
    Unauthenticated,
    Unavailable,
)
from etelecom_async.sandbox import (
    SANDBOX_API_KEY,
    SANDBOX_OA,
    SANDBOX_SHOP_KEY,
    Customer,
    LogEntry,
    SandboxRequest,
    SandboxTransport,
    World,
    sample,
    serve,
)
from etelecom_async.testing import run_virtually

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PATH = "/v1/shop.Zalo/CheckConsent"
PARTNER_PATH = "/v1/partner.Zalo/CheckConsent"
PHONE = "84987654321"
ONCE = Retry(attempts=1)

CODES = {*range(15), 16, 18, 19, 20, 21, -32, 77}


def headers(*, key: str | None = SANDBOX_API_KEY, content_type: str | None = "application/json") -> dict[str, str]:
    sent = {} if key is None else {"Authorization": f"Bearer {key}"}
    return sent if content_type is None else {**sent, "Content-Type": content_type}


def ask(
    world: World, body: object = None, *, method: str = "POST", path: str = PATH, sent: Mapping[str, str] | None = None
) -> tuple[int, object]:
    """What the world answers to one exchange: status and body, parsed where it is JSON."""
    if body is None:
        body = {"oa_id": str(SANDBOX_OA), "phone": PHONE}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lower = {name.lower(): value for name, value in (headers() if sent is None else sent).items()}
    response = world.handle(SandboxRequest(method=method, path=path, headers=lower, body=raw))
    if response.headers["content-type"] != "application/json":
        return response.status, response.body.decode()
    return response.status, json.loads(response.body)


def one(customer: Customer, **options: bool) -> World:
    return World(customers={customer.phone: customer}, clock=lambda: NOW, **options)


BAD_ROUTE = (404, "not_found", "bad_route")
UNKNOWN_KEY = (401, "unauthenticated", None)
MALFORMED = (400, "invalid_argument", "malformed")
REFUSALS = {
    "GET": ({"method": "GET"}, BAD_ROUTE),
    "PUT": ({"method": "PUT"}, BAD_ROUTE),
    "no Content-Type": ({"sent": headers(content_type=None)}, BAD_ROUTE),
    "text/plain": ({"sent": headers(content_type="text/plain")}, BAD_ROUTE),
    "application/jsonp": ({"sent": headers(content_type="application/jsonp")}, BAD_ROUTE),
    "unknown method": ({"path": "/v1/shop.Zalo/Nothing"}, BAD_ROUTE),
    "method of another service": ({"path": "/v1/shop.Shop/CheckConsent"}, BAD_ROUTE),
    "slash at the end": ({"path": PATH + "/"}, BAD_ROUTE),
    "empty body": ({"body": b""}, MALFORMED),
    "broken JSON": ({"body": b'{"oa_id": '}, MALFORMED),
    "not UTF-8": ({"body": b'{"phone": "\xff"}'}, MALFORMED),
    "nested without end": ({"body": b"[" * 200_000}, MALFORMED),
    "array": ({"body": []}, MALFORMED),
    "null": ({"body": b"null"}, MALFORMED),
    "empty oa_id": ({"body": {"oa_id": "", "phone": PHONE}}, MALFORMED),
    "oa_id of letters": ({"body": {"oa_id": "abc", "phone": PHONE}}, MALFORMED),
    "oa_id beyond 64 bits": ({"body": {"oa_id": str(2**63), "phone": PHONE}}, MALFORMED),
    "fractional oa_id": ({"body": {"oa_id": 1.5, "phone": PHONE}}, MALFORMED),
    "boolean oa_id": ({"body": {"oa_id": True, "phone": PHONE}}, MALFORMED),
    "phone as a number": ({"body": {"oa_id": str(SANDBOX_OA), "phone": 987654321}}, MALFORMED),
    "no key": ({"sent": headers(key=None)}, UNKNOWN_KEY),
    "unknown key": ({"sent": headers(key="1:x")}, UNKNOWN_KEY),
    "another scheme": ({"sent": {**headers(key=None), "Authorization": f"Basic {SANDBOX_API_KEY}"}}, UNKNOWN_KEY),
    "shop_key for shops": ({"sent": headers(key=SANDBOX_SHOP_KEY)}, (403, "permission_denied", None)),
    "api_key for partners": ({"path": PARTNER_PATH}, (403, "permission_denied", None)),
    "another OA": ({"body": {"oa_id": "7", "phone": PHONE}}, (404, "not_found", None)),
    "OA zero": ({"body": {"oa_id": "0", "phone": PHONE}}, (404, "not_found", None)),
    "OA null": ({"body": {"oa_id": None, "phone": PHONE}}, (404, "not_found", None)),
    "empty object": ({"body": {}}, (404, "not_found", None)),
    "empty phone": ({"body": {"oa_id": str(SANDBOX_OA), "phone": ""}}, (400, "invalid_argument", None)),
    "no phone": ({"body": {"oa_id": str(SANDBOX_OA)}}, (400, "invalid_argument", None)),
}


@pytest.mark.parametrize(("request_", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_new_server_says_the_finer_code_in_meta_and_an_old_one_in_its_place(request_, expected):
    status, code, xcode = expected
    answered, body = ask(World(), **request_)
    assert (answered, body["code"], body.get("meta", {}).get("xcode")) == (status, code, xcode)
    assert body["msg"]
    answered, body = ask(World(legacy_errors=True), **request_)
    assert (answered, body["code"]) == (status, xcode or code)
    assert "meta" not in body


@pytest.mark.parametrize("path", ["/", "/v1/shop", "/v1/shop.Nothing/CheckConsent", "/v2/shop.Zalo/CheckConsent"])
def test_an_unknown_service_is_a_plain_text_page(path):
    assert ask(World(), path=path) == (404, "404 page not found\n")


def test_the_checks_come_in_the_servers_order():
    """Method, Content-Type, path, JSON, key, what is asked for: each fault hides the next."""
    world = World()
    wrong = {
        "method": "GET",
        "sent": headers(key="1:x", content_type="text/plain"),
        "path": "/v1/shop.No/Such",
        "body": b"{",
    }
    steps = [
        ({"method": "POST"}, (404, "POST")),
        ({"sent": headers(key="1:x")}, (404, "Content-Type")),
        ({"path": PATH}, (404, "404 page")),
        ({"body": {"oa_id": "7", "phone": ""}}, (400, "JSON")),
        ({"sent": headers()}, (401, "API")),
        ({"body": {"oa_id": str(SANDBOX_OA), "phone": ""}}, (404, "OA")),
        ({"body": {"oa_id": str(SANDBOX_OA), "phone": PHONE}}, (400, "điện thoại")),
    ]
    for change, (status, word) in steps:
        answered, body = ask(world, **wrong)
        assert answered == status
        assert word in (body if isinstance(body, str) else body["msg"])
        wrong |= change
    assert ask(world, **wrong)[0] == 200


@pytest.mark.parametrize("oa_id", [str(SANDBOX_OA), SANDBOX_OA])
@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_what_the_server_tolerates_is_tolerated(oa_id, content_type):
    body = {"oa_id": oa_id, "phone": PHONE, "colour": ["red"]}
    assert ask(World(customers={}), body, sent=headers(content_type=content_type))[0] == 200


def test_an_oa_zero_world_takes_null_for_zero():
    assert ask(World(oa_id=0), {"oa_id": None, "phone": PHONE})[0] == 200


def test_the_answer_has_three_fields_and_whole_seconds():
    expires = datetime(2026, 4, 1, 7, 0, 0, 999999, tzinfo=UTC)
    status, body = ask(one(Customer(phone=PHONE, expires=expires)))
    assert (status, body) == (200, {"error": 0, "message": "Thành công", "expired_time": "2026-04-01T07:00:00Z"})


def test_an_unknown_customer_was_never_asked():
    status, body = ask(World(customers={}))
    assert (status, body["error"], body["expired_time"]) == (200, 20, None)


def test_a_permission_ends_at_its_expiry():
    moments = iter([NOW - timedelta(seconds=1), NOW])
    customer = Customer(phone=PHONE, expires=NOW)
    world = World(customers={PHONE: customer}, clock=lambda: next(moments))
    assert [ask(world)[1]["error"] for _ in range(2)] == [0, 16]


@pytest.mark.parametrize("phone", ["0987654321", "84987654321", "+84987654321", "987654321"])
def test_the_operators_writings_of_a_phone_are_one_phone(phone):
    world = one(Customer(phone=PHONE))
    assert ask(world, {"oa_id": SANDBOX_OA, "phone": phone})[1]["error"] == 0
    assert world.log[-1].phone == PHONE


@pytest.mark.parametrize("phone", ["0084987654321", "(+84)987654321", "+12025550143", "no number"])
def test_other_writings_are_taken_and_find_no_customer(phone):
    status, body = ask(one(Customer(phone=PHONE)), {"oa_id": SANDBOX_OA, "phone": phone})
    assert (status, body["error"]) == (200, 20)


def test_nine_bare_digits_that_begin_with_84_are_a_whole_number():
    customer = Customer(phone="0843216549")
    assert ask(one(customer), {"oa_id": SANDBOX_OA, "phone": "843216549"})[1]["error"] == 0


def test_the_log_counts_requests_and_holds_no_key():
    world = World()
    ask(world)
    ask(world, sent=headers(key="1:not-the-key"))
    ask(world, b"")
    ask(world, method="GET")
    assert world.log == [
        LogEntry(method="POST", path=PATH, phone=PHONE, status=200),
        LogEntry(method="POST", path=PATH, phone=PHONE, status=401),
        LogEntry(method="POST", path=PATH, phone=None, status=400),
        LogEntry(method="GET", path=PATH, phone=None, status=404),
    ]
    assert "key" not in repr(world.log)


def test_an_exchange_hides_its_key():
    shown = repr(SandboxRequest(method="POST", path=PATH, headers={"authorization": "Bearer 1:x"}, body=b"0987654321"))
    assert "1:x" not in shown
    assert "0987654321" not in shown


def test_the_sample_has_every_code():
    customers = sample(now=NOW)
    assert {customer.error for customer in customers.values()} == CODES
    granted = [customer.expires for customer in customers.values() if customer.error == 0]
    assert None in granted
    assert any(expires is not None and expires > NOW for expires in granted)
    assert any(expires is not None and expires <= NOW for expires in granted)
    assert all(phone == customer.phone and customer.message for phone, customer in customers.items())


def test_the_sample_is_the_same_every_time():
    assert sample(now=NOW) == sample(now=NOW)
    assert list(sample(now=NOW)) == list(sample())
    assert not set(sample(seed=1)) & set(sample(seed=2))


async def test_every_customer_of_the_sample_reaches_the_session_as_its_state():
    seen: dict[int, object] = {}
    world = World()
    async with Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world), retry=ONCE) as session:
        for customer in world.customers.values():
            try:
                consent = await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=customer.phone)
            except (RateLimited, Unavailable) as error:
                seen[customer.error] = type(error)
            else:
                seen.setdefault(customer.error, consent.state)
    errors = {code: kind for code, kind in seen.items() if isinstance(kind, type)}
    assert errors == {5: RateLimited, 10: Unavailable, 12: Unavailable}
    assert {kind for kind in seen.values() if kind not in errors.values()} == {*ConsentState} - {ConsentState.TRY_LATER}


@pytest.mark.parametrize("legacy", [False, True])
async def test_a_session_gets_the_same_errors_from_both_generations(legacy):
    world = World(legacy_errors=legacy)
    transport = SandboxTransport(world)

    async def failure(account, name="Zalo/CheckConsent", **payload):
        async with Session(account, transport=transport, retry=ONCE) as session:
            with pytest.raises(Exception) as caught:
                await session.invoke(name, {"oa_id": str(SANDBOX_OA), "phone": PHONE, **payload})
        return type(caught.value)

    shop = Shop(SANDBOX_API_KEY)
    assert await failure(shop, "Zalo/Nothing") is BadRoute
    assert await failure(shop, "Nothing/CheckConsent") is BadRoute
    assert await failure(shop, oa_id="") is InvalidArgument
    assert await failure(shop, oa_id="7") is NotFound
    assert await failure(shop, phone="") is InvalidArgument
    assert await failure(Shop("1:x")) is Unauthenticated
    assert await failure(Shop(SANDBOX_API_KEY, base_url="https://sandbox.test/v1/partner")) is PermissionDenied


async def test_a_partner_asks_with_its_shop_key():
    world = World(customers={})
    async with Session(Partner(shop_key=SANDBOX_SHOP_KEY), transport=SandboxTransport(world)) as session:
        consent = await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)
    assert consent.state is ConsentState.NEVER_ASKED
    assert world.log[-1].path == PARTNER_PATH


def test_latency_is_waited_for_and_respects_the_attempts_limit():
    async def main():
        world, loop = World(), asyncio.get_running_loop()
        slow = SandboxTransport(world, latency=3)
        async with Session(Shop(SANDBOX_API_KEY), transport=slow, retry=ONCE) as session:
            await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)
            assert loop.time() == 3
            impatient = session.with_options(timeout=Timeout(attempt=2))
            with pytest.raises(AttemptTimeout):
                await impatient.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)
            assert loop.time() == 5
        assert len(world.log) == 2

    run_virtually(main())


async def test_a_session_asks_over_a_real_socket():
    world = World()
    async with serve(world) as served:
        shop = Shop(world.api_key, base_url=served.base_url)
        partner = Partner(shop_key=world.shop_key, base_url=served.partner_base_url)
        async with Session(shop) as one_session, Session(partner) as other:
            phone = next(iter(world.customers))
            consents = [await s.zalo.check_consent(oa_id=world.oa_id, phone=phone) for s in (one_session, other)]
    assert [consent.granted for consent in consents] == [True, True]
    assert [entry.path for entry in world.log] == [PATH, PARTNER_PATH]


async def test_raw_requests_are_judged_on_the_socket_as_in_memory():
    world = World(customers={})
    ok = json.dumps({"oa_id": str(SANDBOX_OA), "phone": PHONE}).encode()
    async with serve(world) as served, aiohttp.ClientSession() as client:
        url = served.base_url + ".Zalo/CheckConsent"

        async def send(method="POST", url=url, data=ok, sent=None):
            # A header of None: aiohttp would otherwise add a Content-Type of its own.
            skip = ["Content-Type"]
            sent = headers() if sent is None else sent
            async with client.request(method, url, data=data, headers=sent, skip_auto_headers=skip) as answer:
                return answer.status, answer.content_type, await answer.text()

        assert await send() == (
            200,
            "application/json",
            '{"error": 20, "message": "Chưa từng yêu cầu cấp quyền gọi", "expired_time": null}',
        )
        assert (await send(method="GET"))[:2] == (404, "application/json")
        assert (await send(sent=headers(content_type=None)))[:2] == (404, "application/json")
        assert await send(url=served.base_url + ".No/Such") == (404, "text/plain", "404 page not found\n")
        assert (await send(data=b""))[0] == 400
        assert (await send(sent=headers(key="1:x")))[0] == 401
        assert (await send(data=io.BytesIO(b" " * (2**20 + 1))))[0] == 413
        assert (await send(url=url + "?a=b"))[0] == 200


async def test_the_operators_curl_works_as_printed():
    curl = shutil.which("curl")
    assert curl is not None, "this test needs the curl binary on the PATH"
    world = World()
    phone = next(iter(world.customers))
    async with serve(world) as served:
        process = await asyncio.create_subprocess_exec(
            curl,
            *("--silent", "--noproxy", "*"),
            *("--location", f"{served.base_url}.Zalo/CheckConsent"),
            *("--header", "Content-Type: application/json"),
            *("--header", "Accept: application/json"),
            *("--header", f"Authorization: Bearer {SANDBOX_API_KEY}"),
            *("--data", f'{{ "oa_id": "{SANDBOX_OA}", "phone": "{phone}" }}'),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
    assert process.returncode == 0
    answer = json.loads(printed)
    assert list(answer) == ["error", "message", "expired_time"]
    assert answer["error"] == 0


async def test_a_port_that_is_taken_is_an_os_error_and_is_free_again_after_the_block():
    async with serve(World()) as first:
        with pytest.raises(OSError):
            async with serve(World(), port=first.port):
                pass
    async with serve(World(), port=first.port) as second:
        assert second == first


async def test_a_sandbox_on_all_addresses_is_reached_over_loopback():
    async with serve(World(), host="0.0.0.0") as served:
        assert served.base_url == f"http://127.0.0.1:{served.port}/v1/shop"
