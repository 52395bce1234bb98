"""What a call goes through. Outermost first: telemetry > retry > [yours] > throttle > exchange.

The first two belong to the call as a whole, and the session has them in its loop of attempts. The others are layers
that each attempt passes through, put together once for a method. Exchange is the innermost one: it has the request
signed (`auth`), sent by the transport, and the answer judged (`status`). A layer of yours:

    async def stamp(request: Request, call_next: CallNext) -> Response:
        return await call_next(request.with_headers({**request.headers, "X-Trace": new_id()}))

    Session(account, middlewares=[stamp])
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from ..transport.base import Request, Response

__all__ = ["CallNext", "Layer", "Middleware", "compose", "yours"]

CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]
Layer: TypeAlias = Callable[[CallNext], CallNext]
"""Makes of what comes next what comes with it: asked once, so that no call pays for putting them together."""
Middleware: TypeAlias = Callable[[Request, CallNext], Awaitable[Response]]


def compose(layers: Iterable[Layer], send: CallNext) -> CallNext:
    """One function out of many: the first layer is the outermost, `send` the innermost."""
    for layer in reversed(list(layers)):
        send = layer(send)
    return send


def yours(middleware: Middleware) -> Layer:
    """A middleware as a layer."""
    return lambda call_next: lambda request: middleware(request, call_next)
