"""A connection on which the server has spoken before it was asked carries no request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from aiohttp.connector import Connection

__all__ = ["AskingRequest", "SpokeUnasked"]


class SpokeUnasked(aiohttp.ClientConnectionError):
    """Something was there to be read before the request was written. Nothing was sent."""


class AskingRequest(aiohttp.ClientRequest):
    """aiohttp's request, sent only where nothing waits to be read.

    HTTP/1.1 matches answers to requests by their order alone, so a second answer to an earlier request, or a 408 that a
    server sends as it tires of an idle connection, would be taken for this one's: a wrong value.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request.

        Raises:
            SpokeUnasked: the connection cannot be used; whoever calls closes it.
        """
        if conn.protocol is not None and conn.protocol.should_close:
            raise SpokeUnasked
        return await super().send(conn)
