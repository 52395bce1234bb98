"""How exact and how even is a rate that processes share through Redis, and what does a permit cost?"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from attrs import frozen
from redis.asyncio import Redis

from benchmarks.lib.child import Child, ChildFailed, child
from benchmarks.lib.machine import machine
from benchmarks.lib.options import command, whole

_SUM_GOAL = 0.02
_SHARE_GOAL = 0.10
_DESCRIPTION = """\
Processes that are always hungry share one rate through a Redis of their own on a Unix socket. Goals: all of
them together within 2 % of the rate, each of them within 10 % of its share. The burst that an idle limit has
saved up, 50 ms of the rate, comes on top: a quarter of a percent of 20 seconds.
"""


@frozen(kw_only=True)
class Run:
    """One run at one rate."""

    rate: int
    seconds: int
    permits: list[int]
    cpu: list[float]
    evals: int
    redis_cpu: float

    @property
    def off(self) -> float:
        """How far all of them together were from the rate, as a fraction of it."""
        return sum(self.permits) / (self.rate * self.seconds) - 1

    @property
    def uneven(self) -> float:
        """How far the one furthest from its share was from it, as a fraction of it."""
        share = sum(self.permits) / len(self.permits)
        return max(abs(permits / share - 1) for permits in self.permits)

    @property
    def reached(self) -> bool:
        return abs(self.off) <= _SUM_GOAL and self.uneven <= _SHARE_GOAL

    def row(self) -> str:
        total = sum(self.permits)
        return (
            f"| {self.rate:,} | {total / self.seconds:,.1f} ({self.off:+.2%}) "
            f"| {', '.join(f'{permits / total:.1%}' for permits in self.permits)} ({self.uneven:.1%}) "
            f"| {self.evals / total:.3f} | {sum(self.cpu) / total * 1e6:.0f} | {self.redis_cpu / total * 1e6:.0f} "
            f"| {'yes' if self.reached else 'MISSED'} |"
        )


HEAD = """\
| rate | permits/s, all (off) | of each (furthest off) | evals/permit | CPU us/permit | Redis CPU us/permit | reached |
|---:|---:|---|---:|---:|---:|---|"""


@asynccontextmanager
async def _redis() -> AsyncIterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        raise ChildFailed("redis-server is needed: apt-get install redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder, "socket")
        process = await asyncio.create_subprocess_exec(
            *(program, "--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", ""),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(30):
                while not socket.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
                    await asyncio.sleep(0.01)
            yield f"unix://{socket}"
        finally:
            process.kill()
            await process.wait()


async def _run(url: str, clients: Sequence[Child], *, rate: int, waiters: int, seconds: int) -> Run:
    async with Redis.from_url(url) as redis:
        await redis.flushall()
        await redis.config_resetstat()
        before = await redis.info("cpu")
        task = {"url": url, "rate": rate, "workers": len(clients), "waiters": waiters, "seconds": seconds}
        answers = await asyncio.gather(*(client.ask(json.dumps(task)) for client in clients))
        stats, after = await redis.info("commandstats"), await redis.info("cpu")
    return Run(
        rate=rate,
        seconds=seconds,
        permits=[answer["permits"] for answer in answers],
        cpu=[answer["cpu"] for answer in answers],
        evals=sum(stats[name]["calls"] for name in ("cmdstat_eval", "cmdstat_evalsha") if name in stats),
        redis_cpu=sum(after[name] - before[name] for name in ("used_cpu_user", "used_cpu_sys")),
    )


async def _measure(options: argparse.Namespace) -> bool:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(_redis())
        clients = [await stack.enter_async_context(child("redis_client")) for _ in range(options.processes)]
        for client in clients:
            await client.hear()
        print(f"{options.processes} processes, {options.waiters} waiters each, {options.seconds} s; {machine()}")
        print(f"redis-py {version('redis')}\n\n{HEAD}")
        reached = True
        for _ in range(options.rounds):
            for rate in options.rates:
                run = await _run(url, clients, rate=rate, waiters=options.waiters, seconds=options.seconds)
                print(run.row(), flush=True)
                reached &= run.reached
    return reached


def main(arguments: Sequence[str]) -> int:
    parser = command(
        "redis_rate", _DESCRIPTION, epilog="The status is 0 where every goal is met, 3 where one is missed."
    )
    parser.add_argument("--rates", type=whole(1, 100_000), nargs="+", default=[200, 2000], help="permits per second")
    parser.add_argument("--processes", type=whole(1, 64), default=4)
    parser.add_argument("--waiters", type=whole(1, 100_000), default=200, help="of each process")
    parser.add_argument("--seconds", type=whole(1, 50), default=20, help="of each run")
    parser.add_argument("--rounds", type=whole(1, 100), default=3)
    return 0 if asyncio.run(_measure(parser.parse_args(arguments))) else 3
