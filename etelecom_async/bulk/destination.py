"""Where a job's records go: a file that is its own journal, a Parquet file made from one, or a stream."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from ..errors import ConfigError
from .tables import (
    Dialect,
    Journal,
    Layout,
    NdjsonLayout,
    ParquetSource,
    SheetLayout,
    answered_rows,
    kind_of,
    own_column,
    to_parquet,
    without_failed,
)
from .tables.arrow import arrow

__all__ = ["Destination", "FileDestination", "StreamDestination", "layout_of"]


def layout_of(kind: str, *, columns: Sequence[str], dialect: Dialect | None) -> Layout:
    """How records of this kind of table look; Parquet's journal is NDJSON."""
    return SheetLayout(columns=columns, dialect=dialect) if kind == "csv" else NdjsonLayout(columns=columns)


class Destination(Protocol):
    """What records are written to.

    Attributes:
        may_block: can `append` take as long as whoever reads it likes?
    """

    @property
    def may_block(self) -> bool: ...

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Write some records at once."""
        ...

    def sync(self) -> None:
        """Make what was appended safe from a power cut."""
        ...

    def close(self, *, is_complete: bool) -> None:
        """End, for good or until a resume."""
        ...


class StreamDestination:
    """Standard output, say: no journal, no resume."""

    may_block = True

    def __init__(self, stream: BinaryIO, *, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout
        self._write(layout.header)

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        self._write(self._layout.encode(rows))

    def sync(self) -> None:
        """A stream has nothing to make safe."""

    def close(self, *, is_complete: bool) -> None:
        """The stream stays open; it is the caller's."""
        del is_complete

    def _write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError:
            raise  # no fault: who read it has enough
        except OSError as error:
            raise ConfigError(f"Cannot write the output: {error.strerror or error}.") from None


class FileDestination:
    """A CSV or NDJSON file, or a Parquet file whose journal lies beside it until the job is complete.

    Args:
        path: the output.
        layout: how the journal's records look.
        columns: those of the output.
        types: Arrow types of the input's columns, for Parquet.

    Raises:
        ConfigError: a Parquet file, and pyarrow is not installed.
    """

    may_block = False

    def __init__(self, path: Path, *, layout: Layout, columns: Sequence[str], types: Mapping[str, str]) -> None:
        self._path = path
        self._layout = layout
        self._columns = columns
        self._types = types
        self._is_parquet = kind_of(path) == "parquet"
        if self._is_parquet:
            arrow()  # what is missing is said now, and not when all is asked
        self._place = path.with_name(path.name + ".ndjson") if self._is_parquet else path
        self._journal: Journal | None = None
        self._opened_as: os.stat_result | None = None

    @property
    def exists(self) -> bool:
        """Has something been written here before?"""
        return any(
            place.exists() and (not place.is_file() or place.stat().st_size) for place in (self._path, self._place)
        )

    @property
    def _is_only_parquet(self) -> bool:
        """Is it complete, and its journal gone?"""
        return self._is_parquet and not self._place.exists() and self._path.exists()

    def refuse_existing(self) -> None:
        """Never touch what is there already.

        Raises:
            ConfigError: something is.
        """
        if self._path.is_dir():
            raise ConfigError(f"{self._path} is a directory: name a file.")
        if self.exists:
            raise ConfigError(f"{self._path} exists: add --resume to go on with it, or choose another name.")

    def answered(self) -> Iterator[tuple[int, str]]:
        """The number and the phone in wire form of every row that an earlier run found an answer for.

        Raises:
            ConfigError: it is not this job's, is damaged, or cannot be read.
        """
        if not self._is_only_parquet:
            yield from answered_rows(self._place, layout=self._layout)
            return
        source = ParquetSource(self._path)
        number, phone, failure = (own_column(source.columns, name) for name in ("row", "phone_normalized", "failure"))
        for row in source.rows():
            if not row.cells[failure]:
                yield cast("int", row.cells[number]), str(row.cells[phone])

    def clear(self) -> None:
        """Take away what an earlier run wrote.

        Raises:
            ConfigError: it cannot be removed.
        """
        for place in (self._path, self._place):
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                raise ConfigError(f"Cannot remove {place}: {error.strerror or error}.") from None

    def create(self) -> None:
        """Begin.

        Raises:
            ConfigError: the output exists, or cannot be written.
        """
        self._journal = Journal.create(self._place, layout=self._layout)
        self._opened_as = self._place.stat()

    def reopen(self, *, drop_failed: bool, on_row: Callable[[int, bool], None]) -> None:
        """Go on with what an earlier run wrote, and tell of each row in it.

        Raises:
            ConfigError: it is not this job's, is damaged, or cannot be written.
        """
        if self._is_only_parquet:
            self._restore()
        if drop_failed and self._place.exists():
            without_failed(self._place, layout=self._layout)
        self._journal = Journal.reopen(self._place, layout=self._layout, on_row=on_row)
        self._opened_as = self._place.stat()

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        self._opened.append(rows)
        self._see_that_it_is_there()

    def sync(self) -> None:
        self._opened.sync()

    def close(self, *, is_complete: bool) -> None:
        try:
            self._opened.sync()
        finally:
            self._opened.close()
        if not is_complete:
            self._leave_nothing_empty()
        elif self._is_parquet:
            to_parquet(self._place, self._path, columns=self._columns, types=self._types)
            self._place.unlink()

    @property
    def _opened(self) -> Journal:
        if self._journal is None:
            raise RuntimeError("create() or reopen() comes first")
        return self._journal

    @property
    def _is_there(self) -> bool:
        try:
            return self._opened_as is not None and os.path.samestat(self._opened_as, self._place.stat())
        except OSError:
            return False

    def _see_that_it_is_there(self) -> None:
        """A file that was removed takes writes as before, and nobody will ever read them."""
        if not self._is_there:
            raise ConfigError(f"Cannot write {self._place}: it was removed, renamed or replaced.")

    def _leave_nothing_empty(self) -> None:
        """A run that finished nothing leaves nothing behind that the next would have to make way for."""
        if self._opened.is_empty and self._is_there:
            with contextlib.suppress(OSError):
                self._place.unlink()

    def _restore(self) -> None:
        """The journal of a complete Parquet file again, made beside it under another name first."""
        draft = self._place.with_name(self._place.name + ".new")
        draft.unlink(missing_ok=True)
        journal = Journal.create(draft, layout=self._layout)
        batch: list[Sequence[object]] = []
        for row in ParquetSource(self._path).rows():
            batch.append([_text(cell) for cell in row.cells])
            if len(batch) == 1000:  # noqa: PLR2004 - any number that is not many
                journal.append(batch)
                batch.clear()
        journal.append(batch)
        journal.sync()
        journal.close()
        draft.replace(self._place)


def _text(cell: object) -> object:
    """Parquet has times where the journal has text."""
    return cell.isoformat().replace("+00:00", "Z") if isinstance(cell, date) else cell
