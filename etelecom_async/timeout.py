"""How long a call may take."""

from __future__ import annotations

from functools import partial

from attrs import evolve, field, frozen

from . import _checks

__all__ = ["Timeout", "to_timeout"]

_LIMIT = _checks.checked(
    partial(_checks.number, above=0, unit="a number of seconds", otherwise=", or None for no limit"), or_none=True
)


@frozen(kw_only=True)
class Timeout:
    """Time limits in seconds; None is no limit.

    Waiting in this process for a slot or a permit counts in neither `attempt` nor `total`: a gather over fifty thousand
    phones does not fail because it queues. `queue` limits that wait, for callers who prefer to fail fast. Waiting
    because the server accepts no request does count in `total`: one uninterrupted stretch without an accepted request.

    Raises:
        ConfigError: a limit is not a positive number.
    """

    attempt: float | None = field(default=10.0, validator=_LIMIT)
    """One exchange with the server, connecting included."""
    total: float | None = field(default=60.0, validator=_LIMIT)
    """All attempts and the pauses between them, and waiting for a server that accepts nothing."""
    queue: float | None = field(default=None, validator=_LIMIT)
    """Waiting for a slot or a permit, per attempt."""

    def within(self, seconds: float | None) -> Timeout:
        """The same limits, with attempts of at most this many seconds; None changes nothing.

        Raises:
            ConfigError: seconds is not a number above 0.
        """
        if seconds is None:
            return self
        seconds = _checks.number("seconds", seconds, above=0, unit="a number of seconds", otherwise=", or None")
        if self.attempt is not None and self.attempt <= seconds:
            return self
        return evolve(self, attempt=seconds)


def to_timeout(name: str, value: Timeout | float) -> Timeout:
    """A `Timeout`, given as such or as the seconds of its `total`; else a ConfigError that names the argument."""
    if isinstance(value, Timeout):
        return value
    other = " for all attempts together, or a Timeout such as Timeout(attempt=5, total=20)"
    return Timeout(total=_checks.number(name, value, above=0, unit="a number of seconds", otherwise=other))
