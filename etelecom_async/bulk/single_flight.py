"""Single flight: equal questions at the same time share one call."""

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
    """A cache of answers with a bounded size."""

    def get(self, question: _Question) -> _Value | None:
        """The answer to a question; None if it is not kept."""
        ...

    def put(self, question: _Question, value: _Value) -> None:
        """Keep an answer, perhaps in place of an older one."""
        ...


class LastAnswers(Generic[Question, Value]):
    """The last answers, in two dictionaries: when the newer one is full, the older one is forgotten.

    Args:
        size: it keeps at most so many answers, and at least half of that.
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
    """Shares calls between equal questions, under way or recently answered.

    Args:
        call: what answers a question; never with None.
        question: the question about an item.
        remembered: keeps answers; by default the last thousand. Failures are never kept.
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
        # By question under way: the future that other items wait for; None, as nearly always, if no other item does.
        self._asked: dict[Question, asyncio.Future[Value] | None] = {}

    async def ask(self, item: Item) -> Value:
        """The answer: a kept one, that of a call under way, or from a new call."""
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
            waiting.exception()  # marks it as retrieved, if the waiting items are gone
