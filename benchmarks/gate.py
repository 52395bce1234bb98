"""Fail where a call takes more instructions than it used to."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Collection, Iterable
from importlib.metadata import version
from pathlib import Path

from attrs import frozen

if not __package__:  # run as a file
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import job
from benchmarks.child import ChildFailed, child
from benchmarks.instructions import CannotCount, of_importing, per_call

_KEPT = Path(__file__).with_name("gate.json")
_MARGIN = 0.03
_DESCRIPTION = f"""\
Counts the user instructions of a call under valgrind, and fails if a figure lies more than {_MARGIN:.0%} above the
one in {_KEPT.name}. About 5,000 of them are a microsecond. The server of the loopback figures is a process of its own,
whose instructions do not count. Goals are shown and not judged: those figures move by a hundredth on a busy machine.
"""
_EPILOG = """\
examples:
  python benchmarks/gate.py            compare
  python benchmarks/gate.py typed      one figure only
  python benchmarks/gate.py --write    take what is measured as the new figures, after a change that is meant
"""


@frozen
class Figure:
    """What is counted: the work of `gate_client`, and the two lengths of its run."""

    title: str
    work: str
    few: int
    many: int


FIGURES = {
    "typed": Figure("typed call, no network", "typed", 300, 1500),
    "bulk": Figure("item of a bulk run, no network", "bulk", 500, 1500),
    "loopback": Figure("typed call, default transport", "loopback", 300, 900),
    "tuned": Figure("the same job, tuned aiohttp", "tuned", 300, 900),
    "plain": Figure("the same job, plain aiohttp", "plain", 300, 900),
}
_IMPORTS = {
    "import": "import etelecom_async",
    "import-session": "from etelecom_async import Session",
    "import-needs": "import attrs, cattrs, yarl",
    "python": "pass",
}
TITLES = {name: it.title for name, it in FIGURES.items()} | {**_IMPORTS, "python": "a Python that imports nothing"}
_RATIOS = {"loopback / tuned": ("loopback", "tuned"), "loopback / plain": ("loopback", "plain")}
_IMPORT_RATIOS = {
    "import / import-needs": ("import", "import-needs"),
    "import-session / import-needs": ("import-session", "import-needs"),
}
"""Of what is beyond a bare Python. A service that makes a session pays for `Session`."""
NAMES = (*FIGURES, *_IMPORTS, *_RATIOS, *_IMPORT_RATIOS)
"""Every figure, counted or computed."""
GOALS = {
    "typed": 45_000,
    "loopback / tuned": 1.08,
    "loopback / plain": 0.85,
    "import / import-needs": 1.15,
}
"""What they shall be at most."""
_OVER_NETWORK = {"loopback", "tuned", "plain"}
_YARDSTICKS = {"tuned", "plain", "import", "import-needs", "python", "import / import-needs"}
"""Shown and not judged: `import` is little more than a bare Python, which differs by as much from place to place."""


async def measure(names: Collection[str] = ()) -> dict[str, int]:
    """The figures of these names, or all, without the ratios."""
    figures: dict[str, int] = {}

    async def lane(these: Iterable[str], origin: str) -> None:
        for name in these:
            figures[name] = await _count(name, origin)
            print(f"{TITLES[name]}: {figures[name]:,}", file=sys.stderr, flush=True)

    wanted = names or (*FIGURES, *_IMPORTS)
    async with child("server") as server:
        origin = f"http://{job.HOST}:{(await server.hear())['port']}"
        # Two at once, but of those that talk to the server one: where it is slow to answer, the client's loop has more
        # turns, so these counts are the only ones that a busy machine changes.
        over_network = [name for name in wanted if name in _OVER_NETWORK]
        await asyncio.gather(
            lane(over_network, origin), lane((name for name in wanted if name not in over_network), origin)
        )
    return figures


def with_ratios(counts: dict[str, int]) -> dict[str, float]:
    """The counts and the ratios of those that are there."""
    figures: dict[str, float] = dict(counts)
    for ratio, (one, other) in _RATIOS.items():
        if {one, other} <= figures.keys():
            figures[ratio] = round(figures[one] / figures[other], 3)
    for ratio, (one, other) in _IMPORT_RATIOS.items():
        if {one, other, "python"} <= figures.keys():
            figures[ratio] = round((figures[one] - figures["python"]) / (figures[other] - figures["python"]), 3)
    return {name: figures[name] for name in NAMES if name in figures}


def parts(names: Iterable[str]) -> set[str]:
    """What has to be counted for these figures."""
    found: set[str] = set()
    for name in names:
        if name in _IMPORT_RATIOS:
            found |= {*_IMPORT_RATIOS[name], "python"}
        else:
            found |= set(_RATIOS.get(name, (name,)))
    return found


async def _count(name: str, origin: str) -> int:
    if name in _IMPORTS:
        return await of_importing(_IMPORTS[name])
    it = FIGURES[name]
    return await per_call("gate_client", it.work, origin, few=it.few, many=it.many)


def compare(now: dict[str, float], before: dict[str, float]) -> tuple[str, list[str]]:
    """A table, and the figures that grew too much."""
    lines = [f"{'':<32}{'before':>13}{'now':>13}{'change':>9}{'goal':>9}"]
    worse: list[str] = []
    for name, value in now.items():
        title, goal, was = TITLES.get(name, name), GOALS.get(name), before.get(name)
        change = "new" if was is None else f"{value / was - 1:+.1%}"
        end = "" if goal is None else f"{goal:>9,}  {'met' if value <= goal else 'MISSED'}"
        lines.append(f"{title:<32}{'-' if was is None else f'{was:,}':>13}{value:>13,}{change:>9}{end}")
        if was is None or name in _YARDSTICKS:
            continue
        if value > was * (1 + _MARGIN):
            worse.append(name)
    return "\n".join(lines), worse


def machine() -> dict[str, str]:
    """What the figures depend on beside the SDK's own code."""
    python = f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})"
    packages = {name: version(name) for name in ("aiohttp", "attrs", "cattrs", "multidict", "yarl")}
    return {"python": python, "machine": platform.machine(), **packages}


def main() -> int:
    """0 if nothing grew too much, 1 otherwise or where it cannot be counted."""
    options = _options()
    known = json.loads(_KEPT.read_text()) if _KEPT.exists() else {"figures": {}, "measured_with": machine()}
    try:
        counts = asyncio.run(measure(parts(options.figures)))
        table, worse = compare(with_ratios(counts), known["figures"])
        if worse:
            print(f"Counting again, for a busy machine adds to some: {', '.join(worse)}", file=sys.stderr)
            again = asyncio.run(measure(parts(worse)))
            counts |= {name: min(count, counts[name]) for name, count in again.items()}
    except (CannotCount, ChildFailed) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    now = with_ratios(counts)
    table, worse = compare(now, known["figures"])
    print(table)
    if options.write:
        known = {"measured_with": machine(), "figures": {**known["figures"], **now}}
        _KEPT.write_text(json.dumps(known, indent=2) + "\n")
        return 0
    missing = [name for name in now if name not in known["figures"]]
    if missing:
        print(f"{_KEPT.name} has no figure for: {', '.join(missing)}", file=sys.stderr)
    if worse:
        print(
            f"More than {_MARGIN:.0%} worse, or a goal lost: {'; '.join(TITLES.get(name, name) for name in worse)}",
            file=sys.stderr,
        )
        for name, then in known["measured_with"].items():
            if machine().get(name) != then:
                print(f"  it may be {name}: {machine().get(name)}, and it was {then}", file=sys.stderr)
    return 1 if worse or missing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"which; all unless given: {', '.join(NAMES)}")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {_KEPT.name}")
    options = parser.parse_args()
    if unknown := [name for name in options.figures if name not in NAMES]:
        parser.error(f"there is no figure {unknown[0]!r}: there are {', '.join(NAMES)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
