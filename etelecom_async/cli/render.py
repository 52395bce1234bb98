"""Tables that fit the terminal, progress, and received text without control characters."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import click
from attrs import define, field
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .ending import os_sentence
from .outcome import Outcome
from .stop import OutputClosed, Stopped

__all__ = ["Rows", "bar", "counted", "is_terminal", "plain", "put", "show", "table", "verdict"]

_UNWRAPPED = 20
"""Columns of at most so many characters are never wrapped; wider ones only between words."""
_LINE_SECONDS = 5.0
_UNBOUNDED = 10**6


@define
class Rows:
    """A table to be shown, with headings.

    Attributes:
        heads: the columns' headings.
        spare: columns to drop on a terminal that is too narrow for all.
    """

    heads: Sequence[str]
    spare: Sequence[str] = ()
    rows: list[Sequence[Text]] = field(factory=list)

    def add_row(self, *cells: Text | str) -> None:
        """One cell for each heading."""
        self.rows.append([Text(cell) if isinstance(cell, str) else cell for cell in cells])

    def without_spare(self) -> Rows:
        """The same without the spare columns."""
        kept = [at for at, head in enumerate(self.heads) if head not in self.spare]
        return Rows([self.heads[at] for at in kept], rows=[[row[at] for at in kept] for row in self.rows])

    def as_table(self, *, room: int) -> Table | None:
        """A table of at most `room` characters; None if that would break words or times."""
        widths = _shared([self._bounds(at) for at in range(len(self.heads))], room - 3 * len(self.heads) - 1)
        if widths is None:
            return None
        grid = Table(header_style="bold")
        for head, width in zip(self.heads, widths, strict=True):
            grid.add_column(head, overflow="fold", width=width)
        for row in self.rows:
            grid.add_row(*row)
        return grid

    def _bounds(self, at: int) -> tuple[int, int]:
        """The minimum and maximum width of a column."""
        cells = [row[at].plain for row in self.rows]
        widest = max(map(cell_len, cells), default=0)
        unbroken = [self.heads[at].split()]
        unbroken.extend([cell] if widest <= _UNWRAPPED else cell.split() for cell in cells)
        return max(cell_len(part) for parts in unbroken for part in parts), max(widest, cell_len(self.heads[at]))

    def as_records(self) -> Table:
        """A row for each cell that is not empty, for a narrow terminal."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for number, row in enumerate(self.rows):
            if number:
                grid.add_row()
            for head, cell in zip(self.heads, row, strict=True):
                if cell.plain:
                    grid.add_row(head, cell)
        return grid


def table(*heads: str, spare: Sequence[str] = ()) -> Rows:
    """An empty table with these headings; `spare` names those to drop on a narrow terminal."""
    return Rows(heads, spare=spare)


def put(text: str | bytes, *, nl: bool = True, err: bool = False) -> None:
    """Write a line at once. What goes to stderr is best effort.

    Raises:
        OutputClosed, Stopped: stdout cannot be written to.
    """
    try:
        click.echo(text, nl=nl, err=err)
    except BrokenPipeError:
        raise OutputClosed from None
    except OSError as error:
        raise Stopped(f"Cannot write the output: {os_sentence(error)}.") from None


def show(rows: Rows, *, err: bool = False) -> None:
    """Write a table to stdout or stderr: within the terminal, and into a pipe with each row on one line."""
    console = Console(stderr=err)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=err, width=_UNBOUNDED)
    # All columns, fewer, or one record below the other: the first that breaks no word and no time.
    grids = (rows.as_table(room=console.width), rows.without_spare().as_table(room=console.width), rows.as_records())
    with console.capture() as capture:
        console.print(next(filter(None, grids)))
    put(capture.get(), nl=False, err=err)


def _shared(bounds: Sequence[tuple[int, int]], room: int) -> list[int] | None:
    """Widths that fit: each gets its minimum, and the rest is shared; None if the minimums do not fit."""
    widths = [least for least, _ in bounds]
    rest = room - sum(widths)
    if rest < 0:
        return None
    wanting = sorted(range(len(bounds)), key=lambda at: bounds[at][1] - bounds[at][0])
    for done, at in enumerate(wanting):
        least, most = bounds[at]
        given = min(most - least, rest // (len(wanting) - done))
        widths[at] += given
        rest -= given
    return widths


def plain(text: str | None) -> Text:
    """Received text without markup and control characters."""
    return Text("".join(c if c.isprintable() else " " for c in text or ""))


def verdict(outcome: Outcome) -> Text:
    """Yes, no, or not known."""
    if outcome.granted is None:
        return Text("?", style="yellow")
    return Text("yes", style="green") if outcome.granted else Text("no", style="red")


def is_terminal() -> bool:
    """Whether stderr, where progress is shown, is a terminal."""
    return Console(stderr=True).is_terminal


@contextmanager
def bar(total: int) -> Generator[Callable[[], None]]:
    """A progress bar on stderr; call what it yields after each phone."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # stdout is left alone: rich would send it to stderr while the bar is shown.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("Checking", total=total)
        yield lambda: progress.advance(task)


@contextmanager
def counted(
    total: int, *, seconds: float = _LINE_SECONDS, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[], None]]:
    """Like `bar`, without a terminal: a line on stderr every few seconds."""
    done, shown = 0, clock()

    def advance() -> None:
        nonlocal done, shown
        done += 1
        now = clock()
        if done < total and now - shown >= seconds:
            shown = now
            put(f"{done:,} of {total:,} checked", err=True)

    yield advance
