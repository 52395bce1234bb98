"""Tables: rows from CSV, Excel, NDJSON and Parquet, and journals, which are the outputs of jobs."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ..errors import ConfigError
from .base import Row, Source
from .csv_source import CsvSource
from .dialect import Dialect
from .finish_parquet import FinishGivenUp, to_parquet
from .folder import FolderSource, files_of
from .input import FileInput, Input, StreamInput, open_file
from .journal import Journal, Layout, answered_rows, own_column, without
from .journal_csv import CsvLayout
from .journal_ndjson import NdjsonLayout
from .ndjson import NdjsonSource
from .other_formats import refuse_other_formats
from .own_file import OwnFile
from .parquet import ParquetSource
from .phone_column import find_phone_column, named_column
from .reading import DETECT_ALL, Reading, Undecided
from .workbook import WorkbookSource
from .workbook_bounds import WORKBOOK_MAGIC

__all__ = [
    "CsvLayout",
    "CsvSource",
    "Dialect",
    "FinishGivenUp",
    "Journal",
    "Layout",
    "NdjsonLayout",
    "NdjsonSource",
    "OwnFile",
    "ParquetSource",
    "Reading",
    "Row",
    "Source",
    "Undecided",
    "WorkbookSource",
    "answered_rows",
    "files_of",
    "find_phone_column",
    "journal_of",
    "kind_of",
    "named_column",
    "open_source",
    "own_column",
    "to_parquet",
    "without",
]

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PACKED = ".gz"
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls"})
_OTHER_WORKBOOKS = frozenset({".xlsb", ".ods", ".numbers"})
_BYTES_BEFORE_TEXT = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"


def kind_of(path: Path) -> str:
    """The kind of table for an output's suffix: `csv`, `ndjson` or `parquet`.

    Raises:
        ConfigError: the suffix is missing, unknown, or that of a kind that is not written.
    """
    suffix = path.suffix.lower()
    if suffix == _PACKED:
        raise ConfigError(f"{path} would be compressed, but a job appends to its output: leave {_PACKED} out.")
    if suffix in _WORKBOOKS | _OTHER_WORKBOOKS:
        raise ConfigError(f"{path} is a workbook, which cannot be written: name a .csv file, which Excel opens.")
    if suffix not in _SUFFIXES:
        raise ConfigError(f"{path} has no suffix of a known kind: save it as one of {', '.join(_SUFFIXES)}.")
    return _SUFFIXES[suffix]


def journal_of(output: Path) -> Path:
    """The file that an output is written to first: itself; for Parquet, an NDJSON file beside it."""
    is_parquet = _SUFFIXES.get(output.suffix.lower()) == "parquet"
    return output.with_name(output.name + ".ndjson") if is_parquet else output


def _kind_to_read(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _OTHER_WORKBOOKS:
        raise ConfigError(f"{path} is a workbook that cannot be read here: save it as .xlsx or CSV.")
    return "excel" if suffix in _WORKBOOKS else kind_of(path)


def open_source(
    path_or_stdin: Path | BinaryIO,
    *,
    kind: str | None = None,
    reading: Reading = DETECT_ALL,
    column: str | None = None,
    size: int | None = None,
) -> Source:
    """Open a table, and read its beginning.

    Args:
        path_or_stdin: a file, a folder of files, or a blocking binary stream. A stream need not be able to seek, and is
            not closed.
        kind: `csv`, `ndjson`, `parquet` or `excel`. If None, it follows from the suffix; for a stream, and a pipe
            without a suffix, from the first bytes: a workbook; NDJSON if the first character is `{`; else CSV.
            Gzip is decompressed while reading, from files and streams.
        reading: how to read it; what is not given is detected from the content.
        column: the name of a column, if the user gives one: a first record that has it is the header.
        size: the bytes of a text file that are read; None for all.

    Raises:
        Undecided: the content does not show how to read it. The message names the option to give.
        ConfigError: it cannot be read, or is not a table. The message says what to do.
    """
    if isinstance(path_or_stdin, Path):
        return _open_path(path_or_stdin, kind, reading, column, size=size)
    return _open_input(StreamInput(path_or_stdin, name="standard input"), kind, reading, column)


def _open_path(
    path: Path, kind: str | None, reading: Reading, column: str | None, *, size: int | None = None
) -> Source:
    # A named pipe, such as /dev/stdin or the shell's <(...), can be read only once.
    if path.exists() and not path.is_file() and not path.is_dir():
        stream = StreamInput(open_file(path), name=str(path), is_ours=True)
        return _open_input(stream, kind or _SUFFIXES.get(_unpacked_name(path).suffix.lower()), reading, column)
    if path.is_dir():
        return FolderSource(path, lambda file, reading: _open_path(file, kind, reading, column), reading=reading)
    kind = kind or _kind_to_read(_unpacked_name(path))
    if kind == "parquet":
        reading.refuse_others(what=f"{path}, a Parquet file,")
        return ParquetSource(path)
    return _open_input(FileInput(path, size=size), kind, reading, column)


def _unpacked_name(path: Path) -> Path:
    """`phones.csv` for `phones.csv.gz`. Whether it is compressed is detected from its bytes, not from its name."""
    return path.with_suffix("") if path.suffix.lower() == _PACKED and path.stem.strip(".") else path


def _open_input(source: Input, kind: str | None, reading: Reading, column: str | None) -> Source:
    if kind is None:
        is_object = source.head.lstrip(_BYTES_BEFORE_TEXT).startswith(b"{")
        kind = "excel" if source.head.startswith(WORKBOOK_MAGIC) else "ndjson" if is_object else "csv"
    if kind not in {"parquet", "excel"}:
        refuse_other_formats(source.head, name=source.name, kind=kind)
    match kind:
        case "csv":
            return CsvSource(source, reading=reading, column=column)
        case "ndjson":
            return NdjsonSource(source, reading=reading)
        case "excel":
            return WorkbookSource(source, reading=reading, column=column)
        case "parquet":
            raise ConfigError(f"Parquet cannot be read from {source.name}: save it as a file and name that.")
        case _:
            raise ConfigError(f"There is no kind of table named {kind!r}: it is csv, ndjson, parquet or excel.")
