"""Runs a job and shows its progress and its summary: live on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..bulk.outage import Waiting
from ..bulk.progress import Progress as JobProgress
from ..jobs.executor import ExecutorStatus
from ..jobs.job import ConsentJob
from ..jobs.plan import JobSummary, Plan
from ..messages import failure_name, hint
from ..messages.translation import Translator
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
    texts: Translator,
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
        with _stopping(job, console, advice, texts):
            async with _shown(_preparing(job, console, texts), is_shown=not quiet and is_terminal()):
                plan = await job.prepare()
            _announce(plan, transport, texts, quiet=quiet)
            display = _live(job, plan, console, texts) if is_terminal() else _lines(job, plan, line_seconds, texts)
            async with _shown(display, is_shown=not quiet):
                return await job.run()


def _announce(plan: Plan, transport: str | None, texts: Translator, *, quiet: bool) -> None:
    _ = texts.gettext
    if plan.replaced:  # said even so: cells of the input are left out
        replaced = _("Replaced by the job's own columns: {columns}.").format(columns=", ".join(plan.replaced))
        click.echo(replaced, err=True)
    if plan.read_half:  # said even so: what they were answered is gone
        halves = _("Asked again, since they were not whole when they were read: {count} of the rows.")
        click.echo(halves.format(count=texts.number(plan.read_half)), err=True)
    if quiet:
        return
    found = _("Input: {source}. Phones: column {column}, {found}.")
    click.echo(printable(found.format(source=plan.source, column=repr(plan.column), found=plan.found)), err=True)
    if transport is not None:
        click.echo(_("Transport: {name}.").format(name=transport), err=True)
    if plan.is_marked is not None and not plan.finished:
        marked = _("Output: CSV, UTF-8 with a byte order mark, for Excel.")
        unmarked = _("Output: CSV, UTF-8 without a byte order mark; --excel adds one.")
        click.echo(marked if plan.is_marked else unmarked, err=True)
    if plan.finished:
        done = texts.ngettext("{count} row is finished already.", "{count} rows are finished already.", plan.finished)
        click.echo(_with_failed(done.format(count=texts.number(plan.finished)), plan.failed_before, texts), err=True)


def _with_failed(sentence: str, count: int, texts: Translator) -> str:
    """The sentence, and one about rows that failed in an earlier run."""
    if not count:
        return sentence
    failed = texts.gettext("{count} of them could not be checked, and --retry-failed checks these again.")
    return f"{sentence} {failed.format(count=texts.number(count))}"


def print_summary(
    summary: JobSummary,
    output: Path,
    *,
    texts: Translator,
    report: Path | None = None,
    executor: ExecutorStatus | None = None,
    can_retry: bool = False,
) -> None:
    """Print the summary on stderr: stdout may be the output. `can_retry`: whether `--retry-failed` is possible."""
    _, number = texts.gettext, texts.number
    if summary.rows or not summary.is_complete:
        click.echo(_outcome(summary, texts), err=True)
    elif summary.finished_before:
        nothing = _("Nothing was left to do: every row is finished.")
        click.echo(_with_failed(nothing, summary.failed_before, texts), err=True)
    else:
        click.echo(_("Nothing was left to do: the input has no rows."), err=True)
    if summary.states:
        grid = table(_("State"), _("Rows"))
        for state, count in _ranked(summary.states):
            grid.add_row(plain(_(state)), number(count))
        show(grid, err=True)
    for reason, count in _ranked(summary.failures):
        name, advice = failure_name(reason, texts=texts), hint(reason, can_retry=can_retry, texts=texts)
        click.echo(f"{name}: {number(count)}. {advice}", err=True)
    if executor is not None and executor.lost:
        lost = texts.ngettext(
            "{count} worker was lost and replaced; what it had under way was asked again.",
            "{count} workers were lost and replaced; what they had under way was asked again.",
            executor.lost,
        )
        click.echo(lost.format(count=number(executor.lost)), err=True)
    if summary.is_complete and str(output) != "-":
        click.echo(printable(_("Output: {path}").format(path=output)), err=True)
    if summary.is_complete and report is not None:
        click.echo(printable(_("Report: {path}").format(path=report)), err=True)


def _outcome(summary: JobSummary, texts: Translator) -> str:
    number = texts.number
    return texts.ngettext(
        "{rows} row in {seconds} s ({rate} rows/s): {granted} granted, {refused} not, {failed} could not be checked.",
        "{rows} rows in {seconds} s ({rate} rows/s): {granted} granted, {refused} not, {failed} could not be checked.",
        summary.rows,
    ).format(
        rows=number(summary.rows),
        seconds=number(summary.seconds, decimals=1),
        rate=number(summary.rate),
        granted=number(summary.granted),
        refused=number(summary.not_granted),
        failed=number(sum(summary.failures.values())),
    )


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])


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
def _stopping(job: ConsentJob, console: Console, advice: str, texts: Translator) -> Generator[None]:
    """The first Ctrl-C or SIGTERM stops the job and finishes what is under way; the second ends it at once."""
    loop = asyncio.get_running_loop()
    finishing = texts.gettext("Finishing what is under way. Ctrl-C again ends at once.")
    ended = f"{texts.gettext('Ended at once.')}{advice}\n".encode()
    count = 0

    def stop() -> None:
        job.stop()
        with contextlib.suppress(OSError):  # a full disk, or a terminal that is gone
            console.print(finishing, soft_wrap=True)

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            # At once: a thread may wait for input that never comes, and no end damages the output.
            if console.is_terminal:
                console.show_cursor()
            begin_line()
            with contextlib.suppress(OSError):
                os.write(console.file.fileno(), ended)
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


async def _preparing(job: ConsentJob, console: Console, texts: Translator) -> None:
    """Before the first call: reading the input, and the rows of an earlier run."""
    await asyncio.sleep(_STATUS_DELAY)
    with console.status("") as status:
        while True:
            line = texts.gettext("Reading the input and the output.")
            if job.finished:
                found = texts.ngettext("{count} row is finished.", "{count} rows are finished.", job.finished)
                line = f"{line} {found.format(count=texts.number(job.finished))}"
            status.update(Text(line))
            await asyncio.sleep(_FRAME_SECONDS)


async def _live(job: ConsentJob, plan: Plan, console: Console, texts: Translator) -> None:
    bar = Progress(TextColumn(texts.gettext("Checking")), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("", total=None)
    # stdout may be the output.
    with Live(console=console, transient=True, redirect_stdout=False, auto_refresh=False) as live:
        while True:
            progress = job.progress
            if progress is not None and _is_skipping(job, plan):
                live.update(Text(_skipping(job, plan, texts)), refresh=True)
            elif progress is not None:
                bar.update(task, completed=progress.done, total=progress.total and max(progress.total, progress.done))
                rate, under_way = texts.number(progress.rate), texts.number(job.under_way)
                pace = texts.gettext("{rate} rows/s, {count} under way").format(rate=rate, count=under_way)
                line = Text(f"{pace}{_workers(job, texts)}")
                if job.waiting is not None:
                    line = Text(_waits(job.waiting, texts), style="yellow")
                live.update(Group(bar, line, _counts(job, texts)), refresh=True)
            await asyncio.sleep(_FRAME_SECONDS)


async def _lines(job: ConsentJob, plan: Plan, seconds: float, texts: Translator) -> None:
    while True:
        await asyncio.sleep(seconds)
        if progress := job.progress:
            line = _line(job, progress, texts)
            click.echo(_skipping(job, plan, texts) if _is_skipping(job, plan) else line, err=True)


def _line(job: ConsentJob, progress: JobProgress, texts: Translator) -> str:
    _, number = texts.gettext, texts.number
    rows = _("{done} rows").format(done=number(progress.done))
    if progress.total is not None:
        rows = _("{done} of about {total} rows").format(done=number(progress.done), total=number(progress.total))
    if job.waiting is not None:
        return f"{rows}. {_waits(job.waiting, texts)}"
    parts = [rows, _("{rate} rows/s").format(rate=number(progress.rate))]
    if progress.eta is not None:
        parts.append(_("{seconds} s to go").format(seconds=number(progress.eta)))
    return f"{', '.join(parts)}{_workers(job, texts)}"


def _waits(waiting: Waiting, texts: Translator) -> str:
    _ = texts.gettext
    sentence = _("Waiting since {since}, {seconds} s: the service accepts no request ({why}).")
    return sentence.format(
        since=f"{waiting.since.astimezone():%H:%M:%S}",
        seconds=texts.number(waiting.seconds),
        why=_("no answer comes") if waiting.fault is None else failure_name(waiting.fault, texts=texts),
    )


def _workers(job: ConsentJob, texts: Translator) -> str:
    executor = job.executor
    if executor is None:
        return ""
    _ = texts.gettext
    words = _("{count} workers")
    if not executor.is_ready:
        words = _("{count} workers are starting")
    elif executor.lost:
        words = _("{count} workers, {lost} lost and replaced")
    return f", {words.format(count=texts.number(executor.workers), lost=texts.number(executor.lost))}"


def _is_skipping(job: ConsentJob, plan: Plan) -> bool:
    return job.passed < plan.finished and not (job.progress and job.progress.done)


def _skipping(job: ConsentJob, plan: Plan, texts: Translator) -> str:
    line = texts.gettext("Skipping {passed} of {total} finished rows")
    return line.format(passed=texts.number(job.passed), total=texts.number(plan.finished))


def _counts(job: ConsentJob, texts: Translator) -> Text:
    _, number = texts.gettext, texts.number
    states = [f"{_(state)} {number(count)}" for state, count in _ranked(job.states)]
    failures = [f"{failure_name(reason, texts=texts)} {number(count)}" for reason, count in _ranked(job.failures)]
    line = Text("  ".join(states))
    if failures:
        failed = _("could not be checked: {failures}").format(failures=", ".join(failures))
        line.append(f"\n{failed}", style="yellow")
    return line
