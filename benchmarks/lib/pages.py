"""Two pages of docs/internals, performance.md with its plots and tuning.md, made of the figures of one run."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import cattrs
from attrs import frozen

from benchmarks.lib import counting, figures, goals, plots
from benchmarks.lib.figures import Row, Spread
from benchmarks.lib.goals import Goal
from benchmarks.lib.roster import ROSTER

__all__ = ["TUNING", "Findings", "pages", "read", "write"]

_TEMPLATES = Path(__file__).parent
TUNING = ("sdk-workers", "sdk-uvloop", "sdk-gc", "sdk-uvloop-gc")
"""The contenders of tuning.md; the first is what the others are compared with."""
_OURS = "sdk"
_QUIET = 1.0
_BUSY = "**The machine was busy with other work: times and their ratios say little in this run.**"
_WAYS = {
    "workers": "plain workers",
    "workers-again": "plain workers again",
    "check_consents": "check_consents",
    "ordered": "check_consents, ordered",
}


@frozen(kw_only=True)
class Findings:
    """What one run found.

    Attributes:
        date: of the run, ISO 8601.
        commit: what was measured.
        machine: its kind.
        versions: of what was measured.
        load: of the machine, before and after: the mean number of processes that wanted to run in the last minute.
        minutes: how long it took.
        missing: contenders that were left out, and what each lacks.
        slices: how many slices of how many calls, for each of the three that follow.
        many: with 100 in flight.
        one: one call after the other.
        tuning: what an application can set, with 100 in flight.
        above_transport: microseconds of CPU per call above the transport.
        instructions: of the gate.
        goals: each with what came of it.
        shares: of the possible calls per second behind slow answers.
        notes: on the bulk figures.
    """

    date: str
    commit: str
    machine: str
    versions: str
    load: tuple[float, float]
    minutes: float
    missing: dict[str, str]
    slices: dict[str, str]
    many: list[Row]
    one: list[Row]
    tuning: list[Row]
    above_transport: Spread
    instructions: dict[str, float]
    goals: list[Goal]
    shares: dict[str, dict[str, float]]
    notes: list[str]


def read(kept: Any) -> Findings:
    """From JSON values, as `attrs.asdict` makes them."""
    return cattrs.structure(kept, Findings)


def pages(found: Findings) -> dict[str, str]:
    """The pages as Markdown, by their names."""
    missing = (f"{ROSTER[name].title} (no {lack})" for name, lack in found.missing.items())
    performance = _filled(
        "performance",
        date=found.date[:10],
        commit=found.commit,
        machine=found.machine,
        versions=found.versions,
        load=f"{found.load[0]:.1f} before, {found.load[1]:.1f} after",
        minutes=f"{found.minutes:.0f}",
        busy=_BUSY if found.load[0] > _QUIET else "",
        missing=f" Left out: {', '.join(missing)}." if found.missing else "",
        goals=goals.table(found.goals),
        slices_many=found.slices["many"],
        slices_one=found.slices["one"],
        many=figures.table(found.many),
        one=figures.table(found.one),
        above=found.above_transport,
        instructions=_instructions(found.instructions),
        shares=_shares(found.shares),
        notes="\n".join(f"- {note}" for note in found.notes),
    )
    tuning = _filled(
        "tuning", command=" ".join(TUNING), slices=found.slices["tuning"], table=figures.table(found.tuning, TUNING[0])
    )
    return {"performance": performance, "tuning": tuning}


def _filled(name: str, **values: object) -> str:
    return Template((_TEMPLATES / f"{name}.template.md").read_text()).substitute(values)


def write(found: Findings, folder: Path) -> None:
    """The pages and the plots."""
    for name, text in pages(found).items():
        folder.joinpath(f"{name}.md").write_text(text)
    for name, svg in _plots(found).items():
        folder.joinpath(f"performance-{name}.svg").write_text(svg)


def _instructions(counted: dict[str, float]) -> str:
    lines = ["| what is counted | instructions | goal |", "|---|---:|---:|"]
    for name, value in counted.items():
        goal = counting.GOALS.get(name)
        shown = f"{value:,.0f}" if value > 100 else f"{value:.3f}"
        lines.append(f"| {counting.TITLES.get(name, name)} | {shown} | {'' if goal is None else f'≤ {goal:,}'} |")
    return "\n".join(lines)


def _shares(shares: dict[str, dict[str, float]]) -> str:
    lines = ["| way | 99 % 50 ms, 1 % 1 s | 90 % 40 ms, 9 % 100 ms, 1 % 1 s |", "|---|---:|---:|"]
    lines += [f"| {title} | {shares['tail'][way]:.2f} | {shares['mix'][way]:.2f} |" for way, title in _WAYS.items()]
    return "\n".join(lines)


def _plots(found: Findings) -> dict[str, str]:
    cpu = [_mark(row, row.cpu_ratio) for row in found.many]
    latency = [_mark(row, row.latency_ratio) for row in found.one if row.latency_ratio is not None]
    return {
        "cpu": plots.marks(
            cpu, title="CPU per call, 100 in flight", axis="times b (tuned aiohttp), logarithmic", log=True
        ),
        "latency": plots.marks(
            latency, title="Median latency, one call after the other", axis="times b (tuned aiohttp)"
        ),
    }


def _mark(row: Row, it: Spread) -> plots.Mark:
    return plots.Mark(
        name=ROSTER[row.name].title, low=it.low, value=it.median, high=it.high, is_ours=row.name.startswith(_OURS)
    )
