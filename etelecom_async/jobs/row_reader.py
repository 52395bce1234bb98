"""The rows of an input that are still to be done, read in a thread a few at a time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, Self, TypeVar

from ..tables import Row
from .row_bitmap import RowBitmap

__all__ = ["RowReader"]

Item = TypeVar("Item")

_ROWS, _PASSED, _SECONDS = 100, 1000, 0.005
"""What a thread reads at once: enough to be worth it, and few enough rows to hold in memory."""
_LAST = 1.0
"""Seconds that the end of the iteration waits for such a thread."""


class RowReader(Generic[Item]):
    """What is made of the rows that are not finished.

    A pipe may give nothing for hours, and a single row may take a tenth of a second to read: neither holds up the event
    loop, or the rows that came before. What a thread has read when the iteration ends early is not looked at.

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
        self._ready: deque[Item] = deque()
        self._end: Exception | None = None
        self._reading: asyncio.Future[None] | None = None
        self.passed = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        while not self._ready:
            if self._end is not None:
                raise self._end
            if not self._is_wanted():
                raise StopAsyncIteration
            if self._reading is None:
                self._reading = asyncio.ensure_future(asyncio.to_thread(self._read))
            # Who is cancelled here leaves the thread to the next: an iterator cannot be in two of them.
            await asyncio.wait({self._reading}, timeout=2 * _SECONDS)
            if not self._ready:
                # The next row ends the thread's work, since its time is over.
                await asyncio.shield(self._reading)
            if self._reading.done():
                self._reading = None
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Close the input. A thread that still waits for a pipe keeps it until the pipe gives something."""
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=_LAST)
            if not self._reading.done():
                return
        if inspect.isgenerator(self._rows):
            self._rows.close()

    def _read(self) -> None:
        until = time.monotonic() + _SECONDS
        try:
            # One by one: those before a row that cannot be read are good.
            for count, row in enumerate(self._rows, 1):
                if row.number in self._finished:
                    self.passed += 1
                else:
                    self._ready.append(self._make(row))
                if len(self._ready) == _ROWS or count == _PASSED or time.monotonic() >= until:
                    return
            self._end = StopAsyncIteration()
        except Exception as error:  # noqa: BLE001 - it is raised where the row is asked for
            self._end = error
