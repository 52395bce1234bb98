"""Checks the bytes of a workbook before they are loaded: what they are, and how much memory they will take."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import IO

from ..errors import ConfigError

__all__ = ["MAX_BYTES", "MAX_CELLS", "MAX_XML", "WORKBOOK_MAGIC", "check_workbook"]

MAX_BYTES = 256 * 1024 * 1024
"""The largest file of a workbook."""
MAX_XML = 512 * 1024 * 1024
"""The most bytes of the parts of an .xlsx, decompressed: a million rows of ten columns take about 400 MB."""
MAX_CELLS = 16 * 1024 * 1024
"""The most cells between the first and the last of a sheet: 16 columns in each of its 1,048,576 rows."""

_PIECE = 1024 * 1024
_LONGEST_TAG = 4096
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK_MAGIC = (_ZIP, _OLE)
"""The first bytes of an .xlsx and an .xls."""
# The stream of an .xlsx with a password, in an OLE file, whose names are UTF-16.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# A cell as nearly every program writes it; if one differs, each tag is read.
_CELL = re.compile(rb'<c r="([A-Z]+)([0-9]+)"')
# A row, or a cell, `empty` where it has a format alone: `<c/>`, `<c></c>`, or `<c><v/></c>` as openpyxl writes it.
_TAG = re.compile(
    rb"""<(?:\w+:)?(?:(row)|c)(?=[\s/>])(?:[^>]*?\sr=["'](?P<column>[A-Za-z]*)(?P<row>[0-9]*)["'])?[^>]*?"""
    rb"""(?:(?P<empty>/>|>\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>)|>)"""
)
_ANY_CELLS = re.compile(rb"<c[\s/>]"), re.compile(rb":c[\s/>]")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)
_OTHERS = {
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file (.ods)",
    "Index/Document.iwa": "a Numbers file",
    "word/document.xml": "a Word document",
}


def check_workbook(data: bytes, *, name: str) -> None:
    """Check that these bytes are an .xlsx or .xls that can be loaded in bounded memory.

    The sizes that an .xlsx states for its parts are added up; each part is decompressed once in small pieces to verify
    its size; and the area between its first and last cells is measured, since all of it takes memory.

    Raises:
        ConfigError: it is something else, needs a password, is damaged or too large. The message says what to do.
    """
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise ConfigError(f"{name} is protected by a password: save it without one.")
    elif data.startswith(_ZIP):
        _check_zip(data, name=name)
    elif not data.strip(b" \t\r\n\0"):
        raise ConfigError(f"{name} is empty: it needs a sheet with one row for each phone.")
    else:
        raise ConfigError(f"{name} is not an Excel workbook, whatever its name says: {_hint(data)}.")


def _hint(data: bytes) -> str:
    beginning = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith(b"<"):
        return "it is HTML or XML; open it in Excel and save it as .xlsx"
    if b"\0" in data[:1000]:
        return "open it in the program that made it and save it as .xlsx or CSV"
    return "it looks like text; if it is CSV, name it .csv"


def _check_zip(data: bytes, *, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            refusal = _refusal(parts)
    except _DAMAGED:
        refusal = "is a damaged workbook, or an incomplete one: open it in Excel and save it again"
    if refusal:
        raise ConfigError(f"{name} {refusal}.")


def _refusal(parts: zipfile.ZipFile) -> str:
    """Why an archive cannot be loaded; empty if it can."""
    names = set(parts.namelist())
    if "xl/workbook.xml" not in names:
        what = next((what for part, what in _OTHERS.items() if part in names), "a ZIP archive without a workbook")
        return f"is {what}, which cannot be read here: save it as .xlsx or CSV"
    size = sum(part.file_size for part in parts.infolist())
    if size > MAX_XML:
        return f"decompresses to {size:,} bytes, more than the limit of {MAX_XML:,}: save it as CSV"
    for part in parts.infolist():
        # No more is decompressed than the archive states, and the checksum is verified.
        with parts.open(part) as file:
            cells = _screened(file)
        if cells > MAX_CELLS:
            with parts.open(part) as file:
                cells = _cells_between(file)
        if cells > MAX_CELLS:
            return (
                f"has {cells:,} cells between the first and the last of {part.filename}, more than the limit "
                f"of {MAX_CELLS:,}: delete the cells far from the table, or save it as CSV"
            )
    return ""


def _screened(file: IO[bytes]) -> int:
    """At least `_cells_between`, ten times as fast: empty cells count too."""
    columns: set[bytes] = set()
    top, bottom = 0, 0
    for text in _pieces(file):
        cells = _CELL.findall(text)
        if len(cells) != sum(len(any_cell.findall(text)) for any_cell in _ANY_CELLS):
            return MAX_CELLS + 1
        if cells:
            letters, digits = zip(*cells, strict=True)
            columns.update(letters)
            rows = {int(row) for row in set(digits)}
            top, bottom = min(top or min(rows), *rows), max(bottom, *rows)
    if not columns:
        return 0
    numbers = [_number(letters) for letters in columns]
    return (bottom - top + 1) * (max(numbers) - min(numbers) + 1)


def _cells_between(file: IO[bytes]) -> int:
    """The area of the rectangle around all cells with content; 0 for a part that is not a sheet."""
    row = column = 0
    top = left = bottom = right = 0
    for tag in chain.from_iterable(map(_TAG.finditer, _pieces(file))):
        letters, digits = tag["column"] or b"", tag["row"]
        if tag[1]:
            # Rows and cells without a position follow the previous one.
            row = int(digits) if digits else row + 1
            column = 0
            continue
        column = _number(letters) if letters else column + 1
        row = int(digits) if digits else row
        if not tag["empty"]:
            top, left = min(top or row, row), min(left or column, column)
            bottom, right = max(bottom, row), max(right, column)
    return (bottom - top + 1) * (right - left + 1) if bottom else 0


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a part, in pieces that cut no tag and no short cell."""
    rest = b""
    while piece := file.read(_PIECE):
        text = rest + piece
        # The last cell, or the last tag, waits for the next piece; what is longer than any tag is not one.
        near = len(text) - _LONGEST_TAG
        cut = max(text.rfind(b"<c ", max(0, near)), text.rfind(b"<row", max(0, near)))
        if cut < 0:
            cut = text.rfind(b"<", max(0, near))
        rest = text[cut:] if cut >= 0 else b""
        yield text[:cut] if cut >= 0 else text
    yield rest


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
