"""One question asked twice is one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

__all__ = ["LastAnswers", "Remembered", "SingleFlight"]

Item = TypeVar("Item")
Question = TypeVar("Question", bound=Hashable)
Value = TypeVar("Value")
_Question = TypeVar("_Question", contravariant=True)
_Value = TypeVar("_Value")


class Remembered(Protocol[_Question, _Value]):
    """Answers that are kept for a while; how many is its own to say."""

    def get(self, question: _Question) -> _Value | None:
        """The answer to a question; None where it is not kept."""
        ...

    def put(self, question: _Question, value: _Value) -> None:
        """Keep an answer. Others may be forgotten for it."""
        ...


class LastAnswers(Generic[Question, Value]):
    """The last answers, in two dictionaries: when the newer one is full, the older one is forgotten.

    Args:
        size: answers that are kept at most; half of that at least.
    """

    def __init__(self, *, size: int) -> None:
        self._half = (size + 1) // 2
        self._newer: dict[Question, Value] = {}
        self._older: dict[Question, Value] = {}

    def get(self, question: Question) -> Value | None:
        value = self._newer.get(question)
        return self._older.get(question) if value is None else value

    def put(self, question: Question, value: Value) -> None:
        self._newer[question] = value
        if len(self._newer) >= self._half:
            self._older, self._newer = self._newer, {}


class SingleFlight(Generic[Item, Question, Value]):
    """Joins equal questions: one that is under way is waited for, one lately answered is not asked again.

    Args:
        call: what answers a question; never with None.
        question: what is to be asked about an item.
        remembered: where answers are kept; the last thousand unless given. Failures are never kept.
    """

    def __init__(
        self,
        call: Callable[[Question], Awaitable[Value]],
        *,
        question: Callable[[Item], Question],
        remembered: Remembered[Question, Value] | None = None,
    ) -> None:
        self._call = call
        self._question = question
        self._remembered: Remembered[Question, Value] = LastAnswers(size=1024) if remembered is None else remembered
        # Of a question under way: who waits for it, or None as long as no other item does, which is nearly always.
        self._asked: dict[Question, asyncio.Future[Value] | None] = {}

    async def ask(self, item: Item) -> Value:
        """The answer: remembered, or another's, or from the call, which also decides how the others fare."""
        question = self._question(item)
        if question in self._asked:
            waiting = self._asked[question]
            if waiting is None:
                waiting = self._asked[question] = asyncio.get_running_loop().create_future()
            return await asyncio.shield(waiting)
        known = self._remembered.get(question)
        if known is not None:
            return known
        self._asked[question] = None
        try:
            value = await self._call(question)
        except BaseException as error:
            self._fail(self._asked.pop(question), error)
            raise
        self._remembered.put(question, value)
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
