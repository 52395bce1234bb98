"""From slices to medians and ratios, and those to a table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from attrs import asdict, frozen

from benchmarks.lib.roster import BASE, NULL, ROSTER


@frozen
class Slice:
    """What one slice of calls cost.

    Attributes:
        cpu: seconds of user and system time per call.
        rate: calls per second.
        latency: seconds of the median call; only of calls that were made one after the other.
    """

    cpu: float
    rate: float
    latency: float | None = None


Cycle = dict[str, Slice]
"""One slice of every contender, taken within a few seconds: only these are compared with each other."""


@frozen
class Spread:
    """A median with its quartiles."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def spread(values: Sequence[float]) -> Spread:
    """Quartiles of the values; of a single one, itself."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    return Spread(*statistics.quantiles(values, n=4, method="inclusive"))


def cpu_ratio(cycles: Sequence[Cycle], name: str, base: str) -> Spread:
    """CPU per call of one contender against another's in the same cycle."""
    return spread([cycle[name].cpu / cycle[base].cpu for cycle in cycles])


def rate_ratio(cycles: Sequence[Cycle], name: str, base: str) -> Spread:
    """Calls per second of one contender against another's in the same cycle."""
    return spread([cycle[name].rate / cycle[base].rate for cycle in cycles])


def latency_ratio(cycles: Sequence[Cycle], name: str, base: str) -> Spread:
    """Median latency of one contender against another's in the same cycle."""
    return spread([(cycle[name].latency or 0) / (cycle[base].latency or 1) for cycle in cycles])


@frozen
class Row:
    """The figures of one contender.

    Attributes:
        name: the contender.
        cpu: microseconds of CPU per call, median.
        rate: calls per second, median.
        cpu_ratio: CPU against the base contender in the same cycle.
        rate_ratio: calls per second against the base contender in the same cycle.
        latency: microseconds of the median call, where calls were made one after the other.
        latency_ratio: the same against the base contender.
    """

    name: str
    cpu: float
    rate: float
    cpu_ratio: Spread
    rate_ratio: Spread
    latency: float | None
    latency_ratio: Spread | None


def rows(cycles: Sequence[Cycle], base: str = BASE) -> list[Row]:
    """The figures of every contender over all cycles, in the order of the roster."""
    return [_row(name, cycles, base) for name in ROSTER if name in cycles[0] and name != NULL]


def _row(name: str, cycles: Sequence[Cycle], base: str) -> Row:
    latencies = [it for cycle in cycles if (it := cycle[name].latency) is not None]
    return Row(
        name=name,
        cpu=1e6 * statistics.median(cycle[name].cpu for cycle in cycles),
        rate=statistics.median(cycle[name].rate for cycle in cycles),
        cpu_ratio=cpu_ratio(cycles, name, base),
        rate_ratio=rate_ratio(cycles, name, base),
        latency=1e6 * statistics.median(latencies) if latencies else None,
        latency_ratio=latency_ratio(cycles, name, base) if latencies else None,
    )


def own_cost(cycles: Sequence[Cycle]) -> Spread:
    """Microseconds of CPU per call that the SDK spends above its transport."""
    return spread([1e6 * cycle[NULL].cpu for cycle in cycles])


def table(found: Sequence[Row], base: str = BASE) -> str:
    """The figures as a Markdown table: with latencies where there are some, else with rates."""
    title = ROSTER[base].title.partition(":")[0]
    is_timed = all(row.latency is not None for row in found)
    head = ("p50 us", f"p50 / {title}") if is_timed else ("calls/s", f"calls/s / {title}")
    lines = [f"| client | CPU us/call | CPU / {title} | {' | '.join(head)} |", "|---|---:|---:|---:|---:|"]
    for it in found:
        last = (f"{it.latency:.0f}", it.latency_ratio) if is_timed else (f"{it.rate:,.0f}", it.rate_ratio)
        lines.append(f"| {ROSTER[it.name].title} | {it.cpu:.0f} | {it.cpu_ratio} | {last[0]} | {last[1]} |")
    return "\n".join(lines)


def as_json(cycles: Sequence[Cycle], base: str = BASE) -> dict[str, Any]:
    """The figures as JSON values."""
    own = {"above_transport_us": asdict(own_cost(cycles))} if NULL in cycles[0] else {}
    return {"cycles": len(cycles), "contenders": [asdict(row) for row in rows(cycles, base)], **own}
