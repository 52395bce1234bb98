"""The rows of an input that no earlier run finished."""

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
    """Items made of the rows that are not finished. Skipping the others does not block the event loop for long.

    Args:
        rows: every row of the input.
        finished: the rows to skip.
        make: makes an item of a row.
        is_wanted: called now and then while rows are skipped; False ends the iteration.

    Attributes:
        passed: rows skipped so far.
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
