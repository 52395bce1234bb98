"""From slices to medians and ratios, and those to a table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from attrs import asdict, frozen

NAMES = {
    "plain": "plain aiohttp",
    "plain-again": "the same code again",
    "tuned": "tuned aiohttp",
    "sdk": "etelecom_async, gather",
    "sdk-workers": "etelecom_async, workers",
    "session-per-call": "aiohttp, session per call",
}
BASE = "plain"
NULL = "sdk-null"


@frozen
class Slice:
    """What one slice of calls cost.

    Attributes:
        cpu: seconds of user and system time per call.
        rate: calls per second.
    """

    cpu: float
    rate: float


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


@frozen
class Row:
    """The figures of one contender.

    Attributes:
        name: the contender.
        cpu: microseconds of CPU per call, median.
        rate: calls per second, median.
        cpu_ratio: CPU against the base contender in the same cycle.
        rate_ratio: calls per second against the base contender in the same cycle.
    """

    name: str
    cpu: float
    rate: float
    cpu_ratio: Spread
    rate_ratio: Spread


def row(name: str, cycles: Sequence[Cycle]) -> Row:
    """The figures of one contender over all cycles."""
    return Row(
        name=name,
        cpu=1e6 * statistics.median(cycle[name].cpu for cycle in cycles),
        rate=statistics.median(cycle[name].rate for cycle in cycles),
        cpu_ratio=spread([cycle[name].cpu / cycle[BASE].cpu for cycle in cycles]),
        rate_ratio=spread([cycle[name].rate / cycle[BASE].rate for cycle in cycles]),
    )


def own_cost(cycles: Sequence[Cycle]) -> Spread:
    """Microseconds of CPU per call that the SDK spends above its transport."""
    return spread([1e6 * cycle[NULL].cpu for cycle in cycles])


def table(cycles: Sequence[Cycle]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| client | CPU us/call | calls/s | CPU / plain | calls/s / plain |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, title in NAMES.items():
        it = row(name, cycles)
        lines.append(f"| {title} | {it.cpu:.0f} | {it.rate:,.0f} | {it.cpu_ratio} | {it.rate_ratio} |")
    return "\n".join(lines)


def as_json(cycles: Sequence[Cycle]) -> dict[str, Any]:
    """The figures as JSON values."""
    return {
        "cycles": len(cycles),
        "contenders": [asdict(row(name, cycles)) for name in NAMES],
        "above_transport_us": asdict(own_cost(cycles)),
    }
