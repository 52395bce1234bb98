"""From a file of phones to a file of answers, resumable at any moment."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from attrs import evolve

from .. import _checks
from .._loop import running_loop
from ..api.consent import CHECK_CONSENT, CheckConsent, Consent, ConsentState
from ..bulk.outage import GIVE_UP_AFTER, Waiting, patience
from ..bulk.progress import Progress
from ..bulk.run import MOST_AT_ONCE, Bulk
from ..bulk.single_flight import SingleFlight
from ..clock import now, seconds
from ..errors import ConfigError, JobStopped, Unavailable
from ..ids import to_oa_id
from ..session import Session
from ..tables import Reading
from .bugs import Bugs
from .executor import ExecutedService, Executor, ExecutorStatus
from .failure_limit import FailureLimit
from .finished_rows import FinishedRows
from .opening import OpenedJob, open_job
from .options import JobOptions
from .plan import JobSummary, Plan
from .record import Question, Record
from .record_writer import RecordWriter, close_sink
from .row_reader import RowReader

__all__ = ["ConsentJob"]


class ConsentJob:
    """Checks the phone of every row of a table and appends the row with its answer to another table.

        summary = await ConsentJob(session, source=Path("in.csv"), output=Path("out.csv"), oa_id=oa_id).run()

    Rows are appended as they finish, not in the order of the input; the column `row` has their numbers. The output is
    its own journal: kill the process at any moment, run the same job with `resume=True`, and every row is in the output
    exactly once. A small file beside it, `<output>.job`, says what the output belongs to; it holds no key. A run that
    finishes no row leaves neither file.

    A resume needs the same Official Account, eTelecom account, server and phone column. The input may have changed:
    rows that could not be used may be corrected, and rows added at the end, but each row that has an answer must stand
    where it was, with the same phone. Rows that failed may hold anything; `retry_failed` checks them again. The other
    cells of answered rows stay in the output as they were. If anything else has changed, the resume is refused, and the
    error names the first row that does not fit. An output without an answer belongs to no job: a resume with another
    account, for example, begins it anew.

    When an error ends the run that every call would meet, answers that come within five seconds are still written.
    If the disk is full they cannot be: up to `concurrency` answers, of large rows twice as many, are then lost, and a
    resume asks for them again.

    NDJSON that becomes CSV or Parquet is first read through once, so that every key of every object gets a column. A
    stream cannot be read twice: a row with keys that the first 256 KiB lack is an `InvalidRow` that names them.

    Args:
        session: makes the calls. It stays open.
        source: the input: a file (CSV, Excel, NDJSON or Parquet by its suffix), a folder of such files, or a binary
            stream.
        output: a file of one of these kinds, or a binary stream, which gets the input's kind and cannot be resumed.
        oa_id: the Zalo Official Account, 1..2**63-1.
        column: the phone column by name or number; by default it is found by name or content.
        reading: how to read the input; what it leaves open is judged by the content. A resume reads the input as the
            first run did.
        excel: begin an output in CSV with a byte order mark, by which Excel recognises UTF-8. The output has one anyway
            if the input has one.
        resume: go on with the output of an earlier run.
        retry_failed: like `resume`, and check the rows that failed again.
        concurrency: checks under way at once, from 1 to 10,000; an executor has its own limit.
        executor: makes the calls in place of the session, which then only identifies the account. It stays open.
        give_up_after: seconds that the job waits while the service accepts no request, above 0. Then it ends, and a
            resume goes on.
        max_failures: ends the job when more rows than that failed: a number of rows, or `"5%"` of those that this run
            finished, once there are a hundred. What is under way is finished first, and a resume goes on.
        clock: seconds, monotonic; for tests.
        now: the present as an aware datetime; for tests.

    Raises:
        InvalidId: oa_id cannot be an id.
        ConfigError: an argument has the wrong type or value, or options exclude each other.
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
        give_up_after: float = GIVE_UP_AFTER,
        max_failures: int | str | None = None,
        clock: Callable[[], float] = seconds,
        now: Callable[[], datetime] = now,
    ) -> None:
        _checks.instance("ConsentJob.session", session, Session, "a Session")
        _check_path_or_stream("ConsentJob.source", source, "read")
        _check_path_or_stream("ConsentJob.output", output, "write")
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
        give_up_after = patience("ConsentJob.give_up_after", give_up_after)
        limit = None if max_failures is None else FailureLimit.of("ConsentJob.max_failures", max_failures)
        _checks.function("ConsentJob.clock", clock)
        _checks.function("ConsentJob.now", now)
        self._session = session.with_options(background=True)
        self._options = JobOptions(
            account=session.account,
            source=source,
            output=output,
            oa_id=to_oa_id(oa_id),
            column=column,
            reading=reading or Reading(),
            excel=excel,
            resume=resume or retry_failed,
            retry_failed=retry_failed,
            now=now,
        )
        if self._options.resume and (self._options.input_path is None or not isinstance(output, Path)):
            raise ConfigError("A resume needs an input file and an output file: a stream can be read only once.")
        self._concurrency = concurrency if executor is None else min(executor.capacity, MOST_AT_ONCE)
        self._executor = executor
        self._give_up_after = give_up_after
        self._clock = clock
        self._opened: OpenedJob | None = None
        self._finished = FinishedRows()
        self._reader: RowReader[Question] | None = None
        self._run: Bulk[Question, Consent, Record, Record] | None = None
        self._is_stopped = False
        self._bugs = Bugs()
        self._writer = RecordWriter(clock=clock, limit=limit, stop=self._send_nothing_more)

    @property
    def progress(self) -> Progress | None:
        """How far it has come; None before its first call."""
        return None if self._run is None else self._run.progress

    @property
    def waiting(self) -> Waiting | None:
        """What it waits for, where the service accepts no request; None if it does not wait."""
        waiting = None if self._run is None else self._run.waiting
        if waiting is None or waiting.fault is not None or self._executor is not None:
            return waiting
        return evolve(waiting, fault=self._session.throttle.snapshot().reason)

    @property
    def states(self) -> Mapping[str, int]:
        """Answered rows by state, so far."""
        return self._writer.states

    @property
    def failures(self) -> Mapping[str, int]:
        """Rows without a usable answer by reason, so far."""
        return self._writer.failures

    @property
    def executor(self) -> ExecutorStatus | None:
        """What the executor is doing now; None if the session makes the calls."""
        return None if self._executor is None else self._executor.status()

    @property
    def under_way(self) -> int:
        """Requests or, with an executor, phones that have no answer yet."""
        executor = self.executor
        return self._session.throttle.snapshot().in_flight if executor is None else executor.under_way

    @property
    def finished(self) -> int:
        """Rows that earlier runs finished, as far as `prepare` has read the output back."""
        return len(self._finished.rows)

    @property
    def first_bug(self) -> Exception | None:
        """The first exception that made a row an `InternalError`: a bug to report. None if there was none."""
        return self._bugs.first

    @property
    def passed(self) -> int:
        """How many finished rows of the input a resume has skipped so far."""
        return 0 if self._reader is None else self._reader.passed

    def stop(self) -> None:
        """Begin no more rows, and give up those that wait to be sent.

        Calls under way finish and are written; a resume goes on from there.
        """
        self._is_stopped = True
        self._send_nothing_more()

    async def prepare(self) -> Plan:
        """Read the input's beginning, open the output, and say what is going to be done. `run` calls it if needed.

        Raises:
            ConfigError: the input is no table of phones, the output exists or belongs to another job, ...
            JobStopped: the disk is full.
        """
        running_loop()
        if self._opened is None:
            self._finished = finished = FinishedRows()
            self._opened = await asyncio.to_thread(open_job, self._options, finished=finished, bugs=self._bugs)
        return self._opened.plan

    async def run(self) -> JobSummary:
        """Check every row that is not finished.

        Raises:
            ConfigError: as `prepare`; or the workers of its executor do not start, and no row was asked.
            JobStopped: the disk is full, the rest of the input cannot be read, another program changed the input or the
                output, the service accepted no request for `give_up_after` seconds, or more rows failed than
                `max_failures`. What was finished until then is in the output.
            Unauthenticated, PermissionDenied, NotFound, AccountClosed, ProxyError, TlsError, UnknownHost: each of up to
                three first rows with different phones met it, or later twenty in a row. Those rows are not in the
                output: a resume asks them.
            BrokenPipeError: the output is a stream whose reader has ended.
        """
        await self.prepare()
        opened, self._opened = self._opened, None
        if opened is None:
            raise ConfigError("A job runs once: make a new one, with resume=True to go on.")
        started = self._clock()
        self._run = run = self._new_run(opened)
        if self._is_stopped:
            run.stop()
        is_complete = False
        with opened.closing:
            try:
                async with run:
                    await self._writer.write(run, opened.sink, opened.recorder)
                if not self._is_stopped and opened.fingerprint is not None and isinstance(self._options.source, Path):
                    await asyncio.to_thread(opened.fingerprint.check, self._options.source)
                is_complete = not self._is_stopped
            except ConfigError as error:
                if self._executor is not None and not self._executor.status().is_ready:
                    raise  # its workers did not start: nothing was asked, and a resume alone would not help
                # What could not work from the start was refused by `prepare`.
                raise JobStopped(error.message) from error
            except Unavailable as error:
                raise JobStopped(error.message) from error
            finally:
                if self._reader is not None:
                    await self._reader.aclose()
                is_complete = await close_sink(
                    opened.sink, is_complete=is_complete, is_wanted=lambda: not self._is_stopped
                )
        answered, granted = self._writer.states.total(), self._writer.states[ConsentState.GRANTED.value]
        return JobSummary(
            rows=answered + self._writer.failures.total(),
            finished_before=opened.plan.finished,
            failed_before=opened.plan.failed_before,
            granted=granted,
            not_granted=answered - granted,
            states=dict(self._writer.states),
            failures=dict(self._writer.failures),
            seconds=self._clock() - started,
            is_complete=is_complete,
        )

    def _new_run(self, opened: OpenedJob) -> Bulk[Question, Consent, Record, Record]:
        plan, recorder, witness = opened.plan, opened.recorder, self._finished.witness
        self._reader = RowReader(
            opened.rows,
            finished=self._finished.rows,
            make=recorder.question,
            is_wanted=lambda: not self._is_stopped,
        )
        call = partial(recorder.answer, self._check if self._executor is None else self._executor.ask)
        return Bulk(
            SingleFlight(call, question=Question.usable_phone, remembered=opened.answers).ask,
            self._reader,
            done=recorder.done,
            failed=recorder.failed,
            concurrency=self._concurrency,
            key=Question.usable_phone,
            give_up=self._session.give_up,
            witness=partial(call, witness) if witness else None,
            service=self._session.throttle if self._executor is None else ExecutedService(self._executor),
            give_up_after=self._give_up_after,
            repeat=lambda question: call(question.usable_phone()),
            total=None if plan.total is None else max(0, plan.total - plan.finished),
            clock=self._clock,
        )

    def _send_nothing_more(self) -> None:
        if self._run is not None:
            self._run.stop()
        if self._executor is not None:
            self._executor.give_up()

    def _check(self, phone: str) -> Awaitable[Consent]:
        return self._session.call(CHECK_CONSENT, CheckConsent(oa_id=self._options.oa_id, phone=phone))


def _check_path_or_stream(name: str, value: Path | BinaryIO, method: str) -> None:
    if not isinstance(value, Path):
        wanted = f"a pathlib.Path, or a binary stream with a method {method}: write Path('customers.csv')"
        _checks.methods(name, value, method, wanted=wanted)
        if isinstance(value, io.TextIOBase):
            raise ConfigError(f"{name} is a stream of text: open it as binary, in the mode 'rb' or 'wb'.")
