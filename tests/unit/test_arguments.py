"""D: every public callable judges its arguments where they are given.

Each has a row in `ROWS` with values that do not fit, for every one of its parameters. What comes of them is one of the
documented errors, with a sentence that names the argument, and before any I/O: coroutines are driven by hand up to
their first wait, and there is no event loop to wait in. A callable in no table, or a parameter in no row, is a failure.
"""

import enum
import importlib
import inspect
import io
import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import aiohttp
import pytest
from attrs import field, frozen

import etelecom_async
from etelecom_async import (
    CHECK_CONSENT,
    Blocking,
    CheckConsent,
    ConfigError,
    Consent,
    ConsentState,
    Endpoint,
    EtelecomError,
    InvalidId,
    InvalidPhone,
    Partner,
    Phase,
    Retry,
    Safety,
    Secret,
    Session,
    Shop,
    Throttle,
    Timeout,
    phone,
)
from etelecom_async.account import from_env
from etelecom_async.api.consent import Zalo
from etelecom_async.bulk import Bulk
from etelecom_async.cli.app import etelecom
from etelecom_async.ids import to_id
from etelecom_async.jobs import ConsentJob
from etelecom_async.ratelimit.redis_rate import RedisRate
from etelecom_async.sandbox import Customer, FixedWindow, SandboxTransport, TokenBucket, World, sample, serve
from etelecom_async.tables.reading import Reading
from etelecom_async.testing import Answer, MockTransport, Peer, VirtualTimeLoop, run_virtually
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.available import best_transport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.workers.batches import ConsentBatches
from etelecom_async.workers.ray_workers import RayWorkers
from etelecom_async.workers.worker import WorkerSetup
from tests.support import KEY, OA, PHONE, SHOP_KEY, invoke

DOCUMENTED = (ConfigError, InvalidId, InvalidPhone)
MODULES = (
    "etelecom_async",
    "etelecom_async.phone",
    "etelecom_async.ids",
    "etelecom_async.bulk",
    "etelecom_async.workers.batches",
    "etelecom_async.jobs.job",
    "etelecom_async.jobs.plan",
    "etelecom_async.workers.ray_workers",
    "etelecom_async.tables.reading",
    "etelecom_async.sandbox",
    "etelecom_async.testing",
    "etelecom_async.transport",
    "etelecom_async.transport.aiohttp",
    "etelecom_async.transport.fast.httptools",
    "etelecom_async.ratelimit.redis_rate",
    "etelecom_async.pipeline.retry",
    "etelecom_async.ratelimit.throttle",
)
"""Where public names live: those in `__all__`."""


class Whole:
    """An integral type of another library."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class NoIndex:
    """As an array: it has `__index__` and no index."""

    def __index__(self):
        raise TypeError


def nothing(*_):
    """A function of anything."""


class Recorder:
    """An observer."""

    attempt_ended = call_ended = nothing


class AsyncRecorder(Recorder):
    """None, since what it returns is never awaited."""

    async def call_ended(self, record):
        pass


THING = object()
DEFAULT = object()
NAN, INF = math.nan, math.inf
WHOLE = [0, -1, 1.5, 1.0, NAN, INF, True, "5", b"5", [], {}, THING, Decimal(5), 2j, NoIndex()]
NUMBER = [0, -1, -0.5, NAN, INF, -INF, 10**400, True, "5", b"5", [], THING, 2j]
LEAST_ZERO = [value for value in NUMBER if value != 0]
FLAG = [0, 1, None, "no", "", "False", [], THING]
FUNCTION = [None, 0, 5, "f", "", [nothing], {}, THING]
FUNCTIONS = [nothing, None, 5, "f", [5], [None], [nothing, "f"], THING]
LINE = [None, "", " ", "\n", "a\nb", "a\0", 5, b"a", ["a"], THING]
ID = [0, -1, 2**63, 10**5000, 1.0, NAN, True, None, "", " ", "abc", "1.5", "1e3", "-1", "+1", "0", "'7'", "１２", "1 2"]
ID += [b"1", [1], Decimal(1), Fraction(1), THING, NoIndex(), "9" * 30, str(2**63), "²", "1_0"]
PHONES = ["", "abc", None, 5, 84987654321, 1.0, b"0987654321", ["0987654321"], True, THING]
ITEMS = ["0987654321", "", b"0987654321", bytearray(b"1"), {"0987654321": 1}, 5, None, THING, list]
TIMEOUTS = [0, -1, NAN, INF, True, "5", b"5", [5], (1, 2), aiohttp.ClientTimeout(5), THING]
RETRIES = [0, 3, True, "3", [], THING, Retry, Throttle()]
THROTTLES = [0, 20, 2.5, True, "20", [], THING, Throttle, Retry()]
OBSERVERS = [0, "log", [], THING, nothing, Recorder, AsyncRecorder()]
TRANSPORTS = [0, "aiohttp", [], THING, AiohttpTransport, MockTransport, nothing]
NAMES = [None, "", "Zalo", "Zalo/", "/x", "Zalo/Check Consent", "zalo.CheckConsent", "a/b/c", 5, b"a/b", ["a/b"], KEY]
KEYS = [
    "",
    " ",
    "None",
    "null",
    "undefined",
    f"'{KEY}'",
    f'"{KEY}"',
    f"Bearer {KEY}",
    f"{KEY}\n",
    "khóa",
    5,
    b"1:a",
    [],
]
API_KEYS = [*KEYS, None, SHOP_KEY]
SHOP_KEYS = [*KEYS, None, KEY]
URLS = ["", " ", None, 5, b"https://x", [], "ftp://x", "http://pbx.example.vn", "https://", "https://u:p@x", "None"]
URLS += ['"https://x"', "https//x", "https://x/v1", "https://x?a=1", "${URL}"]
MOMENTS = [datetime(2026, 1, 1), 5, "2026-01-01", THING]  # noqa: DTZ001 - without a zone on purpose
ENUMS = [0, "READ", "read", True, THING, Safety, Phase.UNKNOWN]
PATHS = [None, 5, "customers.csv", b"customers.csv", "", io.StringIO("phone"), [], THING, Path]
ENDPOINTS = [None, "Zalo/CheckConsent", 5, Endpoint, CheckConsent, THING]


def mocked():
    return Session(Shop(KEY), transport=MockTransport())


def partnered():
    return Session(Partner(api_key=KEY), transport=MockTransport())


def route():
    return MockTransport().on(CHECK_CONSENT)


def setup(**changes):
    return WorkerSetup(**{"oa_id": OA, "concurrency": 1, **changes})


ERRORS = {
    name: value
    for name in etelecom_async.__all__
    if inspect.isclass(value := getattr(etelecom_async, name)) and issubclass(value, EtelecomError)
}


@frozen
class Row:
    """One callable: how it is called, arguments that fit, and those that do not."""

    bad: dict
    good: dict = field(factory=dict)
    call: object = None
    """Calls it with keyword arguments; itself unless given."""
    fits: dict = field(factory=dict)
    """Further values that have to be taken, by argument."""
    named: dict = field(factory=dict)
    """How a sentence names an argument otherwise: the only one of a method by the method."""


SESSION = {
    "transport": TRANSPORTS,
    "timeout": TIMEOUTS,
    "retry": RETRIES,
    "throttle": THROTTLES,
    "middlewares": FUNCTIONS,
    "observer": OBSERVERS,
}
SESSION_FITS = {
    "timeout": [5, 0.5, Timeout(), None],
    "middlewares": [[], (nothing,), iter([nothing])],
    "transport": [None],
    "retry": [None],
    "observer": [None, Recorder()],
}

ROWS = {
    # The account
    Secret: Row({"text": [5, None, b"1:a", ["1:a"], THING]}, {"text": KEY}, fits={"text": ["", Secret(KEY)]}),
    Shop: Row(
        {"api_key": API_KEYS, "base_url": URLS, "allow_http": FLAG},
        {"api_key": KEY},
        fits={"api_key": [Secret(KEY)], "base_url": ["pbx.example.vn"]},
    ),
    Partner: Row(
        {
            "shop_key": [key for key in SHOP_KEYS if key is not None],
            "api_key": [key for key in API_KEYS if key is not None],
            "base_url": URLS,
            "allow_http": FLAG,
        },
        {"shop_key": SHOP_KEY, "api_key": KEY},
    ),
    Shop.key: Row({"role": ENUMS}, call=Shop(KEY).key),
    Partner.key: Row({"role": ENUMS}, call=Partner(api_key=KEY, shop_key=SHOP_KEY).key),
    Partner.for_shop: Row({"shop_key": SHOP_KEYS}, {"shop_key": SHOP_KEY}, call=Partner(api_key=KEY).for_shop),
    from_env: Row({}),
    # What is called, and how long and often
    Timeout: Row(
        dict.fromkeys(("attempt", "total", "queue"), NUMBER),
        fits={"total": [None, 1, 0.1, Fraction(1, 2)]},
    ),
    Timeout.within: Row({"seconds": NUMBER}, {"seconds": 5}, call=Timeout().within, fits={"seconds": [None]}),
    Retry: Row(
        {"attempts": WHOLE, "base": LEAST_ZERO, "cap": LEAST_ZERO, "random": FUNCTION},
        fits={"attempts": [1, Whole(3)], "base": [0]},
    ),
    Throttle: Row(
        {
            "concurrency": WHOLE,
            "rate": NUMBER,
            "burst": [0.5, *NUMBER],
            "adaptive": FLAG,
            "shared": [0, "redis", [], THING, nothing, RedisRate],
            "random": FUNCTION,
        },
        {"rate": 5},
        fits={"concurrency": [1, Whole(3)], "rate": [0.1, Fraction(1, 3)], "burst": [1, None]},
    ),
    Endpoint: Row(
        {
            "name": NAMES,
            "payload": [None, 5, "CheckConsent", THING],
            "result": [None, 5, "Consent", THING],
            "safety": [None, *ENUMS],
            "role": [None, *ENUMS],
            "refusal": [5, "f", [], THING],
        },
        {"name": "Zalo/X", "payload": object, "result": object},
        fits={"result": [dict[str, int], dict]},
    ),
    # The session
    Session: Row(
        {
            "account": [None, KEY, Secret(KEY), 5, {}, THING, Shop],
            **SESSION,
        },
        {"account": Shop(KEY)},
        fits=SESSION_FITS,
    ),
    Session.from_env: Row(SESSION, fits=SESSION_FITS),
    Session.with_options: Row(
        {
            "timeout": TIMEOUTS,
            "retry": RETRIES,
            "middlewares": [value for value in FUNCTIONS if value is not None],
            "observer": OBSERVERS,
        },
        call=lambda **given: mocked().with_options(**given),
        fits={"timeout": [5, 0.5, Timeout(), None], "observer": [None, Recorder()]},
    ),
    Session.for_shop: Row(
        {"shop_key": SHOP_KEYS}, {"shop_key": SHOP_KEY}, call=lambda **given: partnered().for_shop(**given)
    ),
    Session.call: Row(
        {"endpoint": ENDPOINTS, "payload": [None, {}, 5, "0987654321", THING, CheckConsent, Consent()]},
        {"endpoint": CHECK_CONSENT, "payload": CheckConsent(oa_id=OA, phone=PHONE)},
        call=lambda endpoint, payload: mocked().call(endpoint, payload),
    ),
    Session.call_raw: Row(
        {"endpoint": ENDPOINTS, "payload": [None, {}, 5, "0987654321", THING, CheckConsent, Consent()]},
        call=lambda endpoint=CHECK_CONSENT, payload=None: mocked().call_raw(endpoint, payload),
    ),
    Session.invoke: Row(
        {
            "name": NAMES,
            "payload": [5, "{}", [], b"{}", THING, {"a": b"1"}, {"a": {1, 2}}, {"a": NAN}, {(1,): 2}, {"a": THING}],
            "safety": ENUMS,
            "role": ENUMS,
        },
        call=lambda name="Zalo/X", **given: mocked().invoke(name, **given),
    ),
    Zalo.check_consent: Row(
        {"oa_id": ID, "phone": PHONES},
        call=lambda oa_id=OA, phone=PHONE: mocked().zalo.check_consent(oa_id=oa_id, phone=phone),
    ),
    Zalo.check_consents: Row(
        {"oa_id": ID, "phones": ITEMS, "concurrency": WHOLE, "ordered": FLAG, "total": [v for v in WHOLE if v != 0]},
        {"oa_id": OA, "phones": [PHONE]},
        call=lambda **given: mocked().zalo.check_consents(**given),
        fits={"total": [None, 0], "concurrency": [Whole(3)], "phones": [iter([]), (), {PHONE}]},
    ),
    CheckConsent: Row(
        {"oa_id": ID, "phone": PHONES},
        {"oa_id": OA, "phone": PHONE},
        fits={"oa_id": [1, 2**63 - 1, "7", " 7\n", "007", Whole(7)]},
    ),
    Consent: Row(
        {
            "error": [True, False, 0.0, "0", b"0", [], THING],
            "message": [None, 5, b"x", [], THING],
            "expired_time": MOMENTS,
        },
        fits={"error": [None, 0, -32], "expired_time": [None, datetime.now(UTC)]},
    ),
    Consent.of: Row(
        {
            "state": [None, 0, "granted", THING, Safety.READ, ConsentState],
            "expires": MOMENTS,
            "message": [None, 5, b"x", [], THING],
        },
        {"state": ConsentState.GRANTED},
    ),
    Consent.granted_at: Row({"moment": [None, *MOMENTS]}, call=Consent(error=0).granted_at),
    Consent.state_at: Row({"moment": [None, *MOMENTS]}, call=Consent(error=0).state_at),
    # Vocabulary
    phone.normalize: Row({"phone": PHONES}, {"phone": PHONE}),
    phone.national: Row({"phone": PHONES}, {"phone": PHONE}),
    phone.strict: Row({"phone": PHONES}, {"phone": PHONE}),
    to_id: Row({"value": ID}, {"value": 7}, call=lambda value: to_id(value, name="value")),
    # Bulk
    Bulk: Row(
        {
            "call": FUNCTION,
            "items": ITEMS,
            "done": FUNCTION,
            "failed": FUNCTION,
            "concurrency": WHOLE,
            "ordered": FLAG,
            "key": [value for value in FUNCTION if value is not None],
            "waiting_tasks": FUNCTION,
            "witness": [value for value in FUNCTION if value is not None],
            "total": [value for value in WHOLE if value != 0],
            "clock": FUNCTION,
        },
        {"call": nothing, "items": [1], "done": nothing, "failed": nothing},
    ),
    Bulk.of: Row(
        {"call": FUNCTION, "items": ITEMS, "concurrency": WHOLE, "ordered": FLAG}, {"call": nothing, "items": [1]}
    ),
    ConsentBatches: Row(
        {"oa_id": ID, "column": LINE, "open_session": FUNCTION, "now": FUNCTION},
        {"oa_id": OA},
    ),
    ConsentBatches.__call__: Row(
        {"batch": [None, 5, [], {"phone": ["1"]}, "phone", THING], "first_row": [v for v in WHOLE if v != 0]},
        call=lambda batch=DEFAULT, first_row=1: ConsentBatches(oa_id=OA)(
            _batch() if batch is DEFAULT else batch, first_row=first_row
        ),
    ),
    ConsentJob: Row(
        {
            "session": [None, KEY, Shop(KEY), THING, Session],
            "source": PATHS,
            "output": PATHS,
            "oa_id": ID,
            "column": [value for value in LINE if value is not None],
            "reading": [5, "utf-8", {}, THING, Reading],
            "excel": FLAG,
            "resume": FLAG,
            "retry_failed": FLAG,
            "concurrency": WHOLE,
            "executor": [5, "ray", [], THING, RayWorkers],
            "clock": FUNCTION,
            "now": FUNCTION,
        },
        {"session": mocked(), "source": Path("in.csv"), "output": Path("out.csv"), "oa_id": OA},
        fits={"source": [io.BytesIO()]},
    ),
    WorkerSetup: Row(
        {
            "oa_id": ID,
            "concurrency": WHOLE,
            "workers": WHOLE,
            "rate": NUMBER,
            "is_shared": FLAG,
        },
        {"oa_id": OA, "concurrency": 1},
        fits={"rate": [None]},
    ),
    RayWorkers: Row(
        {
            "setup": [None, 5, {}, THING],
            "account": [None, KEY, THING],
            "address": [v for v in LINE if v is not None],
            "join": FUNCTION,
        },
        {"setup": setup(), "account": Shop(KEY)},
    ),
    # Transports and rates
    AiohttpTransport: Row(
        {
            "session": [5, "x", THING, aiohttp.ClientSession],
            "pool_size": WHOLE,
            "ssl_context": [True, False, "ca.pem", Path("ca.pem"), 0, THING],
            "proxy": ["", "host:3128", "socks5://h:1", "http://", 5, b"http://h:1", [], THING],
            "trust_env": [value for value in FLAG if value is not None],
            "max_body": WHOLE,
            "connect_timeout": NUMBER,
        },
        fits={"pool_size": [None, Whole(3)]},
    ),
    HttptoolsTransport: Row(
        {
            "pool_size": WHOLE,
            "ssl_context": [True, False, "ca.pem", Path("ca.pem"), 0, THING],
            "trust_env": FLAG,
            "max_body": WHOLE,
            "connect_timeout": NUMBER,
        },
    ),
    best_transport: Row(
        {
            "url": [None, "https://api.etelecom.vn", 5, THING],
            "ssl_context": [True, False, "ca.pem", Path("ca.pem"), 0, THING],
        },
        {"url": Shop(KEY).base_url},
    ),
    RedisRate: Row(
        {
            "redis": [None, 5, b"redis://h", "", "h:6379", "http://h", [], THING],
            "rate": NUMBER,
            "workers": WHOLE,
            "burst": [0.5, *NUMBER],
            "name": LINE,
            "lease": NUMBER,
            "timeout": NUMBER,
        },
        call=lambda redis="redis://h", **given: RedisRate(redis, **{"rate": 5, "workers": 1, **given}),
    ),
    RedisRate.pause: Row(
        {"seconds": NUMBER}, call=lambda **given: RedisRate("redis://h", rate=5, workers=1).pause(**given)
    ),
    # The sandbox
    World: Row(
        {
            "customers": [5, [], "x", THING, {PHONE: 5}, {"84987654322": Customer(phone=PHONE)}],
            "oa_id": [-1, 2**63, 1.0, True, None, "7", [], THING],
            "api_key": [5, None, b"1:a", [], THING],
            "shop_key": [5, None, b"1:a", [], THING],
            "limit": [5, "429", [], THING, TokenBucket],
            "legacy_errors": FLAG,
            "clock": FUNCTION,
        },
        fits={"customers": [{}, {"84987654321": Customer(phone=PHONE)}], "oa_id": [0, 7]},
    ),
    Customer: Row(
        {
            "phone": PHONES,
            "error": [1.0, True, None, "3", [], THING, 2**64],
            "message": [5, None, b"x", [], THING],
            "expires": MOMENTS,
        },
        {"phone": PHONE},
        fits={"expires": [None, datetime.now(UTC)]},
    ),
    TokenBucket: Row(
        {"rate": NUMBER, "burst": [0.5, *NUMBER], "refusal": [None, "429", 5, THING]},
        {"rate": 5},
    ),
    FixedWindow: Row(
        {"count": WHOLE, "seconds": NUMBER, "refusal": [None, "429", 5, THING]}, {"count": 5, "seconds": 1}
    ),
    SandboxTransport: Row({"world": [None, 5, "x", THING, World], "latency": LEAST_ZERO}, {"world": World()}),
    sample: Row({"seed": [1.5, True, "84", None, [], THING], "now": MOMENTS}),
    serve: Row(
        {
            "world": [None, 5, THING, World],
            "host": LINE,
            "port": [-1, 65536, 1.5, True, "80", None, THING],
            "latency": LEAST_ZERO,
        },
        {"world": World()},
    ),
    Reading: Row(
        {
            "encoding": ["klingon", "", 5, b"utf-8", THING],
            "header": [0, 1, "yes", [], THING],
            "skip_rows": [-1, 1.5, True, "1", [], THING],
            "delimiter": ["", "ab", "é", 5, b";", THING],
            "sheet": ["", 5, b"x", [], THING],
        },
        fits={"encoding": ["utf-8", None], "skip_rows": [0], "delimiter": [";", "tab"]},
    ),
    # Threads
    Blocking: Row(
        {"session": [None, 5, KEY, Shop(KEY), THING, Session]},
        {"session": mocked()},
        call=lambda session: Blocking(session),
    ),
    Blocking.run: Row(
        {"coroutine": [None, 5, "x", nothing, [], THING], "timeout": NUMBER},
        call=lambda coroutine=DEFAULT, **given: Blocking(mocked()).run(
            mocked().zalo.check_consent(oa_id=OA, phone=PHONE) if coroutine is DEFAULT else coroutine, **given
        ),
    ),
    # Testing
    VirtualTimeLoop: Row({"start": MOMENTS}, call=VirtualTimeLoop),  # and none that fits, which would have to be closed
    run_virtually: Row(
        {"coroutine": [None, 5, "x", nothing, [], THING], "start": MOMENTS},
        call=lambda coroutine=DEFAULT, **given: run_virtually(
            mocked().aclose() if coroutine is DEFAULT else coroutine, **given
        ),
    ),
    MockTransport: Row({"max_body": WHOLE}),
    MockTransport.on: Row(
        {"endpoint": [*(name for name in NAMES if name != KEY), THING], "where": [5, "x", [], THING]},
        {"endpoint": CHECK_CONSENT},
        call=lambda endpoint=CHECK_CONSENT, **given: MockTransport().on(endpoint, **given),
        fits={"endpoint": ["Zalo/X"], "where": [nothing, None]},
    ),
    type(route()).reply: Row(
        {"value": [None, 0, {}, "granted", THING, Consent, ConfigError()]},
        {"value": Consent(error=0)},
        call=lambda **given: route().reply(**given),
        named={"value": r"reply\(\)"},
    ),
    type(route()).fail: Row(
        {"error": [None, 5, "x", TimeoutError(), EtelecomError, THING, Consent()]},
        {"error": etelecom_async.RateLimited()},
        call=lambda **given: route().fail(**given),
        named={"error": r"fail\(\)|of the session's own"},
    ),
    type(route()).answer: Row(
        {"function": FUNCTION}, {"function": nothing}, call=lambda **given: route().answer(**given)
    ),
    type(route()).respond: Row(
        {"function": FUNCTION}, {"function": nothing}, call=lambda **given: route().respond(**given)
    ),
    Answer: Row(
        {
            "status": [0, 99, 600, 200.0, True, "200", None, THING],
            "body": ["{}", None, 5, bytearray(b"{}"), THING],
            "headers": [None, 5, [], {"a": 1}, {1: "a"}, THING],
        },
    ),
    Peer: Row({"acts": [None, 5, "silence", Answer, THING]}, {"acts": Answer()}, call=lambda acts: Peer(acts)),
    # Errors
    **{
        error: Row(
            {
                "message": [None, 5, b"x", [], THING],
                "phase": [5, "unknown", THING, Safety.READ],
                **({"reason": [5, "too short", THING, Safety.READ]} if error is InvalidPhone else {}),
                **(
                    {
                        "status": [1.5, True, "404", [], THING],
                        "code": [5, b"x", [], THING],
                        "meta": [5, "x", [], THING],
                        "retry_after": ["1", True, [], THING],
                    }
                    if issubclass(error, etelecom_async.ApiError)
                    else {}
                ),
            }
        )
        for error in ERRORS.values()
    },
}

EXEMPT = {
    "made by the SDK, not by callers": {
        "etelecom_async": {"AttemptRecord", "CallRecord", "Checked", "Failed", "Reply"},
        "etelecom_async.tables.reading": {"Undecided"},
        "etelecom_async.bulk": {"Done", "NotDone", "Progress"},
        "etelecom_async.jobs.plan": {"JobSummary", "Plan"},
        "etelecom_async.pipeline.retry": {"RetryBudget", "Retrying"},
        "etelecom_async.ratelimit.throttle": {"ThrottleSnapshot"},
        "etelecom_async.sandbox": {"SandboxRequest", "LogEntry", "Served"},
        "etelecom_async.testing": {"MockCall", "Route"},
        "etelecom_async.transport": {"Request", "Response"},
    },
    "a protocol, or a base class without arguments": {
        "etelecom_async": {"Observer"},
        "etelecom_async.ratelimit.throttle": {"SharedRate"},
        "etelecom_async.testing": {"Cut", "Echo", "HangUp", "Refuse", "Silence", "TransportContract"},
        "etelecom_async.transport": {"ChecksUrl", "Pooled", "Transport"},
    },
    "answers whatever it is given": {
        "etelecom_async.phone": {"is_phone", "mask"},
    },
    "for arguments named oa_id, which CheckConsent and the others here have": {"etelecom_async.ids": {"to_oa_id"}},
}


def _batch():
    import pyarrow as pa

    return pa.table({"phone": [PHONE]})


def _callables():
    """Every public name that can be called, by its module."""
    for name in MODULES:
        module = importlib.import_module(name)
        for public in module.__all__:
            value = getattr(module, public)
            is_enum = inspect.isclass(value) and issubclass(value, enum.Enum)
            if callable(value) and not is_enum and not isinstance(value, Endpoint | type(int | str)):
                yield name, public, value


def _called(row, subject, arguments, *, is_driven=True):
    result = (row.call or subject)(**arguments)
    if inspect.iscoroutine(result):
        try:
            if is_driven:
                result.send(None)
        finally:
            result.close()
    return result


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    for name in ("ETELECOM_ACCOUNT", "ETELECOM_SHOP_KEY", "ETELECOM_BASE_URL", "ETELECOM_OA_ID"):
        monkeypatch.delenv(name, raising=False)


def _shown(value):
    return f"{value!r:.60}" if not isinstance(value, int) or abs(value) < 10**30 else "a huge number"


REFUSALS = [
    pytest.param(subject, name, values, id=f"{subject.__qualname__}-{name}")
    for subject, row in ROWS.items()
    for name, values in row.bad.items()
]


@pytest.mark.parametrize(("subject", "name", "values"), REFUSALS)
def test_an_argument_that_does_not_fit_is_refused_in_a_sentence_that_names_it(subject, name, values):
    row = ROWS[subject]
    for value in values:
        try:
            _called(row, subject, {**row.good, name: value})
        except DOCUMENTED as error:
            message = error.message
        else:
            pytest.fail(f"{_shown(value)} was taken")
        # The API's own noun stands for a phone; a sentence about one of several may have the singular.
        named = message.replace("phone number", "phone")
        pattern = row.named.get(name, rf"\b{name}\b|\b{name.removesuffix('s')}\b")
        assert re.search(pattern, named, re.IGNORECASE), f"{_shown(value)}: {message}"
        assert message.endswith((".", ")")), message
        assert "canary" not in message
        assert " at 0x" not in message


@pytest.mark.parametrize("subject", ROWS, ids=lambda subject: subject.__qualname__)
def test_arguments_that_fit_are_taken(subject):
    row = ROWS[subject]
    given = [row.good, *({**row.good, name: value} for name, values in row.fits.items() for value in values)]
    for arguments in given if row.call is None or row.good else []:
        result = _called(row, subject, arguments, is_driven=False)
        assert result is not None


@pytest.mark.parametrize("subject", ROWS, ids=lambda subject: subject.__qualname__)
def test_every_parameter_of_a_callable_has_values_that_do_not_fit(subject):
    parameters = [
        name
        for name, parameter in inspect.signature(subject).parameters.items()
        if name not in ("self", "name") or (name == "name" and subject is not to_id)
    ]
    assert set(parameters) == set(ROWS[subject].bad)


def test_every_public_callable_has_a_row_or_a_reason():
    exempt = {(module, name) for modules in EXEMPT.values() for module, names in modules.items() for name in names}
    public = {(module, name): value for module, name, value in _callables()}
    missing = {where for where, value in public.items() if value not in ROWS} - exempt
    assert missing == set()
    assert exempt <= set(public)
    assert len(ROWS) >= 60
    assert sum(len(values) for row in ROWS.values() for values in row.bad.values()) >= 2000


def test_every_public_method_with_arguments_has_a_row_or_a_reason():
    judged_elsewhere = {
        "MockTransport": {"send"},  # called by the session, as are those below
        "AiohttpTransport": {"send", "check_url"},
        "HttptoolsTransport": {"send", "check_url"},
        "SandboxTransport": {"send"},
        "Retry": {"decide"},
        "Shop": {"for_shop"},  # refuses everything
        "World": {"handle"},  # given what came over a socket
        "Peer": {"answer", "next_act"},
        "Reading": {"refuse_others", "resumed"},  # for the readers of tables
        "VirtualTimeLoop": {
            "jump",
            "run_in_executor",
            "set_default_executor",
            "shutdown_default_executor",
        },  # asyncio's
        "RayWorkers": {"ask"},  # called by the job
    }
    missing = []
    for subject in ROWS:
        if not inspect.isclass(subject) or issubclass(subject, EtelecomError):
            continue
        for name, method in vars(subject).items():
            function = getattr(method, "__func__", method)
            if (
                name.startswith("_")
                or not inspect.isfunction(function)
                or name in judged_elsewhere.get(subject.__name__, ())
            ):
                continue
            if len(inspect.signature(function).parameters) > 1 and getattr(subject, name) not in ROWS:
                missing.append(f"{subject.__name__}.{name}")
    assert missing == []


@pytest.mark.parametrize("subject", [Session, Shop, Timeout, Retry, Bulk, World, MockTransport])
def test_an_argument_that_does_not_exist_stays_pythons_type_error(subject):
    with pytest.raises(TypeError, match="tiemout"):
        subject(**ROWS[subject].good, tiemout=5)


def test_a_number_of_seconds_is_the_total_time():
    """D1: `timeout=5` is `Timeout(total=5)`."""
    session = Session(Shop(KEY), transport=MockTransport(), timeout=5)
    assert session._options.timeout == session.with_options(timeout=5)._options.timeout == Timeout(total=5)
    assert session.with_options(timeout=Timeout(total=7))._options.timeout == Timeout(total=7)


def test_what_to_write_instead_of_a_number_is_said():
    """D1: a number of retries can mean two things, so none is guessed."""
    with pytest.raises(ConfigError, match=r"write Retry\(attempts=3\)"):
        Session(Shop(KEY), retry=3)
    with pytest.raises(ConfigError, match=r"Throttle\(concurrency=20\).*Throttle\(rate=20\)"):
        Session(Shop(KEY), throttle=20)
    with pytest.raises(ConfigError, match=r"write \[phone\] for a single one"):
        mocked().zalo.check_consents(oa_id=OA, phones=PHONE)  # D2


@pytest.mark.parametrize("value", [7, "7", " 7", "7\n", "\t7\r\n", "0007", Whole(7)])
def test_an_id_is_any_integral_type_or_its_digits(value):
    """D3: blanks around digits do not count."""
    assert CheckConsent(oa_id=value, phone=PHONE).oa_id == 7
    assert type(CheckConsent(oa_id=value, phone=PHONE).oa_id) is int


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (7.0, "a float has lost digits"),
        ("abc", "other characters"),
        ("", "is empty"),
        ("\n", "is empty"),
        (-7, "negative"),
        (0, "0 is no id"),
        (2**63, "at most 9223372036854775807"),
        ("99999999999999999999", "at most 9223372036854775807"),
        ("1.0E+18", "exponent"),
        ("１２３", "digits 0 to 9"),
        ("'123'", "quotes"),
        ("-5", "without a sign"),
        (None, "a variable that is not set"),
    ],
)
def test_the_sentence_about_an_id_fits_what_was_given(value, sentence):
    """D3: a text is no float that has lost digits."""
    with pytest.raises(InvalidId, match=sentence) as caught:
        CheckConsent(oa_id=value, phone=PHONE)
    assert ("float" in caught.value.message) == isinstance(value, float)


class Mine(Session):
    """A session of a user's."""

    label = "class"


@pytest.mark.parametrize("derive", [lambda it: it.with_options(timeout=5), lambda it: it.for_shop(SHOP_KEY)])
def test_a_subclass_of_session_survives_its_options(derive):
    """D14: with what it keeps in itself."""
    session = Mine(Partner(api_key=KEY), transport=MockTransport())
    session.label = "mine"
    derived = derive(session)
    assert type(derived) is Mine
    assert derived.label == "mine"
    assert derived.throttle is session.throttle
    assert type(derive(derived)) is Mine


def _driven(coroutine):
    try:
        coroutine.send(None)
    finally:
        coroutine.close()


@pytest.mark.parametrize(
    "start",
    [
        lambda: mocked().zalo.check_consent(oa_id=OA, phone=PHONE),
        lambda: mocked().call(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE)),
        lambda: mocked().invoke("Zalo/X"),
        lambda: Session(Shop(KEY)).zalo.check_consent(oa_id=OA, phone=PHONE),
        lambda: mocked().zalo.check_consents(oa_id=OA, phones=[PHONE]).__aenter__(),
        lambda: mocked().zalo.check_consents(oa_id=OA, phones=[PHONE]).collect(),
        lambda: ConsentJob(mocked(), source=Path("in.csv"), output=Path("out.csv"), oa_id=OA).run(),
        lambda: ConsentBatches(oa_id=OA, open_session=mocked)(_batch()),
        lambda: RedisRate("redis://h", rate=5, workers=1).acquire(),
        lambda: serve(World()).__aenter__(),
    ],
)
def test_without_a_loop_of_asyncio_one_error_says_what_is_needed(start):
    """D13: as under trio, whose loop is none of asyncio's."""
    with pytest.raises(ConfigError, match=r"needs one: call it under asyncio\.run\(\.\.\.\); a program on trio"):
        _driven(start())


async def _no_return(request, call_next):
    await call_next(request)


async def _no_await(request, call_next):
    return call_next(request)


async def _body(request, call_next):
    return (await call_next(request)).body


async def _a_pair(request, call_next):
    return await call_next(request), 1


def _no_async(request, call_next):
    call_next(request).close()


async def _nothing_passed(_, call_next):
    return await call_next(None)


async def _bytes_passed(request, call_next):
    return await call_next(request.body)


class Stamping:
    """A middleware that is an object."""

    async def __call__(self, request, call_next):
        await call_next(request)


@pytest.mark.parametrize(
    ("middleware", "name"),
    [
        *((each, each.__qualname__) for each in (_no_return, _no_await, _body, _a_pair, _no_async)),
        *((each, each.__qualname__) for each in (_nothing_passed, _bytes_passed)),
        (Stamping(), "of the class Stamping"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_middleware_that_is_wrong_is_named_with_what_it_has_to_return(middleware, name, is_first):
    """D16: most often it forgets `return`."""

    async def fine(request, call_next):
        return await call_next(request)

    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    chain = [middleware, fine] if is_first else [fine, middleware]
    async with Session(Shop(KEY), transport=mock, middlewares=chain) as session:
        with pytest.raises(
            ConfigError, match=rf"middleware {name} .*(has to return the Response|takes the Request)"
        ) as caught:
            await session.zalo.check_consent(oa_id=OA, phone=PHONE)
    assert caught.value.phase is Phase.UNKNOWN  # the request may have been carried out
    assert caught.value.attempts == 1


async def test_a_plain_function_that_hands_on_what_comes_next_is_a_middleware():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    async with Session(Shop(KEY), transport=mock, middlewares=[lambda request, go_on: go_on(request)]) as session:
        assert (await session.zalo.check_consent(oa_id=OA, phone=PHONE)).granted


OPTIONS = [
    ("check", PHONE, "--oa-id", "abc"),
    ("check", PHONE, "--oa-id", "1.5"),
    ("check", PHONE, "--oa-id", ""),
    ("check", PHONE, "--oa-id", "-7"),
    *(("check", PHONE, "--proxy", value) for value in ("host:3128", "socks5://h:1", "")),
    ("check", PHONE, "--ca", "missing.pem"),
    *(("bulk", "in.csv", "-o", "out.csv", "--proxy", value) for value in ("host:3128", "socks5://h:1", "")),
    ("bulk", "in.csv", "-o", "out.csv", "--ca", "missing.pem"),
    *(("bulk", "in.csv", "-o", "out.csv", "--oa-id", value) for value in ("abc", "0", "９", "1e18", "9" * 20)),
    *(("bulk", "in.csv", "-o", "out.csv", "--rate", value) for value in ("0", "-1", "nan", "inf", "many", "")),
    *(("bulk", "in.csv", "-o", "out.csv", "--concurrency", value) for value in ("0", "-1", "1.5", "many", "")),
    *(("bulk", "in.csv", "-o", "out.csv", "--workers", value) for value in ("0", "x")),
    *(("bulk", "in.csv", "-o", "out.csv", "--executor", value) for value in ("spark", "")),
    *(("bulk", "in.csv", "-o", "out.csv", "--transport", value) for value in ("curl", "")),
    *(("sandbox", "--port", value) for value in ("99999", "-1", "http", "1.5", "")),
    *(("sandbox", "--latency", value) for value in ("-1", "nan", "inf", "slow")),
    *(("sandbox", "--limit", value) for value in ("0", "-1", "nan", "inf", "x")),
    *(("sandbox", "--limit", "5", "--burst", value) for value in ("0", "0.5", "nan", "inf", "x")),
    *(("sandbox", "--limit", "5", "--refusal", value) for value in ("500", "")),
    ("sandbox", "--host", ""),
]


@pytest.mark.parametrize("arguments", OPTIONS, ids=" ".join)
def test_an_option_that_does_not_fit_is_named_and_ends_with_2(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(f"phone\n{PHONE}\n")
    code, out, err = invoke(*arguments, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=str(OA))
    assert code == 2
    assert arguments[-2] in err
    assert out == ""
    assert "Traceback" not in err
    assert not (tmp_path / "out.csv").exists()


def test_every_option_with_a_value_has_values_that_do_not_fit():
    free = {"--output", "--column", "--address", "--report"}  # any text can be one
    for command in etelecom.commands.values():
        for option in command.params:
            if option.param_type_name == "option" and not option.is_flag and option.opts[-1] not in free:
                given = [line for line in OPTIONS if line[0] == command.name and line[-2] == option.opts[-1]]
                assert given, f"{command.name} {option.opts}"


@pytest.mark.parametrize("value", ["abc", "'7'", "1.5", " "])
def test_an_oa_id_of_the_environment_is_named_by_its_variable(value):
    code, _, err = invoke("check", PHONE, ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=value)
    assert code == 2
    assert "ETELECOM_OA_ID" in err


def test_an_oa_id_of_the_environment_with_a_line_break_is_taken():
    """D3: the number is refused here, so nothing is sent."""
    code, out, _ = invoke("check", "abc", "--json", ETELECOM_API_KEY=KEY, ETELECOM_OA_ID=f"{OA}\n")
    assert "InvalidPhone" in out
    assert code != 0
