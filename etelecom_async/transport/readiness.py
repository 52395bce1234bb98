"""Whether anything has come on a connection that was not read yet."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from functools import partial

__all__ = ["readiness"]


def readiness(fileno: int) -> Callable[[], Sequence[object]]:
    """What asks the kernel for what there is to read, be it an end: it knows before the event loop has looked."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fileno, select.POLLIN)
        return partial(poll.poll, 0)
    return lambda: select.select([fileno], [], [], 0)[0]  # Windows
