"""What does a file job cost: its memory, its CPU above the bare calls, its resume?"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks.lib.bulk_tasks import do, server
from benchmarks.lib.child import Child, ChildFailed, child
from benchmarks.lib.figures import Cycle, Slice, spread
from benchmarks.lib.goals import Goal, table
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

_MEMORY_GOAL = 1.15
_CPU_GOAL = 1.25
_RESUME_GOAL = 0.03
_RESUMES = 3
_NO_SERVER = ""
_TASKS = {"calls": "calls", "calls-again": "calls", "job": "job"}
_DESCRIPTION = """\
Three promises of a bulk run, each as a ratio of two figures of this very run, over loopback:

  memory  the peak of a large run against that of a small one, each in a fresh process. Over a transport
          that answers without a network, so that a million rows take a minute; and once more, with fewer
          rows, over real HTTP.
  CPU     of the whole job from CSV to CSV against that of its calls alone, made by plain workers that
          read and write nothing. Both over real HTTP, in turns, compared pair by pair. "The same calls
          again" shows how far from 1.00 chance alone leads.
  resume  how long a job takes to find that every row is done, against how long it took to do them. The
          latter is computed from the rows per second of the job over HTTP: a loopback answers at once,
          so there is no shorter run, and against a real server the share is smaller.

Read the ratios, not the microseconds: those differ from machine to machine.
"""
_EPILOG = """\
examples:
  python -m benchmarks bulk                            the figures of docs/internals/bulk-figures.md, 4 to 8 minutes
  python -m benchmarks bulk --rows 100000 --rounds 1   a quick look, about a minute

The status is 0 where every goal is met, 3 where one is missed. Ctrl-C ends it at any moment. Its files, some
200 bytes a row, lie in the folder for temporary files and are gone when it ends.
"""


class Bench:
    """The measurements.

    Args:
        folder: where the tables go.
        options: of the command line.
    """

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder = folder
        self._options = options
        self._jobs = 0
        self.notes: list[str] = []

    async def goals(self) -> list[Goal]:
        """Measure everything."""
        small, large = self._options.small, self._options.rows
        over_http = max(2 * small, large // 20)
        await self._write_tables({small // 10, small, over_http, large})
        goals = [
            await self._memory("check_consents", "stream", small, large),
            await self._memory("CSV to CSV", "job", small, large, output=self._finished),
        ]
        async with server() as (_, origin):
            goals.append(await self._memory("CSV to CSV over HTTP", "job", small, over_http, origin=origin))
        cycles = [cycle for number in range(self._options.rounds) for cycle in await self._round(number + 1)]
        goals.append(self._cpu(cycles))
        goals.append(await self._resume(statistics.median(cycle["job"].rate for cycle in cycles)))
        return goals

    async def _write_tables(self, sizes: set[int]) -> None:
        async with self._client() as client:
            for rows in sorted(sizes):
                self._say(f"writing a table of {rows:,} rows")
                await do(client, "table", rows, path=self._table(rows))
            peak = (await do(client, "calls", 1))["peak"]
        self.notes.append(f"A client that has done nothing yet has a peak of {peak:.1f} MiB.")

    async def _memory(
        self, what: str, task: str, small: int, large: int, *, origin: str = _NO_SERVER, output: Path | None = None
    ) -> Goal:
        name = f"peak memory, {what}, {large:,} rows / {small:,}"
        self._say(name)
        async with self._client(origin) as client:
            low = await self._take(client, task, small)
        async with self._client(origin) as client:
            high = await self._take(client, task, large, output=output)
        if not origin:
            rate = large / high["wall"]
            self.notes.append(f"{what} without a network: {rate:,.0f} rows/s, {1e6 / rate:.0f} us each.")
        if high["resident"]:
            ends = f"{high['resident']:.1f} / {low['resident']:.1f} MiB"
            self.notes.append(f"{what}, memory at the end, {large:,} rows / {small:,}: {ends}.")
        return Goal(
            name=name,
            bound=_MEMORY_GOAL,
            measured=spread([high["peak"] / low["peak"]]),
            basis=f"{high['peak']:.1f} / {low['peak']:.1f} MiB",
        )

    async def _round(self, number: int) -> list[Cycle]:
        """New processes, for identical ones can differ by some percent as long as they live; then slices in turn."""
        rows = self._options.small
        async with AsyncExitStack() as stack:
            book, origin = await stack.enter_async_context(server())
            clients = {name: await stack.enter_async_context(self._client(origin)) for name in _TASKS}
            for name, client in clients.items():
                await self._take(client, _TASKS[name], rows // 10)  # warms up
            cycles: list[Cycle] = []
            for turn in range(1, self._options.slices + 1):
                self._say(f"CPU: round {number} of {self._options.rounds}, turn {turn} of {self._options.slices}")
                before = (await book.ask(""))["requests"]
                costs = {
                    name: await self._take(clients[name], _TASKS[name], rows)
                    for name in random.sample(list(_TASKS), len(_TASKS))
                }
                calls = (await book.ask(""))["requests"] - before
                if calls != rows * len(costs):
                    raise ChildFailed(f"{calls:,} calls came to the server, not {rows * len(costs):,}.")
                cycles.append({name: Slice(it["cpu"] / rows, rows / it["wall"]) for name, it in costs.items()})
            return cycles

    def _cpu(self, cycles: Sequence[Cycle]) -> Goal:
        bare, whole = (1e6 * statistics.median(cycle[name].cpu for cycle in cycles) for name in ("calls", "job"))
        again = spread([cycle["calls-again"].cpu / cycle["calls"].cpu for cycle in cycles])
        above = statistics.median(1e6 * (cycle["job"].cpu - cycle["calls"].cpu) for cycle in cycles)
        self.notes += [
            f"The same bare calls again, in another process, against the first: {again}.",
            f"The file job's CPU above its calls: {above:.0f} us per phone.",
        ]
        return Goal(
            name=f"CPU per phone, CSV to CSV over HTTP / bare calls ({len(cycles)} pairs of {self._options.small:,})",
            bound=_CPU_GOAL,
            measured=spread([cycle["job"].cpu / cycle["calls"].cpu for cycle in cycles]),
            basis=f"{whole:.0f} / {bare:.0f} us",
        )

    async def _resume(self, rate: float) -> Goal:
        rows = self._options.rows
        run = rows / rate
        costs: list[dict[str, Any]] = []
        for number in range(1, _RESUMES + 1):
            self._say(f"resume {number} of {_RESUMES}")
            async with self._client() as client:
                costs.append(await self._take(client, "job", rows, output=self._finished, resume=True))
        wall = statistics.median(cost["wall"] for cost in costs)
        self.notes += [
            f"The run that the resume is compared with is {rows:,} rows at {rate:,.0f} rows/s, as measured over HTTP.",
            f"The resume's peak memory: {max(cost['peak'] for cost in costs):.1f} MiB.",
        ]
        return Goal(
            name=f"time, resume over {rows:,} finished rows / their run",
            bound=_RESUME_GOAL,
            measured=spread([cost["wall"] / run for cost in costs]),
            basis=f"{wall:.2f} / {run:.0f} s",
        )

    async def _take(
        self, client: Child, task: str, rows: int, *, output: Path | None = None, resume: bool = False
    ) -> dict[str, Any]:
        """Have a task done; a job's output is removed unless it has a name."""
        if task != "job":
            return await do(client, task, rows)
        self._jobs += 1
        place = output or self._folder / f"out{self._jobs}.csv"
        try:
            return await do(client, task, rows, source=self._table(rows), output=place, resume=resume)
        finally:
            if output is None:
                place.unlink(missing_ok=True)

    def _table(self, rows: int) -> Path:
        return self._folder / f"in{rows}.csv"

    @property
    def _finished(self) -> Path:
        return self._folder / "finished.csv"

    def _client(self, origin: str = _NO_SERVER) -> AbstractAsyncContextManager[Child]:
        return child("bulk_client", origin, str(self._options.concurrency))

    def _say(self, what: str) -> None:
        if sys.stderr.isatty():
            print(f"{what} ...", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 where a goal is missed."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        bench = Bench(Path(folder), options)
        goals = asyncio.run(_measure(bench))
    print(f"{machine()}\n{options.concurrency} calls in flight\n\n{table(goals)}\n")
    print("\n".join(f"- {note}" for note in bench.notes))
    return 0 if all(goal.is_met for goal in goals) else 3


async def _measure(bench: Bench) -> list[Goal]:
    """SIGTERM, too, ends the children and removes the files."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await bench.goals()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command("bulk", _DESCRIPTION, epilog=_EPILOG)
    add = parser.add_argument
    add("--rows", type=whole(2_000, 5_000_000), default=1_000_000, metavar="N", help="of the large run; %(default)s")
    add("--small", type=whole(1_000, 100_000), default=20_000, metavar="N", help="of the small run; %(default)s")
    add("--slices", type=whole(1, 20), default=2, metavar="N", help="slices of each client per round; %(default)s")
    add("--rounds", type=whole(1, 20), default=3, metavar="N", help="how often processes start anew; %(default)s")
    add("--concurrency", type=whole(1, 1000), default=100, metavar="N", help="calls in flight; %(default)s")
    options = parser.parse_args(arguments)
    if options.rows < 2 * options.small:
        parser.error(f"{options.rows} rows say little about growth beside {options.small}: raise --rows.")
    if options.small < 10 * options.concurrency:
        parser.error(f"{options.small} rows hardly fill {options.concurrency} places: raise --small.")
    return options
