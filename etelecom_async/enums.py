"""Enums of the API, to which the server may add values."""

from __future__ import annotations

import enum
from typing import Self

__all__ = ["OpenEnum"]

_SHOWN = 100
"""Characters of an unknown value that are shown."""


class OpenEnum(enum.StrEnum):
    """A text with a meaning, or one that this version of the package has no name for.

    The server may send values that are newer than this package, or the number of one that has no name there (`"7"`).
    Such a value is a member too: it is equal to its text, pickles, and says by `is_known` that it is none of those
    that are listed. `str`, `format` and `repr` show at most 100 characters of it, with what is not printable escaped,
    since it comes from outside and must not forge a line of a log. Its `value` is the whole text.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if type(value) is not str:
            return None
        # Not kept, as those that are listed are: the server could send any number of them.
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Is it one of those that the class lists?"""
        return self._value_ in type(self)._value2member_map_

    def __str__(self) -> str:
        return self._value_ if self.is_known else _printable(self._value_)

    def __format__(self, format_spec: str, /) -> str:
        return format(str(self), format_spec)

    def __repr__(self) -> str:
        return super().__repr__() if self.is_known else f"<{type(self).__name__}: '{self}'>"

    def __reduce_ex__(self, _: object) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._value_,)


def _printable(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    if shown.isprintable():
        return shown
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in shown)
