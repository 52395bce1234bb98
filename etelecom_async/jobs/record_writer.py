"""Writes the records of a job to its output, and counts them."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import NoneType
from typing import cast

from ..api.consent import Consent
from ..bulk.run import Bulk
from ..errors import JobStopped
from ..tables import FinishGivenUp
from .failure_limit import FailureLimit
from .in_thread import in_thread
from .record import Question, Record, Recorder
from .sink import Sink

__all__ = ["RecordWriter", "close_sink"]

_GROUP = 500
_SYNC_SECONDS = 1.0
_CELL, _LARGE = 8, 128 * 1024
"""What a cell counts beside its characters, and how much is written on the event loop at most: about 5 ms."""
_SMALL = (int, float, NoneType)


class RecordWriter:
    """Writes records, and counts them by what came of them.

    Args:
        clock: seconds, monotonic.
        limit: how many rows may fail; None for any number.
        stop: called when more have failed: begins no more rows, and gives up those that wait to be sent.

    Attributes:
        states: answered rows by state.
        failures: rows without a usable answer, by reason.
    """

    def __init__(self, *, clock: Callable[[], float], limit: FailureLimit | None, stop: Callable[[], None]) -> None:
        self._clock = clock
        self._limit = limit
        self._stop = stop
        self.states: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    async def write(self, run: Bulk[Question, Consent, Record, Record], sink: Sink, recorder: Recorder) -> None:
        """Append records in groups, and always before waiting for more, so that a crash loses little.

        Raises:
            JobStopped: they cannot be written, or too many rows have failed.
        """
        group: list[Record] = []
        synced = self._clock()
        async for record in run:
            group.append(record)
            if run.ready and len(group) < _GROUP:
                continue
            # A reader of a stream may never go on. A file is not closed while a thread is still writing it.
            if sink.may_block:
                written = await asyncio.to_thread(_append, sink, recorder, group)
            elif _is_large(group):
                written = await in_thread(partial(_append, sink, recorder, group), give_up=lambda: None)
            else:
                written = _append(sink, recorder, group)
            for row in written:
                self._count(row)
            group = []
            if self._clock() - synced >= _SYNC_SECONDS:
                await asyncio.to_thread(sink.sync)
                synced = self._clock()
            if self._has_too_many_failures:
                self._stop()  # what is under way still comes
        if self._has_too_many_failures:
            failed, finished = self.failures.total(), self.failures.total() + self.states.total()
            raise JobStopped(f"{failed:,} of {finished:,} rows failed, and at most {self._limit} may.")

    @property
    def _has_too_many_failures(self) -> bool:
        failed = self.failures.total()
        return self._limit is not None and self._limit.is_passed(failed=failed, finished=failed + self.states.total())

    def _count(self, record: Record) -> None:
        if record.failure:
            self.failures[record.failure] += 1
        else:
            self.states[record.state] += 1


async def close_sink(sink: Sink, *, is_complete: bool, is_wanted: Callable[[], bool]) -> bool:
    """Close the output in a thread, since finishing a Parquet file takes seconds.

    Args:
        sink: the output.
        is_complete: whether every row of the input is in it.
        is_wanted: called now and then; False gives up finishing the output.

    Returns:
        False if the job is not complete, or finishing it was given up.
    """
    is_given_up = False

    def give_up() -> None:
        nonlocal is_given_up
        is_given_up = True

    def close() -> bool:
        try:
            sink.close(is_complete=is_complete, is_wanted=lambda: is_wanted() and not is_given_up)
        except FinishGivenUp:
            return False
        return is_complete

    return await in_thread(close, give_up=give_up)


def _is_large(records: Sequence[Record]) -> bool:
    """Whether writing them would hold up the event loop for too long."""
    left = _LARGE
    for record in records:
        left = _without(record.cells, left)
        if left < 0:
            return True
    return False


def _without(cell: object, left: int) -> int:
    """What is left of a size without that of a cell, with all that is nested in it; below 0 as soon as it is more."""
    if isinstance(cell, str | bytes):
        return left - _CELL - len(cell)
    if isinstance(cell, Mapping):
        cell = cast("Mapping[object, object]", cell)
        # Each takes `_CELL` at least: a million of them are not looked at one by one.
        left -= 2 * _CELL * len(cell)
        inner: Iterable[object] = itertools.chain(cell, cell.values())
    elif isinstance(cell, list | tuple):
        cell = cast("Sequence[object]", cell)
        left -= _CELL * len(cell)
        inner = cell
    else:
        return left
    for value in inner:
        if left < 0:
            break
        if type(value) is str:
            left -= len(value)
        elif not isinstance(value, _SMALL):
            left = _without(value, left)
    return left


def _append(sink: Sink, recorder: Recorder, records: Sequence[Record]) -> list[Record]:
    """Write records, and return what was written: a row that the output's format cannot hold becomes a failure."""
    try:
        sink.append([record.cells for record in records])
    except (JobStopped, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, one row causes it
        if len(records) > 1:
            return [written for record in records for written in _append(sink, recorder, [record])]
        failure = recorder.unwritable(records[0], error)
        sink.append([failure.cells])
        return [failure]
    return list(records)
