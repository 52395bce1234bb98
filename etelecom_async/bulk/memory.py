"""One question asked twice is one call."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Memory"]

Item = TypeVar("Item")
Value = TypeVar("Value")


class Memory(Generic[Item, Value]):
    """Joins equal questions: one that is under way is waited for, one lately answered is not asked again.

    Args:
        call: what answers a question.
        key: what makes two questions equal.
        size: answers that are remembered at most; the oldest is forgotten first. Failures are never remembered.
    """

    def __init__(self, call: Callable[[Item], Awaitable[Value]], *, key: Callable[[Item], Hashable], size: int) -> None:
        self._call = call
        self._key = key
        self._size = size
        self._known: OrderedDict[Hashable, Value] = OrderedDict()
        # Of a question under way: who waits for it, or None as long as nobody does, which is nearly always.
        self._asked: dict[Hashable, asyncio.Future[Value] | None] = {}

    async def ask(self, item: Item) -> Value:
        """The answer: remembered, or another's, or from the call, which also decides how the others fare."""
        key = self._key(item)
        if key in self._known:
            return self._known[key]
        if key in self._asked:
            waiting = self._asked[key]
            if waiting is None:
                waiting = self._asked[key] = asyncio.get_running_loop().create_future()
            return await asyncio.shield(waiting)
        self._asked[key] = None
        try:
            value = await self._call(item)
        except BaseException as error:
            self._fail(self._asked.pop(key), error)
            raise
        self._remember(key, value)
        waiting = self._asked.pop(key)
        if waiting is not None:
            waiting.set_result(value)
        return value

    def _remember(self, key: Hashable, value: Value) -> None:
        self._known[key] = value
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def _fail(self, waiting: asyncio.Future[Value] | None, error: BaseException) -> None:
        if waiting is None:
            return
        if isinstance(error, asyncio.CancelledError):
            waiting.cancel()
        else:
            waiting.set_exception(error)
            waiting.exception()  # counts as looked at, should those who waited be gone
