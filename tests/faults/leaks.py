"""Whether anything is left behind."""

import asyncio
import contextlib

from tests.support import descriptors, settled


@contextlib.asynccontextmanager
async def nothing_left_behind():
    """What happens inside leaves no task and no file descriptor."""
    tasks, files = asyncio.all_tasks(), descriptors()
    yield
    with contextlib.suppress(TimeoutError):
        await settled(lambda: asyncio.all_tasks() <= tasks and descriptors() <= files)
    assert asyncio.all_tasks() - tasks == set()
    assert descriptors() <= files
