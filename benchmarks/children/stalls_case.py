"""A case of the stalls, in a process of its own: `python -m benchmarks.children.stalls_case NAME SCALE`."""

from __future__ import annotations

import asyncio
import csv
import gzip
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.lib import job
from benchmarks.lib.null import YieldingTransport
from etelecom_async import Session, Shop, Throttle
from etelecom_async.jobs import ConsentJob

_TICK = 0.001


class Case:
    """A table to check, and where its answers go."""

    def __init__(self, folder: Path, scale: float) -> None:
        self._folder = folder
        self._scale = scale
        self.output = folder / "out.csv"
        self.resume = False

    def rows(self, count: int) -> int:
        """A number of rows, as the scale has it."""
        return max(20, int(count * self._scale))

    def place(self, name: str) -> Path:
        """Where the input goes."""
        return self._folder / name


def _phones(count: int) -> Iterator[str]:
    return (f"09{number:08d}" for number in range(count))


def _table(path: Path, count: int, columns: int = 3, cell: str = "customer") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["phone", *(f"column {at}" for at in range(1, columns))])
        writer.writerows([phone, *[cell] * (columns - 1)] for phone in _phones(count))
    return path


def _plain(case: Case) -> Path:
    return _table(case.place("in.csv"), case.rows(100_000))


def _wide_header(case: Case) -> Path:
    return _table(case.place("in.csv"), case.rows(200), 16_384, "x")


def _wide_rows(case: Case) -> Path:
    return _table(case.place("in.csv"), case.rows(2_000), 1_000)


def _long_cells(case: Case) -> Path:
    return _table(case.place("in.csv"), case.rows(200), 4, "x," * 150_000)


def _long_objects(case: Case) -> Path:
    path = case.place("in.ndjson")
    case.output = path.with_name("out.ndjson")
    with path.open("w", encoding="utf-8") as file:
        for phone in _phones(case.rows(200)):
            file.write(json.dumps({"phone": phone, "a": [{"b": number} for number in range(5_000)]}) + "\n")
    return path


def _folder(case: Case) -> Path:
    path = case.place("in")
    path.mkdir()
    for at in range(200):
        _table(path / f"{at:03}.csv", case.rows(100_000) // 200)
    return path


def _gz(case: Case) -> Path:
    path = _table(case.place("in.csv"), case.rows(200_000))
    packed = case.place("in.csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 6))
    return packed


def _excel(case: Case) -> Path:
    openpyxl: Any = importlib.import_module("openpyxl")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["phone", *(f"column {at}" for at in range(1, 8))])
    for phone in _phones(case.rows(50_000)):
        sheet.append([phone, *["customer"] * 7])
    path = case.place("in.xlsx")
    book.save(path)
    return path


def _parquet(case: Case) -> Path:
    return _arrow_table(case, case.rows(200_000), 8)


def _wide_parquet(case: Case) -> Path:
    return _arrow_table(case, case.rows(10_000), 300)


def _arrow_table(case: Case, count: int, columns: int) -> Path:
    pyarrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    names = ["phone", *(f"column {at}" for at in range(1, columns))]
    arrays = [list(_phones(count)), *[[f"customer {number % 1000}" for number in range(count)]] * (columns - 1)]
    path = case.place("in.parquet")
    case.output = path.with_name("out.parquet")
    parquet.write_table(pyarrow.table(arrays, names=names), path, row_group_size=1_000_000)
    return path


def _resume(case: Case) -> Path:
    """A million finished rows, made of the first thousand, and a few that are left."""
    case.resume = True
    first, count = 1_000, case.rows(1_000_000)
    path = _table(case.place("in.csv"), first)
    asyncio.run(_run(case, path, resume=False))
    lines = case.output.read_text(encoding="utf-8").splitlines()
    pattern = next(line for line in lines if line.startswith("0900000000,")).split(",")
    _table(path, count + 100)
    with case.output.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number in range(first, count):
            phone = f"9{number:08d}"
            writer.writerow([f"0{phone}", *pattern[1:3], number + 1, f"84{phone}", *pattern[5:]])
    return path


def _nothing(_case: Case) -> None:
    return None


_MAKE: dict[str, Callable[[Case], Path | None]] = {
    "nothing": _nothing,
    "csv": _plain,
    "header": _wide_header,
    "wide": _wide_rows,
    "cells": _long_cells,
    "objects": _long_objects,
    "folder": _folder,
    "gz": _gz,
    "excel": _excel,
    "parquet": _parquet,
    "wide-parquet": _wide_parquet,
    "resume": _resume,
}


class Ticks:
    """A task that is woken every millisecond, and how late it was at worst."""

    def __init__(self) -> None:
        self.stall = self.busy = 0.0

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            wall, cpu = time.perf_counter(), time.process_time()
            await asyncio.sleep(_TICK)
            self.stall = max(self.stall, time.perf_counter() - wall - _TICK)
            self.busy = max(self.busy, time.process_time() - cpu)


async def _run(case: Case, source: Path, *, resume: bool) -> None:
    account = Shop(job.API_KEY, base_url=f"http://{job.HOST}{job.BASE_PATH}")
    async with Session(account, transport=YieldingTransport(), throttle=Throttle(concurrency=100)) as session:
        await ConsentJob(
            session, source=source, output=case.output, oa_id=job.OA_ID, column="phone", resume=resume
        ).run()


async def _measure(case: Case, source: Path | None) -> dict[str, float]:
    await asyncio.sleep(0.1)
    ticks, began = Ticks(), time.monotonic()
    ticking = asyncio.create_task(ticks.run())
    await (asyncio.sleep(2) if source is None else _run(case, source, resume=case.resume))
    seconds = time.monotonic() - began
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return {"stall": 1e3 * ticks.stall, "busy": 1e3 * ticks.busy, "seconds": seconds}


def main(name: str, scale: float) -> None:
    """Make the table, check it, and print how late the ticking was."""
    with tempfile.TemporaryDirectory(prefix="stalls-") as folder:
        case = Case(Path(folder), scale)
        source = _MAKE[name](case)
        print(json.dumps(asyncio.run(_measure(case, source))))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
