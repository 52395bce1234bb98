"""The connections of one event loop: the busy ones, the idle ones, and how new ones are made."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import TypeAlias

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType] - bare tuples in it

from ...errors import AttemptTimeout, ConnectError, Disconnected, Phase, TransportError
from ..connecting import not_connected
from ..deadlines import Deadlines
from ..trust import Trust
from .head import Origin
from .http1 import Connection

__all__ = ["Pool"]

_KEPT = 15.0
"""Seconds that a connection may be idle: most servers close theirs after 60 s or later."""
_RESOLVED = 10.0
"""Seconds for which an address is remembered."""
_HEAD_START = 0.25
"""Seconds before the next address, of the other family, is tried too (RFC 8305)."""

_Name: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
_Addresses: TypeAlias = Sequence[tuple[int, int, int, str, _Name]]


class Pool:
    """Connections to any number of origins. The one used last is used first, so that the others can grow old.

    The arguments are those of `HttptoolsTransport`; without `ssl_context` it verifies against `trust`.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None,
        trust: Trust,
        max_body: int,
        connect_timeout: float,
        size: int | None,
    ) -> None:
        self.closed = False
        self.slots = None if size is None else asyncio.Semaphore(size)
        self._ssl = ssl_context
        self._trust = trust
        self._max_body = max_body
        self._connect_timeout = connect_timeout
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop)
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._connecting: set[asyncio.Timeout] = set()
        self._is_empty = asyncio.Event()
        self._has_connected = False
        self._resolved: dict[Origin, tuple[float, _Addresses]] = {}

    def take(self, origin: Origin) -> Connection | None:
        """An idle connection."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_usable() and self._loop.time() - connection.idle_since < _KEPT:
                return connection
            connection.abort()
        return None

    async def connect(self, origin: Origin, seconds: float | None) -> Connection:
        """A new connection, or a TransportError; `seconds` is the rest of the attempt's time."""
        limit = self._connect_timeout if seconds is None else min(seconds, self._connect_timeout)
        try:
            async with asyncio.timeout(limit) as scope:
                self._connecting.add(scope)
                try:
                    return await self._connect(origin)
                finally:
                    self._connecting.discard(scope)
        except TimeoutError:
            failure = self._too_late(seconds)
        except (OSError, UnicodeError) as error:
            self._resolved.pop(origin, None)
            failure = not_connected(error, origin.host, origin.port, has_connected=self._has_connected)
        # Outside of the except block, so that the error has no context.
        raise failure

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        self.closed = True
        if self._loop.is_closed():
            return
        for scope in self._connecting:
            if not scope.expired():
                scope.reschedule(self._loop.time())
        for connection in list(self._open):
            connection.close(Disconnected("the transport was closed"))
        self._deadlines.close()
        if self._open:
            await self._is_empty.wait()

    async def _connect(self, origin: Origin) -> Connection:
        tls = self._tls() if origin.is_tls else None
        sock = await start_connection(
            await self._resolve(origin), happy_eyeballs_delay=_HEAD_START, interleave=1, loop=self._loop
        )
        connection = Connection(
            origin,
            deadlines=self._deadlines,
            max_body=self._max_body,
            on_made=self._open.add,
            on_free=self._keep,
            on_lost=self._forget,
        )
        try:
            await self._loop.create_connection(
                lambda: connection,
                sock=sock,
                ssl=tls,
                server_hostname=origin.host.rstrip(".") if origin.is_tls else None,
            )
        except BaseException:
            # A loop need not call `connection_lost` if connecting failed; uvloop does not.
            self._forget(connection)
            sock.close()
            raise
        if self.closed:
            connection.abort()
            raise TimeoutError
        self._has_connected = True
        return connection

    def _tls(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = self._trust.context() or ssl.create_default_context()
            self._ssl.set_alpn_protocols(["http/1.1"])
        return self._ssl

    async def _resolve(self, origin: Origin) -> _Addresses:
        until, addresses = self._resolved.get(origin, (0.0, ()))
        if self._loop.time() < until:
            return addresses
        try:
            # An address needs no look-up in a thread.
            addresses = socket.getaddrinfo(
                origin.host, origin.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except socket.gaierror:
            addresses = await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        self._resolved[origin] = self._loop.time() + _RESOLVED, addresses
        return addresses

    def _keep(self, connection: Connection) -> None:
        connection.idle_since = self._loop.time()
        self._idle.setdefault(connection.origin, []).append(connection)

    def _forget(self, connection: Connection) -> None:
        self._open.discard(connection)
        with contextlib.suppress(ValueError):
            self._idle.get(connection.origin, []).remove(connection)
        if self.closed and not self._open:
            self._is_empty.set()

    def _too_late(self, seconds: float | None) -> TransportError:
        if self.closed:
            return ConnectError("the transport was closed while it connected")
        if seconds is not None and seconds <= self._connect_timeout:
            return AttemptTimeout("no connection within the attempt's time", phase=Phase.NOT_SENT)
        return ConnectError("no connection within the time for connecting")
