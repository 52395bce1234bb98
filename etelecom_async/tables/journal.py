"""The output of a job, which is its own journal: what is in it is done, and nothing else says so.

Records are only ever appended, in whole groups. A crash can tear the last group; opening the file again finds the end
of its last whole record and cuts off the rest, so that a row is either in it once or still to be done.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, Self, TypeAlias

from ..errors import ConfigError, JobStopped
from .atomic import draft_of
from .input import RawStream, open_file
from .own_file import OwnFile, cannot_write, sync_directory

__all__ = ["Finished", "Journal", "Layout", "answered_rows", "damaged", "first_bytes", "own_column", "without_failed"]

_PIECE = 1024 * 1024
_BUFFER = 256 * 1024

Finished: TypeAlias = tuple[int, bool, str, int]
"""A whole record: the row's number, 0 for the header; whether the row failed; its phone in wire form, empty where it
has none; the offset of the first byte behind."""


class Layout(Protocol):
    """How records look as bytes.

    Attributes:
        header: what the file begins with; may be empty.
    """

    @property
    def header(self) -> bytes: ...

    def encode(self, rows: Iterable[Sequence[object]]) -> bytes:
        """The records of some rows, each of which has a cell for every column.

        Raises:
            ConfigError: a cell is too large for this kind of file.
        """
        ...

    def scan(self, file: BinaryIO, *, size: int, name: str) -> Iterator[Finished]:
        """Every whole record within the first `size` bytes, the header first. Stops before a torn one at the end.

        Args:
            file: can seek; stands at its start.
            size: where its content ends.
            name: what messages call it.

        Raises:
            ConfigError: it begins with something else than the header, or is damaged before its end.
        """
        ...


class Journal:
    """A file of finished rows that is appended to. Make one with `create` or `reopen`.

    Args:
        file: what the rows go to. The journal closes it.
        layout: how records look.
    """

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
        """Go on with the file of an earlier run, cut after its last whole record; begin it, if it is empty.

        Args:
            file: what that run wrote to.
            layout: as it was created with.
            on_row: is told the number of every row in it, and whether that failed. A failed row may come twice: once
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
        """Is there no row in it?"""
        return self._size <= len(self._layout.header)

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Write some rows at once: all of them, or, if that fails, none.

        A crash keeps those that were written; a power cut may lose what was written since the last `sync`.

        Args:
            rows: each with a cell for every column.

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
        """See that the file is as it was left.

        Raises:
            JobStopped: another program changed or removed it.
        """
        self._file.check(self._size)

    def sync(self) -> None:
        """Make what was appended safe from a power cut.

        Raises:
            JobStopped: the disk does not take it.
        """
        try:
            self._file.sync()
        except OSError as error:
            raise _stopped(self._file.path, error) from None

    def clear(self) -> bool:
        """Take its header away too, as long as there is no row in it: an empty file belongs to no job.

        Returns:
            False where there are rows in it, or another program has changed or removed it: then it stays as it is.

        Raises:
            JobStopped: the system does not let it.
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


def without_failed(file: OwnFile, *, layout: Layout) -> OwnFile:
    """Take the failed rows out of a journal, so that they are to be done again. Atomic, and in constant memory.

    Returns:
        The journal without them, which has taken the name of `file`; that is closed.

    Raises:
        ConfigError: it is not this job's output, is damaged before its end, or cannot be written. It is then as it was.
    """
    path = file.path
    try:
        with draft_of(path) as draft:
            with open_file(path) as read, open_file(path) as copied, draft.path.open("wb") as kept:
                start = 0
                for _, has_failed, _, end in _finished(read, layout, name=str(path)):
                    if has_failed:
                        _copy(copied, start, kept)
                        copied.seek(end)
                    start = end
                _copy(copied, start, kept)
            draft.replace(path, held=file)
    except OSError as error:
        raise cannot_write(path, error) from None
    return draft


def answered_rows(path: Path, *, layout: Layout) -> Iterator[tuple[int, str]]:
    """The number and the phone of every row of a journal that did not fail; nothing where there is no such file.

    Raises:
        ConfigError: it is not this job's output, is damaged before its end, or cannot be read.
    """
    if path.exists():
        with open_file(path) as file:
            for number, has_failed, phone, _ in _finished(file, layout, name=str(path)):
                if number and not has_failed:
                    yield number, phone


def first_bytes(file: BinaryIO, size: int) -> io.BufferedReader:
    """The next `size` bytes of a file, as a file. Closing it does not close `file`."""
    left = size

    def read(wanted: int) -> bytes:
        nonlocal left
        piece = file.read(min(wanted, left))
        left -= len(piece)
        return piece

    return io.BufferedReader(RawStream(read), _BUFFER)


def damaged(name: str, line: int) -> ConfigError:
    """The error of a journal with a bad record before its end."""
    return ConfigError(f"{name}, line {line}: the record is damaged; correct or delete it, or choose another output.")


def own_column(columns: Sequence[str], name: str) -> int:
    """Where the job's own column is: the last of that name, since those of the input come first.

    Raises:
        ConfigError: there is none.
    """
    for at in reversed(range(len(columns))):
        if columns[at] == name:
            return at
    raise ConfigError(f"The output needs a column {name!r}.")


def _replay(path: Path, layout: Layout, on_row: Callable[[int, bool], None]) -> int:
    """Tell of every row, and return where the last whole record ends."""
    end = 0
    with open_file(path) as file:
        for number, has_failed, _, end in _finished(file, layout, name=str(path)):  # noqa: B007 - the last one counts
            if number:
                on_row(number, has_failed)
    return end


def _finished(file: BinaryIO, layout: Layout, *, name: str) -> Iterator[Finished]:
    """Every whole record. None where not even the header is whole."""
    size = _content_end(file)
    if size < len(layout.header) and layout.header.startswith(file.read(size)):
        return iter(())
    file.seek(0)
    return layout.scan(file, size=size, name=name)


def _content_end(file: BinaryIO) -> int:
    """Where the content ends: a power cut can leave a file longer than what was written, with NULs to fill it."""
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
    """Copy from where `file` stands up to the offset `end`."""
    left = end - file.tell()
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        target.write(piece)
        left -= len(piece)


def _stopped(path: Path, error: OSError) -> JobStopped:
    return JobStopped(f"Cannot write {path}: {error.strerror or error}.")
