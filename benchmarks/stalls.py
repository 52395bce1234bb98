"""How long does a file job keep its program's event loop from anything else?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lib.child import ChildFailed
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command

_GOAL = 50.0
"""Milliseconds."""
_ROOT = Path(__file__).parent.parent
_DESCRIPTION = """\
A file job runs in an event loop beside a task that sleeps for a millisecond again and again. How much later than that
it is woken at worst is the longest stall. Each case runs in a process of its own; the calls are answered at once, so
that nothing is waited for. "busy" is
the most that this process computed between two wakings, in all of its threads: what other processes take from it is in
the stall and not in it, so on a machine that does other things it is the figure to go by. "nothing" is
the same ticking beside a sleep: what the machine itself does to it. Exits with 3 where a stall is longer than 50 ms.
"""

_CASES = {
    "nothing": "nothing, two seconds of sleep",
    "csv": "CSV, 100,000 rows of 3 columns",
    "header": "CSV, 200 rows of 16,384 columns",
    "wide": "CSV, 2,000 rows of 1,000 columns",
    "cells": "CSV, 200 rows with three cells of 300,000 characters",
    "objects": "NDJSON, 200 rows of 60 KB in 5,000 objects",
    "folder": "a folder of 200 CSV files, 100,000 rows",
    "gz": "CSV packed by gzip, 200,000 rows",
    "excel": "Excel, 50,000 rows of 8 columns",
    "parquet": "Parquet to Parquet, 200,000 rows in one row group",
    "wide-parquet": "Parquet to Parquet, 10,000 rows of 300 columns",
    "resume": "resume over 1,000,000 finished rows of CSV, 100 left, the input grown",
}


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 where a stall is too long."""
    parser = command("stalls", _DESCRIPTION)
    parser.add_argument("cases", nargs="*", choices=[*_CASES, []], help="all unless given")
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of rows; %(default)s")
    options = parser.parse_args(arguments)
    print(f"{machine()}\n\n| case | longest stall | busy | seconds |\n|---|---:|---:|---:|", flush=True)
    worst = 0.0
    for name in options.cases or _CASES:
        case = [sys.executable, "-m", "benchmarks.children.stalls_case", name, str(options.scale)]
        done = subprocess.run(case, cwd=_ROOT, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise ChildFailed(f"the case {name!r} ended with {done.returncode}.")
        it = json.loads(done.stdout)
        worst = max(worst, it["stall"])
        print(f"| {_CASES[name]} | {it['stall']:.0f} ms | {it['busy']:.0f} ms | {it['seconds']:.1f} |", flush=True)
    return 3 if worst > _GOAL else 0
