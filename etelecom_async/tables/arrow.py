"""The data types of pyarrow that are used here: pyarrow itself ships no types."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Protocol, Self

from ..errors import ConfigError

__all__ = ["Array", "ArrowBatch", "ArrowField", "Chunk", "DataType", "ParquetFile", "arrow"]


class DataType(Protocol):
    """The type of a column; `str()` of it is such as `timestamp[us, tz=UTC]`."""


class ArrowField(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> DataType: ...


class _Schema(Protocol):
    @property
    def names(self) -> Sequence[str]: ...
    def __iter__(self) -> Iterator[ArrowField]: ...


class Array(Protocol):
    @property
    def type(self) -> DataType: ...
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[object]: ...
    def slice(self, offset: int, length: int) -> Array: ...
    def to_pylist(self) -> list[object]: ...
    def cast(self, target_type: DataType, safe: bool) -> Array: ...  # noqa: FBT001 - pyarrow's own signature


class ArrowBatch(Protocol):
    """A `pyarrow.RecordBatch` or a `pyarrow.Table`."""

    @property
    def nbytes(self) -> int: ...
    @property
    def schema(self) -> _Schema: ...
    @property
    def columns(self) -> Sequence[Array]: ...
    def column(self, at: int, /) -> Array: ...
    def select(self, at: Sequence[int], /) -> Self: ...
    def append_column(self, field: ArrowField, array: Array, /) -> Self: ...


class Chunk(Protocol):
    """A column in one row group."""

    path_in_schema: str
    physical_type: str
    num_values: int
    has_dictionary_page: bool
    dictionary_page_offset: int | None
    data_page_offset: int
    total_compressed_size: int
    total_uncompressed_size: int


class _RowGroup(Protocol):
    num_rows: int
    num_columns: int

    def column(self, at: int, /) -> Chunk: ...


class _Metadata(Protocol):
    num_rows: int
    num_row_groups: int

    def row_group(self, at: int, /) -> _RowGroup: ...


class _ColumnSchema(Protocol):
    max_repetition_level: int


class _ParquetSchema(Protocol):
    def column(self, at: int, /) -> _ColumnSchema: ...


class ParquetFile(Protocol):
    schema: _ParquetSchema
    schema_arrow: _Schema
    metadata: _Metadata

    def iter_batches(
        self, batch_size: int, row_groups: Sequence[int], columns: Sequence[str] | None
    ) -> Iterator[ArrowBatch]: ...
    def close(self) -> None: ...


def arrow() -> tuple[ModuleType, ModuleType]:
    """The modules `pyarrow` and `pyarrow.parquet`, imported when they are needed.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError("Parquet needs an extra: pip install 'etelecom-async[parquet]'.") from None
