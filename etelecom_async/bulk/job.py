"""From a file of phones to a file of answers, resumable at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from attrs import define, field, frozen

from ..api.consent import CHECK_CONSENT, CheckConsent, Consent, ConsentState, to_id
from ..errors import ConfigError
from ..session import Session
from .destination import Destination, FileDestination, StreamDestination, layout_of
from .finished import FinishedRows
from .identity import Identity
from .lock import exclusively
from .progress import Progress
from .record import RESULT_COLUMNS, Question, Record, Recorder
from .run import Bulk
from .survey import Survey
from .tables import (
    ParquetSource,
    Row,
    SheetSource,
    Source,
    find_phone_column,
    kind_of,
    named_column,
    open_source,
)
from .unhurried import Unhurried

__all__ = ["ConsentJob", "JobSummary", "Plan"]

_SAMPLE = 100
_GROUP = 500
_SYNC_SECONDS = 1.0


@frozen(kw_only=True)
class Plan:
    """What a job found out before its first call.

    Attributes:
        source: what the input is, such as `CSV, delimiter ';', UTF-16`.
        column: the heading of the phone column.
        found: how it was found.
        replaced: columns of the input that give way to the job's own of the same name.
        total: about how many rows there are; None where nobody knows.
        finished: rows that an earlier run finished.
    """

    source: str
    column: str
    found: str
    replaced: tuple[str, ...]
    total: int | None
    finished: int


@frozen(kw_only=True)
class JobSummary:
    """How a run of a job ended.

    Attributes:
        rows: rows that this run finished.
        finished_before: rows that earlier runs had finished.
        granted: of this run's rows, those that may be called.
        not_granted: those that may not.
        states: answered rows by state.
        failures: rows without a usable answer, by reason.
        seconds: how long the run took.
        is_complete: False where it was stopped before its end.
    """

    rows: int
    finished_before: int
    granted: int
    not_granted: int
    states: Mapping[str, int]
    failures: Mapping[str, int]
    seconds: float
    is_complete: bool

    @property
    def rate(self) -> float:
        """Rows per second of this run."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0


@define(kw_only=True)
class _Setup:
    """What a prepared job holds open."""

    plan: Plan
    rows: Iterator[Row]
    recorder: Recorder
    destination: Destination
    finished: FinishedRows
    closing: contextlib.ExitStack = field(factory=contextlib.ExitStack)


class ConsentJob:
    """Checks the phone of every row of a table and appends the row with its answer to another.

        summary = await ConsentJob(session, source=Path("in.csv"), output=Path("out.csv"), oa_id=oa_id).run()

    Rows are appended as they finish, so their order is not the input's; `row` tells it. The output is its own journal:
    kill the process at any moment, run the same with `resume=True`, and every row is in it exactly once. What the
    output belongs to lies beside it in a small file `<output>.job`, which holds no key.

    Args:
        session: who asks. It stays open.
        source: the input: a file (CSV, NDJSON, Parquet by its suffix), or a binary stream.
        output: a file of one of these kinds, or a binary stream, which gets the input's kind and cannot be resumed.
        oa_id: the Zalo Official Account, 1..2**63-1.
        column: the phones' column by name or number; found by name or content unless given.
        resume: go on with the output of an earlier run.
        retry_failed: like `resume`, and check again the rows that failed.
        concurrency: checks under way at once.
        clock: seconds, monotonic; for tests.
        now: the present as an aware datetime; for tests.

    Raises:
        InvalidId: oa_id cannot be an id.
        ConfigError: options that cannot go together, or a concurrency that is no whole number above 0.
    """

    def __init__(
        self,
        session: Session,
        *,
        source: Path | BinaryIO,
        output: Path | BinaryIO,
        oa_id: int | str,
        column: str | None = None,
        resume: bool = False,
        retry_failed: bool = False,
        concurrency: int = 100,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if (resume or retry_failed) and (_is_read_once(source) or not isinstance(output, Path)):
            raise ConfigError("A resume needs an input file and an output file: a stream can be read only once.")
        if type(concurrency) is not int or concurrency < 1:
            raise ConfigError(f"concurrency is a whole number above 0; got {concurrency!r}.")
        self._session = session
        self._source = source
        self._output = output
        self._oa_id = to_id(oa_id)
        self._column = column
        self._resume = resume or retry_failed
        self._retry_failed = retry_failed
        self._concurrency = concurrency
        self._clock = clock
        self._now = now
        self._setup: _Setup | None = None
        self._run: Bulk[Question, Consent, Record, Record] | None = None
        self._stopped = False
        self._states: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    @property
    def progress(self) -> Progress | None:
        """How far it has come; None before its first call."""
        return None if self._run is None else self._run.progress

    @property
    def states(self) -> Mapping[str, int]:
        """Answered rows by state, so far."""
        return self._states

    @property
    def failures(self) -> Mapping[str, int]:
        """Rows without a usable answer by reason, so far."""
        return self._failures

    def stop(self) -> None:
        """Begin no more rows. What is under way is finished and written; a resume goes on from there."""
        self._stopped = True
        if self._run is not None:
            self._run.stop()

    async def prepare(self) -> Plan:
        """Look at the input, open the output, and say what is going to be done. `run` does it unless it was done.

        Raises:
            ConfigError: an input that is no table of phones, an output that exists or belongs to another job, ...
        """
        if self._setup is None:
            self._setup = await asyncio.to_thread(self._prepare)
        return self._setup.plan

    async def run(self) -> JobSummary:
        """Check every row that is not finished.

        Raises:
            ConfigError: as `prepare`; also a disk that is full, an input that cannot be read on. What was finished
                until then is in the output.
            Unauthenticated, PermissionDenied, BadRoute, AccountClosed: every other call would fail alike.
            BrokenPipeError: the output is a stream that nobody reads any more.
        """
        await self.prepare()
        setup, self._setup = self._setup, None
        if setup is None:
            raise ConfigError("A job runs once: make a new one, with resume=True to go on.")
        started = self._clock()
        recorder = setup.recorder

        async def check(question: Question) -> Consent:
            payload = CheckConsent(oa_id=self._oa_id, phone=question.asked())
            return await self._session.call(CHECK_CONSENT, payload)

        self._run = run = Bulk(
            check,
            self._questions(setup),
            done=recorder.done,
            failed=recorder.failed,
            concurrency=self._concurrency,
            key=Question.asked,
            granted=lambda record: record.granted is True,
            total=None if setup.plan.total is None else max(0, setup.plan.total - setup.plan.finished),
            clock=self._clock,
        )
        if self._stopped:
            run.stop()
        is_complete = False
        with setup.closing:
            try:
                async with run:
                    await self._write(run, setup.destination)
                is_complete = not self._stopped
            finally:
                setup.destination.close(is_complete=is_complete)
        return JobSummary(
            rows=self._states.total() + self._failures.total(),
            finished_before=setup.plan.finished,
            granted=self._states[ConsentState.GRANTED.value],
            not_granted=self._states.total() - self._states[ConsentState.GRANTED.value],
            states=dict(self._states),
            failures=dict(self._failures),
            seconds=self._clock() - started,
            is_complete=is_complete,
        )

    def _questions(self, setup: _Setup) -> Iterable[Question] | AsyncIterable[Question]:
        if _is_read_once(self._source):
            return Unhurried(map(setup.recorder.question, setup.rows))
        rows = setup.rows
        if setup.finished:
            rows = (row for row in rows if row.number not in setup.finished)
        return map(setup.recorder.question, rows)

    async def _write(self, run: Bulk[Question, Consent, Record, Record], destination: Destination) -> None:
        """Append records in groups, and always before waiting for more, so that little is lost in a crash."""
        group: list[tuple[object, ...]] = []
        synced = self._clock()
        async for record in run:
            self._count(record)
            group.append(record.cells)
            if run.ready and len(group) < _GROUP:
                continue
            if destination.may_block:
                await asyncio.to_thread(destination.append, group)
            else:
                destination.append(group)
            group.clear()
            if self._clock() - synced >= _SYNC_SECONDS:
                await asyncio.to_thread(destination.sync)
                synced = self._clock()

    def _count(self, record: Record) -> None:
        if record.failure:
            self._failures[record.failure] += 1
        else:
            self._states[record.state] += 1

    def _prepare(self) -> _Setup:
        with contextlib.ExitStack() as closing:
            if isinstance(self._output, Path):
                closing.enter_context(exclusively(self._output))
            source = open_source(self._source)
            rows = source.rows()
            sample = list(itertools.islice(rows, _SAMPLE))
            phone_at, found = self._phone_column(source, sample)
            kept = [at for at, name in enumerate(source.columns) if name not in RESULT_COLUMNS]
            columns = (*(source.columns[at] for at in kept), *RESULT_COLUMNS)
            kind = kind_of(self._output) if isinstance(self._output, Path) else _kind_like(source)
            dialect = source.dialect if isinstance(source, SheetSource) else None
            layout = layout_of(kind, columns=columns, dialect=dialect)
            finished = FinishedRows()
            total = None
            destination: Destination
            if isinstance(self._output, Path):
                types = source.types if isinstance(source, ParquetSource) else {}
                destination = FileDestination(self._output, layout=layout, columns=columns, types=types)
                total = self._open_file(self._output, destination, source, source.columns[phone_at], finished)
            else:
                destination = StreamDestination(self._output, layout=layout)
            return _Setup(
                plan=Plan(
                    source=source.description,
                    column=source.columns[phone_at],
                    found=found,
                    replaced=tuple(name for name in source.columns if name in RESULT_COLUMNS),
                    total=total,
                    finished=len(finished),
                ),
                rows=itertools.chain(sample, rows),
                recorder=Recorder(kept=kept, phone_at=phone_at, has_extra=kind != "csv", now=self._now),
                destination=destination,
                finished=finished,
                closing=closing.pop_all(),
            )

    def _phone_column(self, source: Source, sample: list[Row]) -> tuple[int, str]:
        if self._column is not None:
            return named_column(source.columns, self._column), "as named"
        return find_phone_column(source.columns, sample)

    def _open_file(
        self, path: Path, destination: FileDestination, source: Source, column: str, finished: FinishedRows
    ) -> int | None:
        """Create or reopen the output, and say about how many rows the input has, if that can be known."""
        if not isinstance(self._source, Path) or _is_read_once(self._source):
            destination.refuse_existing()
            Identity.remove(path)
            destination.create()
            return None
        survey = Survey.of(self._source)
        is_resume = self._resume and destination.exists
        saved = Identity.load(path) if is_resume else None
        identity = Identity.of(
            sha256=survey.sha256,
            column=column,
            oa_id=self._oa_id,
            account=self._session.account,
            salt=None if saved is None else saved.salt,
        )
        if saved is not None:
            saved.check(identity)
            destination.reopen(drop_failed=self._retry_failed, on_row=lambda number, _: finished.add(number))
        else:
            destination.refuse_existing()
            identity.save(path)
            destination.create()
        if isinstance(source, ParquetSource):
            return source.length
        return max(0, survey.lines - isinstance(source, SheetSource))


def _is_read_once(source: Path | BinaryIO) -> bool:
    """A stream, or the path of one: /dev/stdin, say, or what a shell makes of `<(...)`."""
    return not isinstance(source, Path) or (source.exists() and not source.is_file() and not source.is_dir())


def _kind_like(source: Source) -> str:
    return "csv" if isinstance(source, SheetSource) else "ndjson"
