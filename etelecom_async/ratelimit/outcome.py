"""What came of one request, as far as a limit is concerned."""

from __future__ import annotations

import enum
from typing import NamedTuple

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


class Sent(NamedTuple):
    """A request that was let go.

    Attributes:
        at: when, in seconds of the clock that all times are read from.
        beside: how many were under way with it, itself included.
    """

    at: float
    beside: int


class Outcome(NamedTuple):
    """What came of a request.

    Attributes:
        kind: how it ended.
        sent: when it was let go, and beside how many.
        retry_after: seconds that the server asked to wait.
    """

    kind: Kind
    sent: Sent
    retry_after: float | None = None
