"""What a bulk benchmark asks of its children."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.lib import job
from benchmarks.lib.child import Child, ChildFailed, child

__all__ = ["do", "server"]


async def do(client: Child, task: str, rows: int, **arguments: object) -> dict[str, Any]:
    """Have a client do a task, and see that it did all of it."""
    given = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
    cost = await client.ask(json.dumps([task, rows, given]))
    while not cost:  # it is still at it
        cost = await client.hear()
    done, found = cost["rows"], cost["finished"]
    if (done, found) != ((0, rows) if given.get("resume") else (rows, 0)):
        raise ChildFailed(f"of {rows:,} rows the task {task!r} did {done:,} and found {found:,} done.")
    return cost


@asynccontextmanager
async def server(latency: str = "none") -> AsyncIterator[tuple[Child, str]]:
    """The server, and its origin."""
    async with child("server", latency, role="server") as it:
        yield it, f"http://{job.HOST}:{(await it.hear())['port']}"
