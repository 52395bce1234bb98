"""The rows of a Parquet file in batches of bounded size, however wide or compressed the file is."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import IO, BinaryIO

from attrs import frozen

from ..errors import ConfigError
from .arrow import Array, Chunk, ParquetFile
from .arrow_values import listed_bytes
from .parquet_pages import Pages, pages_of

__all__ = ["LARGEST_PAGE", "ParquetBatches", "lists_with_dictionary"]

LARGEST_PAGE = 256 * 1024 * 1024
"""The largest page, without compression. Writers make pages of 1 MiB; a cell is never larger than its page."""

_ROWS = 4096
_BATCH = 8 * 1024 * 1024
"""About the size of a batch."""
_LIKELY, _WORST = 32 * 1024 * 1024, 128 * 1024 * 1024
"""The size of a batch whose rows each hold a long entry of every dictionary, and the longest of one."""
_AT_ONCE = 192 * 1024 * 1024
"""The most memory for the pages of all columns; beyond it, groups of columns are read one after another."""
_GROUP = 64 * 1024 * 1024
_LISTED = 32 * 1024 * 1024
"""The most values of a column of lists in one row group: one row may hold all of them."""

_HELD = 64 * 1024 * 1024
"""The most memory for the lists of a batch."""


@frozen(kw_only=True)
class _Leaf:
    """A column of a row group as Parquet stores it: one for each field of a struct."""

    chunk: Chunk
    pages: Pages
    is_repeated: bool

    @property
    def column(self) -> str:
        """The heading of its column, which begins its path."""
        return self.chunk.path_in_schema.partition(".")[0]

    @property
    def entry(self) -> int:
        """About the longest entry of its dictionary, if they do not differ too much."""
        pages = self.pages
        return min(pages.dictionary, 16 * pages.dictionary // max(1, pages.entries))


class ParquetBatches:
    """Reads a file in batches, whose size follows from the sizes of its pages.

    The pages of all columns are in memory together, usually about 2.5 MB for each column. If that is too much, as with
    300 columns, groups of columns are read one after another into temporary files, and the batches come from these.

    Args:
        arrow: pyarrow.
        file: the file as opened by pyarrow.
        raw: the same file as bytes.
        name: its name in messages.
    """

    def __init__(self, arrow: ModuleType, file: ParquetFile, raw: BinaryIO, *, name: str) -> None:
        self._arrow = arrow
        self._file = file
        self._raw = raw
        self._name = name

    def __iter__(self) -> Iterator[list[Array]]:
        """Batches, each a list with an array for every column.

        Raises:
            ConfigError: a page or the lists of one row are too large, or a column of lists has too many values in one
                row group.
        """
        for batch in self._batches():
            yield from self._small(batch, 0, len(batch[0]))

    def _small(self, batch: list[Array], start: int, length: int) -> Iterator[list[Array]]:
        """The batch, halved again and again until its lists fit in memory."""
        part = [column.slice(start, length) for column in batch] if length < len(batch[0]) else batch
        sizes = list(map(listed_bytes, part))
        if sum(sizes) <= _HELD:
            yield part
        elif length > 1:
            yield from self._small(batch, start, length // 2)
            yield from self._small(batch, start + length // 2, length - length // 2)
        else:
            column = self._file.schema_arrow.names[sizes.index(max(sizes))]
            raise ConfigError(
                f"{self._name}: one value of column {column!r} takes {max(sizes):,} bytes, more than the "
                f"limit of {_HELD:,}: write the file without that column."
            )

    def _batches(self) -> Iterator[list[Array]]:
        for at in range(self._file.metadata.num_row_groups):
            leaves = self._leaves(at)
            rows = _rows_at_once(leaves, self._file.metadata.row_group(at).num_rows)
            groups = self._groups(leaves)
            if len(groups) == 1:
                for batch in self._file.iter_batches(rows, [at], None):
                    yield list(batch.columns)
            else:
                yield from self._spooled(at, groups, rows)

    def _leaves(self, at: int) -> list[_Leaf]:
        group = self._file.metadata.row_group(at)
        leaves: list[_Leaf] = []
        for place in range(group.num_columns):
            chunk = group.column(place)
            is_repeated = self._file.schema.column(place).max_repetition_level > 0
            leaf = _Leaf(chunk=chunk, pages=pages_of(self._raw, chunk), is_repeated=is_repeated)
            self._check(leaf)
            leaves.append(leaf)
        return leaves

    def _check(self, leaf: _Leaf) -> None:
        largest = max(leaf.pages.dictionary, leaf.pages.largest)
        if largest > LARGEST_PAGE:
            raise ConfigError(
                f"{self._name}: column {leaf.column!r} has a page of {largest:,} bytes, more than the limit of "
                f"{LARGEST_PAGE:,}: write the file with smaller pages, or without that column."
            )
        if leaf.is_repeated and leaf.chunk.num_values > _LISTED:
            raise ConfigError(
                f"{self._name}: the lists of column {leaf.column!r} have {leaf.chunk.num_values:,} values in one row "
                f"group, more than the limit of {_LISTED:,}: write smaller row groups, or without that column."
            )

    def _groups(self, leaves: Sequence[_Leaf]) -> list[list[str]]:
        """The columns in groups that are read together."""
        names = list(self._file.schema_arrow.names)
        memory = dict.fromkeys(names, 0)
        for leaf in leaves:
            # pyarrow selects columns by name only: with equal names, or a dot in one, all are read at once.
            if leaf.column not in memory or len(memory) < len(names):
                return [names]
            memory[leaf.column] += leaf.pages.memory
        if sum(memory.values()) <= _AT_ONCE:
            return [names]
        groups: list[list[str]] = [[]]
        taken = 0
        for name, size in memory.items():
            if groups[-1] and taken + size > _GROUP:
                groups.append([])
                taken = 0
            groups[-1].append(name)
            taken += size
        return groups

    def _spooled(self, at: int, groups: Sequence[list[str]], rows: int) -> Iterator[list[Array]]:
        with contextlib.ExitStack() as files:
            readers = [
                self._arrow.ipc.open_stream(self._spool(at, group, rows, files.enter_context(tempfile.TemporaryFile())))
                for group in groups
            ]
            while True:
                try:
                    batches = [reader.read_next_batch() for reader in readers]
                except StopIteration:
                    return
                yield [column for batch in batches for column in batch.columns]

    def _spool(self, at: int, columns: list[str], rows: int, place: IO[bytes]) -> IO[bytes]:
        """Write these columns of a row group to a file, and rewind it."""
        options = self._arrow.ipc.IpcWriteOptions(compression="zstd")
        writer = None
        for batch in self._file.iter_batches(rows, [at], columns):
            writer = writer or self._arrow.ipc.new_stream(place, batch.schema, options=options)
            writer.write_batch(batch)
        if writer is not None:
            writer.close()
        place.seek(0)
        return place


def lists_with_dictionary(file: ParquetFile) -> list[str]:
    """The paths of texts within lists that have a dictionary.

    They are read as indices into it: one row can hold any number of copies of a long text in almost no bytes.
    """
    groups = map(file.metadata.row_group, range(file.metadata.num_row_groups))
    chunks = ((place, group.column(place)) for group in groups for place in range(group.num_columns))
    paths = (
        chunk.path_in_schema
        for place, chunk in chunks
        if chunk.has_dictionary_page
        and chunk.physical_type == "BYTE_ARRAY"
        and file.schema.column(place).max_repetition_level > 0
    )
    return list(dict.fromkeys(paths))


def _rows_at_once(leaves: Sequence[_Leaf], rows: int) -> int:
    row = sum(leaf.chunk.total_uncompressed_size for leaf in leaves) // max(1, rows)
    entries = sum(leaf.entry for leaf in leaves)
    longest = max((leaf.pages.dictionary for leaf in leaves), default=0)
    return max(1, min(_ROWS, _BATCH // max(1, row), _LIKELY // max(1, entries), _WORST // max(1, longest)))
