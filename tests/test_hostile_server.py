"""Bytes that no server should send, over real sockets: always a right error in time, and never the key."""

import asyncio
import copy
import logging
import pickle
import ssl
import subprocess
import traceback
from contextlib import asynccontextmanager

import aiohttp
import pytest

from etelecom_async import (
    AttemptTimeout,
    BadAnswer,
    BodyTooLarge,
    ConfigError,
    ConnectError,
    DecodeError,
    Disconnected,
    EtelecomError,
    Phase,
    Retry,
    ServerFault,
    Session,
    Shop,
    Timeout,
    TlsError,
    UnexpectedStatus,
)
from etelecom_async.testing import Answer, Peer
from etelecom_async.transport.aiohttp import AiohttpTransport

CANARY = "1000000000000000001:canary-77c1/+x"
OK = b'{"error":0,"message":"Success","expired_time":null}'


@asynccontextmanager
async def server(*replies, context=None):
    """Reads one request and writes these bytes, one reply a connection; `None` is silence. Yields the origin."""
    conversations = {}
    left = list(replies)

    async def converse(reader, writer):
        conversations[asyncio.current_task()] = writer
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            reply = left.pop(0) if len(left) > 1 else left[0]
            if callable(reply):
                reply = reply(head)
            for piece in [reply] if reply is None or isinstance(reply, bytes) else reply:
                if piece is None:
                    await reader.read()
                else:
                    writer.write(piece)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}"
    finally:
        listener.close()
        await listener.wait_closed()
        for writer in conversations.values():
            writer.transport.abort()
        await asyncio.gather(*conversations)
        await asyncio.sleep(0)


def account(origin):
    return Shop(CANARY, base_url=origin)


async def check(origin, *, transport=None, **options):
    options.setdefault("retry", Retry(attempts=1))
    options.setdefault("timeout", Timeout(attempt=5))
    async with Session(account(origin), transport=transport, **options) as session:
        try:
            return await session.zalo.check_consent(oa_id=7, phone="0987654321")
        finally:
            if transport is not None:
                await transport.aclose()


def http(body, *, status="200 OK", headers=""):
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def big(size):
    yield f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    for _ in range(size // 65536):
        yield b"x" * 65536


def endless():
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + b"x" * 65536 + b"\r\n"


def echo(head):
    """A debugging server that quotes the whole request back, key and all."""
    return http(b"Bad request:\n" + head, status="400 Bad Request", headers="Content-Type: text/plain\r\n")


def echo_in_the_status_line(head):
    return b"HTTP/9 what is " + head.partition(b"Authorization: ")[2]


FAULTS = {
    "silence": (None, AttemptTimeout),
    "nothing": (b"", Disconnected),
    "garbage": (b"\x00\xff garbage\r\n\r\n", BadAnswer),
    "garbage that quotes the key": (echo_in_the_status_line, BadAnswer),
    "half a status line": (b"HTTP/1.1 20", (Disconnected, BadAnswer)),
    "half the headers": (b"HTTP/1.1 200 OK\r\nContent-Le", Disconnected),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + OK[:20], Disconnected),
    "half a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + OK[:20], Disconnected),
    "60 MB with its length": (lambda _head: big(60 * 2**20), BodyTooLarge),
    "chunks without end": (lambda _head: endless(), BodyTooLarge),
    "a redirect": (http(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), UnexpectedStatus),
    "a permanent redirect": (http(b"", status="308 X", headers="Location: https://x.example/\r\n"), UnexpectedStatus),
    "an empty 200": (http(b""), DecodeError),
    "a 204": (b"HTTP/1.1 204 No Content\r\n\r\n", UnexpectedStatus),
    "HTML with 200": (http(b"<html><body>Welcome</body></html>"), DecodeError),
    "an array": (http(b"[0]"), DecodeError),
    "a string error": (http(b'{"error":"0"}'), DecodeError),
    "deep nesting": (http(b"[" * 200_000), DecodeError),
    "compression nobody asked for": (http(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n"), BadAnswer),
    "a panic": (http(b'{"code":"internal","msg":"panic"}', status="500 X"), ServerFault),
    "the request quoted back": (echo, EtelecomError),
}


def everything_shown(error):
    """All that a log, a crash reporter or a queue could print of an error, with the SDK's and aiohttp's locals."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts = [repr(error), str(error), repr(error.__dict__), repr(error.args), repr(pickle.dumps(error))]
    texts += [repr(copy.copy(error)), *shown.format_exception_only()]
    chain = [shown]
    while chain:
        part = chain.pop()
        texts += [repr(frame.locals) for frame in part.stack if frame.filename != __file__]
        chain += [link for link in (part.__cause__, part.__context__) if link is not None]
    return "\n".join(texts)


@pytest.mark.parametrize("name", FAULTS)
async def test_every_fault_ends_in_a_right_error_that_holds_no_key(name, caplog):
    reply, expected = FAULTS[name]
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    tasks = asyncio.all_tasks()
    async with server(reply) as origin:
        timeout = Timeout(attempt=0.1 if reply is None else 20)
        with pytest.raises(expected) as caught:
            await check(origin, timeout=timeout)
    assert caught.value.endpoint == "Zalo/CheckConsent"
    assert caught.value.phase in Phase
    shown = everything_shown(caught.value) + caplog.text
    for secret in ("canary-77c1", "canary"):
        assert secret not in shown
    assert "84987654321" not in caplog.text
    assert asyncio.all_tasks() == tasks


async def test_a_cancelled_call_shows_no_key_either():
    async with server(None) as origin:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.1):
                await check(origin)
    assert "canary" not in everything_shown(caught.value)


async def test_a_redirect_is_told_without_its_query_and_the_key_goes_nowhere():
    visits = []

    async with server(lambda head: visits.append(head) or http(OK)) as elsewhere:
        location = f"Location: {elsewhere}/v1/shop?token=abc\r\n"
        async with server(http(b"", status="307 X", headers=location)) as origin:
            with pytest.raises(UnexpectedStatus, match="redirects to") as caught:
                await check(origin)
    assert elsewhere in str(caught.value)
    assert "token" not in str(caught.value)
    assert visits == []


async def test_a_stale_connection_is_repeated_at_once_for_a_read():
    async with server(b"", http(OK)) as origin:
        assert (await check(origin, retry=Retry(attempts=2))).granted


async def test_a_slow_body_ends_with_the_attempts_time():
    async with server([b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", None]) as origin:
        with pytest.raises(AttemptTimeout):
            await check(origin, timeout=Timeout(attempt=0.1))


async def test_a_host_without_an_address_is_a_connect_error():
    transport = AiohttpTransport()
    with pytest.raises(ConnectError) as caught:
        await check("https://no-such-host.invalid", transport=transport)
    assert caught.value.phase is Phase.NOT_SENT
    assert "canary" not in everything_shown(caught.value)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return paths


def tls_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused_and_not_retried(certificate):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side of a failed handshake
    async with server(http(OK), context=tls_server(certificate)) as origin:
        with pytest.raises(TlsError) as caught:
            await check(origin, retry=Retry(attempts=3))
    assert (caught.value.attempts, caught.value.phase) == (1, Phase.NOT_SENT)


async def test_a_private_ca_is_trusted_when_given(certificate):
    trust = ssl.create_default_context(cafile=certificate[0])
    async with server(http(OK), context=tls_server(certificate)) as origin:
        assert (await check(origin, transport=AiohttpTransport(ssl_context=trust))).granted


async def test_a_borrowed_session_lends_its_connections_and_nothing_else():
    peer = Peer(Answer(200, OK))
    async with peer.serve() as origin:
        async with aiohttp.ClientSession(headers={"X-Theirs": "1"}, cookies={"a": "1"}) as theirs:
            transport = AiohttpTransport(session=theirs)
            for _ in range(2):
                assert (await check(origin, transport=transport)).granted
            assert not theirs.closed
            assert theirs.connector.limit == transport.pool_size
        assert {"x-theirs", "cookie"}.isdisjoint(peer.received[0].headers)
        with pytest.raises(ConnectError, match="borrowed"):
            await check(origin, transport=transport)
    with pytest.raises(ConfigError, match="borrowed"):
        AiohttpTransport(session=theirs, pool_size=3)


async def test_a_proxy_carries_the_request():
    peer = Peer(Answer(200, OK))
    async with peer.serve() as proxy:
        transport = AiohttpTransport(proxy=proxy)
        assert (await check("http://127.0.0.1:1", transport=transport)).granted
    assert peer.received[0].path == "http://127.0.0.1:1/v1/shop.Zalo/CheckConsent"


async def test_a_proxy_of_the_environment_is_used_only_when_asked(monkeypatch):
    peer = Peer(Answer(200, OK))
    async with peer.serve() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(ConnectError):
            await check("http://127.0.0.1:1", transport=AiohttpTransport())
        assert (await check("http://127.0.0.1:1", transport=AiohttpTransport(trust_env=True))).granted
