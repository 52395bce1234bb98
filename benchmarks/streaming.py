"""What does `check_consents` cost beyond its calls: memory, calls per second, and behind slow answers?"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from attrs import field, frozen

from benchmarks.lib.bulk_tasks import do, server
from benchmarks.lib.child import Child, child
from benchmarks.lib.figures import Cycle, Slice, rate_ratio
from benchmarks.lib.figures import spread as spread_of
from benchmarks.lib.goals import Goal, table
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

__all__ = ["Sizes", "Streaming", "measure"]

_MIB = 2**20 / 1e6
_WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "workers": ("calls", {}),
    "workers-again": ("calls", {}),
    "check_consents": ("stream", {}),
    "ordered": ("stream", {"ordered": True}),
}
_MEANS = {"tail": 0.99 * 0.05 + 0.01, "mix": 0.9 * 0.04 + 0.09 * 0.1 + 0.01}
_LATENCIES = {"tail": "1 % of answers take 1 s, 99 % 50 ms", "mix": "1 % take 1 s, 9 % 100 ms, 90 % 40 ms"}
_DESCRIPTION = """\
What a run of check_consents costs beyond the same calls made by plain workers that share an iterator.

  memory     the peak after many phones against the peak after the first 2,000 in the same process
  calls/s    against the workers', in turns, over a server that answers at once
  slow ones  the same over a server where one answer in a hundred takes a second, unordered and ordered
"""


@frozen(kw_only=True)
class Sizes:
    """How much is done.

    Attributes:
        phones: of the memory run.
        calls: of a slice over the fast server.
        slow_calls: of a slice over the slow one, where a hundred in flight make some 1,700 a second.
        slices: of each way in a round.
        rounds: how often all processes are started anew.
        concurrency: calls in flight.
    """

    phones: int = 200_000
    calls: int = 5_000
    slow_calls: int = 10_000
    slices: int = 5
    rounds: int = 3
    concurrency: int = 100


@frozen(kw_only=True)
class Streaming:
    """What was found.

    Attributes:
        goals: each with what came of it.
        notes: sentences.
        shares: for each kind of latency, what part of the calls per second that are possible each way makes.
    """

    goals: list[Goal]
    notes: list[str] = field(factory=list)
    shares: dict[str, dict[str, float]] = field(factory=dict)


async def measure(sizes: Sizes) -> Streaming:
    """All of it.

    Raises:
        ChildFailed: a client did not do all of its task.
    """
    goals = [await _growth(sizes)]
    fast = await _cycles("none", sizes.calls, sizes, slices=sizes.slices)
    again, ordered = (rate_ratio(fast, way, "workers") for way in ("workers-again", "ordered"))
    goals.append(_rate("check_consents, calls/s vs plain workers", 0.95, fast, "check_consents", "workers"))
    notes = [
        f"The same workers again, in another process, make {again} of the calls per second of the first.",
        f"Over the fast server `ordered=True` makes {ordered}.",
    ]
    shares: dict[str, dict[str, float]] = {}
    for latency, words in _LATENCIES.items():
        slow = await _cycles(latency, sizes.slow_calls, sizes, slices=1)
        goals += [
            _rate(f"{words}: check_consents, calls/s vs workers", 0.95, slow, "check_consents", "workers"),
            _rate(f"{words}: the same, `ordered=True`", 0.6, slow, "ordered", "workers"),
        ]
        ideal = sizes.concurrency / _MEANS[latency]
        shares[latency] = {way: _median_rate(slow, way) / ideal for way in _WAYS}
    return Streaming(goals=goals, notes=notes, shares=shares)


def _rate(name: str, least: float, cycles: Sequence[Cycle], way: str, base: str) -> Goal:
    return Goal(
        name=name,
        bound=least,
        is_floor=True,
        measured=rate_ratio(cycles, way, base),
        basis=f"{_median_rate(cycles, way):,.0f} / {_median_rate(cycles, base):,.0f}",
    )


def _median_rate(cycles: Sequence[Cycle], way: str) -> float:
    return statistics.median(cycle[way].rate for cycle in cycles)


async def _growth(sizes: Sizes) -> Goal:
    _say(f"memory over {sizes.phones:,} phones")
    async with server() as (_, origin), child("bulk_client", origin, str(sizes.concurrency), role="client") as client:
        base = (await do(client, "stream", 2_000))["peak"]
        peak = (await do(client, "stream", sizes.phones))["peak"]
    return Goal(
        name=f"check_consents over {sizes.phones:,} phones, growth of peak memory, MB",
        bound=2,
        measured=spread_of([(peak - base) * _MIB]),
        basis=f"{peak * _MIB:.1f} - {base * _MIB:.1f}",
    )


async def _cycles(latency: str, calls: int, sizes: Sizes, *, slices: int) -> list[Cycle]:
    cycles: list[Cycle] = []
    for number in range(1, sizes.rounds + 1):
        _say(f"latency {latency}, round {number} of {sizes.rounds}")
        async with AsyncExitStack() as stack:
            _, origin = await stack.enter_async_context(server(latency))
            clients = {
                way: await stack.enter_async_context(
                    child("bulk_client", origin, str(sizes.concurrency), role="client")
                )
                for way in _WAYS
            }
            await asyncio.gather(*(_take(clients, way, 20 * sizes.concurrency) for way in _WAYS))  # warms up
            for _ in range(slices):
                order = random.sample(list(_WAYS), len(_WAYS))
                cycles.append({way: await _take(clients, way, calls) for way in order})
    return cycles


async def _take(clients: Mapping[str, Child], way: str, calls: int) -> Slice:
    task, arguments = _WAYS[way]
    cost = await do(clients[way], task, calls, **arguments)
    return Slice(cost["cpu"] / calls, calls / cost["wall"])


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"{what} ...", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 where a goal is missed."""
    sizes = _sizes(arguments)
    found = asyncio.run(measure(sizes))
    print(f"{machine()}\n{sizes.concurrency} calls in flight\n\n{table(found.goals)}\n")
    print("\n".join(f"- {note}" for note in found.notes))
    for latency, shares in found.shares.items():
        print(f"- {_LATENCIES[latency]}, share of ideal: {', '.join(f'{way} {it:.2f}' for way, it in shares.items())}")
    return 0 if all(goal.is_met for goal in found.goals) else 3


def _sizes(arguments: Sequence[str]) -> Sizes:
    usual = Sizes()
    parser = command("streaming", _DESCRIPTION)
    add = parser.add_argument
    add("--phones", type=whole(10_000, 5_000_000), default=usual.phones, metavar="N", help="%(default)s")
    add("--calls", type=whole(1_000, 100_000), default=usual.calls, metavar="N", help="of a slice; %(default)s")
    add("--slow-calls", type=whole(1_000, 100_000), default=usual.slow_calls, metavar="N", help="%(default)s")
    add("--slices", type=whole(1, 50), default=usual.slices, metavar="N", help="per round; %(default)s")
    add("--rounds", type=whole(1, 50), default=usual.rounds, metavar="N", help="%(default)s")
    options = parser.parse_args(arguments)
    return Sizes(**vars(options))
