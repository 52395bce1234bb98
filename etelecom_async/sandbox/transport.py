"""A session's transport with a `World` behind it and no socket between them."""

from __future__ import annotations

import asyncio

from .. import _checks
from ..errors import AttemptTimeout
from ..transport.base import Request, Response
from .world import Exchange, World

__all__ = ["SandboxTransport"]


class SandboxTransport:
    """Carries requests to a `World` in memory.

    Args:
        world: what answers.
        latency: seconds that every answer takes; one that takes the attempt's time or longer is `AttemptTimeout`.

    Raises:
        ConfigError: an argument of a wrong kind.
    """

    def __init__(self, world: World, *, latency: float = 0.0) -> None:
        self._world = _checks.instance("SandboxTransport.world", world, World, "a World: write World()")
        self._latency = _checks.number("SandboxTransport.latency", latency, least=0, unit="a number of seconds")

    async def send(self, request: Request, /) -> Response:
        """Carry one request; `Transport` says what this promises."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        # It is the answer that comes late: a call that times out was carried out all the same.
        response = self._world.handle(
            Exchange(method="POST", path=request.url.path, headers=headers, body=request.body)
        )
        limit = request.timeout.attempt
        if limit is not None and limit <= self._latency:
            await asyncio.sleep(limit)
            raise AttemptTimeout("no answer within the attempt's time")
        # A latency of 0 waits too, for one turn of the event loop, so that calls interleave as they do over a network.
        await asyncio.sleep(self._latency)
        return response

    async def aclose(self) -> None:
        """There is nothing to release."""
