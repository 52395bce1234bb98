"""What is sent is what the request says now, though transports keep what they made of the headers of a session."""

import contextlib
import pickle
from types import MappingProxyType

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from etelecom_async import CHECK_CONSENT, Session, Shop, Timeout
from etelecom_async.testing import Answer, Peer
from etelecom_async.transport import Request
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.headers import HEADERS, AnswerHeaders, ConstantHeaders, Prepared
from etelecom_async.transport.httpx import HttpxTransport
from tests.support import KEY, ask

OK = Answer(200, b'{"error":0,"message":"Success","expired_time":null}')
ANOTHER_KEY = "9876543210987654321:another-key"
URL_OF_CALL = URL("https://pbx.example.vn/v1/shop.Zalo/CheckConsent")


@pytest.mark.parametrize("transport", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
async def test_a_changing_dict_behind_one_view_is_sent_as_it_is_at_each_call(transport):
    trace = {}
    view = MappingProxyType(trace)

    async def stamp(request, call_next):
        trace.update(request.headers, **{"X-Trace": str(len(peer.received))})
        return await call_next(request.with_headers(view))

    peer = Peer(OK)
    async with peer.serve() as origin, contextlib.aclosing(transport()) as carrier:
        session = Session(Shop(KEY, base_url=origin), transport=carrier, middlewares=[stamp])
        for _ in range(3):
            await ask(session)
    assert [received.headers["x-trace"] for received in peer.received] == ["0", "1", "2"]


@pytest.mark.parametrize("transport", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
async def test_sessions_over_one_transport_send_each_its_own_key(transport):
    peer = Peer(OK)
    async with peer.serve() as origin, contextlib.aclosing(transport()) as carrier:
        sessions = [Session(Shop(key, base_url=origin), transport=carrier) for key in (KEY, ANOTHER_KEY)]
        for session in sessions * 2:
            await ask(session)
    keys = [received.headers["authorization"].removeprefix("Bearer ") for received in peer.received]
    assert keys == [KEY, ANOTHER_KEY] * 2


@pytest.mark.parametrize("transport", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
@pytest.mark.parametrize(
    ("changed", "name", "sent"),
    [
        ({"User-Agent": "theirs/1"}, "user-agent", "theirs/1"),
        ({"accept": "text/plain"}, "accept", "text/plain"),
        ({"X-Trace": "7"}, "user-agent", HEADERS["User-Agent"]),
    ],
)
async def test_a_header_that_a_middleware_changes_is_sent_changed_and_the_others_as_they_were(
    transport, changed, name, sent
):
    async def change(request, call_next):
        names = {one.lower() for one in changed}
        kept = {one: value for one, value in request.headers.items() if one.lower() not in names}
        return await call_next(request.with_headers({**kept, **changed}))

    peer = Peer(OK)
    async with peer.serve() as origin, contextlib.aclosing(transport()) as carrier:
        await ask(Session(Shop(KEY, base_url=origin), transport=carrier, middlewares=[change]))
    assert peer.received[0].headers[name] == sent
    assert peer.received[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("transport", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
async def test_headers_that_a_middleware_takes_off_are_not_sent(transport):
    async def strip(request, call_next):
        return await call_next(request.with_headers({"Content-Type": "application/json"}))

    peer = Peer(OK)
    async with peer.serve() as origin, contextlib.aclosing(transport()) as carrier:
        await ask(Session(Shop(KEY, base_url=origin), transport=carrier, middlewares=[strip]))
    sent = peer.received[0].headers
    assert HEADERS["User-Agent"] not in sent.values()
    assert sent["authorization"] == f"Bearer {KEY}"


def test_the_headers_of_an_answer_have_names_in_lower_case_and_of_a_repeated_one_the_last():
    headers = AnswerHeaders(
        CIMultiDictProxy(CIMultiDict([("X-Limit", "Ten"), ("Retry-After", "7"), ("x-limit", "Two")]))
    )
    assert "Ten" in headers.values()
    assert (headers["x-limit"], headers.get("retry-after"), headers.get("X-Limit")) == ("Two", "7", None)
    assert {**headers} == {"x-limit": "Two", "retry-after": "7"} == pickle.loads(pickle.dumps(headers))


def prepared():
    """A cache, how requests are asked of it, and what it had to make."""
    made = []

    def prepare(url, headers):
        made.append(headers)
        return url, dict(headers)

    cache = Prepared(prepare)
    return lambda headers, url=URL_OF_CALL: cache.of(Request(CHECK_CONSENT, url, headers, b"{}", Timeout())), made


def test_constant_headers_are_prepared_once_per_url():
    form_of, made = prepared()
    assert form_of(HEADERS) is form_of(HEADERS)
    assert form_of(HEADERS, URL_OF_CALL.with_host("pbx.example.com")) is not form_of(HEADERS)
    assert made == [HEADERS, HEADERS]


@pytest.mark.parametrize("kind", [dict, MappingProxyType])
def test_headers_that_can_change_are_prepared_every_time(kind):
    form_of, made = prepared()
    headers = kind(dict(HEADERS))
    assert form_of(headers) == form_of(headers)
    assert len(made) == 2


def test_of_very_many_constant_headers_those_made_lately_are_kept():
    form_of, made = prepared()
    many = [ConstantHeaders({"X-Shop": str(at)}) for at in range(1000)]
    forms = [form_of(headers) for headers in many]
    assert [dict(form[1]) for form in forms] == [dict(headers) for headers in many]
    assert form_of(many[-1]) is forms[-1]
    assert len(made) == 1000
    assert form_of(many[0]) == forms[0]
    assert len(made) == 1001


def test_constant_headers_are_a_copy_that_cannot_be_changed():
    given = {"X-A": "1"}
    headers = ConstantHeaders(given)
    given["X-A"] = "2"
    assert dict(headers) == {"X-A": "1"}
    assert len(headers) == 1
    with pytest.raises(TypeError):
        headers["X-A"] = "3"
