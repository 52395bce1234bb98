"""The output of a job, which is also its journal: the rows in it are done.

Records are only appended, in whole groups. A crash can cut the last group short; reopening the file cuts it after its
last whole record, so that each row is either in it once or still to be done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, Self, TypeAlias

from ..errors import ConfigError, JobStopped
from .atomic import draft_of
from .input import open_file
from .own_file import OwnFile, cannot_write, sync_directory

__all__ = ["Finished", "Journal", "Layout", "answered_rows", "damaged", "own_column", "without"]

_PIECE = 1024 * 1024

Finished: TypeAlias = tuple[int, bool, str, int]
"""A whole record: the row's number, 0 for the header; whether the row failed; its phone in wire form, empty if it has
none; the offset of the first byte after it."""


class Layout(Protocol):
    """How records look as bytes."""

    @property
    def header(self) -> bytes: ...  # what the file begins with; may be empty

    def encode(self, rows: Iterable[Sequence[object]]) -> bytes:
        """The records of rows that have a cell for every column each.

        Raises:
            ConfigError: a cell is too large for this kind of file.
        """
        ...

    def scan(self, file: BinaryIO, *, size: int, name: str) -> Iterator[Finished]:
        """Every whole record in the first `size` bytes, the header first. Stops before a partial one at the end.

        Args:
            file: can seek, and is at its start.
            size: where its content ends.
            name: its name in messages.

        Raises:
            ConfigError: it does not begin with the header, or is damaged before its end.
        """
        ...


class Journal:
    """A file of finished rows, which the journal closes. Make one with `create` or `reopen`."""

    def __init__(self, file: OwnFile, *, layout: Layout) -> None:
        self._file = file
        self._layout = layout
        self._size = file.size

    @classmethod
    def create(cls, file: OwnFile, *, layout: Layout) -> Self:
        """Begin an empty file with its header.

        Raises:
            ConfigError: the file is not empty, or cannot be written.
        """
        if file.size:
            raise ConfigError(f"{file.path} exists: add --resume to go on with it, or choose another name.")
        return cls._begun(file, layout)

    @classmethod
    def reopen(cls, file: OwnFile, *, layout: Layout, on_row: Callable[[int, bool], None]) -> Self:
        """Continue the file of an earlier run, cut after its last whole record; begin it if it is empty.

        Args:
            file: the output of that run.
            layout: that of the earlier run.
            on_row: called with the number of every row in it, and whether the row failed. A failed row may occur again,
                for each run that tried it.

        Raises:
            ConfigError: it is not this job's output, is damaged before its end, or cannot be written.
        """
        end = _replay(file.path, layout, on_row)
        try:
            file.truncate(end)
        except OSError as error:
            raise cannot_write(file.path, error) from None
        return cls._begun(file, layout)

    @classmethod
    def _begun(cls, file: OwnFile, layout: Layout) -> Self:
        journal = cls(file, layout=layout)
        if journal._size == 0:
            try:
                journal._write(layout.header)
                file.sync()
            except OSError as error:
                raise cannot_write(file.path, error) from None
            sync_directory(file.path.parent)
        return journal

    @property
    def is_empty(self) -> bool:
        """Whether there is no row in it."""
        return self._size <= len(self._layout.header)

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Write rows, each with a cell for every column: all of them, or none.

        Rows survive a crash of the process; a power cut may lose those written since the last `sync`.

        Raises:
            ConfigError: a cell is too large for this kind of file.
            JobStopped: they cannot be written, or another program changed the file.
        """
        data = self._layout.encode(rows)
        self.check()
        try:
            self._write(data)
        except OSError as error:
            raise _stopped(self._file.path, error) from None

    def check(self) -> None:
        """Check the file. Raises JobStopped if another program changed or removed it."""
        self._file.check(self._size)

    def sync(self) -> None:
        """Make the rows safe from a power cut. Raises JobStopped if the disk fails."""
        try:
            self._file.sync()
        except OSError as error:
            raise _stopped(self._file.path, error) from None

    def clear(self) -> bool:
        """Remove the header if there is no row: an empty file belongs to no job.

        Returns:
            False if there are rows, or another program changed or removed the file; then it is left unchanged.

        Raises:
            JobStopped: the file cannot be cut.
        """
        if not (self.is_empty and self._file.is_in_place and self._file.size == self._size):
            return False
        try:
            self._file.truncate(0)
        except OSError as error:
            raise _stopped(self._file.path, error) from None
        return True

    def close(self) -> None:
        """Close the file, without `sync`."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._size += len(data)


def without(file: OwnFile, *, layout: Layout, is_dropped: Callable[[int, bool], bool]) -> OwnFile:
    """Remove rows from a journal, so that they are done again. Atomic, and in constant memory.

    Args:
        file: the journal.
        layout: that of the earlier run.
        is_dropped: asked with the number of each row, and whether the row failed.

    Returns:
        The journal without them, under the name of `file`, which is closed.

    Raises:
        ConfigError: it is not this job's output, is damaged before its end, or cannot be written. It is unchanged.
    """
    path = file.path
    try:
        with draft_of(path) as draft:
            with open_file(path) as read, open_file(path) as copied, draft.path.open("wb") as kept:
                start = 0
                for number, has_failed, _, end in _finished(read, layout, name=str(path)):
                    if number and is_dropped(number, has_failed):
                        _copy(copied, start, kept)
                        copied.seek(end)
                    start = end
                _copy(copied, start, kept)
            draft.replace(path, held=file)
    except OSError as error:
        raise cannot_write(path, error) from None
    return draft


def answered_rows(path: Path, *, layout: Layout) -> Iterator[tuple[int, str]]:
    """The number and the phone of every row of a journal that did not fail; none if there is no such file.

    Raises:
        ConfigError: it is not this job's output, is damaged before its end, or cannot be read.
    """
    if path.exists():
        with open_file(path) as file:
            for number, has_failed, phone, _ in _finished(file, layout, name=str(path)):
                if number and not has_failed:
                    yield number, phone


def damaged(name: str, line: int) -> ConfigError:
    """The error of a journal with a bad record before its end."""
    return ConfigError(f"{name}, line {line}: the record is damaged; correct or delete it, or choose another output.")


def own_column(columns: Sequence[str], name: str) -> int:
    """The index of a column that the job adds: the last of that name, since the input's columns come first.

    Raises:
        ConfigError: there is none.
    """
    for at in reversed(range(len(columns))):
        if columns[at] == name:
            return at
    raise ConfigError(f"The output needs a column {name!r}.")


def _replay(path: Path, layout: Layout, on_row: Callable[[int, bool], None]) -> int:
    """Call `on_row` for every row, and return where the last whole record ends."""
    end = 0
    with open_file(path) as file:
        for number, has_failed, _, end in _finished(file, layout, name=str(path)):  # noqa: B007 - the last one counts
            if number:
                on_row(number, has_failed)
    return end


def _finished(file: BinaryIO, layout: Layout, *, name: str) -> Iterator[Finished]:
    """Every whole record; none if even the header is cut."""
    size = _content_end(file)
    if size < len(layout.header) and layout.header.startswith(file.read(size)):
        return iter(())
    file.seek(0)
    return layout.scan(file, size=size, name=name)


def _content_end(file: BinaryIO) -> int:
    """Where the content ends: a power cut can leave a file longer than its content, filled with NULs."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _PIECE)
        file.seek(start)
        piece = file.read(end - start).rstrip(b"\0")
        if piece:
            end = start + len(piece)
            break
        end = start
    file.seek(0)
    return end


def _copy(file: BinaryIO, end: int, target: BinaryIO) -> None:
    """Copy from the position of `file` up to the offset `end`."""
    left = end - file.tell()
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        target.write(piece)
        left -= len(piece)


def _stopped(path: Path, error: OSError) -> JobStopped:
    return JobStopped(f"Cannot write {path}: {error.strerror or error}.")
