"""As much of pyarrow as is used here, with types: pyarrow itself has none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol, Self, cast

from ..errors import ConfigError

__all__ = [
    "Array",
    "Arrow",
    "Batch",
    "BatchReader",
    "Chunk",
    "DataType",
    "Field",
    "Parquet",
    "ParquetFile",
    "ParquetWriter",
    "RowGroup",
    "Schema",
    "arrow",
]


class DataType(Protocol):
    """The type of a column; `str()` of it is such as `timestamp[us, tz=UTC]`."""


class Field(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> DataType: ...


class Schema(Protocol):
    @property
    def names(self) -> Sequence[str]: ...
    def __iter__(self) -> Iterator[Field]: ...


class Array(Protocol):
    @property
    def type(self) -> DataType: ...
    def __len__(self) -> int: ...
    def slice(self, offset: int, length: int) -> Array: ...
    @property
    def nbytes(self) -> int: ...
    def __iter__(self) -> Iterator[object]: ...
    def to_pylist(self) -> list[object]: ...
    def cast(self, target_type: DataType, safe: bool) -> Array: ...  # noqa: FBT001 - as it is there


class Batch(Protocol):
    """A `pyarrow.RecordBatch` or a `pyarrow.Table`."""

    @property
    def nbytes(self) -> int: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def columns(self) -> Sequence[Array]: ...
    def column(self, at: int, /) -> Array: ...
    def select(self, at: Sequence[int], /) -> Self: ...
    def append_column(self, field: Field, array: Array, /) -> Self: ...


class Chunk(Protocol):
    """A column in one row group."""

    @property
    def path_in_schema(self) -> str: ...
    @property
    def physical_type(self) -> str: ...
    @property
    def num_values(self) -> int: ...
    @property
    def has_dictionary_page(self) -> bool: ...
    @property
    def dictionary_page_offset(self) -> int | None: ...
    @property
    def data_page_offset(self) -> int: ...
    @property
    def total_compressed_size(self) -> int: ...
    @property
    def total_uncompressed_size(self) -> int: ...


class RowGroup(Protocol):
    @property
    def num_rows(self) -> int: ...
    @property
    def num_columns(self) -> int: ...
    def column(self, at: int, /) -> Chunk: ...


class Metadata(Protocol):
    @property
    def num_rows(self) -> int: ...
    @property
    def num_row_groups(self) -> int: ...
    def row_group(self, at: int, /) -> RowGroup: ...


class _Leaf(Protocol):
    @property
    def max_repetition_level(self) -> int: ...


class _ParquetSchema(Protocol):
    def column(self, at: int, /) -> _Leaf: ...


class ParquetFile(Protocol):
    @property
    def schema(self) -> _ParquetSchema: ...
    @property
    def schema_arrow(self) -> Schema: ...
    @property
    def metadata(self) -> Metadata: ...
    def iter_batches(
        self, batch_size: int, row_groups: Sequence[int], columns: Sequence[str] | None
    ) -> Iterator[Batch]: ...
    def close(self) -> None: ...


class ParquetWriter(Protocol):
    def write_table(self, table: Batch) -> None: ...
    def close(self) -> None: ...


class BatchReader(Protocol):
    def read_next_batch(self) -> Batch: ...


class _BatchWriter(Protocol):
    def write_batch(self, batch: Batch) -> None: ...
    def close(self) -> None: ...


class Ipc(Protocol):
    """The module `pyarrow.ipc`: batches as they are in memory, written one after another."""

    def IpcWriteOptions(self, *, compression: str) -> object: ...  # noqa: N802 - as it is there
    def new_stream(self, sink: IO[bytes], schema: Schema, *, options: object) -> _BatchWriter: ...
    def open_stream(self, source: IO[bytes]) -> BatchReader: ...


class _RecordBatches(Protocol):
    def from_arrays(self, arrays: Sequence[Array], *, schema: Schema) -> Batch: ...


class _Tables(Protocol):
    def from_batches(self, batches: Sequence[Batch], *, schema: Schema) -> Batch: ...


class Arrow(Protocol):
    """The module `pyarrow`."""

    ArrowException: type[Exception]
    ipc: Ipc
    RecordBatch: _RecordBatches
    Table: _Tables

    def array(self, values: Sequence[object], *, type: DataType) -> Array: ...  # noqa: A002 - as it is there
    def field(self, name: str, type: DataType) -> Field: ...  # noqa: A002 - as it is there
    def schema(self, fields: Sequence[Field]) -> Schema: ...
    def type_for_alias(self, name: str) -> DataType: ...
    def timestamp(self, unit: str, tz: str | None = None) -> DataType: ...


class Parquet(Protocol):
    """The module `pyarrow.parquet`."""

    def ParquetFile(  # noqa: N802 - as it is there
        self, source: Path, *, buffer_size: int, coerce_int96_timestamp_unit: str, read_dictionary: Sequence[str]
    ) -> ParquetFile: ...
    def ParquetWriter(self, where: Path, schema: Schema, *, compression: str) -> ParquetWriter: ...  # noqa: N802


def arrow() -> tuple[Arrow, Parquet]:
    """pyarrow, imported when it is needed.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        modules = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError("Parquet needs an extra: pip install 'etelecom-async[parquet]'.") from None
    return cast("tuple[Arrow, Parquet]", modules)
