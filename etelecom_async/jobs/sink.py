"""Where a job writes its records: a file that is its own journal, a Parquet file made from one, or a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import BinaryIO, Protocol, cast

from ..errors import ConfigError, JobStopped
from ..tables import (
    CsvLayout,
    Dialect,
    Journal,
    Layout,
    NdjsonLayout,
    ParquetSource,
    answered_rows,
    own_column,
    to_parquet,
    without,
)
from ..tables.arrow import arrow
from ..tables.atomic import draft_of
from ..tables.own_file import cannot_write
from .manifest import Manifest
from .output_files import OutputFiles

__all__ = ["FileSink", "Sink", "StreamSink", "layout_of"]


def layout_of(kind: str, *, columns: Sequence[str], dialect: Dialect | None) -> Layout:
    """The form of records in this kind of table; the journal of Parquet is NDJSON."""
    return CsvLayout(columns=columns, dialect=dialect) if kind == "csv" else NdjsonLayout(columns=columns)


class Sink(Protocol):
    """What records are written to.

    Attributes:
        may_block: whether `append` can wait for a reader.
    """

    @property
    def may_block(self) -> bool: ...

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Write records."""
        ...

    def sync(self) -> None:
        """Make the appended records safe from a power cut."""
        ...

    def close(self, *, is_complete: bool, is_wanted: Callable[[], bool]) -> None:
        """Finish the output if it is complete, or leave it for a resume. It may take long.

        Raises:
            FinishGivenUp: `is_wanted`, which is called now and then, returned False.
        """
        ...


class StreamSink:
    """A stream such as standard output: no journal, no resume."""

    may_block = True

    def __init__(self, stream: BinaryIO, *, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout
        self._write(layout.header)

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        self._write(self._layout.encode(rows))

    def sync(self) -> None:
        """A stream has nothing to make safe."""

    def close(self, *, is_complete: bool, is_wanted: Callable[[], bool]) -> None:
        """The stream stays open: it belongs to the caller."""
        del is_complete, is_wanted

    def _write(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError:
            raise  # no fault: its reader has ended
        except OSError as error:
            raise JobStopped(f"Cannot write the output: {error.strerror or error}.") from None


class FileSink:
    """A CSV or NDJSON file, or a Parquet file whose journal lies beside it until the job is complete.

    Args:
        files: the output, locked. They close the sink's file.
        layout: the form of the journal's records.
        columns: of the output.
        types: Arrow types of the input's columns, for Parquet.

    Raises:
        ConfigError: the output is a Parquet file, and pyarrow is not installed.
    """

    may_block = False

    def __init__(self, files: OutputFiles, *, layout: Layout, columns: Sequence[str], types: Mapping[str, str]) -> None:
        self._files = files
        self._layout = layout
        self._columns = columns
        self._types = types
        if files.journal_path != files.output:
            arrow()  # a missing extra is an error now, and not after the last row
        self._journal: Journal | None = None

    @property
    def exists(self) -> bool:
        """Has something been written here, and is it still there?"""
        return self._files.exists

    def refuse_existing(self) -> None:
        """Refuse an output that exists.

        Raises:
            ConfigError: it does.
        """
        if self.exists:
            found = self._files.output if self._files.output.exists() else self._files.journal_path
            raise ConfigError(f"{found} exists: add --resume to go on with it, or choose another name.")

    def answered(self) -> Iterator[tuple[int, str]]:
        """The number and the phone in wire form of every row that an earlier run found an answer for.

        Raises:
            ConfigError: it is another job's, is damaged, or cannot be read.
        """
        if not self._files.is_only_finished:
            yield from answered_rows(self._files.journal_path, layout=self._layout)
            return
        source = ParquetSource(self._files.output)
        number, phone, failure = (own_column(source.columns, name) for name in ("row", "phone_normalized", "failure"))
        for row in source.rows():
            if not row.cells[failure]:
                yield cast("int", row.cells[number]), str(row.cells[phone])

    def clear(self) -> None:
        """Remove what an earlier run wrote.

        Raises:
            ConfigError: it cannot be removed.
        """
        self._files.clear()

    def discard(self) -> None:
        """Remove the output if it is empty."""
        self._files.discard()

    def create(self, *, bind: Callable[[], None]) -> None:
        """Create the output.

        Args:
            bind: writes the manifest. It is called while the output is locked and still empty: a crash in
                between leaves an empty output, which any job may take.

        Raises:
            ConfigError: the output exists, or cannot be written.
        """
        file = self._files.begin()
        try:
            bind()
            self._journal = Journal.create(file, layout=self._layout)
        except BaseException:
            self.discard()
            raise

    def reopen(self, *, is_dropped: Callable[[int, bool], bool] | None, on_row: Callable[[int, bool], None]) -> None:
        """Go on with what an earlier run wrote.

        Args:
            is_dropped: asked with the number of each row, and whether it failed, which rows to remove; None for no row.
            on_row: gets the same of each row that stays.

        Raises:
            ConfigError: it is another job's, is damaged, or cannot be written.
        """
        files = self._files
        if files.is_only_finished:
            self._restore()
        file = files.begin()
        if is_dropped is not None:
            file = files.journal = without(file, layout=self._layout, is_dropped=is_dropped)
        self._journal = Journal.reopen(file, layout=self._layout, on_row=on_row)

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        self._opened.append(rows)

    def sync(self) -> None:
        self._opened.sync()

    def close(self, *, is_complete: bool, is_wanted: Callable[[], bool]) -> None:
        """Make it safe and, if the job is complete, finish it. A run without any row leaves no file."""
        self._opened.sync()
        files = self._files
        if not is_complete:
            if self._opened.clear():
                Manifest.remove(files.name)
                files.discard()
            return
        self._opened.check()
        if files.journal_path != files.output:
            parquet = partial(to_parquet, columns=self._columns, types=self._types, is_wanted=is_wanted)
            files.finish(partial(parquet, files.journal_path, files.output))

    @property
    def _opened(self) -> Journal:
        if self._journal is None:
            raise RuntimeError("create() or reopen() comes first")
        return self._journal

    def _restore(self) -> None:
        """Make the journal of a complete Parquet file again, as a draft that is then renamed."""
        files = self._files
        with draft_of(files.journal_path) as draft:
            journal = Journal.create(draft, layout=self._layout)
            batch: list[Sequence[object]] = []
            for row in ParquetSource(files.output).rows():
                batch.append([_text(cell) for cell in row.cells])
                if len(batch) == 1000:  # noqa: PLR2004
                    journal.append(batch)
                    batch.clear()
            journal.append(batch)
            try:
                draft.replace(files.journal_path, held=files.journal)
            except OSError as error:
                raise cannot_write(files.journal_path, error) from None
            files.journal = draft


def _text(cell: object) -> object:
    """Times, which Parquet stores as such, as the journal's text."""
    return cell.isoformat().replace("+00:00", "Z") if isinstance(cell, date) else cell
