"""Executors: they make the calls of a job in place of its session, in workers that get blocks of phones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from attrs import define, frozen

from ..api.consent import Consent
from ..errors import EtelecomError

__all__ = ["Answers", "Blocks", "ExecutedService", "Executor", "ExecutorStatus", "Submit"]

Answers: TypeAlias = Sequence[Consent | EtelecomError | None]
"""What came of each phone of a block, in its order; None where it was given up before it was sent."""

Submit: TypeAlias = Callable[[list[str]], Awaitable[Answers]]
"""Gives a block of phones in wire form to a worker. The executor repeats it elsewhere if the worker is lost.

Raises:
    EtelecomError: the executor cannot do it at all.
"""

_AHEAD = 3
"""Blocks that a worker has at once: one under way, one to go on with, one coming or going."""
_LINGER = 0.005
"""Seconds that a block waits for more phones."""


@frozen(kw_only=True)
class ExecutorStatus:
    """What an executor is doing now.

    Attributes:
        is_ready: whether its workers have started.
        workers: how many it has.
        under_way: phones that the workers have and that have no answer yet.
        lost: workers that died and were replaced.
        unavailable_since: since when the service accepts no request of some worker, in seconds of
            `etelecom_async.clock`; None while it accepts those of all. Phones that fail meanwhile are asked again.
    """

    is_ready: bool
    workers: int
    under_way: int
    lost: int
    unavailable_since: float | None = None


class Executor(Protocol):
    """Checks phones, many at a time. `async with` holds it open.

    Attributes:
        capacity: how many phones it takes at once.
    """

    @property
    def capacity(self) -> int: ...

    def status(self) -> ExecutorStatus:
        """What it is doing now."""
        ...

    async def ask(self, phone: str) -> Consent:
        """The answer for one phone in wire form.

        Raises:
            EtelecomError: as the call itself; `ConfigError` if the executor cannot work.
        """
        ...

    def give_up(self) -> None:
        """Send nothing more: what was not sent yet is given up, and who waits for it is cancelled."""
        ...


@frozen
class ExecutedService:
    """The service that an executor calls, as a run looks at it."""

    _executor: Executor

    @property
    def unavailable_since(self) -> float | None:
        return self._executor.status().unavailable_since


@define
class _Worker:
    submit: Submit
    capacity: int


class Blocks:
    """Collects single phones into blocks, and gives each block to the worker with the most free capacity.

    A worker has three blocks at once: when it is lost, no more than these are asked again.

    Args:
        workers: for each worker, a function that takes a block.
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
        """How many phones the workers take at once."""
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
            self._timer = loop.call_later(_LINGER, self._send)
        return await answer

    def give_up(self) -> None:
        """Give nothing more to the workers. What they have is theirs to give up."""
        self._is_given_up = True
        while self._waiting:
            self._waiting.popleft()[1].cancel()

    async def aclose(self) -> None:
        """Cancel what is under way."""
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
        except Exception as error:  # noqa: BLE001 - the callers that wait for an answer get it
            answers = [error] * len(block)
        finally:
            worker.capacity += len(block)
            self.under_way -= len(block)
        for (_, answer), outcome in zip(block, answers, strict=True):
            if answer.done():  # its caller was cancelled
                continue
            if outcome is None:
                answer.cancel()
            elif isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        if self._waiting:
            self._send()
