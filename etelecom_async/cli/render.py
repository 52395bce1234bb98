"""Output: tables that fit the terminal, progress, times, JSON, and received text without control characters."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo

import click
from attrs import define, field
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..messages.translation import Translator
from .exits import OutputClosed, StoppedByFault, os_message

__all__ = ["Grid", "as_json", "bar", "counted", "is_terminal", "local", "plain", "show", "table", "write"]

_UNWRAPPED = 20
"""Columns of at most this many characters are never wrapped; wider ones only between words."""
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_SECONDS = 5.0
_UNBOUNDED = 10**6


@define
class Grid:
    """A table; a terminal that is too narrow for all columns does not get those named in `spare`."""

    heads: Sequence[str]
    spare: Sequence[str] = ()
    rows: list[Sequence[Text]] = field(factory=list)

    def add_row(self, *cells: Text | str) -> None:
        self.rows.append([Text(cell) if isinstance(cell, str) else cell for cell in cells])

    def without_spare(self) -> Grid:
        kept = [at for at, head in enumerate(self.heads) if head not in self.spare]
        return Grid([self.heads[at] for at in kept], rows=[[row[at] for at in kept] for row in self.rows])

    def as_table(self, *, width: int) -> Table | None:
        """A table of at most `width` characters; None if that would break words or times."""
        widths = _shared([self._bounds(at) for at in range(len(self.heads))], width - 3 * len(self.heads) - 1)
        if widths is None:
            return None
        grid = Table(header_style="bold")
        for head, column_width in zip(self.heads, widths, strict=True):
            grid.add_column(head, overflow="fold", width=column_width)
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
        """For a narrow terminal: a line for each cell that is not empty."""
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


def table(*heads: str, spare: Sequence[str] = ()) -> Grid:
    return Grid(heads, spare=spare)


def write(text: str | bytes, *, nl: bool = True, err: bool = False) -> None:
    """Write a line at once, or raise what ends the command. Output on stderr is best effort."""
    with _ends_the_command():
        click.echo(text, nl=nl, err=err)


@contextmanager
def _ends_the_command() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        raise OutputClosed from None
    except OSError as error:
        raise StoppedByFault(f"Cannot write the output: {os_message(error)}.") from None


def show(rows: Grid, *, err: bool = False) -> None:
    """Write a table: within the width of a terminal; into a pipe, each row on one line."""
    console = Console(stderr=err)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=err, width=_UNBOUNDED)
    # All columns, fewer columns, or records below each other: the first that breaks no word and no time.
    width = console.width
    grids = (rows.as_table(width=width), rows.without_spare().as_table(width=width), rows.as_records())
    # rich touches the output even here.
    with _ends_the_command(), console.capture() as capture:
        console.print(next(filter(None, grids)))
    write(capture.get(), nl=False, err=err)


def _shared(bounds: Sequence[tuple[int, int]], room: int) -> list[int] | None:
    """Each column gets its minimum, and they share the rest; None if the minimums do not fit."""
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


def as_json(value: object, *, indent: int | None = None) -> str:
    """JSON that escapes nothing but lone surrogates; one line, unless there is an indent."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def local(moment: datetime | None, *, zone: tzinfo | None) -> str:
    """A time in a zone that the heading names; empty for None."""
    if moment is None:
        return ""
    try:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except OverflowError:
        return moment.isoformat(sep=" ")


def is_terminal() -> bool:
    """Whether stderr, where progress is shown, is a terminal."""
    return Console(stderr=True).is_terminal


@contextmanager
def bar(total: int, *, texts: Translator) -> Generator[Callable[[], None]]:
    """A progress bar on stderr; call what it yields after each phone."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Without `redirect_stdout=False` rich would send stdout to stderr while the bar is shown.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task(texts.gettext("Checking"), total=total)
        yield lambda: progress.advance(task)


@contextmanager
def counted(
    total: int, *, texts: Translator, seconds: float = _LINE_SECONDS, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[], None]]:
    """Like `bar`, without a terminal: a line on stderr every few seconds."""
    done, shown = 0, clock()

    def advance() -> None:
        nonlocal done, shown
        done += 1
        now = clock()
        if done < total and now - shown >= seconds:
            shown = now
            line = texts.gettext("{done} of {total} checked")
            write(line.format(done=texts.number(done), total=texts.number(total)), err=True)

    yield advance
