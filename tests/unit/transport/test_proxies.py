"""Proxies: given or of the environment, over real sockets."""

import asyncio
import base64
import contextlib
import socket

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from etelecom_async import (
    AttemptTimeout,
    ConfigError,
    ConnectError,
    Phase,
    ProxyError,
    Retry,
    Secret,
    Session,
    Shop,
    Timeout,
    UnknownHost,
)
from etelecom_async.cli.network import TransportChoice, choose_runtime
from etelecom_async.testing import Answer, Peer
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.available import best_transport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from etelecom_async.transport.proxies import Proxies
from tests.faults.certificates import Certificates
from tests.faults.server import FaultServer
from tests.support import CANARY, KEY, ask, everything_shown, run, settled
from tests.support import environment as shop_environment
from tests.support.proxy_server import ProxyServer

OK = b'{"error":0,"message":"Success","expired_time":null}'
NAME = "api.etelecom.test"
HTTPS = f"https://{NAME}/v1/shop"
PASSWORD = "canary-word"
VARIABLES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")


@pytest.fixture(scope="module")
def certificates():
    return Certificates(NAME)


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Sets variables; none of the developer's own are there."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))

    def put(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.fixture(params=[AiohttpTransport, HttpxTransport], ids=lambda kind: kind.__name__)
def carry(request):
    """Each class of transports that knows proxies."""
    return request.param


@contextlib.asynccontextmanager
async def tunnelled(certificates, **options):
    """A server behind a proxy: the server, the proxy, and the proxy's URL."""
    server = FaultServer(tls=certificates.server("right"))
    async with server.serve() as origin:
        proxy = ProxyServer(target=("127.0.0.1", URL(origin).port), **options)
        async with proxy.serve() as url:
            yield server, proxy, url


async def check(base_url, transport=None, *, calls=1, retry=None, attempt=20, allow_http=False):
    """The last answer of some calls to a host."""
    account = Shop(KEY, base_url=base_url, allow_http=allow_http)
    options = {"retry": retry or Retry(attempts=1), "timeout": Timeout(attempt=attempt)}
    async with Session(account, transport=transport, **options) as session:
        try:
            return [await ask(session) for _ in range(calls)][-1]
        finally:
            if transport is not None:
                await transport.aclose()


def with_password(url):
    return url.replace("://", f"://user:{PASSWORD}@")


# --- Proxies that cannot work are refused where they are given

WRONG = [
    ("proxy.example:3128", r"has no scheme: write http://proxy\.example:3128"),
    ("127.0.0.1:3128", r"write http://127\.0\.0\.1:3128"),
    ("[::1]:3128", r"write http://\[::1\]:3128"),
    ("proxy.example", r"write http://proxy\.example"),
    (f"user:{PASSWORD}@proxy.example:3128", r"write http://proxy\.example:3128"),
    (f"user:{PASSWORD}@", "has no scheme: write it like http://"),
    ("http:proxy.example:3128", "has no scheme: write it like http://"),
    (f"socks5://user:{PASSWORD}@proxy.example:1080", "SOCKS"),
    ("socks5h://proxy.example:1080", "SOCKS"),
    ("SOCKS4://proxy.example:1080", "SOCKS"),
    ("ftp://proxy.example:21", "neither http nor https"),
    ("file:///etc/proxy.pac", "neither http nor https"),
    ("http://", "no host"),
    ("http://:3128", "no"),
    ("http://proxy.example:99999", "no URL of a proxy"),
    ("http://proxy.example:port", "no URL of a proxy"),
    (f"http://user:{PASSWORD}/1@proxy.example:3128", "%2F"),
    (f"http://user:{PASSWORD}#1@proxy.example:3128", "%23"),
    ("http://proxy.example:3128/wpad.dat", "PAC"),
    ("http://proxy.example:3128?a=b", "PAC"),
    ("http://proxy.example:3128\r\nX-A: b", "line breaks"),
    ("http://proxy example:3128", "spaces"),
]
NO_TEXT = [3128, b"http://user:canary@proxy", ("proxy", 3128), True, {"https": "http://a"}]
GIVEN = [("", "is empty"), ("  ", "is empty"), *((value, "proxy is the URL of a proxy") for value in NO_TEXT)]


@pytest.mark.parametrize(("value", "words"), WRONG + GIVEN)
def test_a_given_proxy_that_cannot_work_is_refused_at_construction(value, words, carry):
    """D7: with what to write, and without the password."""
    with pytest.raises(ConfigError, match=words) as caught:
        carry(proxy=value)
    assert str(caught.value).startswith("proxy ")
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize(("value", "words"), WRONG)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_that_cannot_work_is_refused_by_the_session_that_needs_it(
    environment, variable, value, words
):
    """D7: the sentence names the variable."""
    environment(**{variable: value})
    with pytest.raises(ConfigError, match=words) as caught:
        Session(Shop(KEY, base_url=HTTPS))
    assert str(caught.value).startswith(variable)
    assert CANARY not in everything_shown(caught.value)


def test_a_proxy_of_the_environment_that_no_request_needs_is_not_judged(environment):
    environment(HTTP_PROXY="socks5://a:1", ALL_PROXY="nonsense", HTTPS_PROXY="http://proxy.example:3128")
    Session(Shop(KEY, base_url=HTTPS))
    environment(HTTPS_PROXY="socks5://a:1")
    Session(Shop(KEY, base_url="https://127.0.0.1:8084"))
    environment(NO_PROXY=NAME)
    Session(Shop(KEY, base_url=HTTPS))


@given(st.text(alphabet="ahtps:/@[]%#?.0123 \n\\", max_size=30))
def test_any_text_is_a_proxy_or_a_config_error(text):
    with contextlib.suppress(ConfigError):
        proxy = Proxies(Secret(text)).of(URL(HTTPS))
        assert proxy.url.scheme in ("http", "https")
        assert proxy.url.host
        assert proxy.url.user is None
        assert proxy.url.password is None


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_user_and_password_reach_the_proxy_as_they_were_meant(user, password):
    url = URL.build(scheme="http", host="proxy.example", port=3128, user=user, password=password)
    header = Proxies(Secret(str(url))).of(URL(HTTPS)).headers["Proxy-Authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"{user}:{password}"
    assert header.removeprefix("Basic ") not in repr(header)


# --- Which variable counts, and for which host


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({"HTTPS_PROXY": "http://a:1"}, HTTPS, "http://a:1 (from HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://a:1"}, "http://x.test", None),
        ({"HTTP_PROXY": "http://a:1"}, HTTPS, None),
        ({"HTTP_PROXY": "http://a:1"}, "http://x.test", "http://a:1 (from HTTP_PROXY)"),
        ({"ALL_PROXY": "http://a:1"}, HTTPS, "http://a:1 (from ALL_PROXY)"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:2"}, HTTPS, "http://b:2 (from HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"}, HTTPS, "http://b:2 (from https_proxy)"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": ""}, HTTPS, None),
        ({"HTTPS_PROXY": " "}, HTTPS, None),
        ({"HTTPS_PROXY": " http://a:1\n"}, HTTPS, "http://a:1 (from HTTPS_PROXY)"),
        ({"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, "http://x.test", None),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, "http://x.test", "http://a:1 (from http_proxy)"),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "etelecom.test"}, HTTPS, None),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "etelecom.test", "no_proxy": ""}, HTTPS, "http://a:1 (from"),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "10.0.0.0/8"}, "https://10.9.8.7", None),
        ({"HTTPS_PROXY": "http://a:1"}, "https://127.3.2.1:8084", None),
        ({"HTTPS_PROXY": "http://a:1"}, "https://[::1]:8084", None),
        ({"HTTPS_PROXY": "http://a:1"}, "https://localhost:8084", None),
    ],
)
def test_the_environment_names_the_proxy_of_a_url(environment, variables, url, proxy):
    """D6"""
    environment(**variables)
    found = Proxies().of(URL(url))
    assert found is None if proxy is None else str(found).startswith(proxy)
    assert Proxies(trust_env=False).of(URL(url)) is None


@pytest.mark.parametrize("carry", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
async def test_the_sandbox_is_reached_whatever_proxy_the_environment_names(environment, carry):
    environment(HTTPS_PROXY="http://127.0.0.1:1", HTTP_PROXY="http://127.0.0.1:1", ALL_PROXY="socks5://127.0.0.1:1")
    async with Peer(Answer(200, OK)).serve() as origin:
        assert (await check(origin, carry())).granted


# --- Over sockets


@pytest.mark.parametrize("is_given", [True, False], ids=["given", "of the environment"])
async def test_a_proxy_carries_tls_and_sees_no_key(environment, certificates, is_given, carry):
    """D6: the calls share one tunnel; the proxy gets its own user and password, and nothing in the clear."""
    async with tunnelled(certificates) as (server, proxy, url):
        if not is_given:
            environment(HTTPS_PROXY=with_password(url))
        transport = carry(proxy=with_password(url) if is_given else None, ssl_context=certificates.trust)
        assert (await check(HTTPS, transport, calls=2)).granted
    assert len(server.requests) == 2
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT {NAME}:443 HTTP/1.1\r\n")
    credentials = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    assert f"\r\nProxy-Authorization: Basic {credentials}\r\n" in head
    assert KEY not in head
    assert b"Bearer" not in proxy.carried
    assert not any(b"roxy-" in request for request in server.requests)


async def test_a_proxy_can_be_spoken_to_over_tls(certificates, carry):
    async with tunnelled(certificates, tls=certificates.server("right")) as (_, proxy, url):
        assert (await check(HTTPS, carry(proxy=url, ssl_context=certificates.trust))).granted
    assert proxy.heads[0].startswith("CONNECT ")


async def test_a_proxy_carries_plain_http_where_the_account_allows_it(environment, carry):
    peer = Peer(Answer(200, OK))
    async with peer.serve() as url:
        environment(HTTP_PROXY=with_password(url))
        assert (await check(f"http://{NAME}/v1/shop", carry(), calls=2, allow_http=True)).granted
        with pytest.raises(ConnectError):
            await check(f"http://{NAME}:1/v1/shop", carry(trust_env=False), allow_http=True)
    received = peer.received[-1]
    assert received.path == f"http://{NAME}/v1/shop.Zalo/CheckConsent"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.headers["proxy-authorization"].startswith("Basic ")


async def test_a_borrowed_session_says_whether_the_environment_counts(environment, certificates):
    async with tunnelled(certificates) as (_, proxy, url):
        environment(HTTPS_PROXY=url)
        for trust_env in (True, False):
            connector = aiohttp.TCPConnector(ssl=certificates.trust)
            async with aiohttp.ClientSession(connector=connector, trust_env=trust_env) as lender:
                outcome = contextlib.nullcontext() if trust_env else pytest.raises(ConnectError)
                with outcome:
                    await check(HTTPS, AiohttpTransport(session=lender))
            assert len(proxy.heads) == 1
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=certificates.trust)) as lender:
            assert (await check(HTTPS, AiohttpTransport(session=lender, trust_env=True))).granted
        assert len(proxy.heads) == 2


@pytest.mark.parametrize("entry", [NAME, "default"])
@pytest.mark.parametrize("is_borrowed", [False, True])
async def test_the_key_is_sent_whatever_netrc_says(environment, certificates, tmp_path, entry, is_borrowed):
    """D5: an entry for the API's host, or for every host, is for other programs."""
    machine = entry if entry == "default" else f"machine {entry}"
    (tmp_path / "netrc").write_text(f"{machine} login me password {PASSWORD}\nmachine localhost login me password p\n")
    async with tunnelled(certificates) as (server, proxy, url):
        environment(NETRC=str(tmp_path / "netrc"), HTTPS_PROXY=url)
        lender = None
        if is_borrowed:
            lender = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=certificates.trust), trust_env=True)
        transport = AiohttpTransport(session=lender, ssl_context=None if is_borrowed else certificates.trust)
        assert (await check(HTTPS, transport)).granted
        if lender is not None:
            await lender.close()
    assert f"Bearer {KEY}".encode() in server.requests[0]
    assert b"Basic" not in server.requests[0]
    assert "Basic" not in proxy.heads[0]


async def test_netrc_has_the_user_of_a_proxy_of_the_environment(environment, certificates, tmp_path, carry):
    """D5: netrc serves the proxy."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login user password {PASSWORD}\n")
    async with tunnelled(certificates) as (_, proxy, url):
        environment(NETRC=str(tmp_path / "netrc"), HTTPS_PROXY=url)
        assert (await check(HTTPS, carry(ssl_context=certificates.trust))).granted
    assert base64.b64encode(f"user:{PASSWORD}".encode()).decode() in proxy.heads[0]


@pytest.mark.parametrize("text", ["nonsense", "machine a nonsense b", "\xff\xfe\x00"])
def test_a_netrc_that_cannot_be_read_is_left_to_other_programs(environment, tmp_path, text):
    (tmp_path / "netrc").write_bytes(text.encode("latin-1"))
    environment(NETRC=str(tmp_path / "netrc"), HTTPS_PROXY="http://a:1")
    assert not Proxies().of(URL(HTTPS)).headers


# --- Proxies that refuse or fail


async def attempts_under(proxy, carry, *, error, base_url=HTTPS):
    """The error of a call through this proxy, which may be tried three times, and how often the proxy was asked."""
    async with proxy.serve() as url:
        transport = carry(proxy=with_password(url))
        with pytest.raises(error) as caught:
            await check(base_url, transport, retry=Retry(attempts=3, base=0), attempt=5, allow_http=True)
    assert type(caught.value) is error
    assert caught.value.phase is Phase.NOT_SENT
    shown = everything_shown(caught.value)
    assert CANARY not in shown
    assert base64.b64encode(f"user:{PASSWORD}".encode()).decode() not in shown
    return caught.value, len(proxy.heads)


# Over plain HTTP only one status is the proxy's own.
@pytest.mark.parametrize(
    ("base_url", "status"),
    [*((HTTPS, status) for status in (400, 401, 403, 404, 405, 407, 451)), (f"http://{NAME}/v1/shop", 407)],
)
async def test_a_proxy_that_refuses_for_good_is_asked_once(base_url, status, carry):
    """D7"""
    error, asked = await attempts_under(ProxyServer(status=status), carry, error=ProxyError, base_url=base_url)
    assert (asked, error.attempts, error.transient) == (1, 1, False)
    assert f"status {status}" in error.message


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_proxy_that_does_not_reach_the_server_now_is_asked_again(status, carry):
    error, asked = await attempts_under(ProxyServer(status=status), carry, error=ConnectError)
    assert (asked, error.attempts, error.transient) == (3, 3, True)
    assert f"status {status}" in error.message


async def test_a_status_of_407_from_the_server_itself_is_no_proxy_error(carry):
    async with Peer(Answer(407, b"")).serve() as origin:
        with pytest.raises(Exception, match="407") as caught:
            await check(origin, carry())
    assert not isinstance(caught.value, ProxyError)


@pytest.mark.parametrize("reply", [b"", b"\x05\xff", b"220 mail.example ESMTP\r\n\r\n", b"HTTP/1.1 20"])
async def test_a_proxy_that_does_not_speak_http_leaves_the_request_unsent(reply, carry):
    error, asked = await attempts_under(ProxyServer(reply=reply), carry, error=ConnectError)
    assert asked == 3
    assert "proxy" in error.message


async def test_a_proxy_that_is_not_there_leaves_the_request_unsent(carry):
    async with ProxyServer().serve() as url:
        pass
    with pytest.raises(ConnectError, match=f"the proxy {url} .*was not reached: ") as caught:
        await check(HTTPS, carry(proxy=url))
    assert (caught.value.phase, caught.value.transient) == (Phase.NOT_SENT, True)


async def test_a_proxy_whose_name_has_no_address_is_asked_for_once(carry, monkeypatch):
    def no_such_name(*_, **__):  # a resolver of a test machine may be in trouble, and say so
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    with pytest.raises(UnknownHost, match="no-such-proxy") as caught:
        await check(HTTPS, carry(proxy="http://no-such-proxy.invalid:3128"), retry=Retry(base=0))
    assert (caught.value.phase, caught.value.attempts) == (Phase.NOT_SENT, 1)


async def test_a_proxy_that_never_answers_leaves_the_request_unsent_when_the_attempts_time_is_over(carry):
    async with ProxyServer(is_silent=True).serve() as url:
        with pytest.raises(AttemptTimeout) as caught:
            await check(HTTPS, carry(proxy=url), attempt=0.2)
    assert caught.value.phase is Phase.NOT_SENT


async def test_a_call_that_is_cancelled_at_the_proxy_shows_neither_key_nor_password(carry):
    proxy = ProxyServer(is_silent=True)
    async with proxy.serve() as url:
        call = asyncio.create_task(check(HTTPS, carry(proxy=with_password(url))))
        await settled(lambda: proxy.heads)
        call.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await call
    shown = everything_shown(caught.value)
    assert CANARY not in shown
    assert base64.b64encode(f"user:{PASSWORD}".encode()).decode() not in shown


def test_the_key_is_not_shown_to_another_machine_for_a_server_on_this_one(carry):
    with pytest.raises(ConfigError, match="leave the proxy out"):
        Session(Shop(KEY, base_url="http://127.0.0.1:8084"), transport=carry(proxy="http://a.test:1"))


# --- The fast transport knows no proxies


@pytest.mark.parametrize("is_by_session", [True, False])
async def test_the_fast_transport_does_not_go_past_a_proxy_of_the_environment(environment, is_by_session):
    environment(HTTPS_PROXY="http://proxy.example:3128")
    with pytest.raises(ConfigError, match=r"HTTPS_PROXY names one for api\.etelecom\.test"):
        if is_by_session:
            Session(Shop(KEY, base_url=HTTPS), transport=HttptoolsTransport())
        else:
            HttptoolsTransport().check_url(URL(HTTPS))
    Session(Shop(KEY, base_url=HTTPS), transport=HttptoolsTransport(trust_env=False))


def test_the_fastest_transport_is_the_one_that_can_go_there(environment):
    assert isinstance(best_transport(URL(HTTPS)), HttptoolsTransport)
    environment(HTTPS_PROXY="http://proxy.example:3128")
    assert isinstance(best_transport(URL(HTTPS)), AiohttpTransport)
    assert isinstance(best_transport(URL("https://127.0.0.1:8084")), HttptoolsTransport)


def test_auto_with_a_proxy_is_aiohttp_and_fast_is_refused(environment):
    proxy = Secret("http://proxy.example:3128")
    assert isinstance(choose_runtime(TransportChoice.AUTO, URL(HTTPS), proxy=proxy).transport, AiohttpTransport)
    with pytest.raises(ConfigError, match="drop --proxy, or use --transport aiohttp"):
        choose_runtime(TransportChoice.FAST, URL(HTTPS), proxy=proxy)


# --- The command line


async def test_check_goes_through_the_proxy_that_is_given_and_says_so(certificates, tmp_path):
    """D6"""
    (tmp_path / "ca.pem").write_bytes(certificates.pem)
    async with tunnelled(certificates) as (_, proxy, url):
        env = shop_environment(ETELECOM_BASE_URL=HTTPS)
        options = ("--proxy", with_password(url), "--ca", str(tmp_path / "ca.pem"), "-v")
        code, stdout, stderr = await run("check", "0987654321", "--json", *options, env=env)
    assert (code, len(proxy.heads)) == (0, 1), stderr
    assert '"granted": true' in stdout
    assert f"Base URL: {HTTPS}" in stderr
    assert f"Proxy: {url} (from --proxy)" in stderr
    assert f"Trusted authorities: {tmp_path / 'ca.pem'} (from --ca)" in stderr
    assert PASSWORD not in stdout + stderr


async def test_bulk_goes_through_the_proxy_of_the_environment_and_says_so(certificates, tmp_path):
    """D6"""
    (tmp_path / "ca.pem").write_bytes(certificates.pem)
    (tmp_path / "phones.csv").write_text("phone\n0987654321\n")
    files = (str(tmp_path / "phones.csv"), "-o", str(tmp_path / "out.csv"))
    async with tunnelled(certificates) as (_, proxy, url):
        env = shop_environment(
            ETELECOM_BASE_URL=HTTPS, HTTPS_PROXY=url, REQUESTS_CA_BUNDLE=str(tmp_path / "ca.pem"), SSL_CERT_FILE=""
        )
        env.pop("SSL_CERT_DIR", None)
        code, _, stderr = await run("bulk", *files, "-v", env=env)
        assert (code, len(proxy.heads)) == (0, 1), stderr
        assert f"Proxy: {url} (from HTTPS_PROXY)" in stderr
        assert "Transport: aiohttp" in stderr
        code, _, stderr = await run("bulk", *files, "--resume", "--transport", "fast", env=env)
        assert (code, len(proxy.heads)) == (2, 1)
        assert "HTTPS_PROXY" in stderr
