"""The items of a run, which its workers take one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

__all__ = ["OneByOne", "Source", "source_of"]

Item = TypeVar("Item")


class OneByOne(Generic[Item]):
    """An async iterator, which one worker at a time may advance, and none after its end.

    Attributes:
        pulling: how many workers wait for an item.
    """

    def __init__(self, items: AsyncIterator[Item], *, is_over: Callable[[], bool]) -> None:
        self._items = items
        self._is_over = is_over
        self._turn = asyncio.Lock()
        self.pulling = 0

    async def next(self) -> Item:
        self.pulling += 1
        try:
            async with self._turn:
                if self._is_over():
                    raise StopAsyncIteration
                item = await anext(self._items)
                if self._is_over():  # it ended meanwhile: no more is begun
                    raise StopAsyncIteration
                return item
        finally:
            self.pulling -= 1


Source: TypeAlias = Iterator[Item] | OneByOne[Item]


def source_of(items: Iterable[Item] | AsyncIterable[Item], *, is_over: Callable[[], bool]) -> Source[Item]:
    """The items as workers take them; `is_over` says whether no more are to be taken."""
    return OneByOne(aiter(items), is_over=is_over) if isinstance(items, AsyncIterable) else iter(items)
