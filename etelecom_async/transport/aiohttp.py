"""The default transport, on aiohttp."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import Mapping

import aiohttp
from aiohttp import hdrs
from attrs import define, field
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from .. import _checks
from ..account import Secret
from ..errors import BadAnswer, BodyTooLarge, ConfigError, ConnectError, Disconnected, Phase, TransportError
from .aiohttp_errors import not_sent, unanswered
from .base import Request, Response, StreamedBody
from .connecting import PROXY_AUTHENTICATION, proxy_refused
from .deadlines import Deadlines, TimeLimit
from .headers import HEADERS, AnswerHeaders, Prepared
from .lifetime import Lifetime
from .proxies import Proxies, Proxy, secret_url
from .stale import Body, CheckedRequest, LongBody, Sending, StreamBody
from .trust import Trust, check_context

__all__ = ["AiohttpTransport"]

_LONG = 2**19
"""Bytes of a request from which on it is written in pieces."""


class AiohttpTransport:
    """Carries requests over aiohttp. Opens at the first request, under whatever event loop that runs in.

    Args:
        session: a ClientSession of your own whose connections are to be used. Its connector, `trust_env` and trace
            configurations are borrowed and stay for you to close; its cookies, headers, proxy and time limits are not
            used.
        pool_size: connections at most; None for no limit, since the session's throttle already sets one.
        ssl_context: for TLS with a private CA or a client certificate; None verifies against the authorities that
            `SSL_CERT_FILE`, `SSL_CERT_DIR` or `REQUESTS_CA_BUNDLE` name, else the system's.
        proxy: URL of an HTTP proxy for all requests, such as `http://user:password@proxy.example:3128`; None for the
            one of the environment, if there is one.
        trust_env: whether proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, and their users in netrc) and
            authorities are taken from the environment. Unless given it is True, with a borrowed session what that says.
        max_body: bytes of an answer that are read at most.
        connect_timeout: seconds for a new connection; within the attempt's own limit.

    Raises:
        ConfigError: options that cannot work or not go together.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession | None = None,
        pool_size: int | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | URL | Secret | None = None,
        trust_env: bool | None = None,
        max_body: int = 10 * 2**20,
        connect_timeout: float = 5.0,
    ) -> None:
        secret = secret_url(proxy, "proxy")
        del proxy
        if session is not None:
            _checks.instance("session", session, aiohttp.ClientSession, "an aiohttp.ClientSession, or None")
        if trust_env is None:
            trust_env = session is None or session.trust_env
        _checks.flag("trust_env", trust_env)
        if session is not None and (pool_size is not None or ssl_context is not None):
            raise ConfigError("A borrowed session brings its own pool and TLS: set pool_size and ssl_context there.")
        check_context(ssl_context)
        if pool_size is not None:
            pool_size = _checks.whole("pool_size", pool_size, otherwise=", or None for no limit")
        max_body = _checks.whole("max_body", max_body)
        connect_timeout = _checks.number("connect_timeout", connect_timeout, above=0, unit="a number of seconds")
        self._lender = session
        self._pool_size = pool_size
        self._ssl = ssl_context
        self._proxies = Proxies(secret, trust_env=trust_env)
        self._trust = Trust.of_environment() if trust_env and ssl_context is None and session is None else Trust()
        self._trusted: ssl.SSLContext | None = None
        self._max_body = max_body
        # An attempt's own limit is not aiohttp's to keep: its timers cost half as much as all that this SDK does.
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout)
        self._lifetime: Lifetime[_Open] = Lifetime(is_borrowed=session is not None)
        self._headers = Prepared(_beyond_usual)

    @property
    def pool_size(self) -> int | None:
        """How many requests it carries at once; None for any number."""
        if self._lender is not None and self._lender.connector is not None:
            return self._lender.connector.limit or None
        return self._pool_size

    def check_url(self, url: URL, /) -> None:
        """Look whether requests to this URL can be carried: its proxy and the certificates that are trusted.

        Raises:
            ConfigError: they cannot; the sentence says what to change.
        """
        self._proxies.of(url)
        if url.scheme == "https":
            self._trust.check()

    async def send(self, request: Request, /) -> Response:
        """Carry one request; `Transport` says what this promises."""
        proxy = None if self._proxies.is_empty else self._proxies.of(request.url)
        tls = self._tls() if self._trust.places and request.url.scheme == "https" else True
        held = self._lifetime.current() or await self._lifetime.open(self._open)
        body = _body_of(request.body)
        body.sending = held.sending
        is_usual, usual = self._headers.of(request)
        is_plain = proxy is None and isinstance(request.body, bytes)
        headers = usual if is_plain else _with_more(usual, request, proxy)
        http = held.http if is_usual else held.bare
        # Everything that aiohttp raises holds the request and with it the key, so its errors end here: a new one is
        # raised outside of the except block, with no context and no cause.
        task = asyncio.current_task()
        try:
            with TimeLimit(held.deadlines, request.timeout.attempt, task):
                answer = await http.post(
                    request.url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                    ssl=tls,
                    proxy=None if proxy is None else proxy.url,
                    proxy_headers=None if proxy is None else proxy.headers,
                )
                try:
                    content = answer.content.read_nowait() if self._is_there(answer) else await self._read(answer)
                except BaseException:
                    answer.close()
                    raise
            # Most often its connection is free already; after a 101 it is not, and never will be.
            if answer.connection is not None:
                answer.release()
            if proxy is not None and answer.status == PROXY_AUTHENTICATION:
                raise proxy_refused(answer.status, proxy)
            return Response(answer.status, AnswerHeaders(answer.headers), content)
        except TransportError:
            raise
        except asyncio.CancelledError:
            if task is None or task.cancelling() or not held.closed:
                raise
            # No caller has cancelled this call: as it closes, aiohttp cancels the looking up of names.
            phase = Phase.UNKNOWN if body.is_sent else Phase.NOT_SENT
            failure: TransportError | ConfigError = Disconnected("the transport was closed", phase=phase)
        except (aiohttp.ClientError, OSError, RuntimeError, ValueError) as error:
            if body.is_sent:
                failure = unanswered(error)
            else:
                failure = not_sent(error, request.url, proxy, has_connected=held.sending.has_connected)
        raise failure

    async def aclose(self) -> None:
        """Close the connections that this transport opened; a borrowed session stays open."""
        await self._lifetime.aclose()

    def _open(self) -> _Open:
        deadlines, lender = Deadlines(asyncio.get_running_loop()), self._lender
        if lender is not None and (lender.closed or lender.connector is None):
            raise ConnectError("The borrowed aiohttp session is closed.")
        connector = (
            aiohttp.TCPConnector(limit=self._pool_size or 0, ssl=self._ssl or True)
            if lender is None
            else lender.connector
        )
        http = self._new_session(connector, HEADERS, is_owner=lender is None)
        bare = self._new_session(connector, {}, is_owner=False)
        return _Open(http, bare, deadlines, Sending(), is_lent=lender is not None)

    def _new_session(
        self, connector: aiohttp.BaseConnector | None, headers: Mapping[str, str], *, is_owner: bool
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            connector_owner=is_owner,
            headers=headers,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            request_class=CheckedRequest,
            # It would take a user and a password for the API's host from netrc, in place of the key.
            trust_env=False,
            trace_configs=None if self._lender is None else self._lender.trace_configs,
        )

    def _tls(self) -> ssl.SSLContext | bool:
        """The authorities of the environment, read at the first need of them: that takes a twentieth of a second."""
        self._trusted = self._trusted or self._trust.context()
        return self._trusted or True

    def _is_there(self, answer: aiohttp.ClientResponse) -> bool:
        """Has the body come whole, as most often? HTTP's own framing bounds what is read then.

        Raises:
            BadAnswer, BodyTooLarge: it cannot be read.
        """
        headers = answer.headers
        if hdrs.CONTENT_ENCODING in headers and {*headers.getall(hdrs.CONTENT_ENCODING)} != {"identity"}:
            raise BadAnswer("the answer is compressed, though uncompressed was asked for")
        length = headers.get(hdrs.CONTENT_LENGTH)
        if length is None:
            return False
        if int(length) > self._max_body:
            raise self._too_large()
        # Who lends a session may have it traced, which `read` does.
        return self._lender is None and answer.content.is_eof()

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        if hdrs.CONTENT_LENGTH in answer.headers:
            return await answer.read()
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > self._max_body:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the answer is larger than {self._max_body} bytes")


def _body_of(body: bytes | StreamedBody) -> Body | LongBody | StreamBody:
    """The body in the form in which aiohttp sends it."""
    if not isinstance(body, bytes):
        return StreamBody(body)
    return Body(body) if len(body) < _LONG else LongBody(io.BytesIO(body))


def _beyond_usual(_: URL, headers: Mapping[str, str]) -> tuple[bool, CIMultiDictProxy[str]]:
    """Whether these are the usual headers and more, and then those that are more: aiohttp adds headers one by one."""
    is_usual = headers.items() >= HEADERS.items()
    more = {name: value for name, value in headers.items() if not is_usual or name not in HEADERS}
    return is_usual, CIMultiDictProxy(CIMultiDict(more))


def _with_more(usual: CIMultiDictProxy[str], request: Request, proxy: Proxy | None) -> Mapping[str, str]:
    """The headers with those for the proxy where it is no tunnel, and with the size of a body that is streamed."""
    more: dict[str, str] = {}
    if proxy is not None and request.url.scheme == "http":
        more.update(proxy.headers)  # without TLS there is no CONNECT to put them on
    if not isinstance(request.body, bytes):
        more[hdrs.CONTENT_LENGTH] = str(len(request.body))  # or it would be sent in chunks
    return CIMultiDict({**usual, **more}) if more else usual


@define(eq=False)
class _Open:
    """What is open under one event loop.

    Attributes:
        http: sends the usual headers with every request.
        bare: sends none but those of the request, over the same connections.
    """

    http: aiohttp.ClientSession
    bare: aiohttp.ClientSession
    deadlines: Deadlines
    sending: Sending
    is_lent: bool
    _is_closed: bool = field(default=False, init=False)

    @property
    def closed(self) -> bool:
        # One that is lent may be closed by its owner.
        return self._is_closed or (self.is_lent and self.http.closed)

    async def close(self) -> None:
        self._is_closed = True
        if not self.is_lent:
            await self.http.close()
        self.deadlines.close()

    def __del__(self) -> None:
        # Lent connections are not ended by closing, so the calls over them go on, and need this down to the last one.
        if self.is_lent:
            self.http.detach()
            self.bare.detach()
