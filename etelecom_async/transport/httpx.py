"""A transport on httpx. Needs the extra `[httpx]`."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any, cast

from attrs import define, field
from yarl import URL

from .. import _checks
from ..account import Secret
from ..errors import BadAnswer, BodyTooLarge, TransportError
from .base import Request, Response
from .connecting import PROXY_AUTHENTICATION, proxy_refused
from .lifetime import Lifetime
from .proxies import Proxies, Proxy, secret_url
from .trust import Trust, check_context

try:
    import httpx

    from .httpx_answers import check_head, not_sent, surplus, unanswered
except ImportError:
    raise ImportError("HttpxTransport needs an extra: pip install 'etelecom-async[httpx]'") from None

__all__ = ["HttpxTransport"]

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=15)


class HttpxTransport:
    """Carries requests over httpx. Opens at the first request, under the running event loop, as the default does.

    It sits below httpx's client, which would follow redirects, keep cookies, and read netrc.

    Args:
        ssl_context: for TLS with a private CA or a client certificate; None verifies against the authorities that
            `SSL_CERT_FILE`, `SSL_CERT_DIR` or `REQUESTS_CA_BUNDLE` name, else the system's.
        proxy: URL of an HTTP proxy for all requests; None for the one of the environment, if there is one.
        trust_env: whether proxies and authorities are taken from the environment.
        max_body: bytes of an answer that are read at most.
        connect_timeout: seconds for a new connection, and as many for its TLS; within the attempt's own limit.

    Raises:
        ConfigError: options that cannot work.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | URL | Secret | None = None,
        trust_env: bool = True,
        max_body: int = 10 * 2**20,
        connect_timeout: float = 5.0,
    ) -> None:
        secret = secret_url(proxy, "proxy")
        del proxy
        check_context(ssl_context)
        _checks.flag("trust_env", trust_env)
        self._max_body = _checks.whole("max_body", max_body)
        connect = _checks.number("connect_timeout", connect_timeout, above=0, unit="a number of seconds")
        self._timeout = {"connect": connect, "read": None, "write": None, "pool": None}
        self._ssl = ssl_context
        self._proxies = Proxies(secret, trust_env=trust_env)
        self._trust = Trust.of_environment() if trust_env and ssl_context is None else Trust()
        self._lifetime: Lifetime[_Open] = Lifetime()

    def check_url(self, url: URL, /) -> None:
        """A ConfigError if requests to this URL cannot be sent, because of its proxy or the certificates to trust."""
        self._proxies.of(url)
        if url.scheme == "https":
            self._trust.check()

    async def send(self, request: Request, /) -> Response:
        """Carry one request; `Transport` says what this promises."""
        proxy = self._proxies.of(request.url)
        headers = dict(request.headers)
        if not isinstance(request.body, bytes):
            headers["Content-Length"] = str(len(request.body))  # or it would be sent in chunks
        held = self._lifetime.current() or await self._lifetime.open(self._open)
        is_sent = False

        async def trace(event: str, info: dict[str, Any]) -> None:
            nonlocal is_sent
            if event == "http11.send_request_headers.started" and info["request"].method == b"POST":  # no CONNECT
                is_sent = held.has_connected = True

        # What httpx raises holds the request and with it the key, so a new error is raised outside of the except block.
        try:
            async with asyncio.timeout(request.timeout.attempt):
                extensions = {"timeout": self._timeout, "trace": trace}
                answer = await held.carrier(proxy).handle_async_request(
                    httpx.Request(
                        "POST", str(request.url), headers=headers, content=request.body, extensions=extensions
                    )
                )
                try:
                    check_head(answer)
                    body = await self._read(answer)
                    if (behind := surplus(answer)) != b"" or held.closed:
                        await answer.extensions["network_stream"].aclose()  # so that no request is sent on it
                finally:
                    await answer.aclose()
            if behind and not behind.lstrip().startswith(b"HTTP/"):
                raise BadAnswer("the answer is longer than it says")
            if proxy is not None and answer.status_code == PROXY_AUTHENTICATION:
                raise proxy_refused(answer.status_code, proxy)
            return Response(answer.status_code, dict(answer.headers.multi_items()), body)
        except asyncio.CancelledError as error:
            raise error.with_traceback(None) from None  # httpcore's frames hold the user and the password of the proxy
        except TransportError:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup, OSError, RuntimeError, ValueError) as error:
            has_connected = held.has_connected
            failure = unanswered(error) if is_sent else not_sent(error, request.url, proxy, has_connected=has_connected)
        raise failure

    async def aclose(self) -> None:
        """Close the connections."""
        await self._lifetime.aclose()

    async def _read(self, answer: httpx.Response) -> bytes:
        body = bytearray()
        is_too_large = int(answer.headers.get("content-length", "0")) > self._max_body
        if not is_too_large:
            async for chunk in cast("httpx.AsyncByteStream", answer.stream):
                body += chunk
                if is_too_large := len(body) > self._max_body:
                    break
        if is_too_large:
            raise BodyTooLarge(f"the answer is larger than {self._max_body} bytes")
        return bytes(body)

    def _open(self) -> _Open:
        return _Open(self._ssl or self._trust.context() or ssl.create_default_context())


@define(eq=False)
class _Open:
    """What is open under one event loop."""

    tls: ssl.SSLContext
    has_connected: bool = False
    closed: bool = False
    carriers: dict[Proxy | None, httpx.AsyncHTTPTransport] = field(factory=dict)

    def carrier(self, proxy: Proxy | None) -> httpx.AsyncHTTPTransport:
        """Connections, through this proxy or directly."""
        if proxy not in self.carriers:
            through = None
            if proxy is not None:
                tls = self.tls if proxy.url.scheme == "https" else None
                through = httpx.Proxy(str(proxy.url), headers=proxy.headers, ssl_context=tls)
            self.carriers[proxy] = httpx.AsyncHTTPTransport(
                verify=self.tls, trust_env=False, limits=_LIMITS, proxy=through
            )
        return self.carriers[proxy]

    async def close(self) -> None:
        self.closed = True
        for carrier in self.carriers.values():
            with contextlib.suppress(RuntimeError):  # its event loop is closed
                await carrier.aclose()
