"""How many rows may fail before a job ends."""

from __future__ import annotations

import re
from typing import Self

from attrs import frozen

from .. import _checks

__all__ = ["FailureLimit"]

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%")
_LEAST = 100
"""A share is judged once so many rows are finished: one row of three is no third of a file."""


@frozen
class FailureLimit:
    """A number of rows, or a share of those that a run has finished.

    Attributes:
        count: rows that may fail; None for a share.
        share: of the finished rows, from 0 to 1.
    """

    count: int | None
    share: float = 0.0

    @classmethod
    def of(cls, name: str, value: object) -> Self:
        """From a whole number such as 100 or a text such as `100` or `5%`.

        Raises:
            ConfigError: it is neither; the sentence names the argument.
        """
        if isinstance(value, str):
            text = value.strip()
            if (percent := _PERCENT.fullmatch(text)) and float(percent[1]) <= 100:  # noqa: PLR2004
                return cls(None, float(percent[1]) / 100)
            if text.isascii() and text.isdigit():
                return cls(int(text[:18]))
            raise _checks.refused(name, "a number of rows such as 100, or a share such as 5%", value)
        return cls(_checks.whole(name, value, least=0, otherwise=", or a share such as '5%'"))

    def is_passed(self, *, failed: int, finished: int) -> bool:
        """Whether too many rows have failed."""
        if self.count is not None:
            return failed > self.count
        return finished >= _LEAST and failed > self.share * finished

    def __str__(self) -> str:
        return f"{self.count:,}" if self.count is not None else f"{100 * self.share:g}%"
