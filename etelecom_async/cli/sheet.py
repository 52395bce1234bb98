"""CSV files with a `phone` column: read whole, written so that no spreadsheet runs what is in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from .outcome import Outcome
from .stop import Stop

__all__ = ["Sheet", "claim", "read", "write"]

_PHONE = "phone"
_ADDED = ("phone_normalized", "state", "granted", "expired_time", "error", "message", "failure")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"


@frozen(kw_only=True)
class Sheet:
    """A table of customers.

    Attributes:
        columns: the headings.
        rows: as many cells each.
        phone_at: which column holds the phones.
        has_bom: does the file begin with a byte order mark, as Excel wants it?
    """

    columns: list[str]
    rows: list[list[str]]
    phone_at: int = 0
    has_bom: bool = False

    @classmethod
    def of_phones(cls, phones: Iterable[str]) -> Sheet:
        """A sheet of phones alone."""
        return cls(columns=[_PHONE], rows=[[phone] for phone in phones])

    @property
    def phones(self) -> list[str]:
        """The phone of every row."""
        return [row[self.phone_at] for row in self.rows]


def read(path: Path) -> Sheet:
    """Read a CSV file in UTF-8, with or without a byte order mark. Empty lines are left out.

    Raises:
        Stop: it cannot be read, has no `phone` column, or a row with more cells than there are headings.
    """
    try:
        text = path.read_bytes().decode()
        lines = list(csv.reader(io.StringIO(text.removeprefix(_BOM), newline="")))
    except OSError as error:
        raise Stop(f"Cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Stop(f"Cannot read {path}: it is not UTF-8 text; save it as 'CSV UTF-8'.") from None
    except csv.Error as error:
        raise Stop(f"Cannot read {path}: {error}.") from None
    columns = [name.strip() for name in lines[0]] if lines else []
    names = [name.casefold() for name in columns]
    if _PHONE not in names:
        raise Stop(f"{path} has no column named '{_PHONE}': name it so in the first line, columns parted by commas.")
    rows = [_row(path, number, cells, len(columns)) for number, cells in enumerate(lines[1:], 1) if any(cells)]
    return Sheet(columns=columns, rows=rows, phone_at=names.index(_PHONE), has_bom=text.startswith(_BOM))


def _row(path: Path, number: int, cells: list[str], width: int) -> list[str]:
    if len(cells) > width:
        raise Stop(f"{path}, row {number}: {len(cells)} cells under {width} headings; put texts with commas in quotes.")
    return cells + [""] * (width - len(cells))


def claim(path: Path, *, apart_from: Path | None) -> None:
    """Find out before the work whether its results can be written. What the file holds stays until then.

    Raises:
        Stop: they cannot, or would replace the input.
    """
    try:
        path.open("a").close()
        is_input = apart_from is not None and path.samefile(apart_from)
    except OSError as error:
        raise Stop(f"Cannot write {path}: {error.strerror}.") from None
    if is_input:
        raise Stop(f"{path} is the input itself: name another file for the results with -o.")


def write(path: Path, sheet: Sheet, outcomes: Iterable[Outcome]) -> None:
    """Write the sheet with what was found out. A column of the input that is named like a result gives way to it.

    Raises:
        Stop: it cannot be written.
    """
    kept = [at for at, name in enumerate(sheet.columns) if name not in _ADDED]
    try:
        with path.open("w", encoding="utf-8-sig" if sheet.has_bom else "utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*(_harmless(sheet.columns[at]) for at in kept), *_ADDED])
            for row, outcome in zip(sheet.rows, outcomes, strict=True):
                writer.writerow([*(_harmless(row[at]) for at in kept), *_cells(outcome)])
    except OSError as error:
        raise Stop(f"Cannot write {path}: {error.strerror}.") from None


def _cells(outcome: Outcome) -> list[str | int]:
    return [
        _harmless(outcome.phone_normalized),
        outcome.state or "",
        "" if outcome.granted is None else str(outcome.granted).lower(),
        outcome.expired_time or "",
        "" if outcome.error is None else outcome.error,
        _harmless(outcome.message),
        _harmless(outcome.failure),
    ]


def _harmless(text: str | None) -> str:
    """A spreadsheet takes a text that begins like a formula for one, unless an apostrophe stands before it."""
    return f"'{text}" if text and text.startswith(_FORMULA) else text or ""
