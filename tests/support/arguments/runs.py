"""Arguments of runs in bulk, jobs, workers, transports, rates, the sandbox and the tools for tests."""

import io
import json
from pathlib import Path

import aiohttp
import redis
from prometheus_client import CollectorRegistry

import etelecom_async
from etelecom_async import CHECK_CONSENT, CheckConsent, ConfigError, Consent, EtelecomError, Session, Shop
from etelecom_async.bulk import Bulk
from etelecom_async.claims.file import FileClaims
from etelecom_async.claims.redis import RedisClaims
from etelecom_async.contrib.opentelemetry import OpenTelemetry
from etelecom_async.contrib.prometheus import Prometheus
from etelecom_async.jobs import ConsentJob
from etelecom_async.ratelimit.redis_rate import RedisRate
from etelecom_async.sandbox import (
    SANDBOX_API_KEY,
    Customer,
    FixedWindow,
    Reply,
    SandboxRequest,
    SandboxTransport,
    TokenBucket,
    World,
    sample,
    serve,
)
from etelecom_async.tables.reading import Reading
from etelecom_async.testing import Answer, MockRoute, MockTransport, Peer, VirtualTimeLoop, run_virtually
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.available import best_transport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from etelecom_async.workers.batches import ConsentBatches
from etelecom_async.workers.ray_workers import RayWorkers
from etelecom_async.workers.worker import WorkerSetup
from tests.support import KEY, OA, PHONE
from tests.support.arguments import values as v
from tests.support.arguments.values import Row


def make_batch():
    import pyarrow as pa

    return pa.table({"phone": [PHONE]})


def _route():
    return MockTransport().on(CHECK_CONSENT)


def _asked_world():
    """In which a request waits for the customer."""
    world = World(customers={})
    asked = {"oa_id": str(OA), "phone": PHONE, "call_type": "audio", "reason_code": "update_order"}
    headers = {"content-type": "application/json", "authorization": f"Bearer {SANDBOX_API_KEY}"}
    path = "/v1/shop.Zalo/RequestConsent"
    world.handle(SandboxRequest(method="POST", path=path, headers=headers, body=json.dumps(asked).encode()))
    return world


_CUSTOMER = Customer(phone=PHONE)
_PAUSES = [None, 5, "1", [-1], ["1"], [v.NAN], [None], v.THING]
_NO_PROXY = ["", "host:3128", "socks5://h:1", "http://", 5, b"http://h:1", [], v.THING]
_NO_REDIS = [None, 5, b"redis://h", "", [], v.THING, "h:6379", "http://h", "redis://h:port", "redis://h/?db=many"]
_NO_REDIS += ["redis://h/?tiemout=3", redis.Redis(), redis.ConnectionPool(), redis.asyncio.ConnectionPool()]
_NO_REDIS += [redis.asyncio.RedisCluster(host="127.0.0.1", port=1), redis.asyncio.Redis]
"""D10: what is no URL of one Redis and no async client of one: sync clients, clusters and pools too."""

ROWS = {
    # Bulk
    Bulk: Row(
        {
            "call": v.FUNCTION,
            "items": v.ITEMS,
            "done": v.FUNCTION,
            "failed": v.FUNCTION,
            "concurrency": v.WHOLE,
            "ordered": v.FLAG,
            "witness": v.without(v.FUNCTION, None),
            "key": v.without(v.FUNCTION, None),
            "give_up": v.without(v.FUNCTION, None),
            "service": v.SERVICES,
            "give_up_after": [None, *v.NUMBER],
            "repeat": v.without(v.FUNCTION, None),
            "total": v.COUNT,
            "clock": v.FUNCTION,
        },
        {"call": v.nothing, "items": [1], "done": v.nothing, "failed": v.nothing},
    ),
    Bulk.of: Row(
        {
            "call": v.FUNCTION,
            "items": v.ITEMS,
            "concurrency": v.WHOLE,
            "ordered": v.FLAG,
            "service": v.SERVICES,
            "give_up_after": [None, *v.NUMBER],
        },
        {"call": v.nothing, "items": [1]},
        fits={"service": [None, v.mocked().throttle]},
    ),
    ConsentBatches: Row(
        {
            "oa_id": v.ID,
            "column": v.LINE,
            "open_session": v.FUNCTION,
            "give_up_after": [None, *v.NUMBER],
            "now": v.FUNCTION,
        },
        {"oa_id": OA},
    ),
    ConsentBatches.__call__: Row(
        {"batch": [None, 5, [], {"phone": ["1"]}, "phone", v.THING], "first_row": v.COUNT},
        call=lambda batch=v.DEFAULT, first_row=1: ConsentBatches(oa_id=OA)(
            make_batch() if batch is v.DEFAULT else batch, first_row=first_row
        ),
    ),
    ConsentJob: Row(
        {
            "session": [None, KEY, Shop(KEY), v.THING, Session],
            "source": v.PATHS,
            "output": v.PATHS,
            "oa_id": v.ID,
            "column": v.without(v.LINE, None),
            "reading": [5, "utf-8", {}, v.THING, Reading],
            "excel": v.FLAG,
            "resume": v.FLAG,
            "retry_failed": v.FLAG,
            "concurrency": v.WHOLE,
            "executor": [5, "ray", [], v.THING, RayWorkers],
            "give_up_after": [None, *v.NUMBER],
            "max_failures": [-1, 1.5, v.NAN, True, "", "x", "-1", "5 percent", "101%", "%", [], v.THING],
            "clock": v.FUNCTION,
            "now": v.FUNCTION,
        },
        {"session": v.mocked(), "source": Path("in.csv"), "output": Path("out.csv"), "oa_id": OA},
        fits={"source": [io.BytesIO()], "give_up_after": [0.5], "max_failures": [None, 0, 10, "10", "5%", " 0.5 % "]},
    ),
    WorkerSetup: Row(
        {"oa_id": v.ID, "concurrency": v.WHOLE, "workers": v.WHOLE, "rate": v.NUMBER, "is_shared": v.FLAG},
        {"oa_id": OA, "concurrency": 1},
        fits={"rate": [None]},
    ),
    RayWorkers: Row(
        {
            "setup": [None, 5, {}, v.THING],
            "account": [None, KEY, v.THING],
            "address": v.without(v.LINE, None),
            "join": v.FUNCTION,
        },
        {"setup": WorkerSetup(oa_id=OA, concurrency=1), "account": Shop(KEY)},
    ),
    # Transports and rates
    AiohttpTransport: Row(
        {
            "session": [5, "x", v.THING, aiohttp.ClientSession],
            "pool_size": v.WHOLE,
            "ssl_context": v.CONTEXTS,
            "proxy": _NO_PROXY,
            "trust_env": v.without(v.FLAG, None),
            "max_body": v.WHOLE,
            "connect_timeout": v.NUMBER,
        },
        fits={"pool_size": [None, v.Whole(3)]},
    ),
    HttptoolsTransport: Row(
        {
            "pool_size": v.WHOLE,
            "ssl_context": v.CONTEXTS,
            "trust_env": v.FLAG,
            "max_body": v.WHOLE,
            "connect_timeout": v.NUMBER,
        }
    ),
    HttpxTransport: Row(
        {
            "ssl_context": v.CONTEXTS,
            "proxy": _NO_PROXY,
            "trust_env": v.FLAG,
            "max_body": v.WHOLE,
            "connect_timeout": v.NUMBER,
        }
    ),
    best_transport: Row(
        {"url": [None, "https://api.etelecom.vn", 5, v.THING], "ssl_context": v.CONTEXTS}, {"url": Shop(KEY).base_url}
    ),
    RedisRate: Row(
        {
            "redis": _NO_REDIS,
            "rate": v.NUMBER,
            "workers": v.WHOLE,
            "burst": [0.5, *v.NUMBER],
            "name": v.LINE,
            "lease": v.NUMBER,
            "timeout": v.NUMBER,
            "longest_pause": v.NUMBER,
        },
        call=lambda redis="redis://h", **given: RedisRate(redis, **{"rate": 5, "workers": 1, **given}),
        named={"redis": r"RedisRate\.redis"},
    ),
    RedisClaims: Row(
        {"redis": _NO_REDIS, "name": v.LINE, "timeout": v.NUMBER},
        call=lambda redis="redis://h", **given: RedisClaims(redis, **given),
        named={"redis": r"RedisClaims\.redis"},
    ),
    FileClaims: Row(
        {"path": [None, 5, b"claims.db", "", io.StringIO("claims.db"), [], v.THING, Path]},
        call=lambda path="claims.db": FileClaims(path),
    ),
    RedisRate.pause: Row(
        {"seconds": v.NUMBER}, call=lambda **given: RedisRate("redis://h", rate=5, workers=1).pause(**given)
    ),
    # What observes
    OpenTelemetry: Row(
        {"tracer_provider": [5, "x", {}, v.THING], "meter_provider": [5, "x", {}, v.THING, OpenTelemetry]}
    ),
    Prometheus: Row(
        {"registry": [5, "x", {}, v.THING, CollectorRegistry]},
        call=lambda **given: Prometheus(**{"registry": CollectorRegistry(), **given}),
    ),
    # The sandbox
    World: Row(
        {
            "customers": [5, [], "x", v.THING, {PHONE: 5}, {PHONE: _CUSTOMER}, {"84987654322": _CUSTOMER}],
            "oa_id": [-1, 2**63, 1.0, True, None, "7", [], v.THING],
            "api_key": v.SECRETS,
            "shop_key": v.SECRETS,
            "partner_key": v.SECRETS,
            "limit": [5, "429", [], v.THING, TokenBucket],
            "request_delay": [-1, "1", v.NAN, None, [], v.THING, True],
            "lists_wire_phones": v.FLAG,
            "zns_quota": [-1, 1.0, True, None, "7", [], v.THING],
            "message_quota": [-1, 1.0, True, None, "7", [], v.THING],
            "balance": [-1, 1.0, True, "7", [], v.THING],
            "legacy_errors": v.FLAG,
            "seed": [1.5, True, "84", None, [], v.THING],
            "clock": v.FUNCTION,
        },
        fits={
            "request_delay": [0, 60, lambda: 1.0],
            "customers": [{}, {"84987654321": _CUSTOMER}],
            "oa_id": [0, 7],
            "balance": [None, 0],
            "zns_quota": [0],
        },
        error=ConfigError,
    ),
    World.reply: Row(
        {"phone": v.PHONES, "reply": [None, 5, "yes", "ALLOW", [], v.THING, Reply]},
        call=lambda phone=PHONE, reply="allow": _asked_world().reply(phone, reply),
    ),
    World.call: Row(
        {
            "phone": v.PHONES,
            "extension_number": ["", "1 1", 0, -1, 1.5, True, b"101", [], v.THING],
            "direction": ["ext", "up", "", None, 5, [], v.THING],
            "duration": [-1, 1.5, True, "5", None, [], v.THING],
            "shop_id": [0, -1, 1.5, True, "", "x", [], v.THING],
        },
        {"phone": PHONE},
        call=lambda **given: World(customers={}).call(**given),
        fits={"extension_number": ["0103", 101, None], "direction": ["in", "out"], "duration": [0], "shop_id": [None]},
    ),
    World.confirm_shop: Row(
        {"token": [*v.SECRETS, "request:none"]}, call=lambda token="": World(customers={}).confirm_shop(token)
    ),
    Customer: Row(
        {
            "phone": v.PHONES,
            "error": [1.0, True, None, "3", [], v.THING, 2**64],
            "message": v.TEXT,
            "expires": v.MOMENTS,
            "reply": [0, "yes", "ALLOW", [], v.THING, Reply],
            "reply_after": v.LEAST_ZERO,
            "request_error": [1.0, True, None, "3", [], v.THING, 2**64],
            "zns_error": [1.0, True, None, "3", [], v.THING, 2**64],
            "oa_error": [1.0, True, None, "3", [], v.THING, 2**64],
            "delivery_after": [it for it in v.LEAST_ZERO if it is not None],
        },
        {"phone": PHONE},
        fits={"expires": [None, v.NOW], "delivery_after": [None, 0, 60]},
    ),
    TokenBucket: Row({"rate": v.NUMBER, "burst": [0.5, *v.NUMBER], "refusal": [None, "429", 5, v.THING]}, {"rate": 5}),
    FixedWindow: Row(
        {"count": v.WHOLE, "seconds": v.NUMBER, "refusal": [None, "429", 5, v.THING]}, {"count": 5, "seconds": 1}
    ),
    SandboxTransport: Row({"world": [None, 5, "x", v.THING, World], "latency": v.LEAST_ZERO}, {"world": World()}),
    sample: Row({"seed": [1.5, True, "84", None, [], v.THING], "now": v.MOMENTS}),
    serve: Row(
        {
            "world": [None, 5, v.THING, World],
            "host": v.LINE,
            "port": [-1, 65536, 1.5, True, "80", None, v.THING],
            "latency": v.LEAST_ZERO,
            "webhook_url": ["", "127.0.0.1", "ftp://h/x", "http://", 5, b"http://h", [], v.THING],
            "webhook_retries": _PAUSES,
            "change_delay": v.LEAST_ZERO,
            "change_retries": _PAUSES,
        },
        {"world": World()},
        fits={
            "webhook_url": [None, "http://127.0.0.1:1/hook"],
            "webhook_retries": [[], (0, 0.5)],
            "change_retries": [[]],
        },
    ),
    Reading: Row(
        {
            "encoding": ["klingon", "", 5, b"utf-8", v.THING],
            "header": [0, 1, "yes", [], v.THING],
            "skip_rows": [-1, 1.5, True, "1", [], v.THING],
            "delimiter": ["", "ab", "é", 5, b";", v.THING],
            "sheet": ["", 5, b"x", [], v.THING],
        },
        fits={"encoding": ["utf-8", None], "skip_rows": [0], "delimiter": [";", "tab"]},
    ),
    # Testing
    VirtualTimeLoop: Row({"start": v.MOMENTS}, call=VirtualTimeLoop),  # and none that fits: it would have to be closed
    run_virtually: Row(
        {"coroutine": v.COROUTINES, "start": v.MOMENTS},
        call=lambda coroutine=v.DEFAULT, **given: run_virtually(
            v.mocked().aclose() if coroutine is v.DEFAULT else coroutine, **given
        ),
    ),
    MockTransport: Row({"max_body": [None, *v.WHOLE]}),
    MockTransport.on: Row(
        {"endpoint": [*v.without(v.NAMES, KEY), CheckConsent, Consent(), v.THING], "where": [5, "x", [], v.THING]},
        {"endpoint": CHECK_CONSENT},
        call=lambda endpoint=CHECK_CONSENT, **given: MockTransport().on(endpoint, **given),
        fits={"endpoint": ["Zalo/X"], "where": [v.nothing, None]},
    ),
    MockRoute.reply: Row(
        {"value": [None, 0, {}, "granted", v.THING, Consent, ConfigError()]},
        {"value": Consent(error=0)},
        call=lambda **given: _route().reply(**given),
        named={"value": r"reply\(\)"},
    ),
    MockRoute.fail: Row(
        {"error": [None, 5, "x", TimeoutError(), EtelecomError, v.THING, Consent()]},
        {"error": etelecom_async.RateLimited()},
        call=lambda **given: _route().fail(**given),
        named={"error": r"fail\(\)|of the session's own"},
    ),
    MockRoute.answer: Row(
        {"function": v.FUNCTION}, {"function": v.nothing}, call=lambda **given: _route().answer(**given)
    ),
    MockRoute.respond: Row(
        {"function": v.FUNCTION}, {"function": v.nothing}, call=lambda **given: _route().respond(**given)
    ),
    Answer: Row(
        {
            "status": [0, 99, 600, 200.0, True, "200", None, v.THING],
            "body": ["{}", None, 5, bytearray(b"{}"), v.THING],
            "headers": [None, 5, [], {"a": 1}, {1: "a"}, v.THING],
        }
    ),
    Peer: Row({"acts": [None, 5, "silence", Answer, v.THING]}, {"acts": Answer()}, call=lambda acts: Peer(acts)),
}
