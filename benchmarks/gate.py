"""Fail where a call takes more instructions than it used to."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from attrs import frozen

if not __package__:  # run as a file
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import job
from benchmarks.child import ChildFailed, child
from benchmarks.instructions import CannotCount, per_call

_KEPT = Path(__file__).with_name("gate.json")
_MARGIN = 0.03
_DESCRIPTION = f"""\
Counts the user instructions of a call under valgrind, and fails if a figure lies more than {_MARGIN:.0%} above the
one in {_KEPT.name}. About 5,000 of them are a microsecond. The server of the loopback figures is a process of its
own, whose instructions do not count.
"""
_EPILOG = """\
examples:
  python benchmarks/gate.py            compare
  python benchmarks/gate.py typed      one figure only
  python benchmarks/gate.py --write    take what is measured as the new figures, after a change that is meant
"""


@frozen
class Figure:
    """What is counted: the work of `gate_client`, the two lengths of its run, and whether orjson is there for it."""

    title: str
    work: str
    few: int
    many: int
    uses_orjson: bool = False


FIGURES = {
    "typed": Figure("typed call, no network", "typed", 300, 1500),
    "typed-orjson": Figure("the same, with orjson", "typed", 300, 1500, uses_orjson=True),
    "bulk": Figure("item of a bulk run, no network", "bulk", 500, 1500),
    "loopback": Figure("typed call, default transport", "loopback", 300, 900),
    "tuned": Figure("the same job, tuned aiohttp", "tuned", 300, 900),
}
_RATIO = "loopback / tuned"


async def measure(names: list[str]) -> dict[str, float]:
    """The figures of these names, and with both loopback figures their ratio."""
    async with child("server") as server:
        origin = f"http://{job.HOST}:{(await server.hear())['port']}"
        figures: dict[str, float] = {}
        for name in names:
            it = FIGURES[name]
            json = "orjson" if it.uses_orjson else "json"
            figures[name] = await per_call("gate_client", json, it.work, origin, few=it.few, many=it.many)
            print(f"{it.title}: {figures[name]:,.0f}", file=sys.stderr, flush=True)
    if {"loopback", "tuned"} <= figures.keys():
        figures[_RATIO] = round(figures["loopback"] / figures["tuned"], 3)
    return figures


def compare(now: dict[str, float], before: dict[str, float]) -> tuple[str, list[str]]:
    """A table, and the figures that grew too much. The tuned client is a yardstick: it is shown and not judged."""
    lines = [f"{'':<34}{'before':>10}{'now':>10}{'change':>9}"]
    worse: list[str] = []
    for name, value in now.items():
        title = FIGURES[name].title if name in FIGURES else name
        if name not in before:
            lines.append(f"{title:<34}{'-':>10}{value:>10,}{'new':>9}")
            continue
        change = value / before[name] - 1
        lines.append(f"{title:<34}{before[name]:>10,}{value:>10,}{change:>+9.1%}")
        if change > _MARGIN and name != "tuned":
            worse.append(title)
    return "\n".join(lines), worse


def machine() -> dict[str, str]:
    """What the figures depend on beside the SDK's own code."""
    python = f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})"
    packages = {name: version(name) for name in ("aiohttp", "attrs", "cattrs", "multidict", "orjson", "yarl")}
    return {"python": python, "machine": platform.machine(), **packages}


def main() -> int:
    """0 if nothing grew too much, 1 otherwise or where it cannot be counted."""
    options = _options()
    known = json.loads(_KEPT.read_text()) if _KEPT.exists() else {"figures": {}, "measured_with": machine()}
    try:
        now = asyncio.run(measure(options.figures or list(FIGURES)))
    except (CannotCount, ChildFailed) as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
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
        print(f"More than {_MARGIN:.0%} worse: {'; '.join(worse)}", file=sys.stderr)
        for name, then in known["measured_with"].items():
            if machine().get(name) != then:
                print(f"  it may be {name}: {machine().get(name)}, and it was {then}", file=sys.stderr)
    return 1 if worse or missing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"which; all unless given: {', '.join(FIGURES)}")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {_KEPT.name}")
    options = parser.parse_args()
    if unknown := [name for name in options.figures if name not in FIGURES]:
        parser.error(f"there is no figure {unknown[0]!r}: there are {', '.join(FIGURES)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
