"""A session's transport to a `World` in memory."""

from __future__ import annotations

import asyncio

from .. import _checks
from ..errors import AttemptTimeout
from ..transport.base import Request, Response
from .world import SandboxRequest, World

__all__ = ["SandboxTransport"]


class SandboxTransport:
    """Sends requests to a `World` in memory.

    Args:
        world: answers them.
        latency: seconds that every answer takes; if the attempt has no more time than that, it is `AttemptTimeout`.

    Raises:
        ConfigError: an argument of a wrong type.
    """

    def __init__(self, world: World, *, latency: float = 0.0) -> None:
        self._world = _checks.instance("SandboxTransport.world", world, World, "a World: write World()")
        self._latency = _checks.number("SandboxTransport.latency", latency, least=0, unit="a number of seconds")

    async def send(self, request: Request, /) -> Response:
        """Send one request, as `Transport` says."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        # Only the answer is late: a call that times out was carried out.
        body = await request.read_body()
        response = self._world.handle(SandboxRequest(method="POST", path=request.url.path, headers=headers, body=body))
        limit = request.timeout.attempt
        if limit is not None and limit <= self._latency:
            await asyncio.sleep(limit)
            raise AttemptTimeout("no answer within the attempt's time")
        # Even a latency of 0 waits for one turn of the event loop, so that calls interleave as over a network.
        await asyncio.sleep(self._latency)
        return response

    async def aclose(self) -> None:
        """Does nothing."""
