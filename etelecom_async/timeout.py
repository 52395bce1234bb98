"""How long a call may take."""

from __future__ import annotations

import math

from attrs import Attribute, evolve, field, frozen

from .errors import ConfigError

__all__ = ["Timeout"]


def _positive(_: object, attribute: Attribute[float], value: float | None) -> None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise ConfigError(
            f"Timeout.{attribute.name} is a number of seconds above 0, or None for no limit; got {value!r}."
        )


@frozen(kw_only=True)
class Timeout:
    """Time limits in seconds; None is no limit.

    Waiting in this process for a slot or a permit counts in neither `attempt` nor `total`, so that a gather over fifty
    thousand phones does not fail because it queued. `queue` bounds that wait for callers who would rather fail fast.

    Raises:
        ConfigError: a limit is not a positive number.
    """

    attempt: float | None = field(default=10.0, validator=_positive)
    """One exchange with the server, connecting included."""
    total: float | None = field(default=60.0, validator=_positive)
    """All attempts and the pauses between them."""
    queue: float | None = field(default=None, validator=_positive)
    """Waiting for a slot or a permit, per attempt."""

    def within(self, seconds: float | None) -> Timeout:
        """The same limits, with attempts of at most so many seconds; None for no further limit."""
        if seconds is None or (self.attempt is not None and self.attempt <= seconds):
            return self
        return evolve(self, attempt=seconds)
