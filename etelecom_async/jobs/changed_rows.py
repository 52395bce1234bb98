"""An input that was changed since the output was begun: is what was answered still what it asks?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from .row_bitmap import RowBitmap

__all__ = ["first_changed"]

_BLOCK = 1024

Phones = Callable[[], Iterable[tuple[int, str]]]
"""Gives numbers of rows and their phones, from the start each time."""


def first_changed(*, answered: Phones, current: Phones) -> int | None:
    """The first row whose answer was given for another phone than the input has now, or for a row that is gone.

    One bit a row and a number for each thousand: the phones of a block of rows are added up, as hashes, and only a
    block whose sums differ is looked at row by row.

    Args:
        answered: the answered rows of the output, each once, in any order.
        current: the rows of the input, in order.

    Returns:
        None where every answer still belongs to its row, whatever became of the other rows.
    """
    rows = RowBitmap()
    sums: Counter[int] = Counter()
    last = 0
    for number, phone in answered():
        rows.add(number)
        sums[number // _BLOCK] += _hash(number, phone)
        last = max(last, number)
    for number, phone in current():
        if number > last:
            break
        if number in rows:
            sums[number // _BLOCK] -= _hash(number, phone)
    block = min((block for block, total in sums.items() if total), default=None)
    if block is None:
        return None
    there = {number: phone for number, phone in answered() if number // _BLOCK == block}
    here = {number: phone for number, phone in current() if number in there}
    return min(number for number, phone in there.items() if here.get(number) != phone)


def _hash(number: int, phone: str) -> int:
    # Of one text: hashes of tuples nearly add up themselves, and two rows that changed places would go unseen.
    return hash(f"{number} {phone}")
