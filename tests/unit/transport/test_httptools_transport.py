"""The fast transport's options and words, and how it takes an answer apart. What it makes of faults: `tests/faults`."""

import asyncio
import contextlib
import itertools
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from etelecom_async import AttemptTimeout, ConfigError, Phase, Retry, Session, Shop, Throttle, Timeout
from etelecom_async.errors import TransportError
from etelecom_async.testing import Answer, Peer, Silence
from etelecom_async.transport.deadlines import Deadlines
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.fast.head import Head, Origin
from etelecom_async.transport.fast.http1 import Connection
from tests.faults.server import FaultServer, http
from tests.faults.steps import Lost
from tests.support import CANARY, KEY, ask, everything_shown, settled

BODY = b'{"error":0,"message":"Success","expired_time":null}'
OK = Answer(200, BODY)


def session_over(origin, transport, **options):
    options.setdefault("retry", Retry(attempts=1))
    options.setdefault("timeout", Timeout(attempt=20))
    return Session(Shop(KEY, base_url=origin), transport=transport, **options)


async def check(origin, transport=None, **options):
    async with contextlib.aclosing(transport or HttptoolsTransport()) as carrier:
        return await ask(session_over(origin, carrier, **options))


def test_without_its_library_it_says_which_extra_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "etelecom_async.transport.fast.pool", None)
    with pytest.raises(ConfigError, match=r"pip install 'etelecom-async\[fast\]'"):
        HttptoolsTransport()


async def test_a_request_is_these_lines_and_no_others():
    heard = asyncio.get_running_loop().create_future()

    async def converse(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        heard.set_result((head.decode(), await reader.readexactly(53)))
        writer.write(http(BODY))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        # By name, of which one address has nobody listening where there is IPv6.
        assert (await check(f"http://localhost:{port}")).granted
    head, body = await heard
    *lines, agent, key, length, _, _ = head.split("\r\n")
    assert body == b'{"oa_id":"1000000000000000003","phone":"84987654321"}'
    assert lines == [
        "POST /v1/shop.Zalo/CheckConsent HTTP/1.1",
        f"Host: localhost:{port}",
        "Content-Type: application/json",
        "Accept: application/json",
        "Accept-Encoding: identity",
    ]
    assert agent.startswith("User-Agent: etelecom-async/")
    assert (key, length) == (f"Authorization: Bearer {KEY}", "Content-Length: 53")


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://api.example/x", "api.example", Origin("api.example", 443, is_tls=True)),
        ("https://api.example:8443/x", "api.example:8443", Origin("api.example", 8443, is_tls=True)),
        ("http://[::1]:8080/x", "[::1]:8080", Origin("::1", 8080, is_tls=False)),
        ("http://bücher.example/x", "xn--bcher-kva.example", Origin("xn--bcher-kva.example", 80, is_tls=False)),
    ],
)
def test_the_host_header_and_where_a_connection_leads_come_of_the_url(url, host, origin):
    head = Head(URL(url), {})
    assert head.origin == origin
    assert head.with_body(b"").decode() == f"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"
    assert Head(URL(url), {"host": "mine"}).with_body(b"").count(b"\r\nhost: mine\r\n") == 1


BAD_HEADERS = [{"X-A": "1\r\nX-B: 2"}, {"X-A": "1\n"}, {"X-A": "\0"}, {"X-A: 1\r\nX-B": "2"}, {"": "1"}]
BAD_HEADERS += [{"Content-Length": "3"}, {"transfer-encoding": "chunked"}, {"Connection": "close"}]
BAD_HEADERS += [{"Expect": "100-continue"}, {"Upgrade": "h2c"}]


@pytest.mark.parametrize("headers", BAD_HEADERS, ids=ascii)
def test_a_header_that_would_break_out_or_change_the_framing_is_refused(headers):
    with pytest.raises(ConfigError, match="header") as caught:
        Head(URL("http://127.0.0.1/"), {"Authorization": f"Bearer {KEY}", **headers})
    assert CANARY not in str(caught.value)


async def test_a_framing_header_of_a_middleware_is_refused_before_anything_is_sent():
    async def put_on(request, call_next):
        return await call_next(request.with_headers({**request.headers, "Content-Length": "3"}))

    peer = Peer(OK)
    async with peer.serve() as origin:
        with pytest.raises(ConfigError, match="Content-Length is for the transport") as caught:
            await check(origin, middlewares=[put_on])
    assert peer.received == []
    assert CANARY not in everything_shown(caught.value)


async def test_an_attempt_that_ends_while_it_connects_was_not_sent():
    async with FaultServer(Lost()).serve() as origin:
        with pytest.raises(AttemptTimeout) as caught:
            await check(origin, timeout=Timeout(attempt=0.1))
    assert caught.value.phase is Phase.NOT_SENT


async def test_no_more_requests_than_the_pools_size_are_under_way():
    peer = Peer(Silence())
    async with peer.serve() as origin, contextlib.aclosing(HttptoolsTransport(pool_size=2)) as transport:
        sessions = [session_over(origin, transport, throttle=Throttle(concurrency=2)) for _ in range(3)]
        calls = [asyncio.ensure_future(ask(session)) for session in sessions]
        await settled(lambda: len(peer.received) == 2)
        # The third waits for its turn; when a first one is given up, it comes.
        calls[0].cancel()
        await settled(lambda: len(peer.received) == 3)
        # A call that is cancelled while it waits leaves the place to the next.
        waiting = [asyncio.ensure_future(ask(sessions[0])) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        calls[1].cancel()
        await settled(lambda: len(peer.received) == 4)
        for call in calls + waiting:
            call.cancel()
        await asyncio.wait(calls + waiting)


def test_a_pool_too_small_is_refused():
    with pytest.raises(ConfigError, match="5 connections and the throttle 10 slots"):
        session_over("http://127.0.0.1", HttptoolsTransport(pool_size=5), throttle=Throttle(concurrency=10))


async def test_a_connection_that_lay_idle_for_long_is_not_used_again(monkeypatch):
    loop = asyncio.get_running_loop()
    now = loop.time
    server = FaultServer()
    async with server.serve() as origin, contextlib.aclosing(HttptoolsTransport()) as transport:
        session = session_over(origin, transport)
        for connections, later in ((1, 0), (1, 10), (2, 30), (2, 40)):
            monkeypatch.setattr(loop, "time", lambda later=later: now() + later)
            await ask(session)
            assert server.connections == connections


# How an answer is taken apart, whatever pieces it comes in


HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nX-A: 9\r\nX-Hint: 9\r\n\r\n"
ANSWERS = {
    "length": HEAD + b"Content-Length: 51\r\n\r\n" + BODY,
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n33\r\n" + BODY + b"\r\n0\r\n\r\n",
    "trailers": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n01;x=y\r\n{\r\n32\r\n"
    + BODY[1:]
    + b"\r\n0\r\nX-A: 8\r\n\r\n",
    "hints": HINT + b"HTTP/1.1 100 Continue\r\n\r\n" + HINT + HEAD + b"Content-Length: 51\r\n\r\n" + BODY,
    "end": HEAD + b"\r\n" + BODY,
    "old": b"HTTP/1.0 200 OK\r\nX-A: 2\r\n\r\n" + BODY,
}


class Wire(asyncio.Transport):
    """What a connection writes to, and is told to close."""

    def __init__(self, sock):
        super().__init__({"socket": sock})
        self.is_aborted = False

    def write(self, data):
        pass

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return self.is_aborted

    def abort(self):
        self.is_aborted = True


async def told(pieces, *, is_over=True):
    """What comes of an answer in these pieces: the response or its error, and whether the connection is kept."""
    near, far = socket.socketpair()
    with near, far:
        return _told(Wire(near), pieces, is_over=is_over)


def _told(wire, pieces, *, is_over):
    made, kept = [], []
    origin = Origin("127.0.0.1", 80, is_tls=False)
    connection = Connection(
        origin,
        deadlines=Deadlines(asyncio.get_running_loop()),
        max_body=1000,
        on_made=made.append,
        on_free=kept.append,
        on_lost=made.remove,
    )
    connection.connection_made(wire)
    answer = connection.ask(Head(URL("http://127.0.0.1/"), {}), b"{}", None)
    for piece in pieces:
        if not wire.is_aborted:  # then asyncio brings nothing more
            connection.data_received(piece)
    if is_over and not wire.is_aborted:
        connection.eof_received()
    if not answer.done():
        return None
    end = answer.exception() or answer.result()
    return end, bool(kept) and kept[0].is_usable()


@given(st.sampled_from(sorted(ANSWERS)), st.sets(st.integers(1, 300)))
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(kind, cuts):
    data = ANSWERS[kind]
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    response, is_kept = asyncio.run(told(pieces, is_over=kind in ("end", "old")))
    assert (response.status, response.body, response.headers["x-a"]) == (200, BODY, "2")
    assert "x-hint" not in response.headers
    assert is_kept == (kind not in ("end", "old"))


@given(st.sampled_from(sorted(ANSWERS)), st.integers(0, 300), st.binary(max_size=20), st.integers(0, 20))
def test_a_spoiled_answer_is_the_right_one_or_an_error_of_unknown_fate(kind, at, noise, gone):
    data = ANSWERS[kind]
    spoiled = data[:at] + noise + data[at + gone :]
    end, is_kept = asyncio.run(told([spoiled]))
    if isinstance(end, TransportError):
        assert end.phase is Phase.UNKNOWN
        assert end.__context__ is None
        assert not is_kept


@given(st.sampled_from(sorted(set(ANSWERS) - {"end", "old"})), st.binary(min_size=1, max_size=20))
def test_a_connection_that_says_more_than_the_answer_is_not_kept(kind, more):
    _, is_kept = asyncio.run(told([ANSWERS[kind] + more]))
    assert not is_kept
    _, is_kept = asyncio.run(told([ANSWERS[kind], more]))
    assert not is_kept
