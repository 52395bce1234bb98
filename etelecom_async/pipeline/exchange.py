"""The innermost layer: the request is signed and sent, and the answer judged.

It is the one place that holds the key and the answer at once; what goes up from here is without the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import EtelecomError
from .status import api_error, retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..endpoint import AnyEndpoint
    from ..transport.base import Request, Response, StreamedBody
    from ..transport.shared import SharedTransport
    from .attempt import Attempt, Send
    from .auth import Key

__all__ = ["exchange"]

_OK = 200


def exchange(key: Key, endpoint: AnyEndpoint, transport: SharedTransport) -> Send:
    """The function that has a method's requests answered with a 200 that is a success.

    Raises (when called):
        ConfigError: a middleware has put on a header that cannot be sent; or a file cannot be read.
        ApiError: the answer is another one, or a 200 whose body says "try later".
        DecodeError: a 200 that is not JSON, where the method has to look into it.
        TransportError: there is no answer.
        SessionClosed: the transport is closed.
    """
    refusal = endpoint.refusal

    async def send(request: Request, attempt: Attempt) -> Response:
        signed = key.sign(request)
        body = signed.body
        answer = await (transport.send(signed) if isinstance(body, bytes) else _stream(transport, signed, body))
        response = attempt.response = key.redact(answer)
        if response.status != _OK:
            raise api_error(response)
        if refusal is not None:
            error = refusal(response.json())
            if error is not None:
                error.retry_after = retry_after(response)
                raise error
        return response

    return send


async def _stream(transport: SharedTransport, request: Request, body: StreamedBody) -> Response:
    """Send what is read meanwhile. Where it cannot be read, that ends the call, not what a transport makes of it."""
    watched = _Watched(body)
    try:
        return await transport.send(request.with_body(watched))
    except EtelecomError:
        if watched.failure is None:
            raise
    raise watched.failure


class _Watched:
    """A body that remembers why it could not be read."""

    def __init__(self, body: StreamedBody) -> None:
        self.failure: EtelecomError | None = None
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._pieces = aiter(self._body)
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except EtelecomError as error:
            self.failure = error
            raise
