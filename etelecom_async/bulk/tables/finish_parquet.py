"""A finished journal as a Parquet file, in constant memory."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from ...errors import ConfigError
from .arrow import arrow
from .atomic import replacing
from .input import cannot_read, open_file
from .typed import typed_columns

__all__ = ["to_parquet"]

_ROWS = 16 * 1024


def to_parquet(journal: Path, output: Path, *, columns: Sequence[str], types: Mapping[str, str] | None = None) -> None:
    """Write a Parquet file with the rows of a finished NDJSON journal, in its order. Atomic.

    The columns have the types of `typed_columns`. Keys of the journal that are no columns are left out.

    Args:
        journal: a finished one, whose every line is whole.
        output: a file that is there is replaced.
        columns: those of the journal; of several with one name the last is written, as there.
        types: Arrow types of the input's columns (`ParquetSource.types`). Numbers, booleans, dates and timestamps are
            kept; other columns are text.

    Raises:
        ConfigError: the journal is missing or damaged, a value is not of its column's type, the output cannot be
            written, or the extra is missing.
    """
    pyarrow, parquet = arrow()
    typed = typed_columns(pyarrow, columns, types=types)
    schema = pyarrow.schema([column.field for column in typed])
    try:
        with (
            open_file(journal) as file,
            replacing(output) as draft,
            contextlib.closing(parquet.ParquetWriter(draft.path, schema, compression="zstd")) as writer,
        ):
            for records in _batches(file, name=str(journal)):
                arrays = [column.array(record.get(column.field.name) for record in records) for column in typed]
                writer.write_batch(pyarrow.RecordBatch.from_arrays(arrays, schema=schema))
    except OSError as error:
        raise ConfigError(f"Cannot write {output}: {error.strerror or error}.") from None


def _batches(file: BinaryIO, *, name: str) -> Iterator[list[dict[str, object]]]:
    decode = json.JSONDecoder().decode
    line = 0
    lines = iter(file)
    try:
        while batch := list(islice(lines, _ROWS)):
            records: list[dict[str, object]] = []
            for text in batch:
                line += 1
                records.append(cast("dict[str, object]", decode(text.decode())))
            yield records
    except ValueError:
        raise ConfigError(f"{name}, line {line}: the record is damaged; finish the job with --resume first.") from None
    except OSError as error:
        raise cannot_read(name, error) from None
