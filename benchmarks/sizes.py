"""What does each way of asking about many phones take by their number: time, CPU, memory, bytes of files?"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lib.bulk_tasks import do, server
from benchmarks.lib.child import child
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

_GATHERED = (1_000, 10_000, 50_000)
_KINDS = ("csv", "ndjson", "parquet")
_DESCRIPTION = """\
Over real HTTP to a lean server on loopback in a process of its own, 100 calls in flight; each figure is from a fresh
process. `gather` holds every call at once, `check_consents` as many as are in flight, and a job goes from a file of
three columns to a file with the answers.
"""


async def _measure(rows: int, folder: Path) -> None:
    async with server() as (_, origin):
        print("| | phones | time | phones/s | CPU of each | peak memory |\n|---|---:|---:|---:|---:|---:|")
        for count in _GATHERED:
            await _line("`gather`", origin, "gather", count)
        for count in sorted({_GATHERED[-1], rows}):
            await _line("`check_consents`", origin, "stream", count)
        files = {"CSV in": folder / "in.csv"}
        async with child("bulk_client", origin, "100") as client:
            await do(client, "table", rows, path=files["CSV in"])
        for kind in _KINDS:
            files[f"{kind} out"] = output = folder / f"out.{kind}"
            await _line(f"CSV to {kind}", origin, "job", rows, source=files["CSV in"], output=output, resume=False)
    print("\n| file | bytes of each row | of a hundred million |\n|---|---:|---:|")
    for name, file in files.items():
        size = file.stat().st_size / rows
        print(f"| {name} | {size:.0f} | {size / 10:.1f} GB |")


async def _line(name: str, origin: str, task: str, rows: int, **arguments: object) -> None:
    async with child("bulk_client", origin, "100") as client:
        it = await do(client, task, rows, **arguments)
    cells = (f"{it['wall']:.1f} s", f"{rows / it['wall']:,.0f}", f"{1e6 * it['cpu'] / rows:.0f} us")
    print(f"| {name} | {rows:,} | {' | '.join(cells)} | {it['peak']:.0f} MiB |", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = command("sizes", _DESCRIPTION)
    told = "of the largest runs; %(default)s"
    parser.add_argument("--rows", type=whole(50_000, 5_000_000), default=500_000, metavar="N", help=told)
    rows = parser.parse_args(arguments).rows
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        asyncio.run(_measure(rows, Path(folder)))
    return 0
