"""Who asks for a job in place of its own session: workers elsewhere, fed with blocks of phones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from attrs import define, frozen

from ..api.consent import Consent
from ..errors import EtelecomError

__all__ = ["Answers", "Blocks", "Executor", "ExecutorStatus", "Submit"]

Answers: TypeAlias = Sequence[Consent | EtelecomError | None]
"""What came of each phone of a block, in its order; None where it was given up before it was sent."""

Submit: TypeAlias = Callable[[list[str]], Awaitable[Answers]]
"""Gives a block of phones in wire form to a worker. The executor repeats it elsewhere if the worker is lost.

Raises:
    EtelecomError: the executor cannot do it at all.
"""

_AHEAD = 3
"""Blocks that a worker has at once: one under way, one to go on with, one coming or going."""
_GATHERING = 0.005
"""Seconds that a block waits to be full, while others are under way."""


@frozen(kw_only=True)
class ExecutorStatus:
    """What an executor is doing now.

    Attributes:
        is_ready: are its workers up?
        workers: how many it has.
        under_way: phones that were given to them and have no answer yet.
        lost: workers that died and were replaced.
    """

    is_ready: bool
    workers: int
    under_way: int
    lost: int


class Executor(Protocol):
    """Asks about phones, many at a time. `async with` holds it open.

    Attributes:
        capacity: phones it takes at once.
    """

    @property
    def capacity(self) -> int: ...

    def status(self) -> ExecutorStatus:
        """What it is doing now."""
        ...

    async def ask(self, phone: str) -> Consent:
        """The answer for one phone in wire form.

        Raises:
            EtelecomError: as the call itself; `ConfigError` where the executor cannot do its work.
        """
        ...

    def give_up(self) -> None:
        """Send nothing more: what was not sent yet is given up, and who waits for it is cancelled."""
        ...


@define
class _Worker:
    submit: Submit
    capacity: int


class Blocks:
    """Gathers phones that are asked about one by one into blocks, and gives each to the worker with the most capacity.

    A worker has three blocks at once, so what is asked again when one is lost is at most that.

    Args:
        workers: what takes a block, for each worker.
        size: phones in a block at most.
    """

    def __init__(self, workers: Sequence[Submit], *, size: int) -> None:
        self._workers = [_Worker(submit, _AHEAD * size) for submit in workers]
        self._size = size
        self._waiting: deque[tuple[str, asyncio.Future[Consent]]] = deque()
        self._timer: asyncio.Handle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_given_up = False
        self.under_way = 0

    @staticmethod
    def capacity(*, workers: int, size: int) -> int:
        """How many phones so many workers have at once."""
        return workers * _AHEAD * size

    async def ask(self, phone: str) -> Consent:
        """The answer for one phone.

        Raises:
            EtelecomError: as the call itself, or of the executor.
            CancelledError: it was given up before it was sent.
        """
        if self._is_given_up:
            raise asyncio.CancelledError
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Consent] = loop.create_future()
        self._waiting.append((phone, answer))
        if len(self._waiting) >= self._size:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(_GATHERING, self._send)
        return await answer

    def give_up(self) -> None:
        """Give nothing more to the workers. What they have is theirs to give up."""
        self._is_given_up = True
        while self._waiting:
            self._waiting.popleft()[1].cancel()

    async def aclose(self) -> None:
        """Wait for nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            worker = max(self._workers, key=lambda worker: worker.capacity)
            count = min(len(self._waiting), self._size, worker.capacity)
            if count == 0:
                return
            block = [item for item in (self._waiting.popleft() for _ in range(count)) if not item[1].done()]
            worker.capacity -= len(block)
            self.under_way += len(block)
            task = asyncio.create_task(self._answer(worker, block))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, worker: _Worker, block: list[tuple[str, asyncio.Future[Consent]]]) -> None:
        answers: Sequence[Consent | Exception | None]
        try:
            answers = await worker.submit([phone for phone, _ in block])
        except Exception as error:  # noqa: BLE001 - whoever waits for an answer gets it
            answers = [error] * len(block)
        finally:
            worker.capacity += len(block)
            self.under_way -= len(block)
        for (_, answer), outcome in zip(block, answers, strict=True):
            if answer.done():  # nobody waits for it any more
                continue
            if outcome is None:
                answer.cancel()
            elif isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        if self._waiting:
            self._send()
