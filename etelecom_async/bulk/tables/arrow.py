"""As much of pyarrow as is used here, with types: pyarrow itself has none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self, cast

from ...errors import ConfigError

__all__ = ["Array", "Arrow", "Batch", "DataType", "Field", "Parquet", "ParquetFile", "ParquetWriter", "Schema", "arrow"]


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
    def to_pylist(self) -> list[object]: ...
    def cast(self, target_type: DataType, safe: bool) -> Array: ...  # noqa: FBT001 - as it is there


class Batch(Protocol):
    """A `pyarrow.RecordBatch` or a `pyarrow.Table`."""

    @property
    def schema(self) -> Schema: ...
    @property
    def columns(self) -> Sequence[Array]: ...
    def column(self, at: int, /) -> Array: ...
    def select(self, at: Sequence[int], /) -> Self: ...
    def append_column(self, field: Field, array: Array, /) -> Self: ...


class Metadata(Protocol):
    @property
    def num_rows(self) -> int: ...


class ParquetFile(Protocol):
    @property
    def schema_arrow(self) -> Schema: ...
    @property
    def metadata(self) -> Metadata: ...
    def iter_batches(self, batch_size: int) -> Iterator[Batch]: ...
    def close(self) -> None: ...


class ParquetWriter(Protocol):
    def write_batch(self, batch: Batch) -> None: ...
    def close(self) -> None: ...


class _RecordBatches(Protocol):
    def from_arrays(self, arrays: Sequence[Array], *, schema: Schema) -> Batch: ...


class Arrow(Protocol):
    """The module `pyarrow`."""

    ArrowException: type[Exception]
    RecordBatch: _RecordBatches

    def array(self, values: Sequence[object], *, type: DataType) -> Array: ...  # noqa: A002 - as it is there
    def field(self, name: str, type: DataType) -> Field: ...  # noqa: A002 - as it is there
    def schema(self, fields: Sequence[Field]) -> Schema: ...
    def type_for_alias(self, name: str) -> DataType: ...
    def timestamp(self, unit: str, tz: str | None = None) -> DataType: ...


class Parquet(Protocol):
    """The module `pyarrow.parquet`."""

    def ParquetFile(  # noqa: N802 - as it is there
        self, source: Path, *, buffer_size: int, coerce_int96_timestamp_unit: str
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
