"""One contender in a process of its own. Takes a number of calls per line on stdin, prints what they cost."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack

import attrs

from benchmarks.contenders import CONTENDERS, Run
from benchmarks.job import phones


async def _measured(run: Run, numbers: list[str]) -> dict[str, object]:
    cpu, wall = time.process_time(), time.perf_counter()
    results = await run(numbers)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    last = results[-1] if isinstance(results[-1], dict) else attrs.asdict(results[-1])
    return {
        "calls": len(results),
        "cpu": cpu,
        "wall": wall,
        "result": {**last, "expired_time": last["expired_time"].isoformat()},
    }


def main(name: str, origin: str, concurrency: str) -> None:
    """Serve slices until stdin ends."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        run = runner.run(stack.enter_async_context(CONTENDERS[name](origin, int(concurrency))))
        try:
            # The loop stands still while the next line is awaited, so a waiting contender costs nothing.
            for line in sys.stdin:
                print(json.dumps(runner.run(_measured(run, phones(int(line))))), flush=True)
        finally:
            runner.run(stack.aclose())


if __name__ == "__main__":
    main(*sys.argv[1:])
