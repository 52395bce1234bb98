"""Runs a job and shows its progress and its summary: live on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..bulk.outage import Waiting
from ..jobs.executor import ExecutorStatus
from ..jobs.job import ConsentJob
from ..jobs.plan import JobSummary, Plan
from ..messages import failure_name, hint
from ..session import Session
from ..workers.ray_workers import RayWorkers
from .exit_codes import ExitCode
from .exits import printable
from .interrupts import INTERRUPTS, begin_line
from .render import is_terminal, plain, show, table

__all__ = ["print_summary", "run"]

_STATUS_DELAY = 0.5
_FRAME_SECONDS = 0.25
_LINE_SECONDS = 5.0


async def run(
    job: ConsentJob,
    session: Session,
    workers: RayWorkers | None = None,
    *,
    transport: str | None = None,
    quiet: bool = False,
    advice: str = "",
    line_seconds: float = _LINE_SECONDS,
) -> JobSummary:
    """Run a job to its end, or to Ctrl-C, and show its progress on stderr. Closes the session and the workers.

    `advice` is what a second Ctrl-C adds to its line: how to go on.
    """
    async with session, workers or contextlib.nullcontext():
        # With more than one console, lines would overwrite the live display.
        console = Console(stderr=True)
        with _stopping(job, console, advice):
            async with _shown(_preparing(job, console), is_shown=not quiet and is_terminal()):
                plan = await job.prepare()
            _announce(plan, transport, quiet=quiet)
            display = _live(job, plan, console) if is_terminal() else _lines(job, plan, line_seconds)
            async with _shown(display, is_shown=not quiet):
                return await job.run()


def _announce(plan: Plan, transport: str | None, *, quiet: bool) -> None:
    if plan.replaced:  # said even so: cells of the input are left out
        click.echo(f"Replaced by the job's own columns: {', '.join(plan.replaced)}.", err=True)
    if plan.read_half:  # said even so: what they were answered is gone
        click.echo(
            f"Asked again, since they were not whole when they were read: {plan.read_half:,} of the rows.", err=True
        )
    if quiet:
        return
    click.echo(printable(f"Input: {plan.source}. Phones: column {plan.column!r}, {plan.found}."), err=True)
    if transport is not None:
        click.echo(f"Transport: {transport}.", err=True)
    if plan.is_marked is not None and not plan.finished:
        mark = "with a byte order mark, for Excel" if plan.is_marked else "without a byte order mark; --excel adds one"
        click.echo(f"Output: CSV, UTF-8 {mark}.", err=True)
    if plan.finished:
        click.echo(f"{_rows(plan.finished)} finished already{_failed_before(plan.failed_before)}.", err=True)


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def _failed_before(count: int) -> str:
    return f"; {count:,} of them could not be checked, and --retry-failed checks these again" if count else ""


def print_summary(
    summary: JobSummary,
    output: Path,
    *,
    report: Path | None = None,
    executor: ExecutorStatus | None = None,
    can_retry: bool = False,
) -> None:
    """Print the summary on stderr: stdout may be the output. `can_retry`: whether `--retry-failed` is possible."""
    failed = sum(summary.failures.values())
    if summary.rows or not summary.is_complete:
        click.echo(
            f"{summary.rows:,} {'row' if summary.rows == 1 else 'rows'} in {summary.seconds:,.1f} s"
            f" ({summary.rate:,.0f} rows/s): {summary.granted:,} granted, {summary.not_granted:,} not,"
            f" {failed:,} could not be checked.",
            err=True,
        )
    else:
        why = "every row is finished" if summary.finished_before else "the input has no rows"
        click.echo(f"Nothing was left to do: {why}{_failed_before(summary.failed_before)}.", err=True)
    if summary.states:
        grid = table("State", "Rows")
        for state, count in sorted(summary.states.items(), key=lambda item: -item[1]):
            grid.add_row(plain(state), f"{count:,}")
        show(grid, err=True)
    for reason, count in sorted(summary.failures.items(), key=lambda item: -item[1]):
        click.echo(f"{failure_name(reason)}: {count:,}. {hint(reason, can_retry=can_retry)}", err=True)
    if executor is not None and executor.lost:
        lost = "1 worker was" if executor.lost == 1 else f"{executor.lost:,} workers were"
        click.echo(f"{lost} lost and replaced; what they had under way was asked again.", err=True)
    if summary.is_complete and str(output) != "-":
        click.echo(printable(f"Output: {output}"), err=True)
    if summary.is_complete and report is not None:
        click.echo(printable(f"Report: {report}"), err=True)


@asynccontextmanager
async def _shown(display: Coroutine[None, None, None], *, is_shown: bool) -> AsyncGenerator[None]:
    """Run a display until the block ends."""
    if not is_shown:
        display.close()
        yield
        return
    task = asyncio.create_task(display)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.contextmanager
def _stopping(job: ConsentJob, console: Console, advice: str) -> Generator[None]:
    """The first Ctrl-C or SIGTERM stops the job and finishes what is under way; the second ends it at once."""
    loop = asyncio.get_running_loop()
    count = 0

    def stop() -> None:
        job.stop()
        with contextlib.suppress(OSError):  # a full disk, or a terminal that is gone
            console.print("Finishing what is under way. Ctrl-C again ends at once.", soft_wrap=True)

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            # At once: a thread may wait for input that never comes, and no end damages the output.
            if console.is_terminal:
                console.show_cursor()
            begin_line()
            with contextlib.suppress(OSError):
                os.write(console.file.fileno(), f"Ended at once.{advice}\n".encode())
            os._exit(ExitCode.INTERRUPTED)
        loop.call_soon_threadsafe(stop)

    # `nohup` ignores SIGHUP, and that stays so.
    is_ignored = signal.getsignal(INTERRUPTS[-1]) is signal.SIG_IGN
    numbers = INTERRUPTS[:-1] if is_ignored else dict.fromkeys(INTERRUPTS)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _preparing(job: ConsentJob, console: Console) -> None:
    """Before the first call: reading the input, and the rows of an earlier run."""
    await asyncio.sleep(_STATUS_DELAY)
    with console.status("") as status:
        while True:
            found = f" {_rows(job.finished)} finished." if job.finished else ""
            status.update(Text(f"Reading the input and the output.{found}"))
            await asyncio.sleep(_FRAME_SECONDS)


async def _live(job: ConsentJob, plan: Plan, console: Console) -> None:
    bar = Progress(TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("", total=None)
    # stdout may be the output.
    with Live(console=console, transient=True, redirect_stdout=False, auto_refresh=False) as live:
        while True:
            progress = job.progress
            if progress is not None and _is_skipping(job, plan):
                live.update(Text(_skipping(job, plan)), refresh=True)
            elif progress is not None:
                bar.update(task, completed=progress.done, total=progress.total and max(progress.total, progress.done))
                pace = Text(f"{progress.rate:,.0f} rows/s, {job.under_way} under way{_workers(job)}")
                if job.waiting is not None:
                    pace = Text(_waits(job.waiting), style="yellow")
                live.update(Group(bar, pace, _counts(job)), refresh=True)
            await asyncio.sleep(_FRAME_SECONDS)


async def _lines(job: ConsentJob, plan: Plan, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        if progress := job.progress:
            of = "" if progress.total is None else f" of about {progress.total:,}"
            eta = "" if progress.eta is None else f", {progress.eta:,.0f} s to go"
            line = f"{progress.done:,}{of} rows, {progress.rate:,.0f} rows/s{eta}{_workers(job)}"
            if job.waiting is not None:
                line = f"{progress.done:,}{of} rows. {_waits(job.waiting)}"
            click.echo(_skipping(job, plan) if _is_skipping(job, plan) else line, err=True)


def _waits(waiting: Waiting) -> str:
    why = "no answer comes" if waiting.fault is None else failure_name(waiting.fault)
    since = waiting.since.astimezone()
    return f"Waiting since {since:%H:%M:%S}, {waiting.seconds:,.0f} s: the service accepts no request ({why})."


def _workers(job: ConsentJob) -> str:
    executor = job.executor
    if executor is None:
        return ""
    workers = f", {executor.workers} workers"
    if not executor.is_ready:
        return f"{workers} are starting"
    return f"{workers}, {executor.lost} lost and replaced" if executor.lost else workers


def _is_skipping(job: ConsentJob, plan: Plan) -> bool:
    return job.passed < plan.finished and not (job.progress and job.progress.done)


def _skipping(job: ConsentJob, plan: Plan) -> str:
    return f"Skipping {job.passed:,} of {plan.finished:,} finished rows"


def _counts(job: ConsentJob) -> Text:
    states = [f"{state} {count:,}" for state, count in sorted(job.states.items(), key=lambda item: -item[1])]
    failures = [
        f"{failure_name(reason)} {count:,}" for reason, count in sorted(job.failures.items(), key=lambda item: -item[1])
    ]
    line = Text("  ".join(states))
    if failures:
        line.append("\ncould not be checked: " + ", ".join(failures), style="yellow")
    return line
