"""One of several processes that share a rate: says that it is up, waits for a line, takes its permits, says so."""

from __future__ import annotations

import asyncio
import logging
import sys

from etelecom_async.ratelimit.redis_rate import RedisRate


async def main(url: str, rate: str, permits: str, waiters: str) -> None:
    left = int(permits)

    async def take() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await limit.acquire()

    async with RedisRate(url, rate=float(rate), workers=4, timeout=60) as limit:  # a starved Redis is not out
        print("up", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.gather(*(take() for _ in range(int(waiters))))
    print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    # asyncio's dev mode tells of slow steps: a busy machine is not what is looked for.
    logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing "))
    asyncio.run(main(*sys.argv[1:]))
