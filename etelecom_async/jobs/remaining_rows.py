"""The rows of an input that are still to be done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Generic, Self, TypeVar

from ..tables import Row
from .row_bitmap import RowBitmap

__all__ = ["RemainingRows"]

Item = TypeVar("Item")

_AT_ONCE = 1000


class RemainingRows(Generic[Item]):
    """What is made of the rows that are not finished. Passing over the others holds up nothing else for long.

    Args:
        rows: every row of the input.
        finished: the rows to pass over.
        make: makes an item of a row.
        is_wanted: asked now and then while rows are passed over; False ends it.

    Attributes:
        passed: rows that were passed over so far.
    """

    def __init__(
        self, rows: Iterator[Row], *, finished: RowBitmap, make: Callable[[Row], Item], is_wanted: Callable[[], bool]
    ) -> None:
        self._rows = rows
        self._finished = finished
        self._make = make
        self._is_wanted = is_wanted
        self.passed = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        for row in self._rows:
            if row.number not in self._finished:
                return self._make(row)
            self.passed += 1
            if self.passed % _AT_ONCE == 0:
                await asyncio.sleep(0)
                if not self._is_wanted():
                    break
        raise StopAsyncIteration
