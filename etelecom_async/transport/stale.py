"""A connection on which the server has spoken before it was asked carries no request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import aiohttp
from attrs import define, field

from .readiness import readiness

if TYPE_CHECKING:
    import socket

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

__all__ = ["CheckedRequest", "Sending", "UnsolicitedData", "sending_of_task"]


class UnsolicitedData(aiohttp.ClientConnectionError):
    """Something was there to be read before the request was written. Nothing was sent."""


@define(eq=False)
class Sending:
    """How far the requests of one transport came.

    Attributes:
        has_connected: whether any of them had a connection.
        tasks: those whose request has begun to be written; each call takes itself out at its end.
        has_come: for a connection from its second request on, what asks the kernel whether there is something to read;
            on a new one, TLS may have left something there that is no answer.
    """

    has_connected: bool = False
    tasks: set[asyncio.Task[object] | None] = field(factory=set[asyncio.Task[object] | None])
    has_come: WeakKeyDictionary[ResponseHandler, Callable[[], Sequence[object]]] = field(factory=WeakKeyDictionary)


sending_of_task: ContextVar[Sending] = ContextVar("sending_of_task")
"""What the requests of a task are told to. A transport sets it before each: aiohttp makes the requests itself."""


class CheckedRequest(aiohttp.ClientRequest):
    """Aiohttp's request, sent only where nothing waits to be read.

    HTTP/1.1 matches answers to requests by their order alone, so a second answer to an earlier request, or a 408 that a
    server sends as it tires of an idle connection, would be taken for this one's: a wrong value.

    Two things of aiohttp are used that its documentation does not promise: that a session sends a request by its method
    `send`, and `should_close` of a connection's protocol, which tells what the event loop has read of it unasked. The
    tests run with the lowest and the newest aiohttp that are allowed (`make test-lowest`).
    """

    def send(  # pyright: ignore[reportIncompatibleMethodOverride] - aiohttp awaits it, and needs no native coroutine
        self, conn: Connection
    ) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
        """Write the request, which needs no coroutine of its own.

        Raises:
            UnsolicitedData: the connection cannot be used; the caller closes it.
        """
        sending, protocol = sending_of_task.get(), conn.protocol
        if protocol is not None:
            has_come = sending.has_come.get(protocol)
            if protocol.should_close or (has_come is not None and has_come()):
                raise UnsolicitedData
            if has_come is None and conn.transport is not None:
                sock = cast("socket.socket", conn.transport.get_extra_info("socket"))
                sending.has_come[protocol] = readiness(sock.fileno())
        sending.has_connected = True
        sending.tasks.add(asyncio.current_task())
        return super().send(conn)
