"""What a call goes through. Outermost first: telemetry > retry > [user middleware] > throttle > exchange.

The first two belong to the call as a whole; retry has the loop of attempts. The others are layers that each attempt
passes through, put together once for a method. With the request goes an `Attempt`, in which they tell retry about it.
Exchange is the innermost one: it has the request signed (`auth`), sent by the transport, and the answer judged
(`status`). A layer of your own:

    async def stamp(request: Request, call_next: CallNext) -> Response:
        return await call_next(request.with_headers({**request.headers, "X-Trace": new_id()}))

    Session(account, middlewares=[stamp])
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TypeAlias, cast

from .. import _checks
from ..errors import ConfigError, Phase
from ..transport.base import CallNext, Request, Response
from .attempt import Attempt, Layer, Send

__all__ = ["CallNext", "Middleware", "compose", "user_middleware"]

Middleware: TypeAlias = Callable[[Request, CallNext], Awaitable[Response]]


def compose(layers: Iterable[Layer], send: Send) -> Send:
    """One function out of many: the first layer is the outermost, `send` the innermost."""
    for layer in reversed(list(layers)):
        send = layer(send)
    return send


def user_middleware(middleware: Middleware) -> Layer:
    """A middleware as a layer that holds it to what it has to pass on and to return."""

    def layer(call_next: Send) -> Send:
        async def send(request: Request, attempt: Attempt) -> Response:
            def go_on(request: Request) -> Awaitable[Response]:
                if isinstance(request, Request):  # pyright: ignore[reportUnnecessaryIsInstance] - it is a user's
                    return call_next(request, attempt)
                raise _misused(middleware, f"passed {_checks.shown(request)} to call_next, which takes the Request")

            # It is a user's, so it may give anything.
            answer = cast("object", middleware(request, go_on))
            if isinstance(answer, Awaitable):
                answer = cast("object", await answer)
                if isinstance(answer, Response):
                    return answer
            kind = _checks.shown(answer)
            if isinstance(answer, Coroutine):
                answer.close()  # one that was returned and never awaited would warn of it
            raise _misused(
                middleware,
                f"returned {kind}: it has to return the Response of 'await call_next(request)'",
            )

        return send

    return layer


def _misused(middleware: Middleware, how: str) -> ConfigError:
    # The repr of an object, such as a partial, may show its arguments.
    name = getattr(middleware, "__qualname__", None) or f"of the class {type(middleware).__qualname__}"
    # What it did with the request before is not known.
    return ConfigError(f"The middleware {name} {how}.", phase=Phase.UNKNOWN)
