"""The layers that a request passes through: functions of (request, call_next) to a response.

A session's own, outermost first: telemetry > retry > [yours] > throttle > exchange. Exchange is the innermost one: it
has the request signed (`auth`), sent by the transport, and the answer judged (`status`). One of yours:

    async def stamp(request: Request, call_next: CallNext) -> Response:
        return await call_next(request.with_headers({**request.headers, "X-Trace": new_id()}))

    Session(account, middlewares=[stamp])
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from ..transport.base import Request, Response

__all__ = ["CallNext", "Middleware", "compose"]

CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]
Middleware: TypeAlias = Callable[[Request, CallNext], Awaitable[Response]]


def compose(middlewares: Iterable[Middleware], send: CallNext) -> CallNext:
    """One function out of many: the first middleware is the outermost, `send` the innermost."""
    for middleware in reversed(list(middlewares)):
        send = _bind(middleware, send)
    return send


def _bind(middleware: Middleware, call_next: CallNext) -> CallNext:
    # Of an object the method, once: calling the object looks it up every time.
    method: Middleware = middleware.__call__  # type: ignore[operator]  # mypy thinks it unbound
    layer = middleware if inspect.isroutine(middleware) else method
    return lambda request: layer(request, call_next)
