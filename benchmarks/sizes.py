"""What each way of asking about many phones takes by their number: time, CPU, memory, and bytes of files."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import job
from benchmarks.child import Child, ChildFailed, child
from benchmarks.run import machine, whole

_GATHERED = (1_000, 10_000, 50_000)
_KINDS = ("csv", "ndjson", "parquet")
_DESCRIPTION = """\
Over real HTTP to a lean server on loopback in a process of its own, 100 calls in flight; each figure is from a fresh
process. `gather` holds every call at once, `check_consents` as many as are in flight, and the job goes from a file of
three columns to a file with the answers.
"""


async def _measure(rows: int, folder: Path) -> None:
    async with child("server") as server:
        origin = f"http://{job.HOST}:{(await server.hear())['port']}"
        print("| | phones | time | phones/s | CPU of each | peak memory |\n|---|---:|---:|---:|---:|---:|")
        for count in _GATHERED:
            await _line("gather", origin, "gather", count)
        for count in sorted({50_000, rows}):
            await _line("`check_consents`", origin, "stream", count)
        source, sizes = folder / "in.csv", []
        async with _client(origin) as client:
            await _do(client, "table", rows, path=str(source))
        for kind in _KINDS:
            output = folder / f"out.{kind}"
            await _line(f"CSV to {kind}", origin, "job", rows, source=str(source), output=str(output), resume=False)
            sizes.append((kind, output.stat().st_size / rows))
    print("\n| file | bytes of each row | of a hundred million |\n|---|---:|---:|")
    for kind, size in [("CSV in", source.stat().st_size / rows), *((f"{kind} out", size) for kind, size in sizes)]:
        print(f"| {kind} | {size:.0f} | {size / 10:.1f} GB |")


async def _line(name: str, origin: str, task: str, rows: int, **arguments: object) -> None:
    async with _client(origin) as client:
        it = await _do(client, task, rows, **arguments)
    cells = (f"{it['wall']:.1f} s", f"{rows / it['wall']:,.0f}", f"{1e6 * it['cpu'] / rows:.0f} us")
    print(f"| {name} | {rows:,} | {' | '.join(cells)} | {it['peak']:.0f} MiB |", flush=True)


def _client(origin: str) -> Any:
    return child("bulk_client", origin, "100")


async def _do(client: Child, task: str, rows: int, **arguments: object) -> dict[str, Any]:
    cost = await client.ask(json.dumps([task, rows, arguments]))
    while not cost:  # it is still at it
        cost = await client.hear()
    if cost["rows"] != rows:
        raise ChildFailed(f"of {rows:,} rows the task {task!r} did {cost['rows']:,}.")
    return cost


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizes",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told = "of the largest runs; %(default)s"
    parser.add_argument("--rows", type=whole(50_000, 5_000_000), default=500_000, metavar="N", help=told)
    options = parser.parse_args()
    print(f"{machine()}\n")
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            asyncio.run(_measure(options.rows, Path(folder)))
    except KeyboardInterrupt:
        return 130
    except ChildFailed as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
