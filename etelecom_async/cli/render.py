"""What people see: tables, progress, and text from strangers made harmless."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .outcome import Outcome

__all__ = ["bar", "is_terminal", "plain", "put", "show", "table", "verdict"]

_PIPE_CLOSED = 141
_PIPED_WIDTH = 240


def put(text: str, *, nl: bool = True) -> None:
    """Write a line to stdout at once. If nobody reads any more, exit quietly as a shell's tools do (141)."""
    try:
        click.echo(text, nl=nl)
    except BrokenPipeError:
        # What is still buffered would fail again, loudly, when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_PIPE_CLOSED)


def show(renderable: RenderableType, *, err: bool = False) -> None:
    """Write a table to stdout or stderr, as wide as the terminal, or wide enough for a pipe not to break its lines."""
    console = Console(stderr=err)
    if not console.is_terminal:
        console = Console(stderr=err, width=_PIPED_WIDTH)
    if err:
        console.print(renderable)
        return
    with console.capture() as capture:
        console.print(renderable)
    put(capture.get(), nl=False)


def table(*columns: str) -> Table:
    """An empty table with these headings."""
    grid = Table(header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    return grid


def plain(text: str | None) -> Text:
    """A stranger's text as it is: no markup, and no control characters that a terminal would obey."""
    return Text("".join(c if c.isprintable() else " " for c in text or ""))


def verdict(outcome: Outcome) -> Text:
    """Yes, no, or not known."""
    if outcome.granted is None:
        return Text("?", style="yellow")
    return Text("yes", style="green") if outcome.granted else Text("no", style="red")


def is_terminal() -> bool:
    """Does a person watch stderr, where progress is shown?"""
    return Console(stderr=True).is_terminal


@contextmanager
def bar(total: int) -> Generator[Callable[[], None]]:
    """A progress bar on stderr; call what it yields once for each thing that is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # stdout is left alone: rich would send it to stderr while the bar is shown.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("Checking", total=total)
        yield lambda: progress.advance(task)
