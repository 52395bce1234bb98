"""Reads an input that may block, such as a pipe."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from typing import Generic, Self, TypeVar

from ..errors import ConfigError

__all__ = ["BackgroundReader"]

Item = TypeVar("Item")

_AT_ONCE = 100


class BackgroundReader(Generic[Item]):
    """Reads an iterator in a thread, so that it does not hold up the calls under way."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._ready: deque[Item] = deque()
        self._error: ConfigError | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        if not self._ready and self._error is None:
            await asyncio.to_thread(self._read)
        if self._ready:
            return self._ready.popleft()
        raise self._error or StopAsyncIteration

    def _read(self) -> None:
        try:
            # One by one, to keep those before a row that cannot be read.
            for item in itertools.islice(self._items, _AT_ONCE):
                self._ready.append(item)
        except ConfigError as error:
            self._error = error
