"""A sandbox with a hidden limit in a process of its own: counts, second by second, what it took and what it refused."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import uvloop

from etelecom_async.sandbox import Refusal, TokenBucket, World, serve

LOOPS: MappingProxyType[str, Callable[..., Any]] = MappingProxyType({"asyncio": asyncio.run, "uvloop": uvloop.run})
"""How to run a coroutine, by name. Thousands of requests a second take uvloop at both ends."""

_LATENCY = 0.05
_HELD, _FEWEST = 0.1, 2
"""Seconds of its rate that the bucket holds, and requests at least: one of a single request refuses any jitter."""


async def main(rate: float, refusal: Refusal, changes: Sequence[tuple[float, float]]) -> None:
    """Print the base URL; from the first line of stdin on count; print the counts at the second line.

    Args:
        rate: requests per second.
        refusal: the form in which it refuses.
        changes: seconds from the first line on, and the rate from then on.
    """

    def bucket(rate: float) -> TokenBucket:
        return TokenBucket(rate=rate, burst=max(_FEWEST, rate * _HELD), refusal=refusal)

    world = World(limit=bucket(rate))
    taken: list[Counter[str]] = []
    refused: list[int] = []

    def note() -> None:
        taken.append(Counter(entry.phone for entry in world.log if entry.phone and not entry.refused))
        refused.append(sum(entry.refused for entry in world.log))
        world.log.clear()

    async def count() -> None:
        start = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(start + len(taken) + 1 - asyncio.get_running_loop().time())
            note()

    def change(to: float) -> None:
        world.limit = bucket(to)

    async with serve(world, latency=_LATENCY) as served:
        print(json.dumps({"url": served.base_url}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        world.log.clear()
        for moment, to in changes:
            asyncio.get_running_loop().call_later(moment, change, to)
        counting = asyncio.create_task(count())
        await asyncio.to_thread(sys.stdin.readline)
        counting.cancel()
        print(json.dumps({"taken": taken, "refused": refused}), flush=True)


if __name__ == "__main__":
    LOOPS[sys.argv[1]](main(float(sys.argv[2]), Refusal(sys.argv[3]), json.loads(sys.argv[4])))
