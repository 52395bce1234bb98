"""The innermost layer: the request is signed and sent, and the answer judged.

It is the one place that holds the key and the answer at once; what goes up from here is without the key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from .status import judge

if TYPE_CHECKING:
    from ..transport.base import Request, Response
    from . import CallNext
    from .auth import Auth

__all__ = ["Wire", "exchange"]


class Wire(Protocol):
    """What requests go out through, and what can be taken from under its sessions when it is closed."""

    @property
    def send(self) -> Callable[[Request], Awaitable[Response]]:
        """Carries one request."""
        ...


def exchange(auth: Auth, wire: Wire) -> CallNext:
    """The function that has a request answered with a 200 that is a success.

    Raises (when called):
        ConfigError: the account has no key for the method, or a middleware has put on a header that cannot be sent.
        ApiError: the answer is another one.
        DecodeError: a 200 that is not JSON.
        TransportError: there is no answer.
    """

    async def send(request: Request) -> Response:
        key = auth.key(request.endpoint.role)
        response = key.blank(await wire.send(key.sign(request)))
        judge(request, response)
        return response

    return send
