"""What do docs/internals/performance.md and tuning.md say? Measures all of it in one run, and writes them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, frozen

from benchmarks import streaming
from benchmarks.lib import counting, figures, goals, pages
from benchmarks.lib.figures import Cycle, Spread
from benchmarks.lib.goals import Goal
from benchmarks.lib.options import command
from benchmarks.lib.paired import Plan, measure
from benchmarks.lib.roster import NULL, ROSTER, present
from benchmarks.streaming import Sizes

_DOCS = Path(__file__).parent.parent / "docs" / "internals"
_KEPT = "performance.json"
_NODE_MODULES = Path(__file__).with_name("node") / "node_modules"
_MANY = [name for name in ROSTER if not name.endswith("-gc")]
_ONE = [name for name in _MANY if name not in {"sdk", "tuned-uvloop", "session-per-call", NULL}]
_PACKAGES = ("aiohttp", "yarl", "attrs", "cattrs", "uvloop", "httptools", "httpx", "pyreqwest", "pycurl")
_Ratio = Callable[[Sequence[Cycle], str, str], Spread]
_DESCRIPTION = f"""\
Everything that docs/internals/performance.md and tuning.md say, measured in one run: CPU and latency of this SDK and of
other clients in turns, machine instructions under valgrind, bulk runs. Writes the pages, their plots and {_KEPT}.
"""
_EPILOG = """\
examples:
  python -m benchmarks performance            everything, 10 to 20 minutes on a machine that does nothing else
  python -m benchmarks performance --quick    a few minutes; prints the pages and writes nothing
  python -m benchmarks performance --render   writes the pages anew from the figures of the last run
"""


@frozen(kw_only=True)
class Scale:
    """How much is measured."""

    many: dict[str, float]
    one: dict[str, float]
    tuning: dict[str, float]
    bulk: Sizes
    instructions: Sequence[str] = ()


_FULL = Scale(
    many={"calls": 1000, "slices": 8, "rounds": 6, "seconds": 400},
    one={"calls": 300, "slices": 8, "rounds": 6, "seconds": 180},
    tuning={"calls": 1000, "slices": 8, "rounds": 4, "seconds": 60},
    bulk=Sizes(),
)
_QUICK = Scale(
    many={"calls": 500, "slices": 4, "rounds": 1, "seconds": 40},
    one={"calls": 200, "slices": 6, "rounds": 1, "seconds": 30},
    tuning={"calls": 500, "slices": 3, "rounds": 1, "seconds": 20},
    bulk=Sizes(phones=20_000, calls=2_000, slow_calls=5_000, slices=2, rounds=1),
    instructions=("typed", "loopback", "tuned"),
)


def main(arguments: Sequence[str]) -> int:
    """Measure, write and print the goals."""
    options = _options(arguments)
    if options.render:
        pages.write(pages.read(json.loads((_DOCS / _KEPT).read_text())), _DOCS)
        return 0
    found = asyncio.run(_measure(_QUICK if options.quick else _FULL))
    if options.quick:
        print("\n".join(pages.pages(found).values()))
        return 0
    (_DOCS / _KEPT).write_text(json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n")
    pages.write(found, _DOCS)
    print(goals.table(found.goals))
    return 0


async def _measure(scale: Scale) -> pages.Findings:
    begun, load = time.monotonic(), os.getloadavg()[0]
    names, missing = present(_MANY)
    many = await measure(_plan(names, 100, scale.many))
    one = await measure(_plan([name for name in _ONE if name in names], 1, scale.one))
    tuning = await measure(_plan(present([*pages.TUNING])[0], 100, scale.tuning))
    bulk = await streaming.measure(scale.bulk)
    counted = counting.with_ratios(await counting.measure(scale.instructions))
    return pages.Findings(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_said("git", "describe", "--always", "--dirty"),
        machine=_machine(),
        versions=_versions(),
        load=(load, os.getloadavg()[0]),
        minutes=(time.monotonic() - begun) / 60,
        missing=missing,
        slices={
            "many": f"{len(many)} slices of {scale.many['calls']:,.0f} calls",
            "one": f"{len(one)} slices of {scale.one['calls']:,.0f} calls",
            "tuning": f"{len(tuning)} slices of {scale.tuning['calls']:,.0f} calls",
        },
        many=figures.rows(many),
        one=figures.rows(one),
        tuning=figures.rows(tuning, pages.TUNING[0]),
        above_transport=figures.own_cost(many),
        instructions=counted,
        goals=[*_instruction_goals(counted), *_paired_goals(many, one), *bulk.goals, _import_goal(counted)],
        shares=bulk.shares,
        notes=bulk.notes,
    )


def _plan(names: Sequence[str], concurrency: int, size: dict[str, Any]) -> Plan:
    return Plan(names=tuple(names), concurrency=concurrency, **size)


def _instruction_goals(counted: dict[str, float]) -> list[Goal]:
    names = {"loopback / tuned": "default transport, instructions per call vs b", "loopback / plain": "the same vs a"}
    return [_counted(name, title, counted) for name, title in names.items()]


def _import_goal(counted: dict[str, float]) -> Goal:
    title = "`import etelecom_async` over `import attrs, cattrs, yarl`, instructions beyond a bare Python's"
    session = counted.get("import-session / import-needs")
    goal = _counted("import / import-needs", title, counted)
    return evolve(goal, basis="" if session is None else f"a service, which imports `Session`: {session:.2f}")


def _counted(name: str, title: str, counted: dict[str, float]) -> Goal:
    value = counted.get(name)
    one, _, other = name.partition(" / ")
    return Goal(
        name=title,
        bound=counting.GOALS[name],
        measured=None if value is None else figures.spread([value]),
        basis="" if value is None else f"{counted[one]:,} / {counted[other]:,}",
    )


def _paired_goals(many: Sequence[Cycle], one: Sequence[Cycle]) -> list[Goal]:
    cpu, latency = figures.cpu_ratio, figures.latency_ratio
    return [
        _paired("default transport on uvloop, CPU vs b", 0.92, many, ("sdk-uvloop", "tuned"), cpu),
        _paired("fast transport on uvloop, CPU vs b", 0.55, many, ("sdk-fast-uvloop", "tuned"), cpu),
        _paired("one after the other, p50 latency vs b", 1.07, one, ("sdk-workers", "tuned"), latency),
        _paired("one after the other, CPU vs httpx", 1 / 3, one, ("sdk-workers", "httpx"), cpu),
        _paired("100 in flight, CPU vs httpx", 1 / 20, many, ("sdk-workers", "httpx"), cpu),
        _paired("100 in flight, CPU vs axios on Node", 0.45, many, ("sdk-workers", "axios"), cpu),
    ]


def _paired(title: str, most: float, cycles: Sequence[Cycle], pair: tuple[str, str], ratio: _Ratio) -> Goal:
    is_there = cycles[0].keys() >= set(pair)
    return Goal(
        name=title,
        bound=most,
        measured=ratio(cycles, *pair) if is_there else None,
        basis=f"{len(cycles)} pairs" if is_there else "",
    )


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    is_virtual = any(line.startswith("flags") and "hypervisor" in line.split() for line in lines)
    kind = "a virtual machine" if is_virtual else "a machine"
    return f"{kind} with {os.cpu_count()} cores ({models[0] if models else platform.machine()}), {platform.system()}"


def _versions() -> str:
    found = [f"{platform.python_implementation()} {platform.python_version()}"]
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    if node := _said("node", "--version"):
        found.append(f"Node {node.removeprefix('v')}")
    for name in ("undici", "axios"):
        manifest = _NODE_MODULES / name / "package.json"
        if manifest.exists():
            found.append(f"{name} {json.loads(manifest.read_text())['version']}")
    return ", ".join(found)


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=_DOCS).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command("performance", _DESCRIPTION, epilog=_EPILOG)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--quick", action="store_true", help="a small run that prints and writes nothing")
    way.add_argument("--render", action="store_true", help=f"measure nothing: write the pages from {_KEPT}")
    return parser.parse_args(arguments)
