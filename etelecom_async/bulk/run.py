"""A bounded run of one call over many items, whose memory is set by the concurrency alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence, Sized
from collections.abc import Set as AbstractSet
from types import TracebackType
from typing import Generic, Self, TypeVar

from .. import _checks
from .._loop import running_loop
from ..clock import seconds
from ..errors import ApiError, ConfigError, EtelecomError, SessionClosed
from .common_fault import CommonFault, HeldBack, may_be_common
from .doubts import Doubts
from .outage import GIVE_UP_AFTER, Outage, Service, Waiting, patience, service_of
from .outbox import Outbox
from .outcomes import Done, NotDone
from .progress import Progress, Tally
from .source import OneByOne, Source, source_of
from .suspects import Suspect

__all__ = ["MOST_AT_ONCE", "Bulk"]

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
_DOUBTS = 20
"""So many items at least may wait until it shows whose their fault was, before each is asked again in turn."""


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

    With a `service`, the run waits as long as that accepts no request: an item that met a transient fault meanwhile is
    asked again, at the end of the line, and has no outcome until then. Where only such items are left, the run asks one
    again that it has an answer for: if that is answered, items that fail once more failed for a reason of their own.

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
        give_up: called by `stop` with the tasks of the run: cancels those whose call waits with nothing sent or in
            doubt, and keeps the others from trying again.
        witness: asks what was answered before this run, where there is such a thing. It is asked before a fault ends
            the run: where it is answered, the failures so far are the items' own, and the run goes on.
        service: tells since when no request is accepted. Without it every fault is its item's own.
        give_up_after: seconds that the run waits while no request is accepted.
        repeat: asks an item anew, past answers that are remembered. Give it only where a call has no effect and no
            price: without it an item whose call may have been carried out is not asked again.
        total: how many items there are, for the ETA; by default `len(items)` if that exists.
        clock: seconds, monotonic; for tests.

    Raises:
        ConfigError: an argument has the wrong type or value, such as a str in place of a list of str.
        Unavailable: out of the run, which has waited for `give_up_after` seconds. Items without an answer have no
            outcome.
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
        give_up: Callable[[AbstractSet[asyncio.Task[None]]], object] | None = None,
        witness: Callable[[], Awaitable[object]] | None = None,
        service: Service | None = None,
        give_up_after: float = GIVE_UP_AFTER,
        repeat: Callable[[Item], Awaitable[object]] | None = None,
        total: int | None = None,
        clock: Callable[[], float] = seconds,
    ) -> None:
        concurrency = _checks.whole("concurrency", concurrency, most=MOST_AT_ONCE)
        if total is not None:
            total = _checks.whole("total", total, least=0, otherwise=", or None where it is not known")
        _checks.flag("ordered", ordered)
        self._give_up = give_up
        self._call = _checks.function("call", call)
        self._items = _checks.items("items", items)
        self._is_entered = False
        self._make_done = _checks.function("done", done)
        self._make_failed = _checks.function("failed", failed)
        self._concurrency = concurrency
        _checks.function("clock", clock)
        for name, function in (("key", key), ("repeat", repeat), ("witness", witness), ("give_up", give_up)):
            if function is not None:
                _checks.function(name, function)
        self._tally = Tally(total=len(items) if total is None and isinstance(items, Sized) else total, clock=clock)
        give_up_after = patience("give_up_after", give_up_after)
        outage = None if service is None else Outage(service_of("service", service), give_up_after=give_up_after)
        self._doubts: Doubts[Item] = Doubts(outage, repeat=repeat, witness=witness)
        self._common: CommonFault[Item] = CommonFault(key=key, witness=witness)
        self._is_exhausted = False
        self._is_closed = False
        self._pulled = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._outbox: Outbox[Good | Bad] = Outbox(concurrency=concurrency)
        if ordered:
            self._outbox.keep_order()

    @classmethod
    def of(
        cls,
        call: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item] | AsyncIterable[Item],
        *,
        concurrency: int = 100,
        ordered: bool = False,
        service: Service | None = None,
        give_up_after: float = GIVE_UP_AFTER,
    ) -> Bulk[Item, Value, Done[Item, Value], NotDone[Item]]:
        """A run whose outcomes are `Done` and `NotDone`. `service=session.throttle` lets it wait outages out."""
        return Bulk(
            call,
            items,
            done=Done,
            failed=NotDone,
            concurrency=concurrency,
            ordered=ordered,
            service=service,
            give_up_after=give_up_after,
        )

    @property
    def progress(self) -> Progress:
        """How far the run has come."""
        return self._tally.progress

    @property
    def waiting(self) -> Waiting | None:
        """What the run waits for, where the service accepts no request; None if it does not wait."""
        return self._doubts.waiting

    @property
    def ready(self) -> int:
        """How many outcomes can be taken without waiting."""
        return len(self._outbox.ready)

    async def collect(self) -> list[Good | Bad]:
        """Every outcome, in the order of the items. For jobs whose outcomes fit in memory.

        Raises:
            ConfigError: the run has already begun to give outcomes.
        """
        if self._pulled:
            raise ConfigError("collect() takes the whole run: call it instead of iterating.")
        self._outbox.keep_order()
        if self._is_entered:
            return [outcome async for outcome in self]
        async with self:
            return [outcome async for outcome in self]

    def stop(self) -> None:
        """Begin no more items, and give up those that wait to be sent. Calls under way finish, and are not repeated."""
        self._close()

    async def __aenter__(self) -> Self:
        if self._is_entered:
            raise ConfigError("A bulk run runs once: make a new one.")
        running_loop()
        self._is_entered = True
        source = source_of(self._items, is_over=lambda: self._is_exhausted)
        for _ in range(self._concurrency):
            self._start(self._work(source))
        self._doubts.begin(pulled=lambda: self._pulled, done=lambda: self._tally.done, fail=self._fail)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._grace is not None:
            self._grace.cancel()
        self._doubts.end()
        self._cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if error is None and self._error is not None:
            raise self._error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Good | Bad:
        if not self._is_entered:
            raise ConfigError("Enter the run first: async with session.zalo.check_consents(...) as run.")
        outbox = self._outbox
        while not outbox.ready:
            if not self._workers:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            outbox.news.clear()
            await outbox.news.wait()
        return outbox.take()

    async def _work(self, source: Source[Item]) -> None:
        doubts, suspects, permits = self._doubts, self._doubts.suspects, self._outbox.permits
        while True:
            if suspects.is_any and not self._is_pull_first(source):
                await self._look_after_suspects()
                continue
            if not permits.take():
                await permits.turn()
            if self._is_exhausted:
                return
            try:
                item = await source.next() if isinstance(source, OneByOne) else next(source)
            except (StopIteration, StopAsyncIteration):
                self._exhaust()
                continue  # to what is to be asked again
            index = self._pulled
            self._pulled += 1
            begun = suspects.faults
            try:
                value = await self._call(item)
            except _MISUSE:
                raise
            except EtelecomError as error:
                if await self._is_end(index, item, error, begun):
                    raise
            else:
                doubts.answered_item = (item,)
                self._give_done(index, item, value, begun)

    def _is_pull_first(self, source: Source[Item]) -> bool:
        """Whether another item comes before those that may have met the service's fault."""
        suspects = self._doubts.suspects
        if self._is_closed:
            return True
        most = max(self._concurrency, _DOUBTS)
        if self._is_exhausted or suspects.is_ready or suspects.waiting >= most:
            return False
        # An input that gives nothing for hours must not hold up the last worker.
        is_last = isinstance(source, OneByOne) and source.pulling >= self._concurrency - 1
        if is_last and self._doubts.has_witness:
            return False
        if not self._outbox.permits.is_any:
            self._outbox.make_room()
        return True

    async def _look_after_suspects(self) -> None:
        """Ask one of them again, or what was answered before."""
        doubts = self._doubts
        if not doubts.is_out and (suspect := doubts.suspects.take_ready()):
            await self._ask_again(suspect, was_ready=True)
        elif own := doubts.take_own():
            self._fail_all(own)
        elif doubts.may_ask_witness:
            self._fail_all(await doubts.ask_witness())
        elif suspect := doubts.suspects.take_ready() or doubts.suspects.take_oldest():
            await doubts.pause()
            if not self._is_closed:
                await self._ask_again(suspect, was_ready=False)

    async def _ask_again(self, suspect: Suspect[Item], *, was_ready: bool) -> None:
        begun = self._doubts.suspects.faults
        try:
            value = await self._call(suspect.item)
        except _MISUSE:
            raise
        except EtelecomError as error:
            if self._doubts.concern(error):
                self._doubts.hold_again(suspect, error, was_ready=was_ready)
            elif await self._is_end(suspect.index, suspect.item, error, begun):
                raise
        else:
            self._give_done(suspect.index, suspect.item, value, begun)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        worker = asyncio.create_task(work)
        self._workers.add(worker)
        worker.add_done_callback(self._worker_ended)

    async def _is_end(self, index: int, item: Item, error: EtelecomError, begun: int) -> bool:
        """Give a failure as its item's outcome, or hold it back. True if every item meets it, which ends the run."""
        if self._doubts.concern(error):
            self._doubts.hold(index, item, error)
            return False
        if not may_be_common(error):
            if isinstance(error, ApiError) and not error.transient:  # the service has answered
                self._fail_all(self._doubts.answered(begun))
            self._give_failed(index, item, error)
            return False
        if self._common.hold(index, item, error):
            held = await self._common.refuted()
            if held is None:
                return True
            self._release(held)
        self._outbox.leave_out()
        return False

    def _give_done(self, index: int, item: Item, value: Value, begun: int) -> None:
        if self._common.is_watching:
            self._release(self._common.answered())
        if self._doubts.suspects.is_any:
            self._fail_all(self._doubts.answered(begun))
        outcome = self._make_done(index, item, value)
        self._tally.count(failed=False)
        self._outbox.give(index, outcome)

    def _fail_all(self, suspects: Sequence[Suspect[Item]]) -> None:
        for suspect in suspects:
            self._give_failed(suspect.index, suspect.item, suspect.error)

    def _release(self, held: Sequence[HeldBack[Item]]) -> None:
        """Give the failures that were held back: they are not common to all items."""
        self._outbox.put_back(len(held))
        for failure in held:
            self._give_failed(failure.index, failure.item, failure.error)

    def _give_failed(self, index: int, item: Item, error: EtelecomError) -> None:
        self._tally.count(failed=True)
        self._outbox.give(index, self._make_failed(index, item, error))

    def _fail(self, error: EtelecomError) -> None:
        """End the run with this error, once what is under way has had the time to finish."""
        if self._error is None:
            self._error = error
            self._close()
            self._grace = asyncio.get_running_loop().call_later(_GRACE, self._cancel)

    def _close(self) -> None:
        """Ask nothing more: neither items that wait to be sent nor those that would be tried again."""
        self._is_closed = True
        self._exhaust()
        if self._give_up is not None:
            self._give_up(self._workers)

    def _exhaust(self) -> None:
        """There are no more items: let the waiting workers end."""
        if not self._is_exhausted:
            self._is_exhausted = True
            for _ in self._workers:
                self._outbox.permits.release()

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        error = None if worker.cancelled() else worker.exception()
        if isinstance(error, EtelecomError):
            self._fail(error)
        elif error is not None and self._error is None:
            self._error = error
            self._cancel()
        if not self._workers and self._error is None and not self._is_closed:
            self._end()
        self._outbox.news.set()

    def _end(self) -> None:
        """After the last item: release the failures that were held back, or end with them."""
        try:
            self._release(self._common.ended())
        except EtelecomError as error:
            if self._common.witness is None:
                self._error = error
            else:
                self._start(self._end_unless_refuted(error))

    async def _end_unless_refuted(self, error: EtelecomError) -> None:
        held = await self._common.refuted()
        if held is None:
            raise error
        self._release(held)

    def _cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()
