"""What is known of a call under way: the layers tell each other here, and not on the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from attrs import define

from ..endpoint import AnyEndpoint
from ..transport.base import Request, Response

__all__ = ["Attempt", "Call", "Layer", "Send"]


@define(eq=False)
class Attempt:
    """What the layers tell of one attempt. Retry makes it and hands it down with the request.

    Attributes:
        waited: seconds spent waiting for a slot or a permit; no time limit but `Timeout.queue` counts them.
        is_paced: was refused for being one too many by a server that takes others, so the throttle knows when the next
            attempt may go.
        response: what the server answered, whether it is a success or not.
    """

    waited: float = 0.0
    is_paced: bool = False
    response: Response | None = None


@define(eq=False)
class Call:
    """What has happened to one call so far: written by retry, read by errors and telemetry.

    Attributes:
        endpoint: the method.
        started: when it began, in seconds of `clock`.
        attempts: how many times the request was tried.
        waited: `Attempt.waited` of all of them.
        request: the first attempt's.
        response: the last attempt's answer.
    """

    endpoint: AnyEndpoint
    started: float
    attempts: int = 0
    waited: float = 0.0
    request: Request | None = None
    response: Response | None = None


Send: TypeAlias = Callable[[Request, Attempt], Awaitable[Response]]
"""A layer with all that comes after it."""
Layer: TypeAlias = Callable[[Send], Send]
"""Makes of what comes next what comes with it: asked once, so that no call pays for putting them together."""
