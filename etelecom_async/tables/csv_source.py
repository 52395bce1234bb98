"""CSV from any spreadsheet, in any of the encodings and delimiters used in Vietnam."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import BinaryIO, TextIO

from ..errors import ConfigError
from .base import Row, unique_names
from .bounds import MAX_CELL, MAX_COLUMNS, MAX_RECORD, csv_reader, too_many_columns
from .detection import detect
from .dialect import Dialect, declared_delimiter, likely_delimiter
from .header import find_start
from .input import Input, cannot_read
from .lines import Lines, RecordTooLongError
from .reading import DETECT_ALL, Reading

__all__ = ["CsvSource"]

_SAMPLE = 200
_EXCERPT = 50
_SAMPLED_LINES = 2000
_KEPT = 1000


class CsvSource:
    """The rows of a CSV file.

    Without a header the columns are `column1`, `column2`, ... Lines without text are skipped. Missing fields are empty;
    surplus ones are a problem unless they are empty. NULs are left out.

    `reading` says how the file is read: as the user says, and as detected otherwise. `description` is such as
    `CSV, delimiter ';', UTF-16, certain, header in line 1`. A record with the name `column` is the header.

    Raises:
        Undecided: it can be read in several ways.
        ConfigError: it has no text or too many columns, or its first record cannot be read.
    """

    kind = "csv"
    types: Mapping[str, str] = MappingProxyType({})
    length = None

    def __init__(self, source: Input, *, reading: Reading = DETECT_ALL, column: str | None = None) -> None:
        reading.refuse_others("encoding", "header", "skip_rows", "delimiter", what=f"{source.name}, a CSV file,")
        self._input = source
        detected = detect(source, said=reading.encoding)
        self._encoding = detected.encoding
        sample = self._sample()
        declared = declared_delimiter(sample[0]) if sample else None
        self._declares = declared is not None
        skipped = max(reading.skip_rows or 0, int(self._declares))
        delimiter = reading.delimiter or declared or likely_delimiter([*sample[skipped:], *self._excerpts()])
        self.dialect = Dialect(delimiter=delimiter, has_bom=self._encoding.is_marked)
        self._skipped = skipped
        records = self._first_records()
        if not records and sample and reading.skip_rows:
            raise ConfigError(f"{source.name} has no row after its first {skipped} lines: give a smaller --skip-rows.")
        if not records:
            raise ConfigError(f"{source.name} is empty: it needs a header and one row for each phone.")
        # Lines from the middle of a file may be parts of a record, not whole ones.
        further = [cells for cells in csv_reader(self._excerpts(), delimiter=delimiter) if cells]
        start = find_start(records, name=source.name, reading=reading, further=further, column=column)
        self.reading = Reading(
            encoding=self._encoding.key,
            header=start.header,
            skip_rows=start.skip_rows,
            delimiter=delimiter,
        )
        self._skipped = max(start.skip_rows, skipped)
        line, first = next((line, cells) for line, cells in records if line >= self._skipped)
        if len(first) > MAX_COLUMNS:
            raise too_many_columns(source.name, len(first))
        self.columns = unique_names(first if start.header else [""] * len(first))
        shown = "tab" if delimiter == "\t" else repr(delimiter)
        header = f"header in line {line + 1:,}" if start.header else "no header"
        self.description = f"CSV, delimiter {shown}, {detected.description}, {header}"

    def rows(self) -> Iterator[Row]:
        return self._rows(self._input.open, is_whole=True)

    def first_rows(self) -> Iterator[Row]:
        return self._rows(self._input.look, is_whole=self._input.is_seen_whole)

    def _rows(self, opened: Callable[[], BinaryIO], *, is_whole: bool) -> Iterator[Row]:
        width = len(self.columns)
        with self._encoding.open(opened(), newline="") as text:
            records = self._records(text, is_whole=is_whole)
            if self.reading.header:
                next(records, None)
            for number, (_, cells, problem) in enumerate(records, 1):
                if len(cells) == width:
                    yield Row(number, tuple(cells), problem)
                elif len(cells) < width:
                    yield Row(number, (*cells, *[""] * (width - len(cells))), problem)
                else:
                    yield Row(number, tuple(cells[:width]), problem or self._surplus(cells))

    def as_table(self, *, is_read_once: bool) -> CsvSource:
        del is_read_once
        return self

    def _surplus(self, cells: list[str]) -> str:
        # Spreadsheets fill rows with delimiters up to the width of the widest.
        if not any(cells[len(self.columns) :]):
            return ""
        measure = "header" if self.reading.header else "first row"
        return f"the row has {len(cells)} fields where the {measure} has {len(self.columns)}"

    def _sample(self) -> list[str]:
        """The first lines, to detect the delimiter; without the last one of a stream, which may be cut."""
        with self._encoding.open(self._input.look(), newline="") as text:
            lines = Lines(text, convert=self._encoding.convert)
            sample: list[str] = []
            size = 0
            for line in lines:
                lines.size = 0
                sample.append(line)
                size += len(line)
                if len(sample) == _SAMPLED_LINES or size >= MAX_RECORD:
                    break
            if len(sample) > 1 and lines.is_ended and not self._input.is_seen_whole and not _is_ended(sample[-1]):
                sample.pop()
        return sample

    def _excerpts(self) -> list[str]:
        """Whole lines from the middle and the end of a long file."""
        found: list[str] = []
        if self._encoding.is_marked and self._encoding.key != "utf-8":
            return found  # in the middle, the start of a letter of several bytes is unknown
        for piece in self._input.excerpts():
            text = self._encoding.decode(piece).replace("\0", "")
            found += [line + "\n" for line in text.splitlines()[1:-1][:_EXCERPT]]
        return found

    def _first_records(self) -> list[tuple[int, list[str]]]:
        """The first records, to detect the header; of a stream only whole ones."""
        is_whole = self._input.is_seen_whole
        with self._encoding.open(self._input.look(), newline="") as text:
            found = list(islice(self._records(text, is_whole=is_whole), _SAMPLE))
        if not found and not is_whole:
            raise ConfigError(
                f"The first record of {self._input.name} is longer than the start that is read of a stream: save it"
                " as a file and name that."
            )
        if found and found[0][2]:
            raise ConfigError(f"{self._input.name}, line {found[0][0] + 1}: {found[0][2]}.")
        # A title is not wider than the header below it.
        if found and (width := len(found[0][1])) > MAX_COLUMNS:
            raise too_many_columns(self._input.name, width)
        return [(line, cells[: MAX_COLUMNS + 1]) for line, cells, _ in found]

    def _records(self, text: TextIO, *, is_whole: bool) -> Iterator[tuple[int, list[str], str]]:
        """Every record with text: the lines before it, its fields, and why it cannot be used.

        Of a text that is not whole, without the last record if that is cut.
        """
        lines = Lines(text, convert=self._encoding.convert)
        stream = iter(lines)
        before = 0
        try:
            for _ in range(self._skipped):
                lines.size = 0
                next(stream, None)
            lines.size = 0
            lines.is_cut = False
            # Not strict: a stray quote within a field is common, and refuses no file.
            reader = csv_reader(stream, delimiter=self.dialect.delimiter)
            for cells in reader:
                if lines.is_ended and is_whole:
                    raise self._unreadable(before, "a quote is opened and never closed")
                if not is_whole and (lines.is_ended or not _is_ended(lines.last)):
                    return
                if cells and (cells[0].strip() or "".join(cells).strip()):
                    problem = ""
                    if lines.size > MAX_CELL and (problem := _too_long(cells, is_cut=lines.is_cut)):
                        cells = [cell[:_KEPT] for cell in cells]  # noqa: PLW2901 - the start identifies it
                    yield self._skipped + before, cells, problem
                before = reader.line_num
                lines.size = 0
                lines.is_cut = False
        except (csv.Error, RecordTooLongError):
            what = f"a record is longer than {MAX_RECORD:,} characters, mostly because a quote is never closed"
            raise self._unreadable(before, what) from None
        except UnicodeDecodeError:
            what = f"this is not {self._encoding.name}; name another --encoding, or"
            raise self._unreadable(before, what) from None
        except OSError as error:
            raise cannot_read(self._input.name, error) from None

    def _unreadable(self, lines_before: int, what: object) -> ConfigError:
        line = lines_before + self._skipped + 1
        return ConfigError(f"{self._input.name}, line {line}: {what}; fix that line.")


def _is_ended(line: str) -> bool:
    return line.endswith(("\r", "\n"))


def _too_long(cells: list[str], *, is_cut: bool) -> str:
    if is_cut:
        return f"the row is longer than {MAX_RECORD:,} characters"
    longest = max(map(len, cells))
    return f"a cell has {longest:,} characters, more than the limit of {MAX_CELL:,}" if longest > MAX_CELL else ""
