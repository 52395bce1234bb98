"""A connection on which the server has spoken before it was asked carries no request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import aiohttp
from attrs import define, field

from .readiness import readiness

if TYPE_CHECKING:
    import socket

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.typedefs import LooseHeaders

__all__ = ["Body", "CheckedRequest", "LongBody", "Sending", "StreamBody", "UnsolicitedData"]


class UnsolicitedData(aiohttp.ClientConnectionError):
    """Something was there to be read before the request was written. Nothing was sent."""


@define(eq=False)
class Sending:
    """What is known of the connections of one transport.

    Attributes:
        has_connected: whether any request had one.
        has_come: for a connection from its second request on, what asks the kernel whether there is something to read;
            on a new one, TLS may have left something there that is no answer.
    """

    has_connected: bool = False
    has_come: WeakKeyDictionary[ResponseHandler, Callable[[], Sequence[object]]] = field(factory=WeakKeyDictionary)


class _Told:
    """Goes with the body to the request that aiohttp makes for it, and is told there whether it was sent.

    Attributes:
        sending: of the transport that sends it.
        is_sent: whether the request has begun to be written.
    """

    sending: Sending
    is_sent = False


class Body(_Told, aiohttp.BytesPayload):
    """A body that is written at once."""


class LongBody(_Told, aiohttp.BytesIOPayload):
    """A body that is written in pieces, so that it does not hold up the event loop."""


class StreamBody(_Told, aiohttp.AsyncIterablePayload):
    """A body that is read while it is written."""


class CheckedRequest(aiohttp.ClientRequest):
    """Aiohttp's request, sent only where nothing waits to be read.

    HTTP/1.1 matches answers to requests by their order alone, so a second answer to an earlier request, or a 408 that a
    server sends as it tires of an idle connection, would be taken for this one's: a wrong value.

    Three things of aiohttp are used that its documentation does not promise: that a session sends a request by its
    method `send`; that a request gets its headers by `update_headers`, which puts Host before them; and `should_close`
    of a connection's protocol, which tells what the event loop has read of it unasked. The tests run with the lowest
    and the newest aiohttp that are allowed (`make test-lowest`).
    """

    def update_headers(self, headers: LooseHeaders | None) -> None:
        """Take them all at once. One by one, as aiohttp does, takes 3,000 instructions more."""
        super().update_headers(None)  # of these there is one, Host
        self.headers.update(headers or ())

    def send(  # pyright: ignore[reportIncompatibleMethodOverride] - aiohttp awaits it, and needs no native coroutine
        self, conn: Connection
    ) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
        """Write the request, which needs no coroutine of its own.

        Raises:
            UnsolicitedData: the connection cannot be used; the caller closes it.
        """
        body, protocol = cast("Body | LongBody | StreamBody", self.body), conn.protocol
        sending = body.sending
        if protocol is not None:
            has_come = sending.has_come.get(protocol)
            if protocol.should_close or (has_come is not None and has_come()):
                raise UnsolicitedData
            if has_come is None and conn.transport is not None:
                sock = cast("socket.socket", conn.transport.get_extra_info("socket"))
                sending.has_come[protocol] = readiness(sock.fileno())
        sending.has_connected = body.is_sent = True
        return super().send(conn)
