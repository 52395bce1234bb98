"""A connection on which the server has spoken before it was asked carries no request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

import aiohttp
from attrs import define, field

from .readiness import readiness

if TYPE_CHECKING:
    import socket

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

__all__ = ["Sending", "UnsolicitedData", "request_class"]


class UnsolicitedData(aiohttp.ClientConnectionError):
    """Something was there to be read before the request was written. Nothing was sent."""


@define(eq=False)
class Sending:
    """How far the requests of one session came.

    Attributes:
        has_connected: whether any of them had a connection.
        tasks: those whose request has begun to be written; each call takes itself out at its end.
    """

    has_connected: bool = False
    tasks: set[asyncio.Task[object] | None] = field(factory=set[asyncio.Task[object] | None])


def request_class(sending: Sending) -> type[aiohttp.ClientRequest]:
    """Aiohttp's request for one session, sent only where nothing waits to be read.

    HTTP/1.1 matches answers to requests by their order alone, so a second answer to an earlier request, or a 408 that a
    server sends as it tires of an idle connection, would be taken for this one's: a wrong value.
    """
    # From its second request on: on a new connection, TLS may have left something there that is none.
    heard: WeakKeyDictionary[ResponseHandler, Callable[[], Sequence[object]]] = WeakKeyDictionary()

    class AskingRequest(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            """Write the request.

            Raises:
                UnsolicitedData: the connection cannot be used; whoever calls closes it.
            """
            protocol = conn.protocol
            if protocol is not None:
                has_come = heard.get(protocol)
                if protocol.should_close or (has_come is not None and has_come()):
                    raise UnsolicitedData
                if has_come is None and conn.transport is not None:
                    sock = cast("socket.socket", conn.transport.get_extra_info("socket"))
                    heard[protocol] = readiness(sock.fileno())
            sending.has_connected = True
            sending.tasks.add(asyncio.current_task())
            return await super().send(conn)

    return AskingRequest
