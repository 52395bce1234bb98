"""CSV as people have it: from any spreadsheet, in any of the encodings and delimiters used in Vietnam."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from ...errors import ConfigError
from ...phone import is_phone
from .base import Row, unique_names
from .dialect import Dialect, declared_delimiter, likely_delimiter
from .encoding import detect
from .input import HEAD, Input, cannot_read
from .reading import JUDGED, Reading

__all__ = ["SheetSource"]

_SAMPLE = 64 * 1024


class SheetSource:
    """The rows of a CSV file.

    A first record with a phone number in it is data: the columns are then `column1`, `column2`, ... Lines without any
    text are no rows. Too few fields are filled up with empty ones; too many are a problem, unless they are empty.

    Attributes:
        columns: the headings, each once.
        dialect: how a file should be written that belongs beside this one.
        description: such as `CSV, delimiter ';', UTF-16`.

    Raises:
        ConfigError: there is no text in it, or its first record cannot be read.
    """

    kind = "csv"
    types: Mapping[str, str] = MappingProxyType({})
    length = None

    def __init__(self, source: Input, *, reading: Reading = JUDGED) -> None:
        self._input = source
        self.reading = reading
        self._encoding = detect(source.head)
        sample = self._encoding.decode(source.head[:_SAMPLE])
        declared = declared_delimiter(sample)
        self._skipped = 0 if declared is None else 1
        delimiter = declared or likely_delimiter(sample, is_whole=len(source.head) <= _SAMPLE)
        self.dialect = Dialect(delimiter=delimiter, has_bom=self._encoding.is_marked)
        with self._encoding.open(io.BytesIO(source.head), newline="") as head:
            first = next(self._records(head, is_whole=len(source.head) < HEAD), None)
        if first is None:
            raise ConfigError(f"{source.name} is empty: it needs a header and one row for each phone.")
        self._has_header = not any(is_phone(cell) for cell in first)
        self.columns = unique_names(first if self._has_header else [""] * len(first))
        shown = "tab" if delimiter == "\t" else repr(delimiter)
        header = "" if self._has_header else ", no header"
        self.description = f"CSV, delimiter {shown}, {self._encoding.name}{header}"

    def rows(self) -> Iterator[Row]:
        width = len(self.columns)
        with self._encoding.open(self._input.open(), newline="") as text:
            records = self._records(text, is_whole=True)
            if self._has_header:
                next(records, None)
            for number, cells in enumerate(records, 1):
                if len(cells) == width:
                    yield Row(number, tuple(cells))
                elif len(cells) < width:
                    yield Row(number, (*cells, *[""] * (width - len(cells))))
                else:
                    yield Row(number, tuple(cells[:width]), self._surplus(cells))

    def as_table(self, *, is_read_once: bool) -> SheetSource:
        """It is one."""
        del is_read_once
        return self

    def _surplus(self, cells: list[str]) -> str:
        # Spreadsheets end rows with delimiters as far as their widest row goes.
        if not any(cells[len(self.columns) :]):
            return ""
        measure = "header" if self._has_header else "first row"
        return f"the row has {len(cells)} fields where the {measure} has {len(self.columns)}"

    def _records(self, text: Iterable[str], *, is_whole: bool) -> Iterator[list[str]]:
        """The fields of every record that has any text."""
        end = _End()
        lines = chain(self._encoding.lines(text), end)
        for _ in range(self._skipped):
            next(lines, None)
        # Not strict: a stray quote inside a field is common, and no reason to refuse a million rows.
        reader = csv.reader(lines, delimiter=self.dialect.delimiter)
        line = 0
        try:
            for cells in reader:
                if end.is_reached and is_whole:
                    raise self._unreadable(line, "a quote is opened and never closed")
                line = reader.line_num
                if cells and (cells[0].strip() or "".join(cells).strip()):
                    yield cells
        except csv.Error as error:
            what = "a field is too long, mostly because a quote is never closed" if "limit" in str(error) else error
            raise self._unreadable(line, what) from None
        except OSError as error:
            raise cannot_read(self._input.name, error) from None

    def _unreadable(self, lines_before: int, what: object) -> ConfigError:
        line = lines_before + self._skipped + 1
        return ConfigError(f"{self._input.name}, line {line}: {what}; mend that line.")


class _End:
    """Comes after the last line and knows whether it was asked for: while a record is open, that is a line too far."""

    def __init__(self) -> None:
        self.is_reached = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.is_reached = True
        raise StopIteration
