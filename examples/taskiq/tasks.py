"""Blocks of phones as taskiq tasks. README.md says how to start it; the broker is the Redis of REDIS_URL."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from typing import Annotated

from blocks import blocks, open_checker
from taskiq import Context, TaskiqDepends, TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

LOST_AFTER = float(os.environ.get("LOST_AFTER", "600"))
"""Seconds after which a job that no worker has finished is given to another worker: longer than any job takes."""

# A list in Redis forgets a job as soon as somebody has taken it; a stream when it is done.
broker = RedisStreamBroker(
    os.environ["REDIS_URL"],
    consumer_id="0",  # jobs that were sent before the first worker came count too
    xread_count=1,  # no worker holds a job that another could begin
    idle_timeout=int(1000 * LOST_AFTER),
    unacknowledged_lock_timeout=10.0,
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def _begin(state: TaskiqState) -> None:
    state.opened = AsyncExitStack()
    state.checker = await state.opened.enter_async_context(open_checker())
    state.reminder = asyncio.create_task(_remind())


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def _end(state: TaskiqState) -> None:
    state.reminder.cancel()
    await state.opened.aclose()


async def _remind() -> None:
    # The broker looks for lost jobs only after a new one has come: without new ones the last would not be found.
    while True:
        await asyncio.sleep(LOST_AFTER / 2)
        await look_for_lost_jobs.kiq()


@broker.task("look_for_lost_jobs")
async def look_for_lost_jobs() -> None:
    """Nothing: that it comes is enough."""


# No retry middleware: the SDK tries each call again as far as that makes sense, and knows when it does not.
@broker.task("check_block")
async def check_block(job: str, first: int, phones: list[str], context: Annotated[Context, TaskiqDepends()]) -> None:
    """Check a block of a job's phones."""
    await context.state.checker.check(job, first, phones)


async def main(job: str, path: str) -> None:
    """Send the phones of a file, one on each line."""
    await broker.startup()
    try:
        for first, block in blocks(path):
            await check_block.kiq(job, first, block)
    finally:
        await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
