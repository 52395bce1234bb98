"""How workers over Ray start, or say why not. Clusters that exist are tests/unit/workers/test_ray.py's."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import socket

import pytest

from etelecom_async import ConfigError, Shop
from etelecom_async.sandbox import SANDBOX_API_KEY
from etelecom_async.testing import run_virtually
from etelecom_async.workers.ray_probe import one_sentence, probe
from etelecom_async.workers.ray_workers import RayWorkers
from etelecom_async.workers.worker import WorkerSetup
from tests.support import HANG, OA, environment, spawn

ray = pytest.importorskip("ray")
HERE = f"Here: Ray {ray.__version__}, Python {platform.python_version()}."


def workers(address, join):
    setup = WorkerSetup(oa_id=OA, concurrency=1)
    return RayWorkers(setup, account=Shop(SANDBOX_API_KEY), address=address, join=join)


def test_a_cluster_that_lets_no_process_join_is_given_up_after_15_seconds():  # F12

    async def silent(_):
        await asyncio.Event().wait()

    async def main():
        async with workers("ray.example:6379", silent) as executor:
            with pytest.raises(ConfigError) as caught:
                await executor.ask("84987654321")
        return str(caught.value), asyncio.get_running_loop().time()

    sentence, seconds = run_virtually(main())
    assert sentence == (
        "Ray cannot run the workers at ray.example:6379: no cluster let this process join within 15 s. " + HERE
    )
    assert seconds == 15


def test_a_stop_ends_the_waiting_for_a_cluster():
    """F12: SIGTERM"""
    joining = asyncio.Event()

    async def silent(_):
        joining.set()
        await asyncio.Event().wait()

    async def main():
        async with workers("ray.example:6379", silent) as executor:
            asking = asyncio.create_task(executor.ask("84987654321"))
            await joining.wait()
            executor.give_up()
            with pytest.raises(asyncio.CancelledError):
                await asking
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 0


@pytest.mark.parametrize("scheme", ["", "ray://"])
async def test_an_address_where_nothing_listens_is_an_error_at_once(scheme):  # F12
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    with pytest.raises(ConfigError) as caught:
        await probe(f"{scheme}127.0.0.1:{port}")
    assert str(caught.value).endswith(f"127.0.0.1:{port}: no connection: Connection refused. {HERE}")


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "127.0.0.1:0", "[::1:6379"])
async def test_an_address_that_cannot_be_one_is_one_sentence(address):
    with pytest.raises(ConfigError) as caught:
        await probe(address)
    assert "\n" not in str(caught.value)
    assert address in str(caught.value)


def test_what_ray_says_of_versions_comes_whole_and_on_one_line():  # F12
    said = (
        "RuntimeError: Version mismatch: The cluster was started with:\n    Ray: 2.9.1\n    Python: 3.9.7\n"
        "This process on node 10.0.0.1 was started with:\n    Ray: 2.60.0\n    Python: 3.11.7\n"
    )
    sentence = one_sentence(said, address="10.0.0.2:6379")
    assert "\n" not in sentence
    for part in ("Ray: 2.9.1 Python: 3.9.7", HERE):
        assert part in sentence


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc")  # noqa: PTH112
async def test_sigterm_ends_a_command_that_waits_for_a_cluster_and_its_helper(tmp_path):  # F12
    source = tmp_path / "in.csv"
    source.write_text("phone\n0987654321\n", encoding="utf-8")
    connected = asyncio.Event()

    async def silent(reader, writer):
        connected.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server, asyncio.timeout(HANG):
        host, port = server.sockets[0].getsockname()
        options = ("--executor", "ray", "--address", f"{host}:{port}")
        command = ("bulk", str(source), "-o", str(tmp_path / "out.csv"), *options)
        process = await spawn(*command, env=environment())
        await connected.wait()
        process.send_signal(signal.SIGTERM)
        _, stderr = await process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
