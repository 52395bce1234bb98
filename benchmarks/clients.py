"""What does a call cost with this SDK, and with other clients that do the same job?"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from benchmarks.lib import figures
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole
from benchmarks.lib.paired import Plan, measure
from benchmarks.lib.roster import BASE, NULL, ROSTER, present

_USUAL = ("plain", "plain-again", "tuned", "tuned-again", "sdk", "sdk-workers", NULL)
_DESCRIPTION = """\
CPU per call and calls per second of this SDK and of other clients for the same job, over a loopback
server. Every client runs in a process of its own; all are alive at once and take turns in slices of
calls, in a new order each time, so that a slow moment of the machine hits them alike.
Read the ratios, not the microseconds: "again" shows how far from 1.00 chance alone leads.
"""
_EPILOG = f"""\
examples:
  python -m benchmarks clients                        this SDK and aiohttp, in less than 90 s
  python -m benchmarks clients --rounds 1 --slices 3  a quick look
  python -m benchmarks clients --concurrency 1        one call after the other: latencies
  python -m benchmarks clients tuned httpx undici     these only
  python -m benchmarks clients --json > now.json      to keep and compare

contenders: {", ".join(ROSTER)}
"""


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    options = _options(arguments)
    names, missing = present(options.names or list(_USUAL))
    for name, lack in missing.items():
        print(f"{name} is left out: there is no {lack}. `make bench` installs it.", file=sys.stderr)
    if options.base not in names:
        print(f"The base {options.base} is not among those that are measured.", file=sys.stderr)
        return 1
    plan = Plan(
        names=tuple(names),
        concurrency=options.concurrency,
        calls=options.calls,
        slices=options.slices,
        rounds=options.rounds,
        seconds=options.seconds,
    )
    cycles = asyncio.run(measure(plan))
    if options.json:
        found = figures.as_json(cycles, options.base)
        print(json.dumps({"machine": machine(), "options": vars(options), **found}, indent=2))
        return 0
    count = f"{len(cycles)} of {options.rounds * options.slices}"
    print(f"{machine()}\n{count} slices of {options.calls} calls each, {options.concurrency} in flight\n")
    print(figures.table(figures.rows(cycles, options.base), options.base))
    if NULL in names:
        print(f"\nCPU of etelecom_async above its transport, in us/call: {figures.own_cost(cycles)}")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command("clients", _DESCRIPTION, epilog=_EPILOG)
    add = parser.add_argument
    add("names", nargs="*", metavar="CONTENDER", help="who is measured; this SDK and aiohttp unless given")
    add("--base", choices=ROSTER, default=BASE, metavar="CONTENDER", help="whom ratios are against; %(default)s")
    add("--calls", type=whole(1, 20_000), default=500, metavar="N", help="calls per slice; %(default)s")
    add("--slices", type=whole(1, 100), default=8, metavar="N", help="slices of each client per round; %(default)s")
    add("--rounds", type=whole(1, 50), default=5, metavar="N", help="how often processes start anew; %(default)s")
    add("--concurrency", type=whole(1, 1000), default=100, metavar="N", help="requests in flight; %(default)s")
    add("--seconds", type=whole(1, 3600), default=75, metavar="N", help="begin no slice after these; %(default)s")
    add("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in ROSTER]:
        parser.error(f"there is no contender {unknown[0]!r}: there are {', '.join(ROSTER)}")
    if options.calls < options.concurrency:
        parser.error(f"a slice of {options.calls} calls cannot keep {options.concurrency} in flight: raise --calls.")
    return options
