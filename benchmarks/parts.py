"""Where do the instructions of a typed call go?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.lib import counting, parts
from benchmarks.lib.options import command


def main(arguments: Sequence[str]) -> int:
    """Count and print."""
    command("parts", "Counts each part of a typed call alone, and what is left for the rest.").parse_args(arguments)
    print(asyncio.run(_measure()))
    return 0


async def _measure() -> str:
    typed = (await counting.measure(["typed"]))["typed"]
    return parts.table(await parts.measure(typed))
