"""From a file of phones to a file of answers, resumable at any moment."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import io
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence, Sized
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeGuard

import attrs
from attrs import define, field, frozen

from .. import _checks
from .._loop import running_loop
from ..api.consent import CHECK_CONSENT, CheckConsent, Consent, ConsentState
from ..bulk.progress import Progress
from ..bulk.run import MOST_AT_ONCE, Bulk
from ..bulk.single_flight import SingleFlight
from ..clock import now, seconds
from ..errors import ConfigError, JobStopped
from ..ids import to_oa_id
from ..session import Session
from ..tables import (
    Dialect,
    FinishGivenUp,
    Reading,
    Row,
    Source,
    find_phone_column,
    kind_of,
    named_column,
    open_source,
)
from ..tables.cells import refuse_lossy
from ..tables.input import is_packed
from .answer_table import AnswerTable
from .bugs import Bugs
from .changed_rows import first_changed
from .executor import Executor, ExecutorStatus
from .in_thread import in_thread
from .input_fingerprint import InputFingerprint
from .manifest import Manifest
from .output_files import OutputFiles
from .output_paths import check_output, check_stream
from .record import RESULT_COLUMNS, Question, Record, Recorder
from .row_bitmap import RowBitmap
from .row_reader import RowReader
from .sink import FileSink, Sink, StreamSink, layout_of

__all__ = ["ConsentJob", "JobSummary", "Plan"]

_SAMPLE = 100
_GROUP = 500
_SYNC_SECONDS = 1.0
_CELL, _LARGE = 8, 128 * 1024
"""What a cell counts beside its characters, and how much is written on the event loop at most: about 5 ms."""


@frozen(kw_only=True)
class Plan:
    """What a job found out before its first call.

    Attributes:
        source: what the input is, such as `CSV, delimiter ';', UTF-16`.
        column: the heading of the phone column.
        found: how it was found.
        replaced: columns of the input that give way to the job's own of the same name.
        total: about how many rows there are; None where nobody knows.
        finished: rows that earlier runs finished.
        failed_before: those of them that could not be checked, and are checked again only with `retry_failed`.
        is_marked: whether an output in CSV begins with a byte order mark, by which Excel knows UTF-8; None for others.
    """

    source: str
    column: str
    found: str
    replaced: tuple[str, ...]
    total: int | None
    finished: int
    failed_before: int
    is_marked: bool | None = None


@frozen(kw_only=True)
class JobSummary:
    """How a run of a job ended.

    Attributes:
        rows: rows that this run finished.
        finished_before: rows that earlier runs had finished.
        failed_before: those of them that could not be checked.
        granted: of this run's rows, those that may be called.
        not_granted: those that may not.
        states: answered rows by state.
        failures: rows without a usable answer, by reason.
        seconds: how long the run took.
        is_complete: False where it was stopped before its end.
    """

    rows: int
    finished_before: int
    failed_before: int
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
    sink: Sink
    fingerprint: InputFingerprint | None = None
    answers: AnswerTable
    closing: contextlib.ExitStack = field(factory=contextlib.ExitStack)


class ConsentJob:
    """Checks the phone of every row of a table and appends the row with its answer to another.

        summary = await ConsentJob(session, source=Path("in.csv"), output=Path("out.csv"), oa_id=oa_id).run()

    Rows are appended as they finish, so their order is not the input's; `row` tells it. The output is its own journal:
    kill the process at any moment, run the same with `resume=True`, and every row is in it exactly once. What the
    output belongs to lies beside it in a small file `<output>.job`, which holds no key. A run that finishes no row at
    all leaves neither.

    A resume belongs to the same Official Account, eTelecom account, server and phone column. Its input may have been
    changed, to correct a row that could not be used or to add some at the end: every row that has an answer must only
    be where it was, with the same phone. Rows that failed may hold anything, and are checked again with `retry_failed`;
    the other cells of answered rows stay in the output as they were. Otherwise the resume is refused, and the sentence
    names the first row that does not fit. An output without a single answer binds nobody: a resume with another
    account, say, begins it anew.

    When an error ends the run that every call would meet, answers that come within five seconds are still written.
    Where the disk is full nothing can be: up to `concurrency` answers are then lost, of large rows twice as many, and
    asked for again by the resume.

    NDJSON that becomes CSV or Parquet is read once more before, so that every key of every object is a column. A
    stream is not: keys that its first 256 KiB lack make their row an `InvalidRow` that names them.

    Args:
        session: who asks. It stays open.
        source: the input: a file (CSV, Excel, NDJSON or Parquet by its suffix), a folder of such files, or a binary
            stream.
        output: a file of one of these kinds, or a binary stream, which gets the input's kind and cannot be resumed.
        oa_id: the Zalo Official Account, 1..2**63-1.
        column: the phones' column by name or number; found by name or content unless given.
        reading: how the input is read, as far as it is not to be judged by its content. A resume reads it as the first
            run settled it.
        excel: begin an output in CSV with a byte order mark, by which Excel knows UTF-8. It has one anyway where the
            input has one.
        resume: go on with the output of an earlier run.
        retry_failed: like `resume`, and check again the rows that failed.
        concurrency: checks under way at once, from 1 to 10,000; an executor has its own.
        executor: asks in place of the session, which then tells only whose job it is. It stays open.
        clock: seconds, monotonic; for tests.
        now: the present as an aware datetime; for tests.

    Raises:
        InvalidId: oa_id cannot be an id.
        ConfigError: an argument of a wrong kind, or options that cannot go together.
    """

    def __init__(
        self,
        session: Session,
        *,
        source: Path | BinaryIO,
        output: Path | BinaryIO,
        oa_id: int | str,
        column: str | None = None,
        reading: Reading | None = None,
        excel: bool = False,
        resume: bool = False,
        retry_failed: bool = False,
        concurrency: int = 100,
        executor: Executor | None = None,
        clock: Callable[[], float] = seconds,
        now: Callable[[], datetime] = now,
    ) -> None:
        _checks.instance("ConsentJob.session", session, Session, "a Session")
        _check_place("ConsentJob.source", source, "read")
        _check_place("ConsentJob.output", output, "write")
        if column is not None:
            _checks.line("ConsentJob.column", column, wanted="the column's name or number as a str, or None")
        if reading is not None:
            _checks.instance("ConsentJob.reading", reading, Reading, "a Reading, or None to judge by the content")
        _checks.flag("ConsentJob.excel", excel)
        _checks.flag("ConsentJob.resume", resume)
        _checks.flag("ConsentJob.retry_failed", retry_failed)
        concurrency = _checks.whole("ConsentJob.concurrency", concurrency, most=MOST_AT_ONCE)
        if executor is not None:
            wanted = "an Executor such as RayWorkers, or None"
            _checks.methods("ConsentJob.executor", executor, "ask", "status", "give_up", wanted=wanted)
        _checks.function("ConsentJob.clock", clock)
        _checks.function("ConsentJob.now", now)
        if (resume or retry_failed) and (not _is_file(source) or not isinstance(output, Path)):
            raise ConfigError("A resume needs an input file and an output file: a stream can be read only once.")
        self._session = session
        self._source = source
        self._output = output
        self._oa_id = to_oa_id(oa_id)
        self._column = column
        self._reading = reading or Reading()
        self._excel = excel
        self._resume = resume or retry_failed
        self._retry_failed = retry_failed
        self._concurrency = concurrency if executor is None else min(executor.capacity, MOST_AT_ONCE)
        self._executor = executor
        self._clock = clock
        self._now = now
        self._setup: _Setup | None = None
        self._finished = RowBitmap()
        self._failed_before = 0
        self._witness = ""
        self._unfinished: RowReader[Question] | None = None
        self._run: Bulk[Question, Consent, Record, Record] | None = None
        self._stopped = False
        self._bugs = Bugs()
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

    @property
    def executor(self) -> ExecutorStatus | None:
        """What the executor is doing now; None where the session asks."""
        return None if self._executor is None else self._executor.status()

    @property
    def under_way(self) -> int:
        """Requests or, with an executor, phones that have no answer yet."""
        executor = self.executor
        return self._session.throttle.snapshot().in_flight if executor is None else executor.under_way

    @property
    def finished(self) -> int:
        """Rows that earlier runs finished, as far as the output was read back: `prepare` counts them up."""
        return len(self._finished)

    @property
    def first_bug(self) -> Exception | None:
        """The first exception that made a row an `InternalError`: a bug, to be reported. None without one."""
        return self._bugs.first

    @property
    def passed(self) -> int:
        """How many finished rows of the input a resume has passed over so far, on its way to the others."""
        return 0 if self._unfinished is None else self._unfinished.passed

    def stop(self) -> None:
        """Begin no more rows, and give up those that wait to be sent. What is under way is finished and written; a
        resume goes on from there.
        """
        self._stopped = True
        if self._run is not None:
            self._run.stop()
        if self._executor is not None:
            self._executor.give_up()

    async def prepare(self) -> Plan:
        """Look at the input, open the output, and say what is going to be done. `run` does it unless it was done.

        Raises:
            ConfigError: an input that is no table of phones, an output that exists or belongs to another job, ...
        """
        running_loop()
        if self._setup is None:
            self._setup = await asyncio.to_thread(self._prepare)
        return self._setup.plan

    async def run(self) -> JobSummary:
        """Check every row that is not finished.

        Raises:
            ConfigError: as `prepare`; or the workers of its executor do not start, and no row was asked.
            JobStopped: a disk that is full, an input that cannot be read on, an input or an output that another program
                changed. What was finished until then is in the output.
            Unauthenticated, PermissionDenied, NotFound, AccountClosed, ProxyError, TlsError, UnknownHost: each of up to
                three first rows with different phones met it, or later twenty in a row. Those rows are not in the
                output: a resume asks them.
            BrokenPipeError: the output is a stream that nobody reads any more.
        """
        await self.prepare()
        setup, self._setup = self._setup, None
        if setup is None:
            raise ConfigError("A job runs once: make a new one, with resume=True to go on.")
        started = self._clock()
        recorder = setup.recorder
        ask = partial(recorder.asked, self._check if self._executor is None else self._executor.ask)

        self._run = run = Bulk(
            SingleFlight(
                ask,
                question=Question.asked,
                remembered=setup.answers,
            ).ask,
            self._questions(setup),
            done=recorder.done,
            failed=recorder.failed,
            concurrency=self._concurrency,
            granted=lambda record: record.granted is True,
            key=Question.asked,
            waiting_tasks=self._session.waiting_tasks,
            witness=partial(ask, self._witness) if self._witness else None,
            total=None if setup.plan.total is None else max(0, setup.plan.total - setup.plan.finished),
            clock=self._clock,
        )
        if self._stopped:
            run.stop()
        is_complete = False
        with setup.closing:
            try:
                async with run:
                    await self._write(run, setup)
                if not self._stopped and setup.fingerprint is not None and isinstance(self._source, Path):
                    await asyncio.to_thread(setup.fingerprint.check, self._source)
                is_complete = not self._stopped
            except ConfigError as error:
                if self._executor is not None and not self._executor.status().is_ready:
                    raise  # its workers did not start: nothing was asked, and a resume alone would not help
                # What could not work from the start was refused by `prepare`.
                raise JobStopped(error.message) from error
            finally:
                is_complete = await self._close(setup.sink, is_complete=is_complete)
        return JobSummary(
            rows=self._states.total() + self._failures.total(),
            finished_before=setup.plan.finished,
            failed_before=setup.plan.failed_before,
            granted=self._states[ConsentState.GRANTED.value],
            not_granted=self._states.total() - self._states[ConsentState.GRANTED.value],
            states=dict(self._states),
            failures=dict(self._failures),
            seconds=self._clock() - started,
            is_complete=is_complete,
        )

    def _check(self, phone: str) -> Awaitable[Consent]:
        return self._session.call(CHECK_CONSENT, CheckConsent(oa_id=self._oa_id, phone=phone))

    def _questions(self, setup: _Setup) -> RowReader[Question]:
        self._unfinished = RowReader(
            setup.rows,
            finished=self._finished,
            make=setup.recorder.question,
            is_wanted=lambda: not self._stopped,
        )
        return self._unfinished

    async def _close(self, sink: Sink, *, is_complete: bool) -> bool:
        """End the output, in a thread: finishing a Parquet file takes seconds. False where that was given up."""
        given_up = False

        def give_up() -> None:
            nonlocal given_up
            given_up = True

        def close() -> bool:
            try:
                sink.close(is_complete=is_complete, is_wanted=lambda: not (given_up or self._stopped))
            except FinishGivenUp:
                return False
            if is_complete or not isinstance(sink, FileSink) or not isinstance(self._output, Path):
                return is_complete
            if sink.is_left_empty:
                Manifest.remove(self._output)
                sink.discard()
            return False

        return await in_thread(close, give_up=give_up)

    async def _write(self, run: Bulk[Question, Consent, Record, Record], setup: _Setup) -> None:
        """Append records in groups, and always before waiting for more, so that little is lost in a crash."""
        sink = setup.sink
        append = partial(_append, sink, setup.recorder)
        group: list[Record] = []
        synced = self._clock()
        async for record in run:
            group.append(record)
            if run.ready and len(group) < _GROUP:
                continue
            # A reader of a stream may never go on; a file is closed by nothing that is still writing it.
            if sink.may_block:
                done = await asyncio.to_thread(append, group)
            elif _is_large(group):
                done = await in_thread(partial(append, group), give_up=lambda: None)
            else:
                done = append(group)
            for written in done:
                self._count(written)
            group = []
            if self._clock() - synced >= _SYNC_SECONDS:
                await asyncio.to_thread(sink.sync)
                synced = self._clock()

    def _count(self, record: Record) -> None:
        if record.failure:
            self._failures[record.failure] += 1
        else:
            self._states[record.state] += 1

    def _prepare(self) -> _Setup:
        self._finished = RowBitmap()
        self._failed_before = 0
        self._witness = ""
        with contextlib.ExitStack() as closing:
            self._check_paths()
            output = self._output
            held = closing.enter_context(OutputFiles(output)) if isinstance(output, Path) else output
            source = open_source(self._source, reading=self._known_reading())
            kind = kind_of(self._output) if isinstance(self._output, Path) else _streamed(source.kind)
            if kind != "ndjson":
                source = source.as_table(is_read_once=not _is_file(self._source))
            rows = source.rows()
            sample = list(itertools.islice(rows, _SAMPLE))
            phone_at, found = self._phone_column(source, sample)
            refuse_lossy(source.types.get(source.columns[phone_at], ""), source.columns[phone_at])
            kept = [at for at, name in enumerate(source.columns) if name not in RESULT_COLUMNS]
            columns = (*(source.columns[at] for at in kept), *RESULT_COLUMNS)
            layout = layout_of(kind, columns=columns, dialect=self._dialect(source, kind))
            recorder = Recorder(kept=kept, phone_at=phone_at, has_extra=kind != "csv", now=self._now, bugs=self._bugs)
            total = None
            sink: Sink
            if isinstance(held, OutputFiles):
                sink = FileSink(held, layout=layout, columns=columns, types=source.types)
                fingerprint = self._open_file(held.name, sink, source, source.columns[phone_at], recorder)
                total = (
                    _length(self._source, source, fingerprint)
                    if fingerprint is not None and _is_file(self._source)
                    else None
                )
            else:
                fingerprint = InputFingerprint.glance(self._source) if _is_file(self._source) else None
                sink = StreamSink(held, layout=layout)
            return _Setup(
                plan=Plan(
                    source=source.description,
                    column=source.columns[phone_at],
                    found=found,
                    replaced=tuple(name for name in source.columns if name in RESULT_COLUMNS),
                    total=total,
                    finished=len(self._finished),
                    failed_before=self._failed_before,
                    is_marked=layout.header.startswith(codecs.BOM_UTF8) if kind == "csv" else None,
                ),
                rows=itertools.chain(sample, rows),
                recorder=recorder,
                sink=sink,
                fingerprint=fingerprint,
                answers=AnswerTable(),
                closing=closing.pop_all(),
            )

    def _check_paths(self) -> None:
        source = self._source if isinstance(self._source, Path) else None
        if isinstance(self._output, Path):
            check_output(self._output, source=source)
        elif source is not None:
            with contextlib.suppress(OSError):  # not every stream is a file of the system
                check_stream(self._output.fileno(), source=source)

    def _known_reading(self) -> Reading:
        """How the input is read as far as that is known: as the user says, and on a resume as the first run did."""
        output = self._output
        if not (self._resume and isinstance(output, Path)):
            return self._reading
        if not any(place.is_file() and place.stat().st_size for place in (output, Path(f"{output}.ndjson"))):
            return self._reading
        settled = Manifest.load(output).reading
        return self._reading if settled is None else self._reading.resumed(settled)

    def _dialect(self, source: Source, kind: str) -> Dialect | None:
        if not self._excel:
            return source.dialect
        if kind != "csv":
            raise ConfigError("A mark for Excel (--excel) is for an output in CSV: name a .csv file, or leave it out.")
        return attrs.evolve(source.dialect or Dialect(), has_bom=True)

    def _phone_column(self, source: Source, sample: list[Row]) -> tuple[int, str]:
        if self._column is not None:
            return named_column(source.columns, self._column), "as named"
        return find_phone_column(source.columns, sample)

    def _open_file(
        self, path: Path, sink: FileSink, source: Source, column: str, recorder: Recorder
    ) -> InputFingerprint | None:
        """Create or reopen the output, and give what the input was found to be; None where it can be read once."""
        if not _is_file(self._source):
            sink.refuse_existing()
            sink.create(bind=lambda: Manifest.remove(path))
            return None
        fingerprint = InputFingerprint.of(self._source)
        is_resume = self._resume and sink.exists
        saved = Manifest.load(path) if is_resume else None
        manifest = Manifest.of(
            sha256=fingerprint.sha256,
            column=column,
            oa_id=self._oa_id,
            account=self._session.account,
            reading=source.reading,
            salt=None if saved is None else saved.salt,
        )
        if saved is not None and saved != manifest and not any(True for _ in sink.answered()):
            sink.clear()
            saved = None
        if saved is None:
            sink.refuse_existing()
            sink.create(bind=lambda: manifest.save(path))
        else:
            saved.check(manifest)
            if saved.input != manifest.input:
                _check_answered(sink, source, recorder)
            self._witness = next((phone for _, phone in sink.answered()), "")
            sink.reopen(drop_failed=self._retry_failed, on_row=self._on_finished)
            if saved.input != manifest.input:
                manifest.save(path)
        return fingerprint

    def _on_finished(self, number: int, has_failed: bool) -> None:  # noqa: FBT001 - as the journal tells it
        self._finished.add(number)
        self._failed_before += has_failed


def _is_large(records: Sequence[Record]) -> bool:
    """Does it take longer to write them than an event loop should be kept for?"""
    size = 0
    for record in records:
        size += sum(len(cell) for cell in record.cells if isinstance(cell, Sized))
        size += _CELL * len(record.cells)
        if size > _LARGE:
            return True
    return False


def _append(sink: Sink, recorder: Recorder, records: Sequence[Record]) -> list[Record]:
    """Write records, and give what was written: a row that its kind of file cannot hold becomes a failure."""
    try:
        sink.append([record.cells for record in records])
    except (JobStopped, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is one row's trouble
        if len(records) > 1:
            return [written for record in records for written in _append(sink, recorder, [record])]
        failure = recorder.unwritable(records[0], error)
        sink.append([failure.cells])
        return [failure]
    return list(records)


def _length(path: Path, source: Source, fingerprint: InputFingerprint) -> int | None:
    """About how many rows the input has; None where that is not known without unpacking it."""
    if source.length is not None:
        return source.length
    if is_packed(path):
        return None
    before = (source.reading.skip_rows or 0) + bool(source.reading.header)
    return max(0, fingerprint.lines - fingerprint.files * before)


def _check_answered(sink: FileSink, source: Source, recorder: Recorder) -> None:
    """See that the rows which have an answer are where they were in an input that was changed."""
    changed = first_changed(
        answered=sink.answered,
        asked=lambda: ((row.number, recorder.question(row).phone) for row in source.rows()),
    )
    if changed is not None:
        raise ConfigError(
            f"The output belongs to another input: row {changed:,} has an answer, and is gone or has another phone now."
            " Mend rows where they stand and add new ones at the end; or write to another file."
        )


def _check_place(name: str, place: Path | BinaryIO, method: str) -> None:
    if not isinstance(place, Path):
        wanted = f"a pathlib.Path, or a binary stream with a method {method}: write Path('customers.csv')"
        _checks.methods(name, place, method, wanted=wanted)
        if isinstance(place, io.TextIOBase):
            raise ConfigError(f"{name} is a stream of text: open it as binary, in the mode 'rb' or 'wb'.")


def _is_file(source: Path | BinaryIO) -> TypeGuard[Path]:
    """A file or a folder, and no stream or the path of one: /dev/stdin, say, or what a shell makes of `<(...)`."""
    return isinstance(source, Path) and (source.is_file() or source.is_dir() or not source.exists())


def _streamed(kind: str) -> str:
    """Parquet cannot be written to a stream, and a workbook cannot be written."""
    return {"parquet": "ndjson", "excel": "csv"}.get(kind, kind)
