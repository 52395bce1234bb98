"""A journal in CSV: UTF-8, lines that end with CR LF, and no text that a spreadsheet would run as a formula."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from ..errors import ConfigError
from .bounds import MAX_FIELD, csv_reader
from .dialect import Dialect
from .input import first_bytes
from .journal import Finished, damaged, own_column
from .values import as_text, utf8

__all__ = ["CsvLayout"]

# The full-width signs too: East Asian spreadsheets treat them like the others.
_SUSPECTS = frozenset("=+-@\t\r＝＋－＠")
_SUSPECT_STARTS = tuple("\n" + suspect for suspect in sorted(_SUSPECTS))
_HARMLESS = re.compile(r"[+-]?[0-9 ().,-]+", re.ASCII)


class CsvLayout:
    """Records as CSV.

    Text that a spreadsheet would run as a formula gets an apostrophe before it: if it begins with `=`, `+`, `-`, `@`,
    their full-width forms, a tab or a carriage return, unless it has only digits and separators, as a phone or a sum.
    Bytes that are not UTF-8 are written as they were read; a NUL becomes U+FFFD.

    Args:
        columns: the headings. The last `row` and the last `failure` are those of the job.
        dialect: by default with commas and without a byte order mark.

    Raises:
        ConfigError: `row` or `failure` is missing.
    """

    def __init__(self, *, columns: Sequence[str], dialect: Dialect | None = None) -> None:
        self._dialect = dialect or Dialect()
        self._row_at = own_column(columns, "row")
        self._failure_at = own_column(columns, "failure")
        self._phone_at = own_column(columns, "phone_normalized") if "phone_normalized" in columns else None
        self._width = len(columns)
        self._limit = MAX_FIELD
        self._special = re.compile(f'["\r\n{re.escape(self._dialect.delimiter)}]')
        written = self.encode([columns])
        self._headings = next(csv_reader(io.StringIO(_decode(written), newline=""), delimiter=self._dialect.delimiter))
        self.header = codecs.BOM_UTF8 + written if self._dialect.has_bom else written

    def encode(self, rows: Iterable[Sequence[object]]) -> bytes:
        table = list(rows)
        if any(len(row) != self._width for row in table):
            raise ValueError(f"not every row has {self._width} cells")
        # A column of a whole group is checked at once, which takes a fraction of the time of a check of each cell.
        columns = [self._column(cells) for cells in zip(*table, strict=True)]
        lines = [*map(self._dialect.delimiter.join, zip(*columns, strict=True)), ""]
        # CSV readers stop at a NUL, and in a journal it marks a lost page.
        text = "\r\n".join(lines).replace("\0", "\ufffd")
        return utf8(text, keep_escaped_bytes=True)

    def _column(self, cells: Sequence[object]) -> list[str]:
        """The fields of one column, with apostrophes and quotes where they need them."""
        texts = [cell if type(cell) is str else str(cell) if type(cell) is int else _text(cell) for cell in cells]
        every = "\n" + "\n".join(texts)
        if any(start in every for start in _SUSPECT_STARTS):
            texts = [_harmless(text) if text[:1] in _SUSPECTS else text for text in texts]
        if len(every) > self._limit:
            _refuse_long(texts, self._limit)
        delimiter = self._dialect.delimiter
        if '"' in every or "\r" in every or every.count("\n") != len(texts):
            needs_quotes = self._special.search
            texts = ['"' + text.replace('"', '""') + '"' if needs_quotes(text) else text for text in texts]
        elif delimiter in every:
            # Mostly addresses, which have commas and no quotes or line breaks.
            texts = [f'"{text}"' if delimiter in text else text for text in texts]
        return texts

    def scan(self, file: BinaryIO, *, size: int, name: str) -> Iterator[Finished]:
        lines = _JournalLines(file, size)
        reader = csv_reader(lines, delimiter=self._dialect.delimiter, strict=True)
        self._check_header(reader, lines, name)
        line, end = reader.line_num, lines.end
        yield 0, False, "", end
        row_at, failure_at, phone_at, width = self._row_at, self._failure_at, self._phone_at, self._width
        try:
            for cells in reader:
                if lines.last[-1] != "\n":
                    return
                if len(cells) == width and (number := _row_number(cells[row_at])):
                    line, end = reader.line_num, lines.end
                    yield number, cells[failure_at] != "", "" if phone_at is None else cells[phone_at], end
                elif cells:  # a whole line: not a cut group, but written by another program
                    raise damaged(name, line + 1)
        except csv.Error:
            if lines.end < size or self._hides_records(file, end, size):
                raise damaged(name, line + 1) from None

    def _check_header(self, reader: Iterator[list[str]], lines: _JournalLines, name: str) -> None:
        # Compared as fields: an editor may quote more, or drop the byte order mark.
        try:
            found = next(reader, None)
        except csv.Error:
            found = None
        if found != self._headings or not lines.last.endswith("\n"):
            raise ConfigError(f"{name} has other columns than this job would write: choose another output.")

    def _hides_records(self, file: BinaryIO, start: int, size: int) -> bool:
        """Whether what looks like one cut record holds whole ones, since a quote was lost: they must be kept."""
        file.seek(start)
        lines = _decode(file.read(size - start)).split("\n")
        for line in lines[1:-1]:
            cells = next(csv_reader([line], delimiter=self._dialect.delimiter), None)
            if cells and len(cells) == self._width and _row_number(cells[self._row_at]):
                return True
        return False


class _JournalLines:
    """The lines of a journal, with the offset in bytes at which each ends."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        content = first_bytes(file, size)
        mark = codecs.BOM_UTF8
        self.end = len(content.read(len(mark))) if content.peek(len(mark)).startswith(mark) else 0
        self.last = ""
        self._text = io.TextIOWrapper(content, encoding="utf-8", errors="surrogateescape", newline="\n")

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.end += len(line) if line.isascii() else len(line.encode(errors="surrogateescape"))
            self.last = line
            if "\0" in line:
                raise csv.Error("a page was lost")
            yield line


def _decode(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _row_number(text: str) -> int:
    """The number of a row; 0 for any other text."""
    return int(text) if text.isdecimal() else 0


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value)


def _harmless(text: str) -> str:
    # A spreadsheet shows what follows an apostrophe as text, and does not run it.
    return text if _HARMLESS.fullmatch(text) else "'" + text


def _refuse_long(texts: Iterable[str], limit: int) -> None:
    longest = max(map(len, texts))
    if longest > limit:
        raise ConfigError(
            f"A cell has {longest} characters, and CSV readers accept {limit}: write an .ndjson file instead."
        )
