"""What a server does between two calls is noticed, whichever transport makes the next one."""

import contextlib
import inspect
import socket
import threading

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from etelecom_async import Retry, Session, Shop
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.faults.certificates import Certificates
from tests.faults.server import FaultServer, granted, http
from tests.faults.steps import Drain, Good, Hear, Say, WhileIdle
from tests.support import KEY, ask

each_transport = pytest.mark.parametrize("transport", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
RECORD = 2**14
"""Bytes of the largest TLS record: what comes behind it is one more, and may be read later."""


class Sly:
    """A server that does something on its first connection when the client's event loop cannot see it."""

    def __init__(self, act):
        self._act = act
        self._now, self._done = threading.Event(), threading.Event()

    def act(self):
        self._now.set()
        self._done.wait(20)

    @contextlib.contextmanager
    def serve(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=self._run, args=[server])
            thread.start()
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
            thread.join()

    def _run(self, server):
        first, _ = server.accept()
        with first:
            self._hear(first)
            first.sendall(http(granted(b"right")))
            self._now.wait(20)
            self._act(first)
            self._done.set()
            server.settimeout(20)  # so that a client that stays on the first one fails, and hangs nothing
            second, _ = server.accept()
            with second:
                self._hear(second)
                second.sendall(http(granted(b"right")))

    def _hear(self, connection):
        heard = b""
        while not heard.endswith(b"}"):
            heard += connection.recv(2**16)


@each_transport
@pytest.mark.parametrize(
    "act",
    [
        lambda connection: connection.sendall(http(granted(b"forged"))),
        lambda connection: connection.shutdown(socket.SHUT_WR),
    ],
    ids=["speaks", "hangs up"],
)
async def test_it_is_noticed_before_the_event_loop_has_seen_it(act, transport):
    sly = Sly(act)
    with sly.serve() as origin:
        async with contextlib.aclosing(transport()) as carrier:
            session = Session(Shop(KEY, base_url=origin), transport=carrier, retry=Retry(attempts=2, base=0))
            await ask(session)
            sly.act()  # in one step of the loop with the next call
            assert (await ask(session)).message == "right"


@each_transport
async def test_what_the_event_loop_has_read_unasked_is_noticed_too(transport):
    server = FaultServer(Hear(), Good(), WhileIdle((Say(http(granted(b"forged"))),)), Drain())
    async with server.serve() as origin, contextlib.aclosing(transport()) as carrier:
        session = Session(Shop(KEY, base_url=origin), transport=carrier, retry=Retry(attempts=2, base=0))
        await ask(session)
        await server.between()
        assert (await ask(session)).message != "forged"
    assert server.connections == 2


@each_transport
@pytest.mark.parametrize("certificate", [None, "right"], ids=["plain", "TLS"])
@pytest.mark.parametrize("size", [0, RECORD], ids=["short", "of one TLS record"])
async def test_what_comes_in_one_piece_with_an_answer_is_not_the_next_ones(transport, certificate, size):
    right = granted(b"right")
    right += b" " * (size - len(http(right + b" " * 10**4)) + 10**4)
    both = http(right) + http(granted(b"forged"))
    assert not size or both[size:].startswith(b"HTTP/1.1")
    certificates = Certificates()
    server = FaultServer(Hear(), Say(both), Drain(), tls=certificates.server(certificate))
    async with server.serve() as origin, contextlib.aclosing(transport(ssl_context=certificates.trust)) as carrier:
        session = Session(Shop(KEY, base_url=origin), transport=carrier, retry=Retry(attempts=2, base=0))
        assert (await ask(session)).message == "right"
        assert (await ask(session)).message != "forged"
    assert server.connections == 2


@each_transport
async def test_what_tls_itself_sends_after_its_handshake_is_no_word_of_the_server(transport):
    certificates = Certificates()
    server = FaultServer(tls=certificates.server("right"))
    async with server.serve() as origin, contextlib.aclosing(transport(ssl_context=certificates.trust)) as carrier:
        session = Session(Shop(KEY, base_url=origin), transport=carrier, retry=Retry(attempts=1))
        for _ in range(20):
            await ask(session)
    assert server.connections == 1


def test_aiohttp_has_what_the_check_relies_on():
    """Which its documentation does not promise: see `CheckedRequest`."""
    assert list(inspect.signature(aiohttp.ClientRequest.send).parameters) == ["self", "conn"]
    assert list(inspect.signature(aiohttp.ClientRequest.update_headers).parameters) == ["self", "headers"]
    assert inspect.iscoroutinefunction(aiohttp.ClientRequest.send)
    assert isinstance(ResponseHandler.should_close, property)
