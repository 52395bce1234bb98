"""The innermost layer: the request is signed and sent, and the answer judged.

It is the one place that holds the key and the answer at once; what goes up from here is without the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .status import api_error, retry_after

if TYPE_CHECKING:
    from ..endpoint import AnyEndpoint
    from ..transport.base import Request, Response
    from ..transport.shared import SharedTransport
    from .attempt import Attempt, Send
    from .auth import Key

__all__ = ["exchange"]

_OK = 200


def exchange(key: Key, endpoint: AnyEndpoint, transport: SharedTransport) -> Send:
    """The function that has a method's requests answered with a 200 that is a success.

    Raises (when called):
        ConfigError: a middleware has put on a header that cannot be sent.
        ApiError: the answer is another one, or a 200 whose body says "try later".
        DecodeError: a 200 that is not JSON, where the method has to look into it.
        TransportError: there is no answer.
        SessionClosed: the transport is closed.
    """
    refusal = endpoint.refusal

    async def send(request: Request, attempt: Attempt) -> Response:
        response = attempt.response = key.redact(await transport.send(key.sign(request)))
        if response.status != _OK:
            raise api_error(response)
        if refusal is not None:
            error = refusal(response.json())
            if error is not None:
                error.retry_after = retry_after(response)
                raise error
        return response

    return send
