"""How long does a file job keep its program's event loop from anything else? The longest stall, case by case."""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import job
from benchmarks.null import YieldingTransport
from benchmarks.run import machine
from etelecom_async import Session, Shop, Throttle
from etelecom_async.jobs import ConsentJob

_GOAL = 50.0
"""Milliseconds."""
_TICK = 0.001
_ROOT = Path(__file__).parent.parent
_DESCRIPTION = """\
A file job runs in an event loop beside a task that sleeps for a millisecond again and again. How much later than that
it is woken at worst is the longest stall. Each case runs in a process of its own; the calls are answered at once, so
that nothing is waited for. "busy" is
the most that this process computed between two wakings, in all of its threads: what other processes take from it is in
the stall and not in it, so on a machine that does other things it is the figure to go by. "nothing" is
the same ticking beside a sleep: what the machine itself does to it. Exits with 3 where a stall is longer than 50 ms.
"""


class Case:
    """A table to check, and where its answers go."""

    def __init__(self, folder: Path, scale: float) -> None:
        self._folder = folder
        self._scale = scale
        self.output = folder / "out.csv"
        self.resume = False

    def rows(self, count: int) -> int:
        """A number of rows, as the scale has it."""
        return max(200, int(count * self._scale))

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
    return _table(case.place("in.csv"), case.rows(200), 4, "x," * 500_000)


def _long_objects(case: Case) -> Path:
    path = case.place("in.ndjson")
    case.output = path.with_name("out.ndjson")
    with path.open("w", encoding="utf-8") as file:
        for phone in _phones(case.rows(200)):
            file.write(json.dumps({"phone": phone, "a": [{"b": number} for number in range(50_000)]}) + "\n")
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


_CASES: dict[str, tuple[str, Callable[[Case], Path | None]]] = {
    "nothing": ("nothing, two seconds of sleep", _nothing),
    "csv": ("CSV, 100,000 rows of 3 columns", _plain),
    "header": ("CSV, 200 rows of 16,384 columns", _wide_header),
    "wide": ("CSV, 2,000 rows of 1,000 columns", _wide_rows),
    "cells": ("CSV, 200 rows with three cells of 1,000,000 characters", _long_cells),
    "objects": ("NDJSON, 200 rows of 600 KB in 50,000 objects", _long_objects),
    "folder": ("a folder of 200 CSV files, 100,000 rows", _folder),
    "gz": ("CSV packed by gzip, 200,000 rows", _gz),
    "excel": ("Excel, 50,000 rows of 8 columns", _excel),
    "parquet": ("Parquet to Parquet, 200,000 rows in one row group", _parquet),
    "wide-parquet": ("Parquet to Parquet, 10,000 rows of 300 columns", _wide_parquet),
    "resume": ("resume over 1,000,000 finished rows of CSV, 100 left, the input grown", _resume),
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


def _child(name: str, scale: float) -> None:
    with tempfile.TemporaryDirectory(prefix="stalls-") as folder:
        case = Case(Path(folder), scale)
        source = _CASES[name][1](case)
        print(json.dumps(asyncio.run(_measure(case, source))))


def main() -> int:
    """Measure and print; 3 where a stall is too long, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stalls",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", choices=[*_CASES, []], help="all unless given")
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of rows; %(default)s")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.cases[0], options.scale)
        return 0
    print(f"{machine()}\n\n| case | longest stall | busy | seconds |\n|---|---:|---:|---:|", flush=True)
    worst = 0.0
    try:
        for name in options.cases or _CASES:
            command = [sys.executable, "-m", "benchmarks.stalls", "--child", name, "--scale", str(options.scale)]
            done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
            it = json.loads(done.stdout)
            worst = max(worst, it["stall"])
            print(
                f"| {_CASES[name][0]} | {it['stall']:.0f} ms | {it['busy']:.0f} ms | {it['seconds']:.1f} |", flush=True
            )
    except KeyboardInterrupt:
        return 130
    return 3 if worst > _GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
