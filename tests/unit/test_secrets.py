"""A canary in the place of the key is searched for in everything that leaves the SDK, except the one header."""

import asyncio
import contextlib
import copy
import io
import json
import logging
import pickle
import re
import traceback
from html import escape
from urllib.parse import quote

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    ConfigError,
    EtelecomError,
    InvalidId,
    InvalidPhone,
    Partner,
    QueueTimeout,
    Retry,
    Role,
    Session,
    Shop,
    Throttle,
    Timeout,
)
from etelecom_async.sandbox import SANDBOX_OA, World, serve
from etelecom_async.testing import Answer, MockTransport, Peer, Silence
from etelecom_async.transport.aiohttp import AiohttpTransport
from tests.support import (
    CANARY,
    KEY,
    OA,
    PHONE,
    SHOP_KEY,
    FakeTransport,
    answer,
    ask,
    close,
    each_carrier,
    environment,
    invoke,
    run,
    session_over,
)


class Parrot(Peer):
    """A server that repeats the key wherever an answer has room for it, in the spelling that belongs there."""

    def __init__(self, status):
        super().__init__(Answer())
        self.status = status

    def next_act(self, received):
        super().next_act(received)
        key = received.headers["authorization"]
        headers = {"X-Echo": key, "Location": f"https://{received.headers['host']}/{quote(key)}", "Retry-After": "0"}
        told = {"message": key, "msg": key, key: key, "meta": {"xcode": key, key: key}, "page": escape(key)}
        match self.status:
            case 200:
                body = json.dumps({"error": 0, **told})
            case "try later":
                body = json.dumps({"error": 5, **told})
            case "unfit":
                body = json.dumps({"error": key, **told})
            case "no JSON":
                body = f"<html>{escape(key)}</html>"
            case _:
                body = json.dumps({"code": key, **told})
        return Answer(self.status if isinstance(self.status, int) else 200, body.encode(), headers)


STATUSES = [200, 201, 302, 400, 401, 403, 404, 429, 500, 502, 503, "try later", "unfit", "no JSON"]
each_status = pytest.mark.parametrize("status", STATUSES, ids=str)


def told(thing):
    """All that a log, a crash reporter, a debugger or a queue could show of a thing."""
    views = [str(thing), repr(thing), format(thing), repr(vars(thing) if hasattr(thing, "__dict__") else None)]
    # What holds a key does not pickle at all, and neither does an event loop, which a throttle knows.
    with contextlib.suppress(TypeError, pickle.PicklingError):
        views.append(repr(pickle.dumps(thing)))
    if isinstance(thing, BaseException):
        views += [repr(copy.copy(thing)), repr(copy.deepcopy(thing))]
        views += traceback.TracebackException.from_exception(thing, capture_locals=True).format()
        views += [part for link in (thing.__cause__, thing.__context__) if link is not None for part in [told(link)]]
    return "\n".join(views)


@pytest.fixture
def everything_logged():
    """What all loggers say at DEBUG, with asyncio in debug mode and every callback counted as a slow one.

    httpcore is left out: what it writes at DEBUG has the headers of answers as they came (docs/guide/transports.md).
    """
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    level = root.level
    loggers = [root, *(logging.getLogger(name) for name in ("etelecom_async", "aiohttp", "aiohttp.client", "asyncio"))]
    levels = [logger.level for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers.append(logging.getLogger("httpcore"))
    levels.append(loggers[-1].level)
    loggers[-1].setLevel(logging.INFO)
    yield stream
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    root.removeHandler(handler)


def debug():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0


@each_carrier
@each_status
@pytest.mark.parametrize("kind", ["shop", "partner"])
async def test_a_server_that_repeats_the_key_brings_it_into_no_log_error_or_reply(
    status, kind, carry, everything_logged
):
    debug()
    async with Parrot(status).serve() as origin:
        account = Shop(KEY, base_url=origin) if kind == "shop" else Partner(shop_key=SHOP_KEY, base_url=origin)
        carrier = carry()
        async with Session(account, transport=carrier, retry=Retry(attempts=2, base=0)) as session:
            try:
                end = await session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE))
            except EtelecomError as error:
                end = error
            shown = told(end) + told(session) + told(session.account) + told(session.throttle)
            await close(session, carrier)
    if status == 200:
        response = end.response
        shown += f"{response.body} {dict(response.headers)} {response.json()} {end.value}"
        assert "***" in shown
    logged = everything_logged.getvalue()
    assert "Zalo/CheckConsent -> " in logged
    assert "Executing" in logged
    assert CANARY not in shown + logged


async def test_the_log_names_the_method_and_neither_header_nor_phone_nor_words(everything_logged):
    async def stamp(request, call_next):
        return await call_next(request.with_headers({**request.headers, "X-Stamp": "header-of-mine"}))

    reply = answer({"error": 3, "message": "words-of-the-server"}, x_told="header-of-theirs")
    await ask(session_over(reply, middlewares=[stamp]))
    [line] = [line for line in everything_logged.getvalue().splitlines() if "Zalo" in line]
    for private in ("header-of", "words", PHONE[1:], "Authorization", "Content-Type"):
        assert private not in line


async def failures(origin, carry):
    """Errors of every layer, with all that hangs on them."""
    quick = Timeout(attempt=0.05, total=0.08)
    once = Retry(attempts=1)

    async def end(account, *, calls=1, transport=None, **options):
        carrier = transport or carry()
        session = Session(account, transport=carrier, **options)
        found = await asyncio.gather(*(ask(session) for _ in range(calls)), return_exceptions=True)
        await close(session, carrier)
        return [error for error in found if isinstance(error, BaseException)]

    shop = Shop(KEY, base_url=origin)
    yield "attempt", await end(shop, timeout=quick, retry=once)
    yield "deadline", await end(shop, timeout=quick, retry=Retry(attempts=9, base=0))
    queue = Timeout(attempt=0.1, queue=0.01)
    crowded = await end(shop, calls=2, timeout=queue, retry=once, throttle=Throttle(concurrency=1))
    assert any(isinstance(error, QueueTimeout) for error in crowded)
    yield "queue", crowded
    yield "no server", await end(Shop(KEY, base_url="http://127.0.0.1:1"), retry=once)
    proxied = AiohttpTransport(proxy="http://127.0.0.1:1")
    yield "proxy", await end(shop, transport=proxied, retry=once, timeout=quick)
    closed = Session(shop)
    await closed.aclose()
    yield "closed", await asyncio.gather(ask(closed), return_exceptions=True)
    session = Session(shop, transport=(carrier := carry()))
    call = asyncio.ensure_future(ask(session))
    for _ in range(20):
        await asyncio.sleep(0)
    call.cancel()
    yield "cancelled", await asyncio.gather(call, return_exceptions=True)
    await close(session, carrier)

    async def broken(request, call_next):
        del request, call_next
        raise ZeroDivisionError

    yield "a middleware", await end(shop, middlewares=[broken])


@each_carrier
async def test_no_failure_of_any_layer_shows_the_key_even_with_all_local_variables(carry, everything_logged):
    debug()
    seen = {}
    async with Peer(Silence()).serve() as origin:
        async for name, errors in failures(origin, carry):
            seen[name] = "".join(map(told, errors))
    assert all(seen.values())
    assert [name for name, shown in seen.items() if CANARY in shown] == []
    assert CANARY not in everything_logged.getvalue()


async def test_a_frame_of_the_transport_shows_no_key_while_the_call_is_under_way():
    class Stuck(FakeTransport):
        async def send(self, request, /):
            self.requests.append(request)
            headers, body = request.headers, request.body
            raise AssertionError(f"{request!r} {headers!r} {body!r}")

    transport = Stuck(answer())
    with pytest.raises(AssertionError) as caught:
        await ask(Session(Shop(KEY), transport=transport))
    assert CANARY in str.__str__(transport.requests[0].headers["Authorization"])
    assert CANARY not in told(caught.value)
    assert CANARY not in told(transport.requests[0])


async def test_recorded_requests_hold_no_key():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(lambda _: (_ for _ in ()).throw(AssertionError("no")))
    with pytest.raises(AssertionError) as caught:
        await ask(Session(Shop(KEY), transport=mock))
    request = mock.calls[0].request
    assert "authorization" not in {name.lower() for name in request.headers}
    shown = f"{request!r}{dict(request.headers)}{request.body!r}{mock.calls!r}{mock!r}"
    assert CANARY not in shown + told(caught.value) + told(mock.calls[0])


@pytest.mark.parametrize("role", Role)
async def test_a_user_middleware_holds_no_key_before_or_after_the_call(role):
    seen = []

    async def spy(request, call_next):
        response = await call_next(request)
        seen.append(f"{dict(request.headers)} {request.body} {response.body} {dict(response.headers)}")
        return response

    account = Partner(shop_key=SHOP_KEY, api_key=KEY)
    key = account.key(role).reveal()
    transport = FakeTransport(answer({"error": 0, "message": key}, x_key=key))
    session = Session(account, transport=transport, middlewares=[spy])
    await session.invoke("Zalo/CheckConsent", {"oa_id": "1", "phone": PHONE}, role=role)
    assert CANARY in transport.requests[0].headers["Authorization"]
    assert len(seen) == 1
    assert CANARY not in seen[0]


# The sandbox


async def test_no_byte_that_the_sandbox_serves_has_a_key_of_its_world():
    world = World(api_key=KEY, shop_key=SHOP_KEY)
    question = json.dumps({"oa_id": str(SANDBOX_OA), "phone": PHONE})
    methods = [f"/v1/{base}.Zalo/{method}" for base in ("shop", "partner") for method in ("CheckConsent", "Nothing")]
    requests = [
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
        for path in (*methods, "/", "/v1", f"/{KEY}")
        for method in ("POST", "GET", "PUT", "OPTIONS", "TRACE")
        for key in (KEY, SHOP_KEY, "wrong")
        for body in (question, "{", json.dumps({"oa_id": KEY}), json.dumps({"phone": KEY}))
    ]
    served = b""
    async with serve(world) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        for request in requests:
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
            served += head + await reader.readexactly(length)
        writer.close()
        await writer.wait_closed()
    assert b"200 OK" in served
    assert served.count(b"HTTP/1.1") == len(requests) == 420
    assert CANARY.encode() not in served
    told_of = [entry for entry in world.log if KEY not in entry.path and entry.phone != KEY]
    assert len(told_of) >= 210
    assert CANARY not in f"{told_of} {world!r} {world.customers}"


# The command line, and what it writes


def files(folder):
    """Every byte of every file, and of Parquet, which compresses, also what it says."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    tables = [str(pyarrow.parquet.read_table(path).to_pylist()) for path in paths if path.suffix == ".parquet"]
    return b"".join(path.read_bytes() for path in paths) + "".join(tables).encode()


DEBUGGING = {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "default"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "csv"),
        pytest.param(200, "ndjson", marks=pytest.mark.long),
        pytest.param(200, "parquet", marks=pytest.mark.long),
        *(pytest.param(status, "ndjson", marks=pytest.mark.long) for status in (401, "unfit", "no JSON")),
    ],
)
async def test_the_command_line_shows_and_writes_no_key(tmp_path, status, kind):
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    async with Parrot(status).serve() as origin:
        env = environment(**DEBUGGING, ETELECOM_API_KEY=KEY, ETELECOM_BASE_URL=origin)
        files_of_bulk = ("-o", str(tmp_path / f"out.{kind}"), "--report", str(tmp_path / "page.html"))
        ends = [
            await run("check", PHONE, env=env),
            await run("bulk", str(tmp_path / "in.csv"), *files_of_bulk, "--json", env=env),
        ]
    assert {code for code, _, _ in ends} <= {0, 1, 2, 3}
    assert all(stdout or stderr for _, stdout, stderr in ends)
    assert CANARY not in "".join(stdout + stderr for _, stdout, stderr in ends)
    assert CANARY.encode() not in files(tmp_path)


@pytest.mark.parametrize(
    "variables",
    [
        {"ETELECOM_API_KEY": KEY + "\n"},
        {"ETELECOM_API_KEY": SHOP_KEY},
        {"ETELECOM_ACCOUNT": KEY},
        {"ETELECOM_ACCOUNT": "partner", "ETELECOM_API_KEY": "", "ETELECOM_SHOP_KEY": KEY},
        {"ETELECOM_BASE_URL": f"https://{CANARY}:{CANARY}@127.0.0.1"},
        {"ETELECOM_BASE_URL": f"https://127.0.0.1/?key={CANARY}"},
        {"ETELECOM_BASE_URL": "http://127.0.0.1:1"},
        {"ETELECOM_OA_ID": KEY},
    ],
    ids=lambda variables: "+".join(variables),
)
def test_the_command_line_refuses_without_repeating_a_key(variables):
    account = {"ETELECOM_API_KEY": KEY, "ETELECOM_OA_ID": str(OA), "ETELECOM_BASE_URL": "http://127.0.0.1:1"}
    code, stdout, stderr = invoke("check", PHONE, **{**account, **variables})
    assert code != 0
    assert stderr or stdout
    assert CANARY not in stdout + stderr


# Injection: what could end a header, or the request line, early


BREAKS = ["\r\nX-Evil: 1", "\n", "\r", "\0", "\x7f", "\x1b[2J", "é", "\u2028", "\ufeff", "\ud800", "："]
each_break = pytest.mark.parametrize("text", BREAKS, ids=ascii)


@pytest.mark.parametrize("text", [*BREAKS, " ", "\t", "Bearer "], ids=ascii)
@pytest.mark.parametrize("place", ["{}" + KEY, KEY + "{}", KEY[:5] + "{}" + KEY[5:]], ids=["front", "end", "middle"])
@pytest.mark.parametrize(
    "make",
    [
        Shop,
        lambda key: Partner(api_key=key),
        lambda key: Partner(shop_key="shop" + key),
        lambda key: Partner(api_key=KEY).for_shop("shop" + key),
    ],
)
def test_a_key_that_would_break_out_of_its_header_is_refused_at_construction(make, place, text):
    with pytest.raises(ConfigError, match="bare key"):
        make(place.format(text))


@each_break
@pytest.mark.parametrize("place", ["{}https://example.vn/v1", "https://example.vn{}/v1/x", "https://example.vn/x{}"])
def test_a_base_url_that_would_break_out_of_the_request_line_is_refused_or_escaped(place, text):
    try:
        base_url = str(Shop(KEY, base_url=place.format(text)).base_url)
    except ConfigError:
        return
    assert text.isprintable()
    assert base_url.isascii()
    assert base_url.isprintable()


@given(st.text() | st.builds("{}{}{}".format, st.just(PHONE), st.sampled_from(BREAKS), st.text()))
def test_a_phone_is_digits_on_the_wire_or_refused_at_construction(text):
    try:
        phone = CheckConsent(oa_id=OA, phone=text).phone
    except InvalidPhone:
        return
    digits = phone.removeprefix("+")
    assert digits.isascii()
    assert digits.isdigit()


@each_break
def test_an_oa_id_that_is_more_than_digits_and_blanks_is_refused_at_construction(text):
    for written in (f"1{text}2", f"1{text}", f"{text}2"):
        if written.strip().isdigit():
            assert CheckConsent(oa_id=written, phone=PHONE).oa_id in (1, 2)
            continue
        with pytest.raises(InvalidId):
            CheckConsent(oa_id=written, phone=PHONE)
        with pytest.raises(InvalidId):
            session_over(answer()).zalo.check_consents(oa_id=written, phones=[])


BAD_HEADERS = [header for text in BREAKS for header in ({"X-Trace": f"7{text}"}, {"User-Agent": f"mine{text}"})]
BAD_HEADERS += [*({f"X-Trace{text}": "7"} for text in BREAKS), {"": "7"}, {"X Trace": "7"}, {"X-Trace:": "7"}]
BAD_HEADERS += [{"X-Trace": 7}, {"X-Trace": None}, {"X-Trace": b"7"}, {7: "7"}]


@pytest.mark.parametrize("header", BAD_HEADERS, ids=ascii)
async def test_a_middlewares_header_that_would_break_out_is_refused_before_anything_is_sent(header):
    async def put_on(request, call_next):
        return await call_next(request.with_headers({**request.headers, **header}))

    transport = FakeTransport(answer({"error": 0}))
    with pytest.raises(ConfigError, match="header") as caught:
        await ask(Session(Shop(KEY), transport=transport, middlewares=[put_on]))
    assert caught.value.attempts == 1
    assert transport.requests == []
    assert CANARY not in told(caught.value)


async def test_a_middlewares_header_that_is_in_order_goes_out_as_it_is():
    header = {"X-Trace": '\t ~!7 "q"; a=b', "User-Agent": "mine/1.0 (+https://example.vn)", "x!#$%&'*+.^_`|~9": ""}

    async def put_on(request, call_next):
        return await call_next(request.with_headers({**request.headers, **header}))

    transport = FakeTransport(answer({"error": 0}))
    await ask(Session(Shop(KEY), transport=transport, middlewares=[put_on]))
    assert header.items() <= transport.requests[0].headers.items()
