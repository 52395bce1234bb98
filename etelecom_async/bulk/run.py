"""A bounded run of one call over many items, whose memory is set by the concurrency alone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Iterable,
    Iterator,
    Sequence,
    Sized,
)
from collections.abc import (
    Set as AbstractSet,
)
from types import TracebackType
from typing import Generic, Self, TypeVar

from attrs import frozen

from .. import _checks
from .._loop import running_loop
from ..clock import seconds
from ..errors import ConfigError, EtelecomError, SessionClosed
from .common_fault import CommonFault, HeldBack, may_be_common
from .progress import Progress, Tally
from .slots import Permits

__all__ = ["MOST_AT_ONCE", "Bulk", "Done", "NotDone"]

Item = TypeVar("Item")
Value = TypeVar("Value")
Good = TypeVar("Good")
Bad = TypeVar("Bad")

MOST_AT_ONCE = 10_000
"""Calls under way at once in a run: each has a task of its own, of about 3 KB."""
_MISUSE = (ConfigError, SessionClosed)
"""Errors of the calling program, which every further call would meet too."""
_GRACE = 5.0
"""Seconds that calls under way get to finish when such an error has ended the run."""
_WINDOW = 16
"""An ordered run may be this many times the concurrency ahead of an outcome that a slow call holds up."""


@frozen
class Done(Generic[Item, Value]):
    """An item that was done: its index in the input, the item, and the value."""

    index: int
    item: Item
    value: Value


@frozen
class NotDone(Generic[Item]):
    """An item that could not be done: its index in the input, the item, and the error."""

    index: int
    item: Item
    error: EtelecomError


class _OneByOne(Generic[Item]):
    """An async iterator, which one worker at a time may advance, and none after its end."""

    def __init__(self, items: AsyncIterator[Item], *, is_over: Callable[[], bool]) -> None:
        self._items = items
        self._is_over = is_over
        self._turn = asyncio.Lock()

    async def next(self) -> Item:
        async with self._turn:
            if self._is_over():
                raise StopAsyncIteration
            return await anext(self._items)


class Bulk(Generic[Item, Value, Good, Bad]):
    """Runs a call over any number of items and gives each one's outcome as it completes.

        async with Bulk.of(call, items) as run:
            async for outcome in run:
                ...

    It owns its workers: leaving the block always ends them. Items are pulled lazily, and never more than
    `concurrency` of them are ahead of what the consumer has taken; 16 times as many if outcomes are `ordered`, since
    those that are done early wait for their turn. An `EtelecomError` of one item is its outcome.

    A fault that every item would meet (a dead key, an untrusted certificate, a wrong OA or URL) ends the run: when each
    of up to three first, different items meets it, or later twenty in a row without an answer between them. No further
    item begins, calls under way get five seconds to finish, and then the error is raised; the items that met it have
    no outcome. Programming errors are raised at once.

    Args:
        call: called with each item.
        items: a sync or async iterable. A sync one is pulled on the event loop, so it should not block.
        done: makes an outcome from index, item and value.
        failed: makes an outcome from index, item and error.
        concurrency: calls under way at once, from 1 to 10,000.
        ordered: give outcomes in the order of the items. A slow one holds up the outcomes behind it; the calls go on
            until 16 times `concurrency` items are ahead of the consumer.
        key: equal for items that ask the same question; by default all items differ. A fault counts as common to all
            only when different items meet it.
        waiting_tasks: the tasks whose calls wait with nothing sent, or nothing in doubt; `stop` cancels them.
        witness: asks what was answered before this run, where there is such a thing. It is asked before a fault ends
            the run: where it is answered, the failures so far are the items' own, and the run goes on.
        total: how many items there are, for the ETA; by default `len(items)` if that exists.
        clock: seconds, monotonic; for tests.

    Raises:
        ConfigError: an argument has the wrong type or value, such as a str in place of a list of str.
    """

    def __init__(
        self,
        call: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item] | AsyncIterable[Item],
        *,
        done: Callable[[int, Item, Value], Good],
        failed: Callable[[int, Item, EtelecomError], Bad],
        concurrency: int = 100,
        ordered: bool = False,
        key: Callable[[Item], Hashable] | None = None,
        waiting_tasks: Callable[[], AbstractSet[asyncio.Task[object] | None]] = frozenset,
        witness: Callable[[], Awaitable[object]] | None = None,
        total: int | None = None,
        clock: Callable[[], float] = seconds,
    ) -> None:
        concurrency = _checks.whole("concurrency", concurrency, most=MOST_AT_ONCE)
        if total is not None:
            total = _checks.whole("total", total, least=0, otherwise=", or None where it is not known")
        _checks.flag("ordered", ordered)
        self._call = _checks.function("call", call)
        self._items = _checks.items("items", items)
        self._is_entered = False
        self._make_done = _checks.function("done", done)
        self._make_failed = _checks.function("failed", failed)
        self._concurrency = concurrency
        self._ordered = False
        _checks.function("clock", clock)
        self._tally = Tally(total=len(items) if total is None and isinstance(items, Sized) else total, clock=clock)
        self._waiting_tasks = _checks.function("waiting_tasks", waiting_tasks)
        if witness is not None:
            _checks.function("witness", witness)
        self._witness = witness
        self._hearing = asyncio.Lock()
        if key is not None:
            _checks.function("key", key)
        self._common: CommonFault[Item] = CommonFault(key=key)
        self._is_exhausted = False
        self._is_stopped = False
        self._pulled = 0
        self._delivered = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._ready: deque[Good | Bad] = deque()
        self._early: dict[int, Good | Bad] = {}
        # One for every item that may be ahead of the consumer: taken before an item is pulled, given back when the
        # consumer takes its outcome.
        self._permits = Permits(concurrency)
        self._given_back_early = 0
        self._news = asyncio.Event()
        if ordered:
            self._keep_order()

    @classmethod
    def of(
        cls,
        call: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item] | AsyncIterable[Item],
        *,
        concurrency: int = 100,
        ordered: bool = False,
    ) -> Bulk[Item, Value, Done[Item, Value], NotDone[Item]]:
        """A run whose outcomes are `Done` and `NotDone`."""
        return Bulk(call, items, done=Done, failed=NotDone, concurrency=concurrency, ordered=ordered)

    @property
    def progress(self) -> Progress:
        """How far the run has come."""
        return self._tally.progress

    @property
    def ready(self) -> int:
        """How many outcomes can be taken without waiting."""
        return len(self._ready)

    async def collect(self) -> list[Good | Bad]:
        """Every outcome, in the order of the items. For jobs whose outcomes fit in memory.

        Raises:
            ConfigError: the run has already begun to give outcomes.
        """
        if self._pulled:
            raise ConfigError("collect() takes the whole run: call it instead of iterating.")
        self._keep_order()
        if self._is_entered:
            return [outcome async for outcome in self]
        async with self:
            return [outcome async for outcome in self]

    def stop(self) -> None:
        """Begin no more items, and give up those that wait to be sent. Calls under way finish and have outcomes."""
        self._is_stopped = True
        self._exhaust()
        for worker in self._workers & self._waiting_tasks():
            worker.cancel()

    async def __aenter__(self) -> Self:
        if self._is_entered:
            raise ConfigError("A bulk run runs once: make a new one.")
        running_loop()
        self._is_entered = True
        items = self._items
        source: Iterator[Item] | _OneByOne[Item]
        if isinstance(items, AsyncIterable):
            source = _OneByOne(aiter(items), is_over=lambda: self._is_exhausted)
        else:
            source = iter(items)
        for _ in range(self._concurrency):
            self._start(self._work(source))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._grace is not None:
            self._grace.cancel()
        self._cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if error is None and self._error is not None:
            raise self._error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Good | Bad:
        if not self._is_entered:
            raise ConfigError("Enter the run first: async with session.zalo.check_consents(...) as run.")
        while not self._ready:
            if not self._workers:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        self._delivered += 1
        if self._given_back_early:
            self._given_back_early -= 1
        else:
            self._permits.release()
        return self._ready.popleft()

    async def _work(self, source: Iterator[Item] | _OneByOne[Item]) -> None:
        while True:
            if not self._permits.take():
                await self._permits.turn()
            if self._is_exhausted:
                return
            try:
                item = await source.next() if isinstance(source, _OneByOne) else next(source)
            except (StopIteration, StopAsyncIteration):
                self._exhaust()
                return
            index = self._pulled
            self._pulled += 1
            try:
                value = await self._call(item)
            except _MISUSE:
                raise
            except EtelecomError as error:
                if await self._ends_all(index, item, error):
                    raise
            else:
                if self._common.is_watching:
                    self._release(self._common.answered())
                outcome = self._make_done(index, item, value)
                self._tally.count(failed=False)
                self._give(index, outcome)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        worker = asyncio.create_task(work)
        self._workers.add(worker)
        worker.add_done_callback(self._worker_ended)

    async def _ends_all(self, index: int, item: Item, error: EtelecomError) -> bool:
        """Give a failure as its item's outcome, or hold it back. True if every item meets it, which ends the run."""
        if not may_be_common(error):
            self._give_failed(index, item, error)
            return False
        if self._common.hold(index, item, error) and not await self._is_refuted():
            return True
        # It has no outcome for now, and the run goes on.
        self._permits.release()
        return False

    async def _is_refuted(self) -> bool:
        """Is what was answered before answered still, so that what seems common is the items' own?"""
        async with self._hearing:
            if not self._common.is_suspected:
                return True
            if self._witness is None:
                return False
            try:
                await self._witness()
            except EtelecomError:
                self._witness = None  # asked once in vain: the run ends
                return False
            self._release(self._common.refuted())
            return True

    def _release(self, held: Sequence[HeldBack[Item]]) -> None:
        """Give the failures that were held back: they are not common to all items."""
        self._given_back_early += len(held)
        for failure in held:
            self._give_failed(failure.index, failure.item, failure.error)

    def _give_failed(self, index: int, item: Item, error: EtelecomError) -> None:
        self._tally.count(failed=True)
        self._give(index, self._make_failed(index, item, error))

    def _exhaust(self) -> None:
        """There are no more items: let the waiting workers end."""
        self._is_exhausted = True
        for _ in self._workers:
            self._permits.release()

    def _keep_order(self) -> None:
        """Early outcomes wait, so more items may be ahead; the number of workers bounds the calls."""
        if not self._ordered:
            self._ordered = True
            for _ in range((_WINDOW - 1) * self._concurrency):
                self._permits.release()

    def _give(self, index: int, outcome: Good | Bad) -> None:
        if not self._ordered:
            self._ready.append(outcome)
        else:
            self._early[index] = outcome
            while (following := self._delivered + len(self._ready)) in self._early:
                self._ready.append(self._early.pop(following))
        self._news.set()

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        error = None if worker.cancelled() else worker.exception()
        if error is not None and self._error is None:
            self._error = error
            if isinstance(error, EtelecomError):
                self._exhaust()
                self._grace = asyncio.get_running_loop().call_later(_GRACE, self._cancel)
            else:
                self._cancel()
        if not self._workers and self._error is None and not self._is_stopped:
            self._end()
        self._news.set()

    def _end(self) -> None:
        """After the last item: release the failures that were held back, or end with them."""
        try:
            self._release(self._common.ended())
        except EtelecomError as error:
            if self._witness is None:
                self._error = error
            else:
                self._start(self._end_unless_refuted(error))

    async def _end_unless_refuted(self, error: EtelecomError) -> None:
        if not await self._is_refuted():
            raise error

    def _cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()
