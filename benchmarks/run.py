"""Measure what a call costs with this SDK and with aiohttp code that does the same."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import time
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path

if not __package__:  # run as a file
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import figures, job
from benchmarks.child import Child, ChildFailed, child

_CONTENDERS = (*figures.NAMES, figures.NULL)
_DESCRIPTION = """\
CPU per call and calls per second of this SDK, against plain and tuned aiohttp code for the same job,
over a loopback server. Every client runs in a process of its own; all are alive at once and take turns
in slices of calls, in a new order each time, so that a slow moment of the machine hits them alike.
Read the ratios, not the microseconds: "the same code again" shows how far from 1.00 chance alone leads.
"""
_EPILOG = """\
examples:
  python benchmarks/run.py                        the figures of docs/performance.md, in less than 90 s
  python benchmarks/run.py --rounds 1 --slices 3  a quick look
  python benchmarks/run.py --json > now.json      to keep and compare
"""


def main() -> int:
    """Measure and print; 130 after Ctrl-C, 1 after a failure."""
    options = _options()
    try:
        cycles = asyncio.run(_measure(options))
    except KeyboardInterrupt:
        print("Interrupted: nothing is reported.", file=sys.stderr)
        return 130
    except ChildFailed as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"machine": machine(), "options": vars(options), **figures.as_json(cycles)}, indent=2))
        return 0
    count = f"{len(cycles)} of {options.rounds * options.slices}"
    print(f"{machine()}\n{count} slices of {options.calls} calls each, {options.concurrency} in flight\n")
    print(figures.table(cycles))
    print(f"\nCPU of etelecom_async above its transport, in us/call: {figures.own_cost(cycles)}")
    return 0


async def _measure(options: argparse.Namespace) -> list[figures.Cycle]:
    cycles: list[figures.Cycle] = []
    deadline = time.monotonic() + options.seconds
    for number in range(1, options.rounds + 1):
        if cycles and time.monotonic() > deadline:
            break
        if sys.stderr.isatty():
            print(f"round {number} of {options.rounds} ...", file=sys.stderr)
        cycles += await _round(options, deadline)
    return cycles


async def _round(options: argparse.Namespace, deadline: float) -> list[figures.Cycle]:
    """New processes, for identical ones can differ by some percent as long as they live; then slices in turn."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(child("server"))
        origin = f"http://{job.HOST}:{(await server.hear())['port']}"
        clients = {
            name: await stack.enter_async_context(child("worker", name, origin, str(options.concurrency)))
            for name in _CONTENDERS
        }
        for name, client in clients.items():
            await _check(name, client, server)
            await _slice(name, client, options.calls)  # warms up
        cycles: list[figures.Cycle] = []
        while len(cycles) < options.slices and not (cycles and time.monotonic() > deadline):
            order = random.sample(_CONTENDERS, len(_CONTENDERS))
            cycles.append({name: await _slice(name, clients[name], options.calls) for name in order})
        return cycles


async def _slice(name: str, client: Child, calls: int) -> figures.Slice:
    if name == "session-per-call":
        calls = max(1, min(calls // 10, 250))  # it is slow, and each leaves a port in TIME_WAIT
    cost = await client.ask(calls)
    if cost["calls"] != calls:
        raise ChildFailed(f"{name} made {cost['calls']} calls of {calls}.")
    return figures.Slice(cpu=cost["cpu"] / calls, rate=calls / cost["wall"])


async def _check(name: str, client: Child, server: Child) -> None:
    """One call, to see that the contender sends the same job as all others and makes the same of the answer."""
    before = (await server.ask(""))["requests"]
    result = (await client.ask(1))["result"]
    if result != job.RESULT:
        raise ChildFailed(f"{name} made {result} of the answer, not {job.RESULT}.")
    if name == figures.NULL:
        return
    seen = await server.ask("")
    wanted = (before + 1, "POST", job.PATH, job.AUTHORIZATION, "application/json", job.payload(job.phones(1)[0]))
    headers = seen["headers"]
    got = (
        seen["requests"],
        seen["method"],
        seen["path"],
        headers.get("authorization"),
        headers.get("content-type"),
        json.loads(seen["body"]),
    )
    if got != wanted:
        raise ChildFailed(f"{name} does another job: the server received {got}, not {wanted}.")


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "yarl", "attrs", "cattrs"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {packages}; {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--calls", type=whole(1, 20_000), default=500, metavar="N", help="calls per slice; %(default)s")
    add("--slices", type=whole(1, 100), default=8, metavar="N", help="slices of each client per round; %(default)s")
    add(
        "--rounds",
        type=whole(1, 50),
        default=5,
        metavar="N",
        help="how often all processes are started anew, since identical ones can differ by 5%%; %(default)s",
    )
    add("--concurrency", type=whole(1, 1000), default=100, metavar="N", help="requests in flight; %(default)s")
    add(
        "--seconds",
        type=whole(1, 3600),
        default=75,
        metavar="N",
        help="begin no further slice after this time, and report what there is; %(default)s",
    )
    add("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.calls < options.concurrency:
        parser.error(f"a slice of {options.calls} calls cannot keep {options.concurrency} in flight: raise --calls.")
    return options


def whole(least: int, most: int) -> type[int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
