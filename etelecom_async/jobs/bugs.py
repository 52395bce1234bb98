"""Exceptions that this SDK did not foresee, as the failures of the rows that met them."""

from __future__ import annotations

import traceback
from pathlib import Path

from ..errors import InternalError

__all__ = ["Bugs"]


class Bugs:
    """Makes failures of exceptions, and keeps the first of these.

    Attributes:
        first: the first exception; None as long as there was none.
    """

    def __init__(self) -> None:
        self.first: Exception | None = None

    def failure(self, error: Exception) -> InternalError:
        """The failure for an exception. It names the line of code and no value, which may be a phone number."""
        if self.first is None:
            self.first = error
        steps = traceback.extract_tb(error.__traceback__)
        place = f" in {Path(steps[-1].filename).name}, line {steps[-1].lineno}" if steps else ""
        return InternalError(f"{type(error).__name__}{place}: this is a bug; please report it.")
