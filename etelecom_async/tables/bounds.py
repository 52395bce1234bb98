"""The limits of a row, so that a file of any content is read in bounded memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Protocol

from ..errors import ConfigError

__all__ = ["MAX_CELL", "MAX_COLUMNS", "MAX_FIELD", "MAX_RECORD", "csv_reader", "too_many_columns"]

MAX_CELL = 1024 * 1024
"""Characters of one cell."""

MAX_RECORD = 4 * 1024 * 1024
"""Characters of one record of a CSV file, or of one line of NDJSON."""

MAX_COLUMNS = 16_384
"""Columns of a table: as many as an Excel sheet has."""

MAX_FIELD = 8 * MAX_CELL
"""Characters of one field of an output, which can be longer than the cell that it was read from."""


class CsvReader(Iterator[list[str]], Protocol):
    """What `csv.reader` returns: the records, and how many lines were read so far."""

    @property
    def line_num(self) -> int: ...


def csv_reader(lines: Iterable[str], *, delimiter: str, strict: bool = False) -> CsvReader:
    """`csv.reader` for fields of up to `MAX_FIELD` characters; Python's default limit is 131,072.

    The limit is global to the process, and Python offers no other way to raise it. It is never lowered.
    """
    if csv.field_size_limit() < MAX_FIELD:
        csv.field_size_limit(MAX_FIELD)
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def too_many_columns(name: str, count: int) -> ConfigError:
    return ConfigError(
        f"{name} has {count:,} columns, more than the limit of {MAX_COLUMNS:,}: leave out those that are not needed."
    )
