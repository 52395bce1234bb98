"""One contender in a process of its own. Takes a number of calls per line on stdin, prints what they cost."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from benchmarks.lib.job import RESULT, phones
from benchmarks.lib.roster import ROSTER

if TYPE_CHECKING:
    from benchmarks.lib.contenders import Check, Client

Drive = Callable[["Check", list[str], int], Awaitable[list[Any]]]


async def by_gather(check: Check, phones: list[str], _: int) -> list[Any]:
    """All at once; something inside limits how many are in flight."""
    return await asyncio.gather(*(check(phone) for phone in phones))


async def by_workers(check: Check, phones: list[str], workers: int) -> list[Any]:
    """As many workers as requests may be in flight, on one iterator."""
    todo = iter(phones)
    results: list[Any] = []

    async def work() -> None:
        for phone in todo:
            results.append(await check(phone))  # noqa: PERF401 - the workers share the list

    await asyncio.gather(*(work() for _ in range(workers)))
    return results


class OneByOne:
    """One after the other, each timed."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, check: Check, phones: list[str], _: int) -> list[Any]:
        self.seconds.clear()
        results: list[Any] = []
        for phone in phones:
            begun = time.perf_counter()
            results.append(await check(phone))
            self.seconds.append(time.perf_counter() - begun)
        return results


async def _measured(drive: Drive, check: Check, phones: list[str], concurrency: int) -> dict[str, object]:
    cpu, wall = time.process_time(), time.perf_counter()
    results = await drive(check, phones, concurrency)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "calls": len(results),
        "cpu": cpu,
        "wall": wall,
        "latency": statistics.median(drive.seconds) if isinstance(drive, OneByOne) else None,
        "result": plain(results[-1]),
    }


def plain(result: Any) -> dict[str, Any]:
    """What is to be made of an answer, as JSON values."""
    values = {name: result[name] if isinstance(result, dict) else getattr(result, name) for name in RESULT}
    return {**values, "expired_time": values["expired_time"].isoformat()}


def client(name: str) -> Client:
    """What opens a contender."""
    module, function = ROSTER[name].client.split(".")
    return getattr(importlib.import_module(f"benchmarks.lib.{module}"), function)


def _loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not ROSTER[name].uvloop:
        return None
    import uvloop  # noqa: PLC0415 - it has no Windows

    return uvloop.new_event_loop


def main(name: str, origin: str, concurrency: str) -> None:
    """Serve slices until stdin ends."""
    contender, in_flight = ROSTER[name], int(concurrency)
    drive: Drive = OneByOne() if in_flight == 1 else by_gather if contender.gather else by_workers
    with asyncio.Runner(loop_factory=_loop_factory(name)) as runner:
        stack = AsyncExitStack()
        check = runner.run(stack.enter_async_context(client(name)(origin, in_flight)))
        if contender.gc:
            gc.freeze()
            gc.set_threshold(10_000, 20, 50)
        try:
            # The loop stands still while the next line is awaited, so a waiting contender costs nothing.
            for line in sys.stdin:
                numbers = phones(int(line))
                print(json.dumps(runner.run(_measured(drive, check, numbers, in_flight))), flush=True)
        finally:
            runner.run(stack.aclose())


if __name__ == "__main__":
    main(*sys.argv[1:])
