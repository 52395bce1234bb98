"""A finished journal as a Parquet file, in constant memory."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import ConfigError
from .arrow import ArrowBatch, arrow
from .atomic import replacing
from .input import cannot_read, open_file
from .typed import DoesNotFit, typed_columns

__all__ = ["FinishGivenUp", "to_parquet"]

_ROWS = 2048
_BYTES = 4 * 1024 * 1024
"""The most that becomes columns at once, which takes about 5 ms, so that other threads do not wait."""
_ROW_GROUP = 16 * 1024 * 1024


class FinishGivenUp(Exception):
    """The finish was cancelled. The journal is unchanged."""


def to_parquet(
    journal: Path,
    output: Path,
    *,
    columns: Sequence[str],
    types: Mapping[str, str] | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> None:
    """Write a Parquet file with the rows of a finished NDJSON journal, in its order. Atomic.

    The columns have the types of `typed_columns`. Keys of the journal that are not columns are left out. A column
    of the input with a value of another type, which can come from an input that changed between two runs, becomes text.

    Args:
        journal: its every line is whole.
        output: an existing file is replaced.
        columns: those of the journal; of several with one name the last is written, as there.
        types: Arrow types of the input's columns (`ParquetSource.types`). Numbers, booleans, dates, timestamps and
            bytes keep their type; other columns become text.
        is_wanted: called after every 2,048 rows or 4 MiB; False cancels.

    Raises:
        FinishGivenUp: it was cancelled. `output` is unchanged.
        ConfigError: the journal is missing or damaged, a value in a column of the job has another type, the output
            cannot be written, or the extra is missing.
    """
    types = dict(types or {})
    while True:
        try:
            _write(journal, output, columns=columns, types=types, is_wanted=is_wanted)
        except DoesNotFit as error:
            if types.pop(error.column, None) is None:
                raise
        else:
            return


def _write(
    journal: Path, output: Path, *, columns: Sequence[str], types: Mapping[str, str], is_wanted: Callable[[], bool]
) -> None:
    pyarrow, parquet = arrow()
    typed = typed_columns(pyarrow, columns, types=types)
    schema = pyarrow.schema([column.field for column in typed])
    try:
        with (
            open_file(journal) as file,
            replacing(output) as draft,
            contextlib.closing(parquet.ParquetWriter(draft.path, schema, compression="zstd")) as writer,
        ):
            group: list[ArrowBatch] = []
            for records in _batches(file, name=str(journal)):
                if not is_wanted():
                    raise FinishGivenUp
                arrays = [column.array(record.get(column.field.name) for record in records) for column in typed]
                group.append(pyarrow.RecordBatch.from_arrays(arrays, schema=schema))
                if sum(batch.nbytes for batch in group) >= _ROW_GROUP:
                    writer.write_table(pyarrow.Table.from_batches(group, schema=schema))
                    group.clear()
            writer.write_table(pyarrow.Table.from_batches(group, schema=schema))
    except OSError as error:
        raise ConfigError(f"Cannot write {output}: {error.strerror or error}.") from None


def _batches(file: BinaryIO, *, name: str) -> Iterator[list[dict[str, object]]]:
    decode = json.JSONDecoder().decode
    line = 0
    records: list[dict[str, object]] = []
    size = 0
    try:
        for text in file:
            line += 1
            records.append(cast("dict[str, object]", decode(text.decode())))
            size += len(text)
            if len(records) == _ROWS or size >= _BYTES:
                yield records
                records, size = [], 0
    except ValueError:
        raise ConfigError(f"{name}, line {line}: the record is damaged; finish the job with --resume first.") from None
    except OSError as error:
        raise cannot_read(name, error) from None
    if records:
        yield records
