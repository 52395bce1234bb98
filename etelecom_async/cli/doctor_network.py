"""What `etelecom doctor` asks of the network below HTTP: names, connections, TLS. Each is cancelled at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, cast

from attrs import frozen

from ..transport.connecting import not_connected, system_message

__all__ = ["Certificate", "Resolve", "connect_to_each", "handshake", "is_address", "resolve"]

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host; raises OSError or UnicodeError where there are none."""
_MOST = 6
"""Addresses that are tried: a name may have very many."""


@frozen
class Certificate:
    """What a TLS handshake has shown: the version, and until when the certificate is valid, in epoch seconds."""

    version: str
    ends: float


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as this system knows them.

    Not in the event loop's threads: Python waits for those at its end, and a name server may never answer.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], error: Exception | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(addresses)
        else:
            found.set_exception(error)

    def look_up() -> None:
        addresses: list[str] = []
        failure: Exception | None = None
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, addresses, failure)

    threading.Thread(target=look_up, daemon=True, name="etelecom-doctor-dns").start()
    return await found


async def connect_to_each(addresses: Sequence[str], port: int, *, seconds: float) -> dict[str, str | None]:
    """For each address None, or why there was no connection to it within this many seconds."""

    async def connect(address: str) -> str | None:
        try:
            async with asyncio.timeout(seconds):
                _, writer = await asyncio.open_connection(address, port)
        except TimeoutError:
            return f"no connection to {address} within {seconds:g} s"
        except OSError as error:
            return f"no connection to {address}: {system_message(error)}"
        await _close(writer)
        return None

    tried = list(addresses)[:_MOST]
    return dict(zip(tried, await asyncio.gather(*map(connect, tried)), strict=True))


async def handshake(host: str, address: str, port: int, context: ssl.SSLContext) -> Certificate:
    """A TLS handshake, with the certificate verified.

    Raises:
        ConnectError: it fails, such as a `TlsError`; the sentence says why.
    """
    try:
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
    except (OSError, UnicodeError) as error:
        failure = not_connected(error, host, port, has_connected=False)
    else:
        connection = cast("ssl.SSLObject", writer.get_extra_info("ssl_object"))
        version, certificate = connection.version(), connection.getpeercert() or {}
        await _close(writer)
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"])) if "notAfter" in certificate else float("inf")
        return Certificate(version or "TLS", ends)
    raise failure


async def _close(writer: asyncio.StreamWriter) -> None:
    # Without the farewell of TLS, for which a server may keep us waiting.
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
