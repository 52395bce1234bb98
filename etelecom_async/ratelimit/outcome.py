"""What came of one request, as far as a limit is concerned."""

from __future__ import annotations

import enum
from typing import NamedTuple, TypeAlias

__all__ = ["Kind", "Outcome", "Sent"]


class Kind(enum.Enum):
    """How a request ended."""

    ACCEPTED = enum.auto()
    """The server took it, whatever it answered."""
    REFUSED = enum.auto()
    """The server said that there were too many."""
    FAULT = enum.auto()
    """The server was in trouble, or the connection broke."""
    TIMEOUT = enum.auto()
    """No answer came in time."""
    UNREACHABLE = enum.auto()
    """No connection was made."""
    UNSENT = enum.auto()
    """It was let go, and then not sent."""
    UNKNOWN = enum.auto()
    """It was given up, or says nothing about the server."""


Sent: TypeAlias = tuple[float, int, float | None]
"""A request that was let go: when, in seconds of the clock that all times are read from; how many were under way with
it, itself included; and of a probe, since when the server had accepted nothing. It is a plain tuple, since each request
makes one."""


class Outcome(NamedTuple):
    """What came of a request.

    Attributes:
        kind: how it ended.
        sent: when it was let go, and beside how many.
        retry_after: seconds that the server asked to wait.
        is_doubtful: of a refusal, that it may have nothing to do with load.
    """

    kind: Kind
    sent: Sent
    retry_after: float | None = None
    is_doubtful: bool = False
