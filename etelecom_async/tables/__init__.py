"""The tables of a bulk job: rows from CSV, Excel, NDJSON and Parquet, and a journal that is the output."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ..errors import ConfigError
from .base import Row, Source
from .csv_source import CsvSource
from .dialect import Dialect
from .finish_parquet import FinishGivenUp, to_parquet
from .folder import FolderSource, files_of
from .foreign import refuse_foreign
from .input import FileInput, Input, StreamInput, open_file
from .journal import Journal, Layout, answered_rows, own_column, without_failed
from .journal_csv import CsvLayout
from .journal_ndjson import NdjsonLayout
from .ndjson import NdjsonSource
from .own_file import OwnFile
from .parquet import ParquetSource
from .phone_column import find_phone_column, named_column
from .reading import JUDGED, Reading, Undecided
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
    "without_failed",
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
    """The kind of table that an output's suffix says: `csv`, `ndjson` or `parquet`.

    Raises:
        ConfigError: the suffix says nothing, or says what is not written here.
    """
    if path.suffix.lower() == _PACKED:
        raise ConfigError(f"{path} would be packed, and a job appends to it as it goes: leave {_PACKED} out.")
    kind = _SUFFIXES.get(path.suffix.lower())
    if path.suffix.lower() in _WORKBOOKS | _OTHER_WORKBOOKS:
        raise ConfigError(f"{path} is a workbook, which is not written here: name a .csv file, which Excel opens.")
    if kind is None:
        known = ", ".join(_SUFFIXES)
        raise ConfigError(f"{path} has no suffix that says what it is: save it as one of {known}.")
    return kind


def journal_of(output: Path) -> Path:
    """The file that an output is written to first: itself, but for Parquet a file of NDJSON beside it."""
    is_parquet = _SUFFIXES.get(output.suffix.lower()) == "parquet"
    return output.with_name(output.name + ".ndjson") if is_parquet else output


def _kind_to_read(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _OTHER_WORKBOOKS:
        raise ConfigError(f"{path} is a workbook that cannot be read here: save it as .xlsx or CSV.")
    return "excel" if suffix in _WORKBOOKS else kind_of(path)


def open_source(path_or_stdin: Path | BinaryIO, *, kind: str | None = None, reading: Reading = JUDGED) -> Source:
    """A table to read. Its beginning has been read when this returns.

    Args:
        path_or_stdin: a file, a folder of files, or a blocking binary stream, which need not be able to seek and stays
            open.
        kind: `csv`, `ndjson`, `parquet` or `excel`; None tells it from the suffix. What comes from a stream, or from
            a pipe without a suffix, is told by its first bytes: a workbook; NDJSON if its first character is `{`; else
            CSV. What gzip packed is unpacked as it is read, from a file or a stream.
        reading: how it is read, as far as the user says it; the rest is judged by the content.

    Raises:
        Undecided: the content does not tell how it is to be read. The sentence names the option that settles it.
        ConfigError: it cannot be read, or is no table. The sentence says what to do.
    """
    if isinstance(path_or_stdin, Path):
        return _open_path(path_or_stdin, kind, reading)
    return _open_input(StreamInput(path_or_stdin, name="standard input"), kind, reading)


def _open_path(path: Path, kind: str | None, reading: Reading) -> Source:
    # A pipe with a name, such as /dev/stdin or what a shell makes of <(...), gives its bytes only once.
    if path.exists() and not path.is_file() and not path.is_dir():
        stream = StreamInput(open_file(path), name=str(path), is_ours=True)
        return _open_input(stream, kind or _SUFFIXES.get(_unpacked_name(path).suffix.lower()), reading)
    if path.is_dir():
        return FolderSource(path, lambda file, reading: _open_path(file, kind, reading), reading=reading)
    kind = kind or _kind_to_read(_unpacked_name(path))
    if kind == "parquet":
        reading.refuse_others(what=f"{path}, a Parquet file,")
        return ParquetSource(path)
    return _open_input(FileInput(path), kind, reading)


def _unpacked_name(path: Path) -> Path:
    """`phones.csv` for `phones.csv.gz`. What a file is packed by is told from its bytes, not from its name."""
    return path.with_suffix("") if path.suffix.lower() == _PACKED and path.stem.strip(".") else path


def _open_input(source: Input, kind: str | None, reading: Reading) -> Source:
    if kind is None and source.head.startswith(WORKBOOK_MAGIC):
        kind = "excel"
    if kind is None:
        kind = "ndjson" if source.head.lstrip(_BYTES_BEFORE_TEXT).startswith(b"{") else "csv"
    if kind not in {"parquet", "excel"}:
        refuse_foreign(source.head, name=source.name, kind=kind)
    match kind:
        case "csv":
            return CsvSource(source, reading=reading)
        case "ndjson":
            return NdjsonSource(source, reading=reading)
        case "excel":
            return WorkbookSource(source, reading=reading)
        case "parquet":
            raise ConfigError(f"Parquet cannot be read from {source.name}: save it as a file and name that.")
        case _:
            raise ConfigError(f"There is no kind of table named {kind!r}: it is csv, ndjson, parquet or excel.")
