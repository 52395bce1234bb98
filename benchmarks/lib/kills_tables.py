"""The tables of the kills: one row in ten is strange, in each format by what that format can hold."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

__all__ = ["read", "write"]

_HEADINGS = ("name", "phone", "note", "row", "failure")
"""The last two are columns of the job's own: they give way."""
_STRANGE = (
    '"a", b',
    "a\r\nb\rc\nd",
    "\n\n",
    '""',
    "=1+1",
    "\t-1",
    "x" * 140_000,
    '"' * 70_000,
    "\u2028\x85\x0b\ufeff",
    "\uffff𝔞",
    "NULL",
    " ",
)


def write(path: Path, rows: int) -> None:
    """A table of so many rows: every tenth is strange, every fiftieth has no phone that can be used."""
    {".csv": _csv, ".ndjson": _ndjson, ".xlsx": _xlsx, ".parquet": _parquet}[path.suffix](path, rows)


def read(path: Path) -> dict[int, list[list[str]]]:
    """The records of an output by their rows, without the time of the check."""
    found: dict[int, list[list[str]]] = {}
    for record in _records(path):
        record.pop("checked_at")
        found.setdefault(int(record["row"]), []).append([f"{name}={record[name]!r}" for name in sorted(record)])
    return found


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".csv":
        csv.field_size_limit(2**24)
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield from csv.DictReader(file, strict=True)
    elif path.suffix == ".ndjson":
        with path.open("rb") as file:
            yield from map(json.loads, file)
    else:
        pyarrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        table = parquet.read_table(path)
        # Python has no times for some of them.
        columns = [it.cast(pyarrow.int64()) if pyarrow.types.is_timestamp(it.type) else it for it in table.columns]
        for cells in zip(*(column.to_pylist() for column in columns), strict=True):
            yield dict(zip(table.column_names, cells, strict=True))


def _cells(rows: int) -> Iterator[tuple[str, str, str, str, str]]:
    for number in range(rows):
        phone = ("abc", "", "0987\n")[number // 50 % 3] if number % 50 == 13 else f"09{number:08d}"
        note = _STRANGE[number // 10 % len(_STRANGE)] if number % 10 == 3 else f"customer {number}"
        yield f"Nguyễn Văn {number}", phone, note, str(number), "failed"


def _csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADINGS)
        for number, cells in enumerate(_cells(rows)):
            writer.writerow(cells if number % 10 != 4 else (*cells[:2], "a\0\x00b", *cells[3:]))
    # A stray byte, of an older encoding.
    path.write_bytes(path.read_bytes().replace(b"customer 5\r\n", b"customer \xe9\r\n"))


def _ndjson(path: Path, rows: int) -> None:
    deep = "[" * 90 + "]" * 90, "[" * 980 + "]" * 980
    lines: list[str] = []
    for number, cells in enumerate(_cells(rows)):
        record: dict[str, object] = dict(zip(_HEADINGS, cells, strict=True))
        strange: Callable[[], str] = lambda record=record: json.dumps(record)
        match number % 100:
            case 4:
                record["note"] = "\ud800\udcff\0"
            case 14:
                record["further"] = {"a": [1, None, 1e300]}
            case 24:
                strange = lambda record=record: json.dumps(record)[:-1] + f', "deep": {deep[0]}}}'
            case 34:
                strange = lambda record=record: json.dumps(record)[:-1] + f', "deep": {deep[1]}}}'
            case 44:
                strange = lambda record=record: json.dumps(record)[:-1]
            case 54:
                strange = lambda record=record: json.dumps(record)[:-1] + ', "note": 1, "big": 1e999}'
            case _:
                pass
        lines.append(strange() + "\n")
    path.write_text("".join(lines), encoding="utf-8")


def _xlsx(path: Path, rows: int) -> None:
    openpyxl: Any = importlib.import_module("openpyxl")
    illegal = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("customers")
    sheet.append(_HEADINGS)
    moment = datetime(2026, 1, 5, 8, 30)  # noqa: DTZ001 - as a workbook has it
    for number, cells in enumerate(_cells(rows)):
        texts: list[object] = [illegal.sub("", cell).replace("\uffff", "")[:32_000] for cell in cells]
        if number % 10 == 4:
            texts[2] = (True, 1.5, moment + timedelta(hours=number), 2**53, None)[number // 10 % 5]
        if str(texts[2]).startswith("="):
            texts[2] = f"'{texts[2]}"
        sheet.append(texts)
    book.save(path)


def _parquet(path: Path, rows: int) -> None:
    pyarrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    columns = dict(zip(_HEADINGS, zip(*_cells(rows), strict=True), strict=True))
    arrays: dict[str, Any] = {name: pyarrow.array(values, type=pyarrow.string()) for name, values in columns.items()}
    odd = (float("nan"), float("inf"), None, 0.0, -1.5)
    arrays["amount"] = pyarrow.array([odd[number % 5] for number in range(rows)], type=pyarrow.float64())
    raw = (b"\xff\0", b"", None, b"0x00", "đ".encode())
    arrays["raw"] = pyarrow.array([raw[number % 5] for number in range(rows)], type=pyarrow.binary())
    ends = (253402300799999999, -62135596800000000, 2**62, None, 0)  # some beyond the years of Python's times
    whole = pyarrow.array([ends[number % 5] for number in range(rows)], type=pyarrow.int64())
    arrays["until"] = whole.cast(pyarrow.timestamp("us", "UTC"))
    parquet.write_table(pyarrow.table(arrays), path, row_group_size=3_000)
