"""What a client reached at a server with a hidden limit, and whether that is what was to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from benchmarks.lib.limit_kinds import Scenario

__all__ = ["DOCS", "HEADINGS", "Result", "cells", "put", "result"]

DOCS = Path(__file__).parents[2] / "docs" / "internals" / "limits.md"
"""The page that has the tables."""
_JAIN, _RECOVERY = 0.97, 3.0
HEADINGS = ("server", "used", "refused", "2nd half", "failed", "within 10 %", "", "goals")


@frozen(kw_only=True)
class Result:
    """What one run came to; shares, seconds and numbers of rows.

    Attributes:
        used: of the capacity.
        refused: of the requests, or they ended without an answer.
        later: the same in the second half.
        failed: rows.
        jain: Jain's index of the clients' accepted requests in the second half.
        settled: seconds until nine tenths of the capacity are used for the first time.
        recovered: seconds from the first accepted request after an outage to nine tenths of what it was before.
        probes: requests per second in the outage, from its third second on.
    """

    used: float
    refused: float
    later: float
    failed: int
    jain: float
    settled: float
    recovered: float
    probes: float


def result(
    scenario: Scenario,
    *,
    seconds: float,
    taken: Sequence[Sequence[float]],
    refused: Sequence[float],
    failed: int,
    unused: float = 0.0,
) -> Result:
    """What the moments say.

    Args:
        scenario: the kind of server.
        seconds: how long it was watched.
        taken: when a request was accepted, for each client.
        refused: when one was not.
        failed: rows.
        unused: requests that the server could have taken beside its capacity of that time.
    """
    all_taken, refused = sorted(moment for client in taken for moment in client), sorted(refused)
    half = seconds / 2
    shares = [sum(moment > half for moment in client) for client in taken]
    refused_later = sum(moment > half for moment in refused)
    recovered = probes = 0.0
    if scenario.outage is not None:
        since, until = scenario.outage
        recovered = _recovery(all_taken, since, until)
        probes = sum(since + 3 <= moment < until for moment in refused) / (until - since - 3)
    return Result(
        used=len(all_taken) / (scenario.capacity * seconds + unused),
        refused=len(refused) / max(1, len(refused) + len(all_taken)),
        later=refused_later / max(1, refused_later + sum(shares)),
        failed=failed,
        jain=sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares) or 1),
        settled=_reached(all_taken, 0.0, 0.9 * scenario.capacity, max(2.0, 40 / scenario.capacity)),
        recovered=recovered,
        probes=probes,
    )


def cells(name: str, scenario: Scenario, results: Sequence[Result]) -> list[str]:
    """The worst of some runs as a table has it, under `HEADINGS`."""
    used, refused = min(each.used for each in results), max(each.refused for each in results)
    later, failed = max(each.later for each in results), max(each.failed for each in results)
    jain = min(each.jain for each in results)
    recovered, probes = max(each.recovered for each in results), max(each.probes for each in results)
    goals = {
        "used": used >= (scenario.used or 0.0),
        "refused": refused <= (scenario.refused or 1.0),
        "2nd half": later <= (scenario.later or 1.0),
        "failed": failed == 0,
        "Jain": scenario.clients == 1 or jain >= _JAIN,
        "recovery": recovered <= _RECOVERY,
        "probes": probes <= 1,
    }
    misses = [word for word, is_met in goals.items() if not is_met]
    more = f"Jain {jain:.3f}" if scenario.clients > 1 else ""
    if scenario.outage is not None:
        more = f"back after {recovered:.1f} s, {probes:.2f} tries/s"
    return [
        name,
        f"{100 * used:.1f}",
        f"{100 * refused:.2f}",
        f"{100 * later:.2f}",
        str(failed),
        f"{max(each.settled for each in results):.1f}",
        more,
        "missed: " + ", ".join(misses) if misses else "met",
    ]


def put(text: str, page: Path, *, marks: tuple[str, str]) -> None:
    """Replace what stands between a page's two marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    assert mark, f"{page} has no marks"
    page.write_text(f"{before}{marks[0]}\n{text}{mark}{after}", encoding="utf-8")


def _reached(moments: Sequence[float], since: float, rate: float, window: float) -> float:
    """Seconds from then on until so many per second are accepted in a window."""
    later = [moment for moment in moments if moment >= since]
    need = max(1, int(rate * window))
    for first, last in zip(later, later[need - 1 :], strict=False):
        if last - first <= window:
            return first - since
    return float("inf")


def _recovery(taken: Sequence[float], since: float, until: float) -> float:
    before = sum(since - 60 <= moment < since for moment in taken) / 60
    first = min((moment for moment in taken if moment >= until), default=float("inf"))
    return _reached(taken, first, 0.9 * before, 1.0)
