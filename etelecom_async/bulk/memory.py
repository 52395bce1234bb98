"""One question asked twice is one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Memory"]

Item = TypeVar("Item")
Question = TypeVar("Question", bound=Hashable)
Value = TypeVar("Value")


class Memory(Generic[Item, Question, Value]):
    """Joins equal questions: one that is under way is waited for, one lately answered is not asked again.

    Args:
        call: what answers a question.
        question: what is to be asked about an item.
        size: answers that are remembered at most. When the newer half of them is full, the older half is forgotten.
            Failures are never remembered.
    """

    def __init__(
        self, call: Callable[[Question], Awaitable[Value]], *, question: Callable[[Item], Question], size: int = 1024
    ) -> None:
        self._call = call
        self._question = question
        self._half = (size + 1) // 2
        self._newer: dict[Question, Value] = {}
        self._older: dict[Question, Value] = {}
        # Of a question under way: who waits for it, or None as long as nobody does, which is nearly always.
        self._asked: dict[Question, asyncio.Future[Value] | None] = {}

    async def ask(self, item: Item) -> Value:
        """The answer: remembered, or another's, or from the call, which also decides how the others fare."""
        question = self._question(item)
        if question in self._newer:
            return self._newer[question]
        if question in self._older:
            return self._older[question]
        if question in self._asked:
            waiting = self._asked[question]
            if waiting is None:
                waiting = self._asked[question] = asyncio.get_running_loop().create_future()
            return await asyncio.shield(waiting)
        self._asked[question] = None
        try:
            value = await self._call(question)
        except BaseException as error:
            self._fail(self._asked.pop(question), error)
            raise
        self._newer[question] = value
        if len(self._newer) >= self._half:
            self._older, self._newer = self._newer, {}
        waiting = self._asked.pop(question)
        if waiting is not None:
            waiting.set_result(value)
        return value

    def _fail(self, waiting: asyncio.Future[Value] | None, error: BaseException) -> None:
        if waiting is None:
            return
        if isinstance(error, asyncio.CancelledError):
            waiting.cancel()
        else:
            waiting.set_exception(error)
            waiting.exception()  # counts as looked at, should those who waited be gone
