"""Compares the answered rows of an output with an input that has changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from .row_bitmap import RowBitmap

__all__ = ["first_changed"]

_BLOCK = 1024

Phones = Callable[[], Iterable[tuple[int, str]]]
"""Gives numbers of rows and their phones, from the start each time."""


def first_changed(*, answered: Phones, current: Phones) -> int | None:
    """The first row that has an answer and whose phone has changed, or which is gone.

    It takes one bit for each row and a number for each thousand: hashes of the phones are added up by blocks of rows,
    and only a block with different sums is compared row by row.

    Args:
        answered: the answered rows of the output, each once, in any order.
        current: the rows of the input, in order.

    Returns:
        None if every answer still belongs to its row.
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
    # The hash of one str: hashes of tuples are nearly additive, so that two exchanged rows would have the same sum.
    return hash(f"{number} {phone}")
