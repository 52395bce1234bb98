"""Ids of the API: 64-bit whole numbers, given as numbers or as text."""

from __future__ import annotations

import operator
from typing import SupportsIndex

from .errors import InvalidId

__all__ = ["MAX_ID", "to_id", "to_oa_id"]

MAX_ID = 2**63 - 1
_DIGITS = len(str(MAX_ID))


def to_oa_id(value: int | str) -> int:
    """`to_id` for an argument `oa_id`."""
    # Every call checks an id, and nearly all are valid.
    return value if type(value) is int and 1 <= value <= MAX_ID else to_id(value, name="oa_id")


def to_id(value: int | str, *, name: str = "An id") -> int:
    """An id given as a whole number of any integral type, or as decimal digits with or without blanks around them.

    `name` is the argument's, for the message of an error.

    Raises:
        InvalidId: it is not a whole number in 1..2**63-1; the message says why.
    """
    if isinstance(value, str):
        return _from_text(value.strip(), name)
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidId(f"{name} is a whole number or its digits; {_why_not(value)}.")
    try:
        number = operator.index(value)
    except TypeError:  # an array has `__index__`, and most raise in it
        raise InvalidId(f"{name} is a whole number or its digits; {_why_not(value)}.") from None
    return _in_range(number, name)


def _from_text(text: str, name: str) -> int:
    if not text:
        raise InvalidId(f"{name} is empty: give the digits of the id.")
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0")
        # Python refuses to read thousands of digits.
        return _in_range(int(digits or "0") if len(digits) <= _DIGITS else MAX_ID + 1, name)
    if text[0] in "+-" and text[1:].isdigit():
        raise InvalidId(f"{name} is written without a sign: give only the digits 0 to 9.")
    if text[:1] == text[-1:] and text[0] in "'\"`":
        raise InvalidId(f"{name} has quotes around it: leave them out.")
    if text.isdigit() or text.isnumeric():
        raise InvalidId(f"{name} is not written with the digits 0 to 9: type it on an ordinary keyboard.")
    if _is_float(text):
        raise InvalidId(
            f"{name} is written as a fraction or with an exponent, as spreadsheets do: give all its digits."
        )
    raise InvalidId(f"{name} is only digits, and this text has other characters.")


def _in_range(number: int, name: str) -> int:
    if number < 1:
        raise InvalidId(f"{name} is at least 1: {'0' if number == 0 else 'a negative number'} is no id.")
    if number > MAX_ID:
        raise InvalidId(f"{name} is at most {MAX_ID}: this one is longer, as two ids in one are.")
    return number


def _why_not(value: object) -> str:
    if isinstance(value, float):
        return "a float has lost digits of it: keep it as int or str"
    if value is None:
        return "None was given, as from a variable that is not set"
    return f"{type(value).__name__} was given"


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
