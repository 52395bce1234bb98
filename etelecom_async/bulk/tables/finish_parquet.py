"""A finished journal as a Parquet file, in constant memory."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from ...errors import ConfigError
from .arrow import Array, Arrow, DataType, arrow
from .atomic import replacing
from .input import cannot_read, open_file
from .values import json_encoder

__all__ = ["to_parquet"]

_ROWS = 16 * 1024
_UTC = "timestamp[us, tz=UTC]"
_OWN = {"row": "int64", "granted": "bool", "error": "int64", "expired_time": _UTC, "checked_at": _UTC}
_TIMESTAMP = re.compile(r"timestamp\[(?:s|ms|us|ns)(?:, tz=(.+))?\]")
_EASY = re.compile(r"u?int(?:8|16|32|64)|float|double|bool|date32\[day\]|" + _TIMESTAMP.pattern)

Reading: TypeAlias = Callable[[object], object]


def to_parquet(journal: Path, output: Path, *, columns: Sequence[str], types: Mapping[str, str] | None = None) -> None:
    """Write a Parquet file with the rows of a finished NDJSON journal, in its order. Atomic.

    `row` and `error` are int64, `granted` is bool, `expired_time` and `checked_at` are timestamps in UTC; all else is
    text, lists and objects as JSON. Keys of the journal that are no columns are left out.

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
    kinds = {name: _type_of(name, types or {}) for name in columns}
    schema = pyarrow.schema([pyarrow.field(name, _arrow_type(pyarrow, kind)) for name, kind in kinds.items()])
    readings = [(field.name, field.type, _reading(kinds[field.name])) for field in schema]
    try:
        with (
            open_file(journal) as file,
            replacing(output) as place,
            contextlib.closing(parquet.ParquetWriter(place, schema, compression="zstd")) as writer,
        ):
            for records in _batches(file, name=str(journal)):
                arrays = [
                    _column(pyarrow, name, kind, read, (record.get(name) for record in records))
                    for name, kind, read in readings
                ]
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


def _type_of(name: str, types: Mapping[str, str]) -> str:
    if name in _OWN:
        return _OWN[name]
    kind = types.get(name, "")
    # Python's times, through which they came, are no finer than microseconds.
    return kind.replace("[ns", "[us") if _EASY.fullmatch(kind) else "string"


def _arrow_type(pyarrow: Arrow, kind: str) -> DataType:
    zone = _TIMESTAMP.fullmatch(kind)
    return pyarrow.timestamp("us", zone[1]) if zone else pyarrow.type_for_alias(kind)


def _reading(kind: str) -> Reading:
    """A function from a JSON value to what Arrow takes for a column of this type."""
    if kind == "string":
        return _as_string()
    if kind.startswith("date"):
        return lambda value: value and date.fromisoformat(str(value))
    if zone := _TIMESTAMP.fullmatch(kind):
        return _as_moment if zone[1] else lambda value: datetime.fromisoformat(str(value)) if value else None
    return lambda value: value


def _as_moment(value: object) -> object:
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_string() -> Reading:
    encode = json_encoder()
    return lambda value: value if value is None or isinstance(value, str) else encode(value)


def _column(pyarrow: Arrow, name: str, kind: DataType, read: Reading, values: Iterable[object]) -> Array:
    try:
        return pyarrow.array([read(value) for value in values], type=kind)
    except (ValueError, TypeError, OverflowError, pyarrow.ArrowException):
        raise ConfigError(f"Column {name!r} of the journal holds something else than {kind}: look at it.") from None
