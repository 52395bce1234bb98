"""What a call ends in that was never sent: its phase, and whether it may be tried again."""

import asyncio
import contextlib
import socket

import pytest

from etelecom_async import (
    AttemptTimeout,
    BadRoute,
    ConnectError,
    DeadlineExceeded,
    Phase,
    QueueTimeout,
    Retry,
    Session,
    Shop,
    Throttle,
    Timeout,
    UnknownHost,
)
from etelecom_async.testing import Answer, Peer, Silence
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.base import Request
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.faults.server import FaultServer
from tests.faults.steps import Refused
from tests.support import CANARY, KEY, answer, ask, everything_shown, session_over

OK = b'{"error":0,"message":"Success","expired_time":null}'
HTTPS = "https://api.etelecom.test/v1/shop"


def session(base_url, transport, *, attempts=3, **options):
    return Session(
        Shop(KEY, base_url=base_url, allow_http=True),
        transport=transport,
        retry=Retry(attempts=attempts, base=0),
        **options,
    )


@pytest.fixture(params=[AiohttpTransport, HttptoolsTransport, HttpxTransport], ids=lambda kind: kind.__name__)
async def transport(request):
    async with contextlib.aclosing(request.param(trust_env=False)) as transport:
        yield transport


@pytest.fixture
def lookups(monkeypatch):
    """Lets every look-up of a name end in this error; yields the names that were looked up."""
    names = []

    def fail_with(error):
        async def getaddrinfo(host, *_, **__):
            names.append(host if isinstance(host, str) else host.decode())
            raise error

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return names

    return fail_with


# --- Names


@pytest.mark.parametrize("code", [socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)])
async def test_a_name_without_an_address_is_looked_up_once(lookups, transport, code):
    names = lookups(socket.gaierror(code, "Name or service not known"))
    with pytest.raises(
        UnknownHost, match=r"api\.etelecom\.test:443: Name or service not known; check the host"
    ) as caught:
        await ask(session(HTTPS, transport))
    assert (caught.value.phase, caught.value.transient, caught.value.attempts) == (Phase.NOT_SENT, False, 1)
    assert names == ["api.etelecom.test"]
    assert CANARY not in everything_shown(caught.value)


async def test_a_name_server_that_does_not_answer_is_asked_again(lookups, transport):
    names = lookups(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    with pytest.raises(ConnectError, match="Temporary failure") as caught:
        await ask(session(HTTPS, transport))
    assert type(caught.value) is ConnectError
    assert (caught.value.phase, len(names)) == (Phase.NOT_SENT, 3)


async def test_a_name_that_is_gone_after_the_first_connection_is_the_networks_fault(lookups, transport):
    names = lookups(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    async with Peer(Answer(200, OK)).serve() as origin:
        assert (await ask(session(origin, transport))).granted
    names.clear()
    with pytest.raises(ConnectError, match="Name or service") as caught:
        await ask(session(HTTPS, transport))
    assert type(caught.value) is ConnectError
    assert len(names) == 3


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test"])
async def test_a_host_that_cannot_be_a_name_is_no_matter_for_another_attempt(transport, host):
    with pytest.raises(UnknownHost) as caught:
        await ask(session(f"https://{host}/v1/shop", transport))
    assert (caught.value.phase, caught.value.attempts) == (Phase.NOT_SENT, 1)


# --- Phases


async def test_an_attempt_that_ends_while_it_looks_up_a_name_was_not_sent(monkeypatch, transport):
    async def hang(*_, **__):
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    with pytest.raises(AttemptTimeout, match="no connection within the attempt's time") as caught:
        await ask(session(HTTPS, transport, attempts=1, timeout=Timeout(attempt=0.05)))
    assert caught.value.phase is Phase.NOT_SENT
    with pytest.raises(DeadlineExceeded) as late:
        await ask(session(HTTPS, transport, timeout=Timeout(attempt=5, total=0.05)))
    assert (late.value.phase, late.value.transient) == (Phase.NOT_SENT, True)


@pytest.mark.parametrize("pooled", [AiohttpTransport, HttptoolsTransport])
async def test_an_attempt_that_ends_while_it_waits_for_a_connection_was_not_sent(pooled):
    async with Peer(Silence()).serve() as origin, contextlib.aclosing(pooled(pool_size=1)) as narrow:
        patient, hasty = (
            session(origin, narrow, attempts=1, throttle=Throttle(concurrency=1), timeout=Timeout(attempt=seconds))
            for seconds in (20, 0.1)
        )
        first = asyncio.create_task(ask(patient))
        await asyncio.sleep(0.05)
        with pytest.raises(AttemptTimeout, match=r"no (free )?connection") as caught:
            await ask(hasty)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert caught.value.phase is Phase.NOT_SENT


async def test_an_attempt_that_ends_while_it_waits_for_the_answer_may_have_been_carried_out(transport):
    async with Peer(Answer(200, OK), Silence()).serve() as origin:
        calling = session(origin, transport, attempts=1)
        assert (await ask(calling)).granted  # now there is a connection, which takes no time of the next attempt
        with pytest.raises(AttemptTimeout, match="no answer") as caught:
            await ask(calling.with_options(timeout=Timeout(attempt=0.1)))
        await transport.aclose()
    async with Peer(Answer(200, OK), Silence()).serve() as origin:
        calling = session(origin, transport, attempts=1)
        assert (await ask(calling)).granted
        with pytest.raises(DeadlineExceeded) as late:
            await ask(calling.with_options(timeout=Timeout(attempt=5, total=0.1)))
    assert caught.value.phase is late.value.phase is Phase.UNKNOWN


async def test_a_port_without_a_server_is_tried_again_and_was_not_sent(transport):
    async with FaultServer(Refused()).serve() as origin:
        with pytest.raises(ConnectError) as caught:
            await ask(session(origin, transport))
    assert type(caught.value) is ConnectError
    assert (caught.value.phase, caught.value.attempts) == (Phase.NOT_SENT, 3)


# --- Limits of the whole call


async def test_a_call_whose_time_in_the_queue_is_over_may_be_made_later_and_is_not_tried_again():
    """E4"""
    made = []

    async def count(request: Request, call_next):
        made.append(request)
        return await call_next(request)

    async with Peer(Silence()).serve() as origin:
        transport = AiohttpTransport()
        shared = session(
            origin,
            transport,
            throttle=Throttle(concurrency=1),
            timeout=Timeout(attempt=5, queue=0.05),
            middlewares=[count],
        )
        first = asyncio.create_task(ask(shared))
        await asyncio.sleep(0)
        with pytest.raises(QueueTimeout) as caught:
            await ask(shared)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await transport.aclose()
    assert (caught.value.transient, caught.value.phase, caught.value.attempts) == (True, Phase.NOT_SENT, 1)
    assert len(made) == 2


async def test_a_time_limit_that_a_middleware_raises_ends_the_call():
    """E4"""

    async def impatient(request: Request, call_next):
        raise DeadlineExceeded("my own limit")

    with pytest.raises(DeadlineExceeded, match="my own limit") as caught:
        await ask(session_over(retry=Retry(attempts=3, base=0), middlewares=[impatient]))
    assert caught.value.attempts == 1


# --- A base URL that is another server's


@pytest.mark.parametrize("body", [b"404 page not found\n", b"<html><head><title>x</title></head>Not found</html>", b""])
async def test_a_404_without_a_code_says_to_check_the_base_url(body):
    """D9"""
    with pytest.raises(BadRoute, match="check its host and path, which is /v1/shop") as caught:
        await ask(session_over(answer(body, status=404)))
    words = {b"404": "404 page not found (", b"<ht": "Not found (", b"": "no API is at this base URL"}
    assert caught.value.message.startswith(words[body[:3]])


async def test_a_404_with_a_code_is_the_servers_own_words():
    with pytest.raises(BadRoute) as caught:
        await ask(session_over(answer({"code": "bad_route", "msg": "no such method"}, status=404)))
    assert caught.value.message == "no such method"
