"""Jobs whose asking is done by workers over Ray: real processes, killed at any moment, and every row once."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from etelecom_async.sandbox import SANDBOX_API_KEY, World
from tests.support import KEY, OA, environment, served_in_a_thread, spawn
from tests.support.redis_server import RedisServer

ray = pytest.importorskip("ray")
parquet = pytest.importorskip("pyarrow.parquet")

pytestmark = pytest.mark.long
ROWS = 2_000
CONCURRENCY = 10
ROOM = 3 * CONCURRENCY
"""Rows that a worker has at once, and so the most that are asked again when it is lost; 2 % would be 40."""
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's own switch for a cluster that nobody else can reach."""
SECRET = SANDBOX_API_KEY.partition(":")[2]


class Service:
    """A sandbox that lives as long as the cluster that calls it."""

    def __init__(self, world, server):
        self.world = world
        self.server = server

    def calls(self):
        return len(self.world.log)

    async def called(self, times):
        """Until that many calls more have come."""
        wanted = self.calls() + times
        await until(lambda: self.calls() >= wanted)


@pytest.fixture(scope="module")
def service():
    world = World(oa_id=OA)
    # Slow enough for something to be under way at any moment.
    with served_in_a_thread(world, latency=0.05) as server:
        yield Service(world, server)


async def until(condition):
    async with asyncio.timeout(240):
        while not condition():
            await asyncio.sleep(0.05)


def processes():
    """Every process of this machine: its parent and its command line."""
    found = {}
    for place in Path("/proc").iterdir():
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            found[int(place.name)] = parent, (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError, IndexError):
            continue
    return found


def descendants(pid):
    """The processes below one, with their command lines."""
    known, below = processes(), {}
    fresh = {pid}
    while fresh:
        fresh = {child for child, (parent, _) in known.items() if parent in fresh}
        below |= {child: known[child][1] for child in fresh}
    return below


def workers(pid):
    return [child for child, command in descendants(pid).items() if command.startswith("ray::Worker")]


def people(folder):
    """A folder with two tables."""
    folder.mkdir()
    for part in range(2):
        with (folder / f"{part}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "phone"])
            writer.writerows((f"A{n}", f"09{n:08d}") for n in range(part * ROWS // 2, (part + 1) * ROWS // 2))
    return folder


def content(folder):
    """Everything that is written in the files below a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def modes(folder, pattern):
    return [path.stat().st_mode & 0o777 for path in folder.glob(pattern)]


def bulk(source, output, *options):
    command = ("bulk", str(source), "-o", str(output), "--executor", "ray", "--workers", "2")
    return (*command, "--concurrency", str(CONCURRENCY), *options)


def assert_every_row_is_there_once(path):
    table = parquet.read_table(path).sort_by("row")
    assert table["row"].to_pylist() == list(range(1, ROWS + 1))
    assert table["phone_normalized"].to_pylist() == [f"849{n:08d}" for n in range(ROWS)]
    assert table["name"].to_pylist() == [f"A{n}" for n in range(ROWS)]
    assert set(table["state"].to_pylist()) == {"never asked"}


async def ended(process):
    stdout, stderr = await asyncio.wait_for(process.communicate(), 240)
    return process.returncode, stdout.decode(), stderr.decode()


async def test_a_worker_and_then_the_driver_are_killed_and_every_row_is_there_once(service, tmp_path):
    source, output = people(tmp_path / "in"), tmp_path / "out.parquet"
    # A socket's path is limited to some hundred bytes, so Ray's folder lies in no deep one.
    temporary = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    env = environment(service.server, ETELECOM_OA_ID=str(OA), TMPDIR=str(temporary))
    before = service.calls()
    try:
        driver = await spawn(*bulk(source, output), env=env)
        await service.called(ROWS // 4)
        killed = workers(driver.pid)
        assert len(killed) == 2
        os.kill(killed[0], signal.SIGKILL)
        await until(lambda: len(set(workers(driver.pid)) - set(killed)) == 1)
        await service.called(ROWS // 4)
        asking, family = set(workers(driver.pid)), set(descendants(driver.pid))
        driver.kill()
        await driver.wait()
        await until(lambda: not asking & processes().keys())
        # Helpers of Ray's own outlive a killed driver by a minute, and would write on.
        for helper in family & processes().keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(helper, signal.SIGKILL)
        await until(lambda: not family & processes().keys())
        written = content(temporary)
        assert written
        assert SECRET.encode() not in written
        left = names(temporary)
        # Ray's session folder, in which logs and sockets are, is the user's alone (F12).
        assert modes(temporary, "ray-*") == [0o700]

        code, stdout, stderr = await ended(await spawn(*bulk(source, output, "--resume"), env=env))
        assert (code, stdout) == (0, ""), stderr
        assert "rows are finished already" in stderr
        assert names(temporary) == left  # that run took away what it had made
    finally:
        shutil.rmtree(temporary)
    assert_every_row_is_there_once(output)
    assert service.calls() - before - ROWS <= ROOM + 2 * ROOM


@pytest.fixture(scope="module")
def redis():
    server = RedisServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def cluster(service, redis):
    """Two nodes on this machine: the address, and what ends the second with all that runs on it."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[2] / "support" / "ray_cluster.py"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(service.server, ETELECOM_REDIS_URL=redis.url, **LOOPBACK),
    )
    address, raylet = process.stdout.readline().decode().split()
    yield address, int(raylet)
    process.communicate()
    shutil.rmtree(folder)


async def test_workers_of_another_account_ask_nothing(service, cluster, tmp_path):
    address, _ = cluster
    before = service.calls()
    env = environment(service.server, ETELECOM_OA_ID=str(OA), ETELECOM_API_KEY=KEY, **LOOPBACK)
    output = tmp_path / "out.csv"
    code, _, stderr = await ended(await spawn(*bulk(people(tmp_path / "in"), output, "--address", address), env=env))
    assert code == 2
    assert "A worker's environment describes another account or server than this one's" in stderr
    assert service.calls() == before
    assert not output.exists()


async def test_a_cluster_of_another_version_is_told_with_both_versions(service, cluster, tmp_path):
    """F12"""
    address, _ = cluster
    # Read by every Python that starts with this folder on its path, before anything else.
    (tmp_path / "sitecustomize.py").write_text("import ray; ray.__version__ = '1.2.3'", encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    env = environment(service.server, ETELECOM_OA_ID=str(OA), PYTHONPATH=path, **LOOPBACK)
    output = tmp_path / "out.csv"
    code, _, stderr = await ended(await spawn(*bulk(people(tmp_path / "in"), output, "--address", address), env=env))
    last = stderr.splitlines()[-1]
    assert code == 2
    assert f"Ray: {ray.__version__}" in last
    assert "1.2.3" in last
    assert not output.exists()


async def test_ctrl_c_gives_up_what_the_workers_of_a_cluster_hold_and_did_not_send(service, cluster, tmp_path):
    """C14: at two a second the sixty phones that they hold would take half a minute."""
    address, _ = cluster
    output = tmp_path / "out.csv"
    env = environment(service.server, ETELECOM_OA_ID=str(OA), **LOOPBACK)
    before = service.calls()
    driver = await spawn(*bulk(people(tmp_path / "in"), output, "--address", address, "--rate", "2"), env=env)
    await service.called(6)
    driver.send_signal(signal.SIGINT)
    code, _, stderr = await ended(driver)
    assert code == 130, stderr
    assert "the same command with --resume goes on" in stderr
    asked = service.calls() - before
    with output.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == asked
    assert asked < ROOM


async def test_ctrl_c_and_then_a_lost_node_leave_every_row_once(service, cluster, redis, tmp_path):
    address, raylet = cluster
    source, output = people(tmp_path / "in"), tmp_path / "out.parquet"
    env = environment(service.server, ETELECOM_OA_ID=str(OA), ETELECOM_REDIS_URL=redis.url, **LOOPBACK)
    command = bulk(source, output, "--address", address, "--rate", "1000", "--redis")
    before = service.calls()
    driver = await spawn(*command, env=env)
    await service.called(ROWS // 4)
    assert redis.keys() == ["etelecom_async:rate:etelecom"]
    driver.send_signal(signal.SIGINT)
    code, stdout, stderr = await ended(driver)
    assert (code, stdout) == (130, "")
    assert "Stopped early. What was finished is in" in stderr
    assert "the same command with --resume goes on" in stderr
    assert service.calls() - before < ROWS

    code, _, stderr = await ended(await spawn(*command, "--resume", "--oa-id", "1", env=env))
    assert code == 2
    assert "The output belongs to another Official Account (--oa-id)" in stderr

    driver = await spawn(*command, "--resume", env=env)
    await service.called(ROWS // 4)
    there = workers(raylet)
    assert there
    for pid in (raylet, *there):
        os.kill(pid, signal.SIGKILL)
    code, stdout, stderr = await ended(driver)
    assert (code, stdout) == (0, ""), stderr
    assert re.search(r"lost and replaced; what (it|they) had under way was asked again", stderr), stderr
    assert_every_row_is_there_once(output)
    assert service.calls() - before - ROWS <= len(there) * ROOM
