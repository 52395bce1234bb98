"""Does a bulk run find a hidden limit in real time, over sockets?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.lib.child import child
from benchmarks.lib.limit_kinds import KINDS
from benchmarks.lib.limit_results import DOCS, HEADINGS, Result, cells, put, result
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

_MARKS = "<!-- live -->", "<!-- end of live -->"
_LIVE = (
    "bucket of 20/s, 0.1 s",
    "bucket of 200/s, 0.1 s",
    "bucket of 20/s, Retry-After: 1",
    "burst of 1, 5/s",
    "20 in each second",
    "500 in each 10 s",
    "500 in any 10 s, refused ones too",
    "10 % at random, bucket of 50/s",
    "10 under way",
    "queue, 40/s",
    "503 for 1 s in 20 s",
    "500 for a minute",
    "two clients, bucket of 20/s",
)
_DESCRIPTION = """\
Thirteen of the kinds of `python -m benchmarks limits`, on loopback sockets in real time: one process with all servers,
and one for each client. The servers wait 25 ms before and after each answer; their counts are what is printed.
Takes --seconds and a few more.
"""


async def _measure(names: Sequence[str], seconds: float, slots: int) -> list[Result]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(child("limit_server", *names))
        urls = (await server.hear())["urls"]
        numbered = [
            (place, await stack.enter_async_context(child("limit_client", url, str(number), str(slots))))
            for place, (name, url) in enumerate(zip(names, urls, strict=True))
            for number in range(KINDS[name].clients)
        ]
        for _, client in numbered:
            await client.hear()
        server.tell("begin")
        failed = [0] * len(names)

        async def work(place: int, client: Any) -> None:
            failed[place] += (await client.ask(seconds, patience=seconds + 60))["failed"]

        await asyncio.gather(*(work(place, client) for place, client in numbered))
        ports = (await server.ask("end"))["ports"]
    return [
        result(
            KINDS[name],
            seconds=seconds,
            taken=list(port["taken"].values()),
            refused=port["refused"],
            failed=lost,
        )
        for name, port, lost in zip(names, ports, failed, strict=True)
    ]


def main(arguments: Sequence[str]) -> int:
    parser = command("limits_live", _DESCRIPTION)
    parser.add_argument("--seconds", type=whole(30, 3600), default=300)
    parser.add_argument("--slots", type=whole(1, 1000), default=100, help="requests under way at most")
    parser.add_argument("--only", default="", help="kinds whose name holds these words")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/internals/limits.md")
    options = parser.parse_args(arguments)
    names = [name for name in _LIVE if options.only in name]
    results = asyncio.run(_measure(names, options.seconds, options.slots))
    text = f"{machine()}; load {os.getloadavg()[2]:.1f}; {options.seconds} s.\n\n{_table(names, results)}"
    if options.docs:
        put(text, DOCS, marks=_MARKS)
    print(text)
    return 0


def _table(names: Sequence[str], results: Sequence[Result]) -> str:
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" + "|---:" * 5 + "|---" * 2 + "|"]
    lines += ["| " + " | ".join(cells(name, KINDS[name], [it])) + " |" for name, it in zip(names, results, strict=True)]
    return "\n".join(lines) + "\n"
