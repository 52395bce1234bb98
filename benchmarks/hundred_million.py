"""What do a hundred million checks take, under a limit and with failures?"""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Sequence

from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole
from benchmarks.lib.simulated import CPU, LATER, TROUBLE, Result, Scenario, simulate

_ALL = 100_000_000
_DAY = 86_400.0
_LIMITS = (200, 2_000, None)
_FIXED = 0.95
_AWAY, _THROUGH = 10.0, 200_000
"""Seconds in which the server is away, and rows that are more than are tried meanwhile."""
_LOSSES, _HELD = (1, 10, 100), (100, 500, 2_000)
"""Workers lost in a day, and phones that each of them has in hand then."""
_MIB = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss counts bytes there, KiB elsewhere
_DESCRIPTION = """\
The SDK itself, with its adaptive rate, retries, retry budget and bulk run, asks a simulated server in virtual time.
The server keeps a hidden limit, a token bucket that holds a tenth of a second, and fails at random: half of the
failures are a 500, half a connection that breaks after the request was sent. A round trip takes 50 ms, 500 calls may
be under way, and each request takes 141 us of the client's one core. So many rows are simulated one by one and their
counts scaled up to a hundred million; the rate is that between the first tenth of them and the last. Where no chance
is involved it is arithmetic, and says so.
"""


def _simulated(rows: int) -> None:
    print("| limit | fail | rows/s | time | requests | repeated | refused | rows left | CPU |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    plain = [Scenario(limit=limit, failures=failures) for limit in _LIMITS for failures in (0.0, 0.01, 0.05)]
    polite = [Scenario(limit=limit, failures=0.01, refusal=LATER) for limit in _LIMITS if limit]
    trouble = [Scenario(limit=limit, failures=0.05, fault=TROUBLE) for limit in _LIMITS]
    fixed = [Scenario(limit=limit, failures=0.05, fault=TROUBLE, fixed=_FIXED * limit) for limit in _LIMITS if limit]
    for scenario in (*plain, *polite, *trouble, *fixed):
        print(_row(scenario, simulate(scenario, rows)), flush=True)


def _row(scenario: Scenario, it: Result) -> str:
    scale = _ALL / it.rows
    cells = (
        _limit(scenario.limit)
        + ", `Retry-After: 1`" * (scenario.refusal is LATER)
        + (f", kept to {scenario.fixed:,g}/s" if scenario.fixed else ""),
        f"{scenario.failures:.0%}" + ", half are 503" * (scenario.fault is TROUBLE),
        f"{it.rate:,.0f}",
        _span(_ALL / it.rate),
        f"{it.calls * scale / 1e6:.1f} M",
        f"{it.repeated * scale / 1e6:.2f} M",
        f"{it.refused * scale / 1e6:.2f} M",
        f"{it.failed * scale:,.0f}",
        f"{it.calls * scale * CPU / 3600:.1f} h",
    )
    return f"| {' | '.join(cells)} |"


def _outage(rows: int) -> None:
    print("| limit | rows left by each minute |\n|---|---:|")
    for limit in _LIMITS:
        it = simulate(Scenario(limit=limit, away=_AWAY), max(rows, _THROUGH))
        print(f"| {_limit(limit)} | {it.failed * 60 / _AWAY:,.0f} |", flush=True)


def _arithmetic() -> None:
    print("| limit | a hundred million take |\n|---:|---:|")
    for limit in (50, 100, 200, 500, 1_000, 2_000, 5_000):
        print(f"| {limit:,}/s | {_span(_ALL / limit)} |")


def _losses(limit: int) -> None:
    print(f"| workers lost in a day | {' | '.join(f'{held:,} phones in hand' for held in _HELD)} |")
    print(f"|---:|{'---:|' * len(_HELD)}")
    for losses in _LOSSES:
        again = [math.ceil(losses * _ALL / limit / _DAY) * held for held in _HELD]
        cells = (f"{checks:,} ({checks / _ALL:.3%})" for checks in again)
        print(f"| {losses} | {' | '.join(cells)} |")


def _limit(limit: int | None) -> str:
    return "none" if limit is None else f"{limit:,}/s"


def _span(seconds: float) -> str:
    return f"{seconds / _DAY:.1f} days" if seconds >= 2 * _DAY else f"{seconds / 3600:.1f} h"


def main(arguments: Sequence[str]) -> int:
    """Simulate and print."""
    parser = command("hundred_million", _DESCRIPTION)
    told = "of each scenario, simulated one by one; %(default)s"
    parser.add_argument("--rows", type=whole(20_000, 5_000_000), default=200_000, metavar="N", help=told)
    rows = parser.parse_args(arguments).rows
    began = time.monotonic()
    print(f"{machine()}; {rows:,} rows of each scenario\n\nArithmetic:\n")
    _arithmetic()
    print("\nSimulated:\n")
    _simulated(rows)
    print(f"\nWhile no connection can be made ({_AWAY:g} s were simulated):\n")
    _outage(rows)
    print("\nArithmetic: checks made again at most at 200/s, when workers die:\n")
    _losses(200)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
    print(f"\nPeak memory of the simulation, server included: {peak:.0f} MiB.")
    print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    return 0
