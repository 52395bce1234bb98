"""Parquet files, read as Python values."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from ..errors import ConfigError
from .arrow import Array, DataType, ParquetFile, arrow
from .arrow_values import values_of
from .base import Row, unique_names
from .input import cannot_read, open_file
from .parquet_batches import ParquetBatches, lists_with_dictionary
from .reading import DETECT_ALL

__all__ = ["ParquetSource"]

# With a buffer, pyarrow reads the pages of a column as they are needed; without one, a whole row group at once.
_BUFFER = 64 * 1024


class ParquetSource:
    """The rows of a Parquet file, with Python values: `int`, `datetime`, `Decimal`, `list`, ...

    Times are cut to microseconds, the finest that Python has. Years outside Python's range become text in ISO 8601, and
    text that is not UTF-8 becomes bytes.

    Attributes:
        columns: the headings, each once.
        types: the Arrow type of each column by its heading, such as `timestamp[us, tz=UTC]`.
        length: how many rows there are.
        description: such as `Parquet, 1,000,000 rows`.

    Raises:
        ConfigError: the file cannot be read, is not Parquet, or the extra is missing.
    """

    kind = "parquet"
    dialect = None
    reading = DETECT_ALL

    def __init__(self, path: Path) -> None:
        self._path = path
        self._arrow, self._parquet = arrow()
        with self._open() as file:
            fields = list(file.schema_arrow)
            self.columns = unique_names(field.name for field in fields)
            self.types = {name: str(field.type) for name, field in zip(self.columns, fields, strict=True)}
            self.length = file.metadata.num_rows
            self._as_dictionary = lists_with_dictionary(file)
            self.description = f"Parquet, {self.length:,} {'row' if self.length == 1 else 'rows'}"
        if not self.columns:
            raise ConfigError(f"{path} has no columns: it needs one with phones.")

    def rows(self) -> Iterator[Row]:
        number = 0
        types = tuple(self.types.values())
        with self._open(self._as_dictionary) as file, open_file(self._path) as raw:
            batches = iter(ParquetBatches(self._arrow, file, raw, name=str(self._path)))
            while True:
                try:
                    batch = next(batches, None)
                    if batch is None:
                        return
                    columns = [self._values(*column) for column in zip(batch, types, strict=True)]
                except (self._arrow.ArrowException, OSError) as error:
                    raise ConfigError(f"{self._path} cannot be read after row {number:,}: {_first(error)}.") from None
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield Row(number, cells)

    def first_rows(self) -> Iterator[Row]:
        return self.rows()

    def as_table(self, *, is_read_once: bool) -> ParquetSource:
        del is_read_once
        return self

    def _values(self, column: Array, type_name: str) -> list[object]:
        if "[ns" in type_name and type_name.startswith(("timestamp[", "time64[", "duration[")):
            name, _, zone = type_name.replace("[ns", "[us").rstrip("]").partition(", tz=")
            kind: DataType = self._arrow.timestamp("us", zone) if zone else self._arrow.type_for_alias(f"{name}]")
            column = column.cast(kind, safe=False)
        return values_of(column)

    @contextlib.contextmanager
    def _open(self, as_dictionary: Sequence[str] = ()) -> Generator[ParquetFile]:
        open_file(self._path).close()  # raises the ConfigErrors of a file that is missing or cannot be read
        try:
            file = self._parquet.ParquetFile(
                self._path,
                buffer_size=_BUFFER,
                coerce_int96_timestamp_unit="us",
                read_dictionary=as_dictionary,
            )
        except self._arrow.ArrowException:
            raise ConfigError(f"{self._path} is not a Parquet file, or is incomplete: save it again.") from None
        except OSError as error:
            raise cannot_read(str(self._path), error) from None
        try:
            yield file
        finally:
            file.close()


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
