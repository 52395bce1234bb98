"""A run waits as long as the service accepts no request: since when, why, and when it has waited long enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

from .. import _checks
from ..clock import now, seconds
from ..errors import EtelecomError, Phase, Unavailable

__all__ = ["GIVE_UP_AFTER", "Outage", "Service", "Waiting", "patience", "service_of"]

GIVE_UP_AFTER = 1800.0
"""Seconds that a run waits unless told otherwise."""
_TICK = 1.0
"""Seconds between two looks at the service."""
_LATE = 2.0
"""Seconds after which a look counts as late: the process was stopped, or the machine slept."""


class Service(Protocol):
    """What a run has to know of the service that it calls, such as a `Throttle`."""

    @property
    def unavailable_since(self) -> float | None:
        """Since when no request is accepted, in seconds of `etelecom_async.clock`; None while requests are."""
        ...


@frozen(kw_only=True)
class Waiting:
    """A run waits, since the service accepts no request.

    Attributes:
        since: from when on, as an aware datetime.
        seconds: for how long. Time in which the process was stopped does not count.
        fault: the class of the error that was met last, such as `ConnectError`, or the server's code if no call has
            ended yet; None if that is not known.
    """

    since: datetime
    seconds: float
    fault: str | None


def patience(name: str, value: object) -> float:
    """How long a run may wait, as seconds; raises a ConfigError for what is no such number."""
    return _checks.number(name, value, above=0, unit="a number of seconds")


def service_of(name: str, value: Service) -> Service:
    """What tells since when no request is accepted; raises a ConfigError for what does not."""
    if isinstance(value, type) or not hasattr(value, "unavailable_since"):
        raise _checks.refused(name, "an object with unavailable_since, such as session.throttle", value)
    return value


class Outage:
    """Looks at the service every second, and counts for how long the run has waited.

    Args:
        service: what is called.
        give_up_after: seconds that the run may wait.
    """

    def __init__(self, service: Service, *, give_up_after: float) -> None:
        self.fault: EtelecomError | None = None
        self._service = service
        self._give_up_after = give_up_after
        self._tick = min(_TICK, give_up_after)
        self._waited = 0.0
        self._looked = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, look: Callable[[], None]) -> None:
        """The run begins: call `look` every tick from now on."""
        self._looked = seconds()
        self._look_later(look)

    def end(self) -> None:
        """The run has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def is_on(self) -> bool:
        """Whether the service is unavailable now."""
        return self._service.unavailable_since is not None

    @property
    def waiting(self) -> Waiting | None:
        """What the run waits for; None if it does not."""
        if self._waited < self._tick:
            return None
        fault = None if self.fault is None else type(self.fault).__name__
        return Waiting(since=now() - timedelta(seconds=self._waited), seconds=self._waited, fault=fault)

    def look(self, *, is_doubtful: bool, is_asking: bool) -> bool:
        """Called once a tick: returns whether the process has stood still since the last time.

        Args:
            is_doubtful: whether items wait since nothing was answered after their call failed.
            is_asking: whether there are items without an outcome: otherwise the run waits for something else.

        Raises:
            Unavailable: the run has waited long enough.
        """
        passed, self._looked = seconds() - self._looked, seconds()
        has_stood_still = passed > self._tick + _LATE
        if (self.is_on or is_doubtful) and is_asking:
            self._waited += min(passed, self._tick)
            if self._waited >= self._give_up_after:
                raise self._given_up()
        else:
            self.over()
        return has_stood_still

    def over(self) -> None:
        """Something was answered, or nothing is asked: what the run has waited counts no more."""
        self._waited = 0.0

    def _look_later(self, look: Callable[[], None]) -> None:
        def tick() -> None:
            self._look_later(look)
            look()

        self._timer = asyncio.get_running_loop().call_later(self._tick, tick)

    def _given_up(self) -> Unavailable:
        why = "" if self.fault is None else f" ({type(self.fault).__name__})"
        error = Unavailable(
            f"The service accepted no request for {_duration(self._give_up_after)}{why}: the run was ended.",
            phase=Phase.NOT_SENT,
        )
        error.__cause__ = self.fault
        return error


def _duration(length: float) -> str:
    return f"{length / 60:g} min" if length >= 60 else f"{length:g} s"  # noqa: PLR2004
