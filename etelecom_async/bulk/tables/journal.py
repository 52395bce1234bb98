"""The output of a job, which is its own journal: what is in it is done, and nothing else says so.

Records are only ever appended, in whole groups. A crash can tear the last group; opening the file again finds the end
of its last whole record and cuts off the rest, so that a row is either in it once or still to be done.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, Self, TypeAlias

from ...errors import ConfigError
from .atomic import replacing, sync_directory
from .input import open_file

__all__ = ["Finished", "Journal", "Layout", "Span", "answered_rows", "damaged", "own_column", "without_failed"]

_PIECE = 1024 * 1024

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
        file: unbuffered, in append mode. The journal closes it.
        path: its name.
        layout: how records look.
    """

    def __init__(self, file: io.FileIO, *, path: Path, layout: Layout) -> None:
        self._file = file
        self._path = path
        self._layout = layout
        self._size = file.seek(0, os.SEEK_END)

    @classmethod
    def create(cls, path: Path, *, layout: Layout) -> Self:
        """A new file with its header.

        Raises:
            ConfigError: the file exists and is not empty, or cannot be written.
        """
        if path.exists() and (not path.is_file() or path.stat().st_size):
            raise ConfigError(f"{path} exists: add --resume to go on with it, or choose another name.")
        return cls._open(path, layout)

    @classmethod
    def reopen(cls, path: Path, *, layout: Layout, on_row: Callable[[int, bool], None]) -> Self:
        """The file of an earlier run, cut after its last whole record; a new one, if that run had not come to it.

        Args:
            path: the file.
            layout: as it was created with.
            on_row: is told the number of every row in it, and whether that failed. A failed row may come twice: once
                for each run that tried it.

        Raises:
            ConfigError: it is not this job's output, is damaged before its end, or cannot be written.
        """
        if path.exists():
            _truncate(path, _replay(path, layout, on_row))
        return cls._open(path, layout)

    @classmethod
    def _open(cls, path: Path, layout: Layout) -> Self:
        try:
            file = path.open("ab", buffering=0)
        except OSError as error:
            raise _cannot_write(path, error) from None
        journal = cls(file, path=path, layout=layout)
        try:
            if journal._size == 0:
                journal._write(layout.header)
                journal.sync()
                sync_directory(path.resolve().parent)
        except BaseException:
            file.close()
            raise
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
            ConfigError: they cannot be written.
        """
        self._write(self._layout.encode(rows))

    def sync(self) -> None:
        """Make what was appended safe from a power cut.

        Raises:
            ConfigError: the disk does not take it.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _cannot_write(self._path, error) from None

    def close(self) -> None:
        """Close the file, without `sync`."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except BaseException as error:
            # Half a group would be damage in the middle once the next one stood behind it.
            with contextlib.suppress(OSError):
                self._file.truncate(self._size)
            if isinstance(error, OSError):
                raise _cannot_write(self._path, error) from None
            raise
        self._size += len(data)


def without_failed(path: Path, *, layout: Layout) -> int:
    """Take the failed rows out of a journal, so that they are to be done again. Atomic, and in constant memory.

    Returns:
        How many were taken out.

    Raises:
        ConfigError: it is missing, not this job's output, damaged before its end, or cannot be written. It is then
            as it was.
    """
    dropped = 0
    try:
        with (
            open_file(path) as file,
            open_file(path) as copied,
            replacing(path) as place,
            place.open("wb") as kept,
        ):
            start = 0
            for _, has_failed, _, end in _finished(file, layout, name=str(path)):
                if has_failed:
                    dropped += 1
                    _copy(copied, start, kept)
                    copied.seek(end)
                start = end
            _copy(copied, start, kept)
    except OSError as error:
        raise _cannot_write(path, error) from None
    return dropped


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


class Span(io.RawIOBase):
    """The first bytes of a file, as a file. Does not close it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        piece = self._file.read(min(len(buffer), self._left))
        self._left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


def damaged(name: str, line: int) -> ConfigError:
    """The error of a journal with a bad record before its end."""
    return ConfigError(f"{name}, line {line}: the record is damaged; mend or delete it, or choose another output.")


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


def _truncate(path: Path, size: int) -> None:
    try:
        if path.stat().st_size > size:
            os.truncate(path, size)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"Cannot write {path}: {error.strerror or error}.")
