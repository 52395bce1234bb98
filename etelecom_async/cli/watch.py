"""What people see of a job while it runs: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..bulk.job import ConsentJob
from ..session import Session
from .render import is_terminal

__all__ = ["stopping", "watched"]

_FRAME_SECONDS = 0.25
_LINE_SECONDS = 5.0


@asynccontextmanager
async def watched(job: ConsentJob, session: Session, *, quiet: bool) -> AsyncGenerator[None]:
    """Show how a job goes on until the block ends."""
    if quiet:
        yield
        return
    show = _live(job, session) if is_terminal() else _lines(job)
    shower = asyncio.create_task(show)
    try:
        yield
    finally:
        shower.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await shower


@contextlib.contextmanager
def stopping(job: ConsentJob) -> Generator[Callable[[], bool]]:
    """The first Ctrl-C, or SIGTERM, stops the job in good order; the second ends it at once. Yields: did one come?"""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    count = 0

    def stop() -> None:
        nonlocal count
        count += 1
        if count == 1:
            click.echo("Finishing what is under way. Ctrl-C again leaves at once.", err=True)
            job.stop()
        elif task is not None:
            task.cancel()

    # Windows has no such handlers: there Ctrl-C ends the job at once, which a resume mends like any other end.
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
    try:
        yield lambda: count > 0
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


async def _live(job: ConsentJob, session: Session) -> None:
    bar = Progress(TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("", total=None)
    # stdout is left alone: it may be the output.
    with Live(console=Console(stderr=True), transient=True, redirect_stdout=False, auto_refresh=False) as live:
        while True:
            progress = job.progress
            if progress is not None:
                bar.update(task, completed=progress.done, total=progress.total and max(progress.total, progress.done))
                in_flight = session.throttle.snapshot().in_flight
                pace = Text(f"{progress.rate:,.0f} rows/s, {in_flight} under way")
                live.update(Group(bar, pace, _counts(job)), refresh=True)
            await asyncio.sleep(_FRAME_SECONDS)


async def _lines(job: ConsentJob) -> None:
    while True:
        await asyncio.sleep(_LINE_SECONDS)
        if progress := job.progress:
            of = "" if progress.total is None else f" of about {progress.total:,}"
            eta = "" if progress.eta is None else f", {progress.eta:,.0f} s to go"
            click.echo(f"{progress.done:,}{of} rows, {progress.rate:,.0f} rows/s{eta}", err=True)


def _counts(job: ConsentJob) -> Text:
    states = [f"{state} {count:,}" for state, count in sorted(job.states.items(), key=lambda item: -item[1])]
    failures = [f"{reason} {count:,}" for reason, count in sorted(job.failures.items(), key=lambda item: -item[1])]
    line = Text("  ".join(states))
    if failures:
        line.append("\ncould not be checked: " + "  ".join(failures), style="yellow")
    return line
