"""Blocking work in a thread that ends before its caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

__all__ = ["in_thread"]

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result], *, give_up: Callable[[], None]) -> Result:
    """Do blocking work in a thread, so that the event loop goes on.

    A cancelled caller waits for the thread to end: until then it holds its locks.

    Args:
        work: the work. Its errors are raised here.
        give_up: called when the caller is cancelled; makes the work end early.
    """
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        give_up()
        # Its error, if it has one, gives way to the cancellation.
        await asyncio.gather(thread, return_exceptions=True)
        raise
