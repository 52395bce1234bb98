"""Arguments of what reads events."""

from etelecom_async import Secret, Shop
from etelecom_async.webhooks import ConsentWaiter, Seen, UserReplyConsent, parse, verify
from tests.support import KEY, PHONE
from tests.support.arguments import values as v
from tests.support.arguments.values import Row
from tests.support.events import APP, MOMENT, SECRET, signed

_EVENT = UserReplyConsent(phone=PHONE)
_BODY = b'{"event_name": "follow", "timestamp": "1790000000000"}'
_NO_BODY = [None, 5, "{}", bytearray(b"{}"), memoryview(b"{}"), {}, [], v.THING]
_NO_HEADERS = [None, 5, "a: b", [], [("a", "b")], {"a": 1}, {1: "a"}, {b"a": b"b"}, {"a": ["b"]}, v.THING]


class _AsyncKeys:
    async def __contains__(self, key):
        return False

    async def add(self, key): ...


class _AsyncAdd(set):
    async def add(self, key): ...


async def _later():
    yield _EVENT


ROWS = {
    parse: Row(
        {"body": _NO_BODY, "headers": _NO_HEADERS},
        {"body": _BODY, "headers": {}},
        call=lambda **given: parse(**given),
    ),
    verify: Row(
        {
            "body": _NO_BODY,
            "headers": _NO_HEADERS,
            "app_id": v.ID,
            "secret": [*v.NO_KEYS, None],
            "max_age": v.NUMBER,
            "now": [*v.FUNCTION, *(lambda moment=moment: moment for moment in v.MOMENTS)],
        },
        {"body": _BODY, "headers": signed(_BODY), "app_id": APP, "secret": SECRET, "now": lambda: MOMENT},
        call=lambda **given: verify(**given) or "verified",
        fits={"app_id": [int(APP), f" {APP}"], "secret": [Secret(SECRET)], "max_age": [0.5, 10**9]},
    ),
    Seen: Row(
        {"size": v.WHOLE, "store": [5, "x", [], {}, set, v.THING, _AsyncKeys(), _AsyncAdd()]},
        fits={"store": [None, set()]},
    ),
    Seen.new: Row(
        {"events": [*v.ITEMS, _EVENT, _later(), [1], [None], [{}], [_BODY], [_EVENT, "x"]]},
        {"events": [_EVENT]},
        call=lambda **given: list(Seen().new(**given)),
    ),
    ConsentWaiter: Row(
        {"session": [None, 5, KEY, Shop(KEY), v.THING, type(v.mocked())]},
        {"session": v.mocked()},
        call=lambda session: ConsentWaiter(session),
    ),
    ConsentWaiter.feed: Row(
        {"event": [None, 5, PHONE, {}, b"{}", (_EVENT,), UserReplyConsent, v.THING]},
        {"event": _EVENT},
        call=lambda event: ConsentWaiter(v.mocked()).feed(event) or "taken",
    ),
    ConsentWaiter.wait: Row(
        {"phone": v.PHONES, "seconds": v.LEAST_ZERO},
        call=lambda phone=PHONE, seconds=5: ConsentWaiter(v.mocked()).wait(phone, seconds),
    ),
}
