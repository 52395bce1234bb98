"""The text of a phone number from a cell of any type: no digit is dropped, rounded or made up.

It is here because only tables know the types of cells: the column finder reads phones with it, and NDJSON marks the
numbers that `phone_text` must refuse.
"""

from __future__ import annotations

import math
import operator
import re
from decimal import Decimal
from typing import SupportsIndex, cast

from ..errors import ConfigError, InvalidPhone, PhoneProblem

__all__ = ["Exponential", "phone_text", "refuse_lossy"]

_EXACT = 2**53
"""From here on, 64-bit floats skip whole numbers."""
_LONGEST = 10**40
_LOSSY = re.compile(r"\b(?:half_?float|float|float16|float32)\b")


class Exponential(float):
    """A number that JSON writes with an exponent, such as `8.49877e10`: some of its digits may be missing."""

    __slots__ = ()


def phone_text(cell: object) -> str:
    """The text of a cell with a phone number, to be read by `normalize`.

    Bytes are read as UTF-8, whole numbers are written in digits. None and NaN are empty.

    Raises:
        InvalidPhone: a number has a fraction or may have lost digits, or the cell is neither text nor a number.
    """
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        raise _not_text("true or false")
    if isinstance(cell, float):
        return _of_float(cell)
    if isinstance(cell, Decimal):
        return _of_decimal(cell)
    if isinstance(cell, bytes | bytearray | memoryview):
        return _of_bytes(bytes(cast("bytes", cell)))
    if isinstance(cell, SupportsIndex):
        return _of_whole(operator.index(cell))
    raise _not_text(f"a {type(cell).__name__}")


def refuse_lossy(arrow_type: str, column: str) -> None:
    """Refuse a phone column whose Arrow type cannot hold a phone number; `arrow_type` is empty if there is none.

    Raises:
        ConfigError: it holds floats of 16 or 32 bits, in which numbers of more than seven digits are rounded.
    """
    if _LOSSY.search(arrow_type):
        raise ConfigError(
            f"Column {column!r} has the type {arrow_type}, which rounds numbers of more than seven digits: the phone"
            " numbers in it are lost. Write the column again from its source, as text."
        )


def _of_whole(number: int) -> str:
    if abs(number) >= _LONGEST:
        raise InvalidPhone("A number of over 40 digits is not a phone number.", reason=PhoneProblem.TOO_LONG)
    return str(number)


def _of_float(number: float) -> str:
    if math.isnan(number):
        return ""
    if isinstance(number, Exponential):
        why = "The phone is written in scientific notation, which drops digits: write it as text."
        raise InvalidPhone(why, reason=PhoneProblem.SCIENTIFIC)
    if not math.isfinite(number) or number != math.trunc(number):
        raise _lost("has a fraction")
    if abs(number) >= _EXACT:
        raise _lost("is too large to be exact")
    return str(int(number))


def _of_decimal(number: Decimal) -> str:
    if number.is_nan():
        return ""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent > 0:
        raise _lost("does not have all of its digits")
    if number != number.to_integral_value():
        raise _lost("has a fraction")
    return _of_whole(int(number))


def _of_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _not_text("bytes that are not UTF-8") from None


def _lost(why: str) -> InvalidPhone:
    message = f"The phone is a number that {why}, so its digits are not certain: write it as text."
    return InvalidPhone(message, reason=PhoneProblem.DIGITS_LOST)


def _not_text(what: str) -> InvalidPhone:
    return InvalidPhone(f"The cell holds {what}, not a phone number.", reason=PhoneProblem.NOT_TEXT)
