"""What is counted in instructions: calls, and imports."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Iterable

from attrs import frozen

from benchmarks.lib import job
from benchmarks.lib.child import child
from benchmarks.lib.instructions import of_importing, per_call

__all__ = ["GOALS", "NAMES", "TITLES", "YARDSTICKS", "measure", "needed", "with_ratios"]


@frozen
class Figure:
    """What is counted: the work of `gate_client`, and the two lengths of its run."""

    title: str
    work: str
    few: int
    many: int


_FIGURES = {
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
TITLES = {name: it.title for name, it in _FIGURES.items()} | {**_IMPORTS, "python": "a Python that imports nothing"}
_RATIOS = {"loopback / tuned": ("loopback", "tuned"), "loopback / plain": ("loopback", "plain")}
_IMPORT_RATIOS = {
    "import / import-needs": ("import", "import-needs"),
    "import-session / import-needs": ("import-session", "import-needs"),
}
"""Of what is beyond a bare Python. A service that makes a session pays for `Session`."""
NAMES = (*_FIGURES, *_IMPORTS, *_RATIOS, *_IMPORT_RATIOS)
"""Every figure, counted or computed."""
GOALS = {"bulk": 140_784, "loopback / tuned": 1.00, "loopback / plain": 0.80, "import / import-needs": 1.15}
"""What they shall be at most."""
_OVER_NETWORK = {"loopback", "tuned", "plain"}
YARDSTICKS = {"tuned", "plain", "import", "import-needs", "python", "import / import-needs"}
"""Shown and not judged: `import` is little more than a bare Python, which differs by as much from place to place."""


async def measure(names: Collection[str] = ()) -> dict[str, int]:
    """The figures of these names, or all, without the ratios."""
    figures: dict[str, int] = {}

    async def lane(these: Iterable[str], origin: str) -> None:
        for name in these:
            figures[name] = await _count(name, origin)
            print(f"{TITLES[name]}: {figures[name]:,}", file=sys.stderr, flush=True)

    wanted = names or (*_FIGURES, *_IMPORTS)
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


def needed(names: Iterable[str]) -> set[str]:
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
    it = _FIGURES[name]
    return await per_call("gate_client", it.work, origin, few=it.few, many=it.many)
