"""Does a call take more instructions than it used to? Part of what CI runs."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.lib.counting import GOALS, NAMES, TITLES, YARDSTICKS, measure, needed, with_ratios
from benchmarks.lib.options import command

_KEPT = Path(__file__).with_name("gate.json")
_MARGIN = 0.03
_DESCRIPTION = f"""\
Counts the user instructions of a call under valgrind, and fails if a figure lies more than {_MARGIN:.0%} above the
one in {_KEPT.name}. About 5,000 of them are a microsecond. The server of the loopback figures is a process of its own,
whose instructions do not count. Goals are shown and not judged: those figures move by a hundredth on a busy machine.
"""
_EPILOG = """\
examples:
  python -m benchmarks gate            compare
  python -m benchmarks gate typed      one figure only
  python -m benchmarks gate --write    take what is measured as the new figures, after a change that is meant
"""


def compare(now: dict[str, float], before: dict[str, float]) -> tuple[str, list[str]]:
    """A table, and the figures that grew too much."""
    lines = [f"{'':<32}{'before':>13}{'now':>13}{'change':>9}{'goal':>9}"]
    worse: list[str] = []
    for name, value in now.items():
        title, goal, was = TITLES.get(name, name), GOALS.get(name), before.get(name)
        change = "new" if was is None else f"{value / was - 1:+.1%}"
        end = "" if goal is None else f"{goal:>9,}  {'met' if value <= goal else 'MISSED'}"
        lines.append(f"{title:<32}{'-' if was is None else f'{was:,}':>13}{value:>13,}{change:>9}{end}")
        if was is None or name in YARDSTICKS:
            continue
        if value > was * (1 + _MARGIN):
            worse.append(name)
    return "\n".join(lines), worse


def machine() -> dict[str, str]:
    """What the figures depend on beside the SDK's own code."""
    python = f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})"
    packages = {name: version(name) for name in ("aiohttp", "attrs", "cattrs", "multidict", "yarl")}
    return {"python": python, "machine": platform.machine(), **packages}


def main(arguments: Sequence[str]) -> int:
    """0 if nothing grew too much, 1 otherwise."""
    options = _options(arguments)
    known = json.loads(_KEPT.read_text()) if _KEPT.exists() else {"figures": {}, "measured_with": machine()}
    # Ratios are computed and never kept: they would differ from their counts where some of these are counted anew.
    before = with_ratios(known["figures"])
    counts = asyncio.run(measure(needed(options.figures)))
    table, worse = compare(with_ratios(counts), before)
    if worse:
        print(f"Counting again, for a busy machine adds to some: {', '.join(worse)}", file=sys.stderr)
        again = asyncio.run(measure(needed(worse)))
        counts |= {name: min(count, counts[name]) for name, count in again.items()}
    now = with_ratios(counts)
    table, worse = compare(now, before)
    print(table)
    if options.write:
        known = {"measured_with": machine(), "figures": {**known["figures"], **counts}}
        _KEPT.write_text(json.dumps(known, indent=2) + "\n")
        return 0
    missing = [name for name in now if name not in before]
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


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command("gate", _DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"which; all unless given: {', '.join(NAMES)}")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {_KEPT.name}")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.figures if name not in NAMES]:
        parser.error(f"there is no figure {unknown[0]!r}: there are {', '.join(NAMES)}")
    return options
