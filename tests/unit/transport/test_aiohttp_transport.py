"""The aiohttp transport's options and words, over real sockets. What it makes of faults: `tests/faults`."""

import asyncio

import aiohttp
import pytest

from etelecom_async import AttemptTimeout, ConfigError, ConnectError, Disconnected, Phase, Retry, Session, Shop, Timeout
from etelecom_async.testing import Answer, Peer, Silence
from etelecom_async.transport.aiohttp import AiohttpTransport
from tests.faults.server import FaultServer, granted, http
from tests.faults.steps import Drain, Good, Hear, Say, WhileIdle
from tests.support import KEY, ask

OK = b'{"error":0,"message":"Success","expired_time":null}'


async def check(origin, *, transport=None, **options):
    options.setdefault("retry", Retry(attempts=1))
    options.setdefault("timeout", Timeout(attempt=20))
    async with Session(Shop(KEY, base_url=origin), transport=transport, **options) as session:
        try:
            return await ask(session)
        finally:
            if transport is not None:
                await transport.aclose()


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


async def test_what_a_borrowed_connection_has_to_say_unasked_is_no_answer():
    server = FaultServer(Hear(), Good(), WhileIdle((Say(http(granted(b"forged"))),)), Drain())
    async with server.serve() as origin, aiohttp.ClientSession() as theirs:
        await check(origin, transport=AiohttpTransport(session=theirs))
        await server.between()
        with pytest.raises(Disconnected, match="before the request") as caught:
            await check(origin, transport=AiohttpTransport(session=theirs))
    assert caught.value.phase is Phase.NOT_SENT


async def test_a_proxy_carries_the_request():
    peer = Peer(Answer(200, OK))
    async with peer.serve() as proxy:
        transport = AiohttpTransport(proxy=proxy)
        assert (await check("http://127.0.0.1:1", transport=transport)).granted
    assert peer.received[0].path == "http://127.0.0.1:1/v1/shop.Zalo/CheckConsent"


async def test_an_attempt_over_a_borrowed_connection_ends_in_time_though_the_transport_was_closed():
    async with Peer(Silence()).serve() as origin, aiohttp.ClientSession() as lender:
        transport = AiohttpTransport(session=lender)
        session = Session(
            Shop(KEY, base_url=origin), transport=transport, retry=Retry(attempts=1), timeout=Timeout(attempt=0.3)
        )
        call = asyncio.create_task(ask(session))
        await asyncio.sleep(0.1)
        await transport.aclose()
        async with asyncio.timeout(20):
            with pytest.raises(AttemptTimeout):
                await call


@pytest.fixture
async def lookup(monkeypatch):
    """A call that hangs in looking up its host's name, and its transport."""
    looks_up = asyncio.Event()

    async def hang(*_, **__):
        looks_up.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    transport = AiohttpTransport()
    session = Session(Shop(KEY, base_url="https://slow.example"), transport=transport, retry=Retry(attempts=1))
    call = asyncio.create_task(ask(session))
    await looks_up.wait()
    return call, transport


async def test_a_call_that_looks_up_a_name_when_the_transport_closes_is_not_cancelled(lookup):
    call, transport = lookup
    await transport.aclose()
    with pytest.raises(Disconnected, match="closed"):
        await call


async def test_a_call_that_is_cancelled_while_the_transport_closes_stays_cancelled(lookup):
    call, transport = lookup
    call.cancel()
    await transport.aclose()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_call_that_still_connects_when_its_borrowed_transport_closes_is_answered():
    connects = asyncio.Event()

    class SlowConnector(aiohttp.TCPConnector):
        async def connect(self, *arguments, **options):
            connects.set()
            await asyncio.sleep(0.1)
            return await super().connect(*arguments, **options)

    async with Peer(Answer(200, OK)).serve() as origin, aiohttp.ClientSession(connector=SlowConnector()) as lender:
        transport = AiohttpTransport(session=lender)
        session = Session(Shop(KEY, base_url=origin), transport=transport, retry=Retry(attempts=1))
        call = asyncio.create_task(ask(session))
        await connects.wait()
        await transport.aclose()
        assert (await call).granted
        assert not lender.closed
