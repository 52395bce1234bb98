"""Excel workbooks, .xlsx and .xls: one sheet, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from ..errors import ConfigError
from .base import Row, unique_names
from .bounds import MAX_COLUMNS, too_many_columns
from .calamine import Sheet, Workbook, load_workbook
from .dialect import Dialect
from .input import Input, cannot_read
from .opening import judge_opening
from .reading import JUDGED, Reading, Undecided
from .values import as_text
from .workbook_bounds import MAX_BYTES, check_workbook

__all__ = ["WorkbookSource"]

# A spreadsheet's numbers have 15 digits; what is larger was rounded, and stays the float that it is.
_EXACT = 10**15
_SAMPLE = 200


class WorkbookSource:
    """The rows of a sheet of an Excel workbook, which is held in memory.

    Cells are as the sheet stores them, whatever their format shows: texts with their leading zeros, whole numbers as
    `int`, dates and times as Python has them, formulas as the value that Excel last saw. Errors such as `#N/A`, and
    formulas that no program has calculated, are empty cells. Of merged cells the first holds the value; hidden rows
    and columns are read like all others. Rows without any text are no rows.

    A hidden sheet is taken only where no other has data, or where it is named.

    Args:
        source: the bytes of the workbook.
        reading: which sheet, whether there is a header, and how many rows to pass over, as far as the user says it; the
            rest is judged, and `reading` tells how.

    Attributes:
        columns: the headings, each once.
        dialect: how a CSV file should be written that belongs beside it: so that Excel reads it as UTF-8.
        length: how many rows there are.
        description: such as `Excel, sheet 'Customers', header in row 1`.

    Raises:
        Undecided: several sheets have data and none is named, or where the rows begin can be seen in several ways.
        ConfigError: it is no workbook, too large, damaged, protected by a password or empty, the named sheet is
            missing, or the extra is not installed.
    """

    kind = "excel"
    types: Mapping[str, str] = MappingProxyType({})

    def __init__(self, source: Input, *, reading: Reading = JUDGED) -> None:
        reading.refuse_others("header", "skip_rows", "sheet", what=f"{source.name}, a workbook,")
        self._name = source.name
        data = _read(source)
        check_workbook(data, name=source.name)
        workbook = load_workbook(data, name=source.name)
        title, self._sheet = self._chosen(workbook, reading.sheet)
        name = f"{source.name}, sheet {title!r},"
        self._skipped = reading.skip_rows or 0
        first = [(place, list(map(_heading, cells))) for place, cells in islice(self._records(), _SAMPLE)]
        if not first:
            raise ConfigError(f"{name} is empty: it needs a header and one row for each phone.")
        opening = judge_opening(first, name=name, reading=reading)
        self._skipped = opening.skip_rows
        place, heading = next((place, cells) for place, cells in first if place >= self._skipped)
        if len(heading) > MAX_COLUMNS:
            raise too_many_columns(source.name, len(heading))
        self.reading = Reading(header=opening.header, skip_rows=opening.skip_rows, sheet=reading.sheet or title)
        self.columns = unique_names(heading if opening.header else [""] * len(heading))
        self.dialect = Dialect(has_bom=True)
        self.length = sum(1 for _ in self.rows())
        header = f"header in row {place + 1:,}" if opening.header else "no header"
        self.description = f"Excel, sheet {title!r}, {header}"

    def rows(self) -> Iterator[Row]:
        records = self._records()
        if self.reading.header:
            next(records, None)
        for number, (_, cells) in enumerate(records, 1):
            yield Row(number, tuple(map(_value, cells)))

    def as_table(self, *, is_read_once: bool) -> WorkbookSource:
        """It is one."""
        del is_read_once
        return self

    def _records(self) -> Iterator[tuple[int, list[object]]]:
        """Every row that has any text: how many rows of the sheet come before it, and its cells."""
        for place, cells in islice(enumerate(self._sheet.iter_rows()), self._skipped, None):
            if _has_text(cells):
                yield place, cells

    def _chosen(self, workbook: Workbook, wanted: str | None) -> tuple[str, Sheet]:
        if wanted is not None:
            name = _named(workbook.names, wanted, workbook_name=self._name)
            return name, workbook.sheet(name)
        for names in (workbook.visible, workbook.names):
            lengths: dict[str, int] = {}
            first: Sheet | None = None
            for name in names:
                sheet = workbook.sheet(name)
                if length := sum(map(_has_text, sheet.iter_rows())):
                    lengths[name] = length
                    first = first or sheet
            if len(lengths) > 1:
                raise self._undecided(lengths)
            if first is not None:
                return next(iter(lengths)), first
        raise ConfigError(f"{self._name} has no sheet with data: it needs one with a row for each phone.")

    def _undecided(self, lengths: Mapping[str, int]) -> Undecided:
        listed = ", ".join(map(repr, lengths))
        return Undecided(
            f"{self._name} has several sheets with data ({listed}): say which with --sheet.",
            field="sheet",
            question="Which sheet holds the phones?",
            choices=[(name, f"{name} ({length:,} rows)") for name, length in lengths.items()],
        )


def _has_text(cells: Sequence[object]) -> bool:
    return any(cell.strip() if isinstance(cell, str) else True for cell in cells)


def _read(source: Input) -> bytes:
    try:
        with source.open() as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise cannot_read(source.name, error) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{source.name} is larger than the {MAX_BYTES:,} bytes of a workbook: save it as CSV.")
    return data


def _named(names: Sequence[str], wanted: str, *, workbook_name: str) -> str:
    """The sheet that the user named: by its name, its name in another case, or its number from 1."""
    plain = wanted.strip().casefold()
    found = [sheet for sheet in names if sheet == wanted] or [
        sheet for sheet in names if sheet.strip().casefold() == plain
    ]
    if len(found) == 1:
        return found[0]
    if not found and plain.isascii() and plain.isdigit() and 1 <= int(plain) <= len(names):
        return names[int(plain) - 1]
    listed = ", ".join(map(repr, names))
    raise ConfigError(f"{workbook_name} has no sheet {wanted!r}. The sheets are {listed}.")


def _heading(cell: object) -> str:
    value = _value(cell)
    return value if isinstance(value, str) else as_text(value)


def _value(cell: object) -> object:
    if type(cell) is float and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    return cell
