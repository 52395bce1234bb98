"""One process of the shared rate's figures: takes all the permits that it gets, and tells what they cost."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from etelecom_async.ratelimit.redis_rate import RedisRate


async def measure(url: str, *, rate: float, workers: int, waiters: int, seconds: float) -> dict[str, float]:
    """Permits in so many seconds, and the CPU seconds of this process meanwhile."""
    taken = 0

    async def take() -> None:
        nonlocal taken
        while True:
            await limit.acquire()
            taken += 1

    async with RedisRate(url, rate=rate, workers=workers) as limit:
        cpu = time.process_time()
        tasks = [asyncio.create_task(take()) for _ in range(waiters)]
        await asyncio.sleep(seconds)
        result = {"permits": taken, "cpu": time.process_time() - cpu}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return result


def main() -> None:
    """Measure once for each line of stdin, which is JSON."""
    print(json.dumps({"up": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(asyncio.run(measure(**json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
