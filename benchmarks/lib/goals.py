"""A promise in figures, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from benchmarks.lib.figures import Spread

__all__ = ["Goal", "table"]


@frozen(kw_only=True)
class Goal:
    """A promise, and what came of it.

    Attributes:
        name: what is measured.
        bound: what it may be at most, or at least.
        is_floor: the bound is the least.
        measured: what it is; None where it could not be measured.
        basis: where that comes from.
    """

    name: str
    bound: float
    is_floor: bool = False
    measured: Spread | None
    basis: str = ""

    @property
    def is_met(self) -> bool:
        """Measured by the median."""
        if self.measured is None:
            return False
        return self.measured.median >= self.bound if self.is_floor else self.measured.median <= self.bound


def table(goals: Sequence[Goal]) -> str:
    """The goals as a Markdown table."""
    lines = ["| figure | goal | measured | of | |", "|---|---:|---:|---:|---|"]
    for goal in goals:
        bound = f"{'≥' if goal.is_floor else '≤'} {_number(goal.bound)}"
        verdict = "not measured" if goal.measured is None else "met" if goal.is_met else "**MISSED**"
        cells = (goal.name, bound, _shown(goal.measured), goal.basis, verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(it: Spread | None) -> str:
    if it is None:
        return "-"
    low, median, high = (_number(value) for value in (it.low, it.median, it.high))
    return median if low == high else f"{median} ({low}-{high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}" if 0 < value < 0.1 else f"{value:.2f}"
