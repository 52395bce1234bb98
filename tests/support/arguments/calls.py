"""Arguments of the account, the session, its methods, their vocabulary and the errors."""

import inspect
from fractions import Fraction

import etelecom_async
from etelecom_async import (
    CHECK_CONSENT,
    ApiError,
    Blocking,
    CheckConsent,
    Consent,
    ConsentRequestFilter,
    ConsentState,
    Endpoint,
    EtelecomError,
    InvalidId,
    InvalidPhone,
    InvalidSignature,
    ListRequestConsent,
    Paging,
    Partner,
    RequestConsent,
    Retry,
    Safety,
    Secret,
    SendFailed,
    Session,
    Shop,
    Throttle,
    Timeout,
    phone,
)
from etelecom_async.account import from_env
from etelecom_async.api.zalo import Zalo
from etelecom_async.claims.base import MemoryClaims
from etelecom_async.ids import to_id
from etelecom_async.messages import explain
from etelecom_async.openapi import document
from etelecom_async.ratelimit.redis_rate import RedisRate
from tests.support import KEY, OA, PHONE, SHOP_KEY
from tests.support.arguments import values as v
from tests.support.arguments.values import Row

_SESSION = {
    "transport": v.TRANSPORTS,
    "timeout": v.TIMEOUTS,
    "retry": v.RETRIES,
    "throttle": v.THROTTLES,
    "middlewares": v.FUNCTIONS,
    "observer": v.OBSERVERS,
}
_TIMEOUT_FITS = [5, 0.5, Timeout(), None]
_SESSION_FITS = {
    "timeout": _TIMEOUT_FITS,
    "middlewares": [[], (v.nothing,), iter([v.nothing])],
    "transport": [None],
    "retry": [None],
    "observer": [None, v.Recorder()],
}
_API_ERROR = {
    "status": [1.5, True, "404", [], v.THING],
    "code": [5, b"x", [], v.THING],
    "meta": [5, "x", [], v.THING],
    "retry_after": ["1", True, [], v.THING],
}


_SEND_FAILED = {
    "record": [],  # of the class of any method's result
    "is_charged": v.without(v.FLAG, None),
    "error_code": [1.5, True, "-32", [], v.THING],
    "category": [None, 5, "quota", v.THING, Safety.READ],
    "meaning": v.TEXT,
    "hint": v.TEXT,
}


def _of_error(kind):
    bad = {"message": v.TEXT, "phase": [5, "unknown", v.THING, Safety.READ]}
    has_reason = kind in (InvalidPhone, InvalidSignature)
    reason = {"reason": [5, "too short", v.THING, Safety.READ]} if has_reason else {}
    failed = _SEND_FAILED if kind is SendFailed else {}
    return Row({**bad, **reason, **failed, **(_API_ERROR if issubclass(kind, ApiError) else {})})


def _errors():
    public = (getattr(etelecom_async, name) for name in etelecom_async.__all__)
    return [value for value in public if inspect.isclass(value) and issubclass(value, EtelecomError)]


_REQUEST = {"oa_id": v.ID, "phone": v.PHONES, "call_type": v.MEMBER, "reason_code": v.MEMBER}
_REQUEST_FITS = {"oa_id": OA, "phone": PHONE, "call_type": "audio", "reason_code": "update_order"}
_FILTER = {
    "oa_id": v.without(v.ID, None),
    "phone": v.without(v.PHONES, None),
    "call_type": v.without(v.MEMBER, None),
    "reason_code": v.without(v.MEMBER, None),
    "status": v.without(v.MEMBER, None),
    "reply_status": v.without(v.MEMBER, None),
    "is_charged": v.without(v.FLAG, None),
    "user_id": v.without(v.ID, None),
    "date_from": v.MOMENTS,
    "date_to": v.MOMENTS,
}
_PAGING = {
    "limit": [101, 1000, *v.WHOLE],
    "after": v.without(v.LINE, None),
    "before": v.without(v.LINE, None),
    "sort": v.without(v.LINE, None),
}

ROWS = {
    # The account
    Secret: Row({"text": [5, None, b"1:a", ["1:a"], v.THING]}, {"text": KEY}, fits={"text": ["", Secret(KEY)]}),
    Shop: Row(
        {"api_key": v.API_KEYS, "base_url": v.URLS, "allow_http": v.FLAG},
        {"api_key": KEY},
        fits={"api_key": [Secret(KEY)], "base_url": ["pbx.example.vn"]},
    ),
    Partner: Row(
        {
            "shop_key": v.without(v.SHOP_KEYS, None),
            "api_key": v.without(v.API_KEYS, None),
            "base_url": v.URLS,
            "allow_http": v.FLAG,
        },
        {"shop_key": SHOP_KEY, "api_key": KEY},
    ),
    Shop.key: Row({"role": v.ENUMS}, call=Shop(KEY).key),
    Partner.key: Row({"role": v.ENUMS}, call=Partner(api_key=KEY, shop_key=SHOP_KEY).key),
    Partner.for_shop: Row({"shop_key": v.SHOP_KEYS}, {"shop_key": SHOP_KEY}, call=Partner(api_key=KEY).for_shop),
    from_env: Row({"base_url": v.without(v.URLS, None)}),
    # What is called, and how long and often
    Timeout: Row(
        dict.fromkeys(("attempt", "total", "queue"), v.NUMBER), fits={"total": [None, 1, 0.1, Fraction(1, 2)]}
    ),
    Timeout.within: Row({"seconds": v.NUMBER}, {"seconds": 5}, call=Timeout().within, fits={"seconds": [None]}),
    Retry: Row(
        {"attempts": v.WHOLE, "base": v.LEAST_ZERO, "cap": v.LEAST_ZERO, "random": v.FUNCTION},
        fits={"attempts": [1, v.Whole(3)], "base": [0]},
    ),
    Throttle: Row(
        {
            "concurrency": v.WHOLE,
            "rate": v.NUMBER,
            "burst": [0.5, *v.NUMBER],
            "adaptive": v.FLAG,
            "longest_pause": v.NUMBER,
            "shared": [0, "redis", [], v.THING, v.nothing, RedisRate],
            "random": v.FUNCTION,
        },
        {"rate": 5},
        fits={"concurrency": [1, v.Whole(3)], "rate": [0.1, Fraction(1, 3)], "burst": [1, None]},
    ),
    Endpoint: Row(
        {
            "name": v.NAMES,
            "payload": [None, 5, "CheckConsent", v.THING],
            "result": [None, 5, "Consent", v.THING],
            "safety": [None, *v.ENUMS],
            "role": [None, *v.ENUMS],
            "refusal": [5, "f", [], v.THING],
            "look": v.without(v.LINE, None),
            "partner_only": v.FLAG,
            "attempt_time": v.without(v.NUMBER, None),
            "encoding": [None, *v.ENUMS, "application/json"],
        },
        {"name": "Zalo/X", "payload": object, "result": object},
        fits={"result": [dict[str, int], dict]},
    ),
    # The session
    Session: Row(
        {"account": [None, KEY, Secret(KEY), 5, {}, v.THING, Shop], **_SESSION},
        {"account": Shop(KEY)},
        fits=_SESSION_FITS,
    ),
    Session.from_env: Row(_SESSION, fits=_SESSION_FITS),
    Session.with_options: Row(
        {
            "timeout": v.TIMEOUTS,
            "retry": v.RETRIES,
            "middlewares": v.without(v.FUNCTIONS, None),
            "observer": v.OBSERVERS,
            "background": v.without(v.FLAG, None),
        },
        call=lambda **given: v.mocked().with_options(**given),
        fits={"timeout": _TIMEOUT_FITS, "observer": [None, v.Recorder()]},
    ),
    Session.for_shop: Row(
        {"shop_key": v.SHOP_KEYS},
        {"shop_key": SHOP_KEY},
        call=lambda **given: v.mocked(Partner(api_key=KEY)).for_shop(**given),
    ),
    Session.give_up: Row(
        {"tasks": v.TASKS},
        {"tasks": []},
        call=lambda tasks: v.mocked().give_up(tasks) or "done",
        fits={"tasks": [set(), ()]},
    ),
    Session.call: Row(
        {"endpoint": v.ENDPOINTS, "payload": v.PAYLOADS},
        {"endpoint": CHECK_CONSENT, "payload": CheckConsent(oa_id=OA, phone=PHONE)},
        call=lambda endpoint, payload: v.mocked().call(endpoint, payload),
    ),
    Session.call_raw: Row(
        {"endpoint": v.ENDPOINTS, "payload": v.PAYLOADS},
        call=lambda endpoint=CHECK_CONSENT, payload=None: v.mocked().call_raw(endpoint, payload),
    ),
    Session.invoke: Row(
        {
            "name": v.NAMES,
            "payload": [
                5,
                "{}",
                [],
                b"{}",
                v.THING,
                {"a": b"1"},
                {"a": {1, 2}},
                {"a": v.NAN},
                {(1,): 2},
                {"a": v.THING},
            ],
            "safety": v.ENUMS,
            "role": v.ENUMS,
        },
        call=lambda name="Zalo/X", **given: v.mocked().invoke(name, **given),
    ),
    Zalo.check_consent: Row(
        {"oa_id": v.ID, "phone": v.PHONES},
        call=lambda oa_id=OA, phone=PHONE: v.mocked().zalo.check_consent(oa_id=oa_id, phone=phone),
    ),
    Zalo.check_consents: Row(
        {
            "oa_id": v.ID,
            "phones": v.ITEMS,
            "concurrency": v.WHOLE,
            "ordered": v.FLAG,
            "total": v.COUNT,
            "give_up_after": [None, *v.NUMBER],
        },
        {"oa_id": OA, "phones": [PHONE]},
        call=lambda **given: v.mocked().zalo.check_consents(**given),
        fits={"total": [None, 0], "concurrency": [v.Whole(3)], "phones": [iter([]), (), {PHONE}]},
    ),
    Zalo.request_consent: Row(
        _REQUEST,
        call=lambda **given: v.mocked().zalo.request_consent(**{**_REQUEST_FITS, **given}),
    ),
    Zalo.ensure_consent: Row(
        {
            **_REQUEST,
            "may_request": v.FLAG,
            "wait": v.without(v.LEAST_ZERO, None),
            "poll": v.NUMBER,
            "settle": v.NUMBER,
            "claims": [5, "claims.db", [], v.THING, MemoryClaims],
            "waiter": [5, "x", [], v.THING],
        },
        call=lambda **given: v.mocked().zalo.ensure_consent(**{**_REQUEST_FITS, **given}),
    ),
    RequestConsent: Row(_REQUEST, _REQUEST_FITS, fits={"call_type": ["audio", "new"], "reason_code": ["7"]}),
    Zalo.list_request_consent: Row(
        {**_FILTER, **_PAGING},
        {"oa_id": OA},
        call=lambda **given: v.mocked().zalo.list_request_consent(**given),
        fits={"limit": [1, 100, v.Whole(3)], "phone": ["0987654321", "84987654321"], "date_from": [v.NOW]},
    ),
    ConsentRequestFilter: Row(_FILTER, {"oa_id": OA}, fits={"oa_id": [None, "7"], "is_charged": [True, False, None]}),
    Paging: Row(_PAGING, fits={"after": [None, "."], "sort": ["-created_at"]}),
    ListRequestConsent: Row(
        {"filter": [None, 5, {}, v.THING, ConsentRequestFilter], "paging": [None, 5, {}, v.THING, Paging]}
    ),
    CheckConsent: Row(
        {"oa_id": v.ID, "phone": v.PHONES},
        {"oa_id": OA, "phone": PHONE},
        fits={"oa_id": [1, 2**63 - 1, "7", " 7\n", "007", v.Whole(7)]},
    ),
    # `True == 1` and `0.0 == 0` in Python, and 0 is a permission (D15).
    Consent: Row(
        {"error": [True, False, 0.0, "0", b"0", [], v.THING], "message": v.TEXT, "expired_time": v.MOMENTS},
        fits={"error": [None, 0, -32], "expired_time": [None, v.NOW]},
    ),
    Consent.of: Row(
        {"state": [None, 0, 3, "granted", v.THING, Safety.READ, ConsentState], "expires": v.MOMENTS, "message": v.TEXT},
        {"state": ConsentState.GRANTED},
        named={"state": r"ConsentState\.REFUSED", "expires": r"expires|Consent\.expired_time"},
    ),
    Consent.granted_at: Row({"moment": [None, *v.MOMENTS]}, call=Consent(error=0).granted_at),
    Consent.state_at: Row({"moment": [None, *v.MOMENTS]}, call=Consent(error=0).state_at),
    document: Row(
        {"base_url": [it for it in v.URLS if it != "http://pbx.example.vn"]}, fits={"base_url": ["pbx.example.vn"]}
    ),
    # Vocabulary
    phone.normalize: Row({"phone": v.PHONES}, {"phone": PHONE}),
    phone.national: Row({"phone": v.PHONES}, {"phone": PHONE}),
    phone.strict: Row({"phone": v.PHONES}, {"phone": PHONE}),
    to_id: Row({"value": v.ID}, {"value": 7}, call=lambda value: to_id(value, name="value"), error=InvalidId),
    # For people
    explain: Row(
        {"error": [None, 5, "x", ValueError("x"), v.THING, SendFailed], "lang": v.TEXT},
        {"error": SendFailed()},
        fits={"error": [InvalidPhone(), EtelecomError("x")], "lang": ["en", "vi", "fr", ""]},
    ),
    # Threads
    Blocking: Row(
        {"session": [None, 5, KEY, Shop(KEY), v.THING, Session]},
        {"session": v.mocked()},
        call=lambda session: Blocking(session),
    ),
    Blocking.run: Row(
        {"coroutine": v.COROUTINES, "timeout": v.NUMBER},
        call=lambda coroutine=v.DEFAULT, **given: Blocking(v.mocked()).run(
            v.mocked().zalo.check_consent(oa_id=OA, phone=PHONE) if coroutine is v.DEFAULT else coroutine, **given
        ),
        named={"coroutine": r"coroutine is one such as session\.zalo\.check_consent"},
    ),
    **{error: _of_error(error) for error in _errors()},
}
