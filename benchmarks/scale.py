"""What does a job gain and lose with two workers on Ray, undisturbed and killed, against one process?"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from attrs import field, frozen

from benchmarks.lib import job
from benchmarks.lib.child import Child, ChildFailed, child
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

_WORKERS = 2
_PATIENCE = 600.0
_DESCRIPTION = """\
The same job from CSV to CSV over loopback, as people run it: once by one process, and by two workers over
Ray: undisturbed, with one worker killed by SIGKILL midway, and with the command itself killed midway and
then resumed. The server and everything else run in processes of their own.

  rows       records of the output that are there; "twice" and "missing" are what must be 0
  calls/row  requests that came to the server, as it counted them: above 1.0000 is what was asked again
  rows/s     from the first call to the end of the job; "start" is the time before the first call
  CPU/row    of the process that reads and writes, and of the workers, from the first call on
  executor     the share of that CPU that one process alone does not need: what Ray costs
  peak       memory of each of these processes, as Linux tells it; Ray has half a dozen more
"""
_EPILOG = """\
examples:
  python -m benchmarks scale                       the figures of docs/internals/scale.md, 3 to 8 minutes
  python -m benchmarks scale --rows 20000          a quick look, about a minute

The status is 0 where every row is there once, and no lost worker or command had over 2 % of the rows
asked again; 3 where not. Needs the extras cli and ray, and Linux, whose /proc tells memory and children.
"""


@frozen(kw_only=True)
class Usage:
    """What a process has used.

    Attributes:
        cpu: seconds.
        peak: MiB.
    """

    cpu: float
    peak: float


@frozen(kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        name: how it was disturbed.
        rows: that are in the output once or more.
        twice: rows that are there more than once.
        missing: rows that are not there.
        calls: that came to the server.
        seconds: from the first call to the end.
        start: seconds before the first call.
        driver: the process that reads and writes.
        workers: those that ask; what was killed is among them.
    """

    name: str
    rows: int
    twice: int
    missing: int
    calls: int
    seconds: float
    start: float
    driver: Usage
    workers: list[Usage] = field(factory=list)

    @property
    def calls_per_row(self) -> float:
        return self.calls / (self.rows + self.missing)

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def cpu(self) -> float:
        """Microseconds per row, of all processes."""
        return 1e6 * (self.driver.cpu + sum(worker.cpu for worker in self.workers)) / self.rows

    @property
    def is_sound(self) -> bool:
        """Is every row there once, and hardly any asked again?"""
        return not self.twice and not self.missing and self.calls_per_row <= 1.02


class Processes:
    """A command and its workers, looked at until they end."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before: dict[int, float] = {}
        self._last: dict[int, Usage] = {}

    def look(self, *, has_begun: bool) -> None:
        """Note what they have used so far; what they use before the first call is not counted."""
        for pid in (self._pid, *_workers(self._pid)):
            usage = _usage(pid)
            if usage is not None:
                self._last[pid] = usage
                if not has_begun:
                    self._before[pid] = usage.cpu

    @property
    def usages(self) -> list[Usage]:
        """What each has used, the command first."""
        return [Usage(cpu=it.cpu - self._before.get(pid, 0.0), peak=it.peak) for pid, it in self._last.items()]


def _usage(pid: int) -> Usage | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    peak = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), None)
    if peak is None:
        return None
    return Usage(cpu=(int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), peak=peak / 1024)


def _workers(pid: int) -> list[int]:
    """The workers among the processes below one."""
    known: dict[int, tuple[int, bytes]] = {}
    for place in Path("/proc").iterdir():
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            known[int(place.name)] = parent, (place / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
    below, fresh = {pid}, {pid}
    while fresh:
        fresh = {child for child, (parent, _) in known.items() if parent in fresh}
        below |= fresh
    return [child for child in below if known.get(child, (0, b""))[1].startswith(b"ray::Worker")]


class Bench:
    """The runs.

    Args:
        folder: where the tables go.
        rows: of the job.
        concurrency: checks at once in each process.
    """

    def __init__(self, folder: Path, *, rows: int, concurrency: int) -> None:
        self._folder = folder
        self._rows = rows
        self._concurrency = concurrency
        self._source = folder / "in.csv"

    def write(self) -> None:
        """Write the input."""
        with self._source.open("w", encoding="utf-8") as file:
            file.write("name,phone,note\n")
            file.writelines(f"Nguyễn Văn An,09{n:08d},customer {n}\n" for n in range(self._rows))

    async def outcomes(self) -> AsyncIterator[Outcome]:
        """All of them, one after the other."""
        ray = ("--executor", "ray", "--workers", str(_WORKERS))
        yield await self._run("one process")
        yield await self._run("two workers", *ray)
        yield await self._run("two workers, one killed", *ray, at_half=_kill_a_worker)
        yield await self._run("two workers, command killed and resumed", *ray, at_half=_kill_the_command)

    async def _run(self, name: str, *options: str, at_half: Callable[[int], None] | None = None) -> Outcome:
        if sys.stderr.isatty():
            print(f"{name} ...", file=sys.stderr)
        output = self._folder / f"{name}.csv"
        async with child("server") as server:
            base_url = f"http://{job.HOST}:{(await server.hear())['port']}{job.BASE_PATH}"
            run = await self._follow(server, base_url, output, *options, at=at_half)
            if at_half is _kill_the_command:
                second = await self._follow(server, base_url, output, *options, "--resume")
                run = [mine + theirs for mine, theirs in zip(run, second, strict=True)]
            calls = await _calls(server)
        seconds, start, driver, workers = run
        counts = _counts(output)
        return Outcome(
            name=name,
            rows=len(counts),
            twice=sum(count > 1 for count in counts.values()),
            missing=self._rows - len(counts),
            calls=calls,
            seconds=seconds,
            start=start,
            driver=Usage(cpu=sum(usage.cpu for usage in driver), peak=max(usage.peak for usage in driver)),
            workers=workers,
        )

    async def _follow(
        self, server: Child, base_url: str, output: Path, *options: str, at: Callable[[int], None] | None = None
    ) -> list:
        """A command to its end: seconds, seconds before the first call, what it used, what its workers used."""
        before = await _calls(server)
        # Ray leaves its files behind where its command is killed.
        account = {"ETELECOM_API_KEY": job.API_KEY, "ETELECOM_BASE_URL": base_url}
        env = {**os.environ, **account, "TMPDIR": str(self._folder)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "bulk", str(self._source), "-o", str(output)),
            *("--oa-id", str(job.OA_ID), "--concurrency", str(self._concurrency), "--quiet", *options),
            env={name: value for name, value in env.items() if name != "ETELECOM_ACCOUNT"},
        )
        began, first = time.monotonic(), None
        seen = Processes(process.pid)
        ending = asyncio.create_task(process.wait())
        while not ending.done():
            await asyncio.wait({ending}, timeout=0.2)
            calls = await _calls(server) - before
            seen.look(has_begun=calls > 0)
            if calls and first is None:
                first = time.monotonic()
            if at is not None and calls >= self._rows // 2:
                at(process.pid)
                at = None
            if time.monotonic() - began > _PATIENCE:
                process.kill()
        end = time.monotonic()
        if process.returncode not in (0, -signal.SIGKILL) or first is None:
            raise ChildFailed(f"The command ended with {process.returncode}.")
        driver, *workers = seen.usages
        return [end - first, first - began, [driver], workers]


def _kill_a_worker(driver: int) -> None:
    os.kill(_workers(driver)[0], signal.SIGKILL)


def _kill_the_command(driver: int) -> None:
    os.kill(driver, signal.SIGKILL)


async def _calls(server: Child) -> int:
    return (await server.ask(""))["requests"]


def _counts(output: Path) -> dict[str, int]:
    """How often each row is in the output."""
    counts: dict[str, int] = {}
    with output.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            if not record["failure"]:
                counts[record["row"]] = counts.get(record["row"], 0) + 1
    return counts


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 3 where a promise is broken."""
    options = _options(arguments)
    outcomes = asyncio.run(_measure(options))
    print(f"{machine()}\n{options.rows:,} rows, {options.concurrency} checks at once in each process\n")
    print(_table(outcomes))
    return 0 if all(outcome.is_sound for outcome in outcomes) else 3


async def _measure(options: argparse.Namespace) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="scale-", ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder), rows=options.rows, concurrency=options.concurrency)
        bench.write()
        return [outcome async for outcome in bench.outcomes()]


def _table(outcomes: list[Outcome]) -> str:
    alone = outcomes[0].cpu
    lines = [
        "| run | rows | twice | missing | calls/row | rows/s | start | CPU/row | executor | peak |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for it in outcomes:
        asking = 1e6 * sum(worker.cpu for worker in it.workers) / it.rows
        peaks = ", ".join(f"{worker.peak:.0f}" for worker in it.workers)
        lines.append(
            f"| {it.name} | {it.rows:,} | {it.twice} | {it.missing} | {it.calls_per_row:.4f} | {it.rate:,.0f}"
            f" | {it.start:.1f} s | {1e6 * it.driver.cpu / it.rows:.0f} + {asking:.0f} us"
            f" | {max(0.0, 1 - alone / it.cpu):.0%} | {it.driver.peak:.0f}, {peaks or '-'} MiB |"
        )
    return "\n".join(lines)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command("scale", _DESCRIPTION, epilog=_EPILOG)
    add = parser.add_argument
    add("--rows", type=whole(1_000, 5_000_000), default=200_000, metavar="N", help="of the job; %(default)s")
    add("--concurrency", type=whole(1, 1000), default=100, metavar="N", help="checks at once; %(default)s")
    return parser.parse_args(arguments)
