"""The examples of queues, as people start them: a real Redis, the sandbox on a socket, workers that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from attrs import frozen

from etelecom_async.sandbox import SANDBOX_API_KEY, World, serve
from tests.support import environment
from tests.support.redis_server import RedisServer

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.long
RATE = 200
BURST = RATE * 0.05
BLOCK = 100
PROCESSES = 2
FOREVER = 120
"""Seconds after which a test gives up; a bound on nothing."""

# Celery warns of root, which is what containers run tests as.
WARNINGS = ("-W", "error", "-W", "ignore:You're running the worker with superuser privileges")
CELERY = ("-m", "celery", "-A", "tasks", "worker", f"--concurrency={PROCESSES}", "--loglevel=INFO")
TASKIQ = ("-m", "taskiq", "worker", "tasks:broker", f"--workers={PROCESSES}", "--max-async-tasks=1")


class TimedWorld(World):
    """A sandbox that also keeps when each request came."""

    def __init__(self):
        super().__init__(customers={})
        self.times = []

    def handle(self, exchange):
        self.times.append(time.monotonic())
        return super().handle(exchange)


@frozen
class Example:
    """An example with all that it needs, and what can be seen of it from outside."""

    name: str
    worker: tuple[str, ...]
    ready: str
    world: TimedWorld
    env: dict[str, str]
    folder: Path

    @asynccontextmanager
    async def workers(self):
        """Its workers, ready; at the end they are told to stop, and do."""
        ready = self.log().count(self.ready)
        process = await self._spawn(*self.worker)
        try:
            await self.until(lambda: self.log().count(self.ready) > ready and len(children(process.pid)) == PROCESSES)
            yield process
            if process.returncode is None:
                process.terminate()
                assert await asyncio.wait_for(process.wait(), FOREVER) == 0, self.log()
        finally:
            if process.returncode is None:
                for pid in (process.pid, *children(process.pid)):
                    kill(pid)
                await process.wait()

    async def send(self, job, phones):
        place = self.folder / "phones.txt"
        place.write_text("\n".join(phones))
        process = await self._spawn("tasks.py", job, str(place))
        assert await asyncio.wait_for(process.wait(), FOREVER) == 0, self.log()

    async def until(self, condition):
        deadline = time.monotonic() + FOREVER
        while not condition():
            assert time.monotonic() < deadline, self.log()
            await asyncio.sleep(0.005)

    def rows(self):
        """What is in the table: job, row, phone, state, error."""
        with closing(sqlite3.connect(self.env["RESULTS"], timeout=60)) as table:
            return table.execute("SELECT job, row, phone, state, error FROM consent ORDER BY job, row").fetchall()

    def log(self):
        """What its processes have printed."""
        place = self.folder / "log"
        return place.read_text() if place.exists() else ""

    async def _spawn(self, *arguments):
        with (self.folder / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-X", "dev", *WARNINGS, *arguments),
                cwd=EXAMPLES / self.name,
                env=self.env,
                stdout=log,
                stderr=log,
            )


@asynccontextmanager
async def example(name, worker, redis, folder, *, ready, lost_after):
    world = TimedWorld()
    async with serve(world) as served:
        env = environment(
            served,
            PYTHONPATH=str(EXAMPLES),
            REDIS_URL=redis.url,
            CELERY_BROKER_URL=f"redis+socket://{redis.socket}",
            RATE=str(RATE),
            WORKERS=str(PROCESSES),
            BLOCK=str(BLOCK),
            RESULTS=str(folder / "results.db"),
            LOST_AFTER=str(lost_after),
        )
        yield Example(name, worker, ready, world, env, folder)


@pytest.fixture
def redis():
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def celery(redis, folder, *, lost_after=3600):
    return example("celery", CELERY, redis, folder, ready=" ready.", lost_after=lost_after)


def taskiq(redis, folder, *, lost_after=10):
    return example("taskiq", TASKIQ, redis, folder, ready="Listening started", lost_after=lost_after)


def children(pid):
    """The processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parent = stat.read_text().rpartition(")")[2].split()[1]
            found += [int(stat.parent.name)] if parent == str(pid) else []
    return found


def kill(*pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def phones(count):
    return [f"849{number:08d}" for number in range(count)]


def asked(world):
    """How often the server was asked about each phone."""
    return Counter(entry.phone for entry in world.log)


def in_the_middle(world):
    """As many blocks are under way as there are processes, each begun and none near its end."""
    done = Counter(int(phone[3:]) // BLOCK for phone in asked(world))
    begun = [count for count in done.values() if count < BLOCK]
    return len(begun) == PROCESSES and all(BLOCK / 10 < count < BLOCK * 9 / 10 for count in begun)


def every_row_once(count):
    return [("spring", row, phone, "never asked", None) for row, phone in enumerate(phones(count))]


async def first_permit(redis):
    """A moment shortly before the first one was asked for."""
    before = moment = time.monotonic()
    while "etelecom_async:rate:etelecom" not in redis.keys():  # noqa: SIM118 - it is no dict
        await asyncio.sleep(0.005)
        before, moment = moment, time.monotonic()
    return before


def keeps_the_rate(it, begin):
    """All processes together, at every moment since the first permit was asked for."""
    # Where Redis was too slow for a process, on a busy machine say, that one kept to its local share meanwhile.
    most = RATE * (1 + 1 / PROCESSES) if "does not answer" in it.log() else RATE
    return all(n <= most * (moment - begin) + BURST for n, moment in enumerate(it.world.times, 1))


@pytest.mark.parametrize("queue", [celery, taskiq])
async def test_a_process_killed_in_the_middle_costs_no_row_and_at_most_its_block_again(queue, redis, tmp_path):
    count = 600
    async with queue(redis, tmp_path) as it, it.workers() as workers:
        processes = children(workers.pid)
        begin = asyncio.create_task(first_permit(redis))
        await it.send("spring", phones(count))
        await it.until(lambda: in_the_middle(it.world))
        kill(processes[0])
        await it.until(lambda: len(it.rows()) == count)
    assert it.rows() == every_row_once(count)
    calls = asked(it.world)
    assert set(calls) == set(phones(count))
    assert 0 < calls.total() - count <= BLOCK
    assert keeps_the_rate(it, await begin)
    assert SANDBOX_API_KEY not in it.log()


async def test_a_whole_celery_worker_killed_costs_no_row_and_at_most_its_blocks_again(redis, tmp_path):
    count = 400
    async with celery(redis, tmp_path, lost_after=10) as it:
        async with it.workers() as workers:
            processes = children(workers.pid)
            await it.send("spring", phones(count))
            await it.until(lambda: in_the_middle(it.world))
            kill(workers.pid, *processes)
            await workers.wait()
        async with it.workers():
            await it.until(lambda: len(it.rows()) == count)
    assert it.rows() == every_row_once(count)
    assert 0 < asked(it.world).total() - count <= PROCESSES * BLOCK
