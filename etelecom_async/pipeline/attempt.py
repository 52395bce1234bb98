"""What is known of a call under way: the layers tell each other here, and not on the request."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from attrs import define

from ..endpoint import AnyEndpoint
from ..transport.base import Request, Response

__all__ = ["Attempt", "Call", "Layer", "Send", "ServiceState"]


class ServiceState(enum.Enum):
    """What the server does with requests, as far as the throttle has seen."""

    OPEN = "open"
    """It accepts them, and no limit is known."""
    LIMITED = "limited"
    """It accepts them up to a limit, which the throttle keeps to."""
    UNAVAILABLE = "unavailable"
    """It accepts none. Calls wait, and single ones try."""


@define(eq=False)
class Attempt:
    """What the layers tell of one attempt. Retry makes it and hands it down with the request.

    Attributes:
        left: seconds that are left of `Timeout.total`; None for all of it, as at the first attempt.
        waited: seconds spent waiting for a slot or a permit.
        exempt: those of them that no time limit but `Timeout.queue` counts, and the time in which the process stood
            still. What is spent waiting for a server that accepts no request does count.
        is_paced: failed for a reason that is not its own, so it makes no pause: the throttle knows when the next
            attempt may go. It was one too many for a server that takes others, or the process stood still.
        is_given_up: the server accepts no request, and the time of the call was over before it was sent.
        state: what the service's state became, where this attempt changed it.
        response: what the server answered, whether it is a success or not.
    """

    left: float | None = None
    waited: float = 0.0
    exempt: float = 0.0
    is_paced: bool = False
    is_given_up: bool = False
    state: ServiceState | None = None
    response: Response | None = None


@define(eq=False)
class Call:
    """What has happened to one call so far: written by retry, read by errors and telemetry.

    Attributes:
        endpoint: the method.
        started: when it began, in seconds of `clock`.
        attempts: how many times the request was tried.
        waited: `Attempt.waited` of all of them.
        exempt: `Attempt.exempt` of all of them, and of the pauses.
        excused: how many of the attempts were paced, so that they do not count.
        request: the first attempt's.
        response: the last attempt's answer.
    """

    endpoint: AnyEndpoint
    started: float
    attempts: int = 0
    waited: float = 0.0
    exempt: float = 0.0
    excused: int = 0
    request: Request | None = None
    response: Response | None = None


Send: TypeAlias = Callable[[Request, Attempt], Awaitable[Response]]
"""A layer with all that comes after it."""
Layer: TypeAlias = Callable[[Send], Send]
"""Makes of what comes next what comes with it: asked once, so that no call pays for putting them together."""
