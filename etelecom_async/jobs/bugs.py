"""Unexpected exceptions, which become the failures of their rows."""

from __future__ import annotations

import traceback
from pathlib import Path

from ..errors import InternalError

__all__ = ["Bugs"]


class Bugs:
    """Turns exceptions into failures, and keeps the first exception.

    Attributes:
        first: the first exception; None if there was none.
    """

    def __init__(self) -> None:
        self.first: Exception | None = None

    def failure(self, error: Exception) -> InternalError:
        """The failure for an exception. It names the line of code, and no value, which may be a phone number."""
        if self.first is None:
            self.first = error
        steps = traceback.extract_tb(error.__traceback__)
        where = f" in {Path(steps[-1].filename).name}, line {steps[-1].lineno}" if steps else ""
        return InternalError(f"{type(error).__name__}{where}: this is a bug; please report it.")
