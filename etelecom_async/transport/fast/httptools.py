"""A transport on httptools at less than half the CPU of the default one. Needs the extra `[fast]`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from yarl import URL

from ... import _checks
from ...errors import AttemptTimeout, ConfigError, Phase
from ..base import Request, Response
from ..headers import Prepared
from ..lifetime import Lifetime
from ..proxies import Proxies
from ..trust import Trust, check_context
from .head import Head

if TYPE_CHECKING:
    from .pool import Pool

__all__ = ["HttptoolsTransport"]


class HttptoolsTransport:
    """Sends requests over HTTP/1.1 connections of its own: plain asyncio, with httptools to parse the answers.

    It opens at the first request, under the running event loop, as the default transport does. It does not support
    proxies, and does not bypass them: if the environment names a proxy for a URL, it refuses.

    Args:
        pool_size: requests under way at most; None for no limit, since the session's throttle already sets one.
        ssl_context: for TLS with a private CA or a client certificate; None verifies against the authorities that
            `SSL_CERT_FILE`, `SSL_CERT_DIR` or `REQUESTS_CA_BUNDLE` name, else the system's.
        trust_env: whether the environment counts: its authorities, and its proxies, which are refused. False ignores
            both.
        max_body: bytes of an answer that are read at most.
        connect_timeout: seconds for a new connection; within the attempt's own limit.

    Raises:
        ConfigError: an option cannot work, or httptools is not installed.
    """

    def __init__(
        self,
        *,
        pool_size: int | None = None,
        ssl_context: ssl.SSLContext | None = None,
        trust_env: bool = True,
        max_body: int = 10 * 2**20,
        connect_timeout: float = 5.0,
    ) -> None:
        check_context(ssl_context)
        _checks.flag("trust_env", trust_env)
        if pool_size is not None:
            pool_size = _checks.whole("pool_size", pool_size, otherwise=", or None for no limit")
        max_body = _checks.whole("max_body", max_body)
        connect_timeout = _checks.number("connect_timeout", connect_timeout, above=0, unit="a number of seconds")
        try:
            from .pool import Pool  # noqa: PLC0415 - an extra
        except ImportError:
            raise ConfigError("The fast transport needs an extra: pip install 'etelecom-async[fast]'") from None
        self._new = Pool
        self._pool_size = pool_size
        self._ssl = ssl_context
        self._proxies = Proxies(trust_env=trust_env)
        self._trust = Trust.of_environment() if trust_env and ssl_context is None else Trust()
        self._max_body = max_body
        self._connect_timeout = connect_timeout
        self._lifetime: Lifetime[Pool] = Lifetime()
        self._heads = Prepared(Head)

    @property
    def pool_size(self) -> int | None:
        """Requests under way at most; None for no limit."""
        return self._pool_size

    def check_url(self, url: URL, /) -> None:
        """A ConfigError if requests to this URL cannot be sent, because of a proxy or the certificates to trust."""
        proxy = self._proxies.of(url)
        if proxy is not None:
            raise ConfigError(
                f"The fast transport does not support proxies, and {proxy.source} names one for {url.host}: use"
                " AiohttpTransport (--transport aiohttp), name the host in NO_PROXY, or pass trust_env=False."
            )
        if url.scheme == "https":
            self._trust.check()

    async def send(self, request: Request, /) -> Response:
        """Send one request, as `Transport` says."""
        pool = self._lifetime.current() or await self._lifetime.open(self._new_pool)
        if pool.slots is None:
            return await self._exchange(pool, request, request.timeout.attempt)
        left = _left(request.timeout.attempt)
        failure = None
        try:
            async with asyncio.timeout(left()):
                await pool.slots.acquire()
        except TimeoutError:
            failure = AttemptTimeout("no free connection within the attempt's time", phase=Phase.NOT_SENT)
        if failure is not None:
            raise failure
        try:
            return await self._exchange(pool, request, left())
        finally:
            pool.slots.release()

    async def aclose(self) -> None:
        await self._lifetime.aclose()

    async def _exchange(self, pool: Pool, request: Request, seconds: float | None) -> Response:
        head = self._heads.of(request)
        connection = pool.take(head.origin)
        if connection is None:
            if not self._proxies.is_empty:
                self.check_url(request.url)
            left = _left(seconds)
            connection = await pool.connect(head.origin, seconds)
            seconds = left()
        answer = connection.ask(head, request.body, seconds)
        try:
            return await answer
        finally:
            connection.leave(answer)

    def _new_pool(self) -> Pool:
        return self._new(
            ssl_context=self._ssl,
            trust=self._trust,
            max_body=self._max_body,
            connect_timeout=self._connect_timeout,
            size=self._pool_size,
        )


def _left(seconds: float | None) -> Callable[[], float | None]:
    """A function that says how much of this time is left."""
    if seconds is None:
        return lambda: None
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    return lambda: max(0.0, until - loop.time())
