"""One sheet of an Excel workbook (.xlsx or .xls) as a table."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .base import Row, matching, unique_names
from .bounds import MAX_COLUMNS, too_many_columns
from .dialect import Dialect
from .header import find_start
from .input import Input, cannot_read
from .reading import DETECT_ALL, Reading, Undecided
from .values import as_text
from .workbook_bounds import MAX_BYTES, check_workbook

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

__all__ = ["WorkbookSource"]

# Spreadsheet numbers have 15 digits: a larger one was rounded, and stays a float.
_EXACT = 10**15
_SAMPLE = 200


class WorkbookSource:
    """The rows of one sheet of an Excel workbook, held in memory.

    Cells are read as stored, not as formatted: text with its leading zeros, whole numbers as `int`, Python dates and
    times, formulas as the value that Excel last calculated. Errors such as `#N/A`, and formulas never calculated, are
    empty cells. The first of merged cells holds the value; hidden rows and columns are read too. Rows without text are
    skipped. A hidden sheet is read only if it is named, or if no visible sheet has data.

    `dialect` is that of a CSV file that Excel reads as UTF-8; `description` is such as
    `Excel, sheet 'Customers', header in row 1`. A row with the name `column` is the header.

    Raises:
        Undecided: several sheets have data and none is named, or where the rows begin is ambiguous.
        ConfigError: it is not a workbook, is too large, damaged, protected by a password or empty, the named sheet is
            missing, or the extra is not installed.
    """

    kind = "excel"
    types: Mapping[str, str] = MappingProxyType({})

    def __init__(self, source: Input, *, reading: Reading = DETECT_ALL, column: str | None = None) -> None:
        reading.refuse_others("header", "skip_rows", "sheet", what=f"{source.name}, a workbook,")
        self._name = source.name
        data = _read(source)
        check_workbook(data, name=source.name)
        title, self._sheet = self._load(data, reading.sheet)
        name = f"{source.name}, sheet {title!r},"
        self._skipped = reading.skip_rows or 0
        first = [(place, list(map(_heading, cells))) for place, cells in islice(self._records(), _SAMPLE)]
        if not first:
            raise ConfigError(f"{name} is empty: it needs a header and one row for each phone.")
        start = find_start(first, name=name, reading=reading, column=column)
        self._skipped = start.skip_rows
        place, heading = next((place, cells) for place, cells in first if place >= self._skipped)
        if len(heading) > MAX_COLUMNS:
            raise too_many_columns(source.name, len(heading))
        self.reading = Reading(header=start.header, skip_rows=start.skip_rows, sheet=reading.sheet or title)
        self.columns = unique_names(heading if start.header else [""] * len(heading))
        self.dialect = Dialect(has_bom=True)
        self.length = sum(1 for _ in self.rows())
        header = f"header in row {place + 1:,}" if start.header else "no header"
        self.description = f"Excel, sheet {title!r}, {header}"

    def rows(self) -> Iterator[Row]:
        records = self._records()
        if self.reading.header:
            next(records, None)
        for number, (_, cells) in enumerate(records, 1):
            yield Row(number, tuple(map(_value, cells)))

    def first_rows(self) -> Iterator[Row]:
        return self.rows()

    def as_table(self, *, is_read_once: bool) -> WorkbookSource:
        del is_read_once
        return self

    def _records(self) -> Iterator[tuple[int, Sequence[object]]]:
        """Every row with text: how many rows of the sheet come before it, and its cells."""
        for place, cells in islice(enumerate(self._sheet.iter_rows()), self._skipped, None):
            if _has_text(cells):
                yield place, cells

    def _load(self, data: bytes, wanted: str | None) -> tuple[str, CalamineSheet]:
        """The sheet to read, and its name."""
        try:
            import python_calamine as calamine  # noqa: PLC0415 - an extra, imported when used
        except ImportError:
            raise ConfigError("Excel workbooks need an extra: pip install 'etelecom-async[excel]'.") from None
        with _plain_errors(self._name, calamine.PasswordError, calamine.CalamineError):
            workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
            sheets = workbook.sheets_metadata
            names = [sheet.name for sheet in sheets]
            if wanted is not None:
                return self._named(workbook, names, wanted)
            visible = [sheet.name for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
            found = self._only_filled(workbook, visible) or self._only_filled(workbook, names)
        if found is None:
            raise ConfigError(f"{self._name} has no sheet with data: it needs one with a row for each phone.")
        return found

    def _only_filled(self, workbook: CalamineWorkbook, names: Sequence[str]) -> tuple[str, CalamineSheet] | None:
        """The one sheet among these that has data; None where none has.

        Raises:
            Undecided: several have.
        """
        lengths: dict[str, int] = {}
        first: CalamineSheet | None = None
        for name in names:
            sheet = workbook.get_sheet_by_name(name)
            if length := sum(map(_has_text, sheet.iter_rows())):
                lengths[name] = length
                first = first or sheet
        if len(lengths) > 1:
            raise self._undecided(lengths)
        return None if first is None else (next(iter(lengths)), first)

    def _named(self, workbook: CalamineWorkbook, names: Sequence[str], wanted: str) -> tuple[str, CalamineSheet]:
        found = matching(names, wanted)
        if len(found) != 1:
            listed = ", ".join(map(repr, names))
            raise ConfigError(f"{self._name} has no sheet {wanted!r}. The sheets are {listed}.")
        return names[found[0]], workbook.get_sheet_by_name(names[found[0]])

    def _undecided(self, lengths: Mapping[str, int]) -> Undecided:
        listed = ", ".join(map(repr, lengths))
        return Undecided(
            f"{self._name} has several sheets with data ({listed}): choose one with --sheet.",
            field="sheet",
            question="Which sheet holds the phones?",
            choices=[(name, f"{name} ({length:,} row{'s' * (length != 1)})") for name, length in lengths.items()],
        )


@contextlib.contextmanager
def _plain_errors(name: str, needs_password: type[Exception], is_damaged: type[Exception]) -> Generator[None]:
    try:
        yield
    except ConfigError:
        raise
    except needs_password:
        raise ConfigError(f"{name} is protected by a password: save it without one.") from None
    except BaseException as error:
        # A panic in Rust is a BaseException in Python, so it needs a branch of its own; here it means damaged bytes.
        if isinstance(error, (is_damaged, OSError, ValueError)) or type(error).__name__ == "PanicException":
            raise ConfigError(f"{name} is a damaged workbook: open it in Excel and save it again.") from None
        raise


def _has_text(cells: Sequence[object]) -> bool:
    return any(cell.strip() if isinstance(cell, str) else True for cell in cells)


def _read(source: Input) -> bytes:
    try:
        with source.open() as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise cannot_read(source.name, error) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"{source.name} is larger than the limit of {MAX_BYTES:,} bytes for a workbook: save it as CSV."
        )
    return data


def _heading(cell: object) -> str:
    value = _value(cell)
    return value if isinstance(value, str) else as_text(value)


def _value(cell: object) -> object:
    if type(cell) is float and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    return cell
