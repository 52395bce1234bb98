"""Rows of an input that comes when it likes, such as a pipe."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from typing import Self

from ..errors import ConfigError
from .tables import Row

__all__ = ["UnhurriedRows"]

_AT_ONCE = 100


class UnhurriedRows:
    """Rows of an input that comes when it likes: read in a thread, so that the calls under way need not wait for it."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._ready: deque[Row] = deque()
        self._error: ConfigError | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Row:
        if not self._ready and self._error is None:
            await asyncio.to_thread(self._read)
        if self._ready:
            return self._ready.popleft()
        raise self._error or StopAsyncIteration

    def _read(self) -> None:
        try:
            # One by one: those before a row that cannot be read are good.
            for row in itertools.islice(self._rows, _AT_ONCE):
                self._ready.append(row)
        except ConfigError as error:
            self._error = error
