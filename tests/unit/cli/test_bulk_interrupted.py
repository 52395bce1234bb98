"""`etelecom bulk` interrupted, killed, and beside another process or on a full disk."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys

import pytest

from etelecom_async.sandbox import SANDBOX_API_KEY, serve
from tests.support import HANG, environment, spawn
from tests.support.bulk_command import Watched, bulk, by_row, people, phone, resume

SECRET = SANDBOX_API_KEY.partition(":")[2]
each_transport = pytest.mark.parametrize("transport", ["fast", pytest.param("aiohttp", marks=pytest.mark.long)])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
async def test_a_full_disk_is_one_sentence_and_a_resume_goes_on(tmp_path, kind):
    pytest.importorskip("resource")
    source, output = people(tmp_path / "in.csv", 300), tmp_path / f"out.{kind}"
    world = Watched(300)
    # 512-byte blocks or kilobytes: in either the 300 rows do not fit.
    script = 'trap "" XFSZ; ulimit -f 16; exec "$0" -m etelecom_async.cli bulk "$@"'
    arguments = (sys.executable, str(source), "-o", str(output), "--quiet", "--concurrency", "20")
    async with serve(world) as served:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", script, *arguments), stderr=asyncio.subprocess.PIPE, env=environment(served)
        )
        _, stderr = await process.communicate()
        assert process.returncode == 4
        assert stderr.count(b"\n") == 1
        assert b"Cannot write " in stderr
        assert b"--resume" in stderr
        await resume(served, source, output)
    assert sum(world.asked.values()) <= 300 + 20
    assert len(world.asked) == 300


@each_transport
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_ctrl_c_finishes_what_is_under_way_and_a_resume_the_rest(tmp_path, number, transport):
    source, output = people(tmp_path / "in.csv", 200), tmp_path / "out.csv"
    world = Watched(200)
    async with serve(world, latency=0.2) as served, asyncio.timeout(HANG):
        arguments = ("bulk", str(source), "-o", str(output))
        options = ("--concurrency", "15", "--transport", transport)
        process = await spawn(*arguments, *options, env=environment(served))
        await world.asked_again(50)
        process.send_signal(number)
        stdout, stderr = await process.communicate()
        assert (process.returncode, stdout) == (130, b"")
        assert b"Finishing what is under way. Ctrl-C again ends at once." in stderr
        assert f"Stopped early. What was finished is in {output}; the same command with --resume" in stderr.decode()
        assert b"Traceback" not in stderr
        finished = by_row(output)
        assert 50 <= len(finished) == len(world.log) < 100
        assert {record["phone"] for record in finished.values()} == set(world.asked)
        await resume(served, source, output)
    assert set(world.asked.values()) == {1}
    records = by_row(output)
    assert sorted(records) == list(range(1, 201))
    assert {n: records[n] for n in finished} == finished


@each_transport
async def test_a_second_ctrl_c_leaves_at_once(tmp_path, transport):
    source, output = people(tmp_path / "in.csv", 400), tmp_path / "out.csv"
    world = Watched(400)
    async with serve(world, latency=600) as served, asyncio.timeout(HANG):
        arguments = ("bulk", str(source), "-o", str(output), "--quiet", "--transport", transport)
        process = await spawn(*arguments, env=environment(served))
        await world.asked_again(4)  # no more are let go as long as none is answered
        process.send_signal(signal.SIGINT)
        assert (await process.stderr.readline()).startswith(b"Finishing")
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
    assert (process.returncode, stdout) == (130, b"")
    assert stderr == b"Ended at once. The same command with --resume goes on.\n"
    assert by_row(output) == {}


async def test_a_job_goes_on_when_its_terminal_closes_under_nohup(tmp_path):
    source, output = people(tmp_path / "in.csv", 30), tmp_path / "out.csv"
    world = Watched(30)
    async with serve(world, latency=0.2) as served, asyncio.timeout(HANG):
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            command = (sys.executable, "-m", "etelecom_async.cli", "bulk", str(source), "-o", str(output), "--quiet")
            process = await asyncio.create_subprocess_exec(*command, "--concurrency", "5", env=environment(served))
        finally:
            signal.signal(signal.SIGHUP, before)
        await world.asked_again(5)
        process.send_signal(signal.SIGHUP)
        assert await process.wait() == 0
    assert len(by_row(output)) == 30


async def test_a_second_ctrl_c_leaves_even_an_input_that_has_stalled():
    world = Watched()
    async with serve(world) as served, asyncio.timeout(HANG):
        process = await spawn("bulk", "-", "-o", "-", "--quiet", env=environment(served))
        process.stdin.write(b"phone,name\n" + b"".join(f"{phone(n)},{'x' * 1000}\n".encode() for n in range(600)))
        reading = asyncio.create_task(process.stdout.read())
        # The last rows wait for more to come.
        await world.asked_again(400)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        stderr = await process.stderr.read()
        await reading
        await process.wait()
        process.stdin.close()
    assert process.returncode == 130
    assert b"Traceback" not in stderr


@each_transport
@pytest.mark.parametrize("kind", ["csv", pytest.param("ndjson", marks=pytest.mark.long)])
async def test_killed_at_any_moment_every_row_is_there_once_in_the_end(tmp_path, kind, transport):
    count, kills, concurrency = 1200, 4, 20
    source = people(tmp_path / "in.csv", count)
    whole, output = tmp_path / f"whole.{kind}", tmp_path / f"out.{kind}"
    arguments = ("--quiet", "--concurrency", str(concurrency), "--transport", transport)
    moments = random.Random(7)
    world = Watched(count)
    async with serve(world) as served, asyncio.timeout(HANG):
        await resume(served, source, whole)
        world.log.clear()
        for _ in range(kills):
            given = ("bulk", str(source), "-o", str(output), "--resume", *arguments)
            process = await spawn(*given, env=environment(served))
            await world.asked_again(moments.randrange(1, 260))
            process.kill()
            await process.communicate()
            assert process.returncode == -signal.SIGKILL
        assert await bulk(served, source, "-o", output, "--resume", *arguments) == (0, "", "")
        assert {path.name for path in tmp_path.glob("out*")} == {output.name, f"{output.name}.job"}
        asked = world.asked
        await resume(served, source, output)
        assert world.asked == asked
    assert set(asked) == {phone(n) for n in range(count)}
    assert sum(asked.values()) <= count + concurrency * kills
    if kind == "csv":
        assert by_row(output) == by_row(whole)
    else:
        wanted, found = ([json.loads(line) for line in path.read_bytes().splitlines()] for path in (whole, output))
        for record in wanted + found:
            del record["checked_at"]
        assert len(found) == count
        assert sorted(found, key=lambda record: record["row"]) == sorted(wanted, key=lambda record: record["row"])
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())


async def test_killed_before_its_end_a_parquet_file_is_made_by_the_resume(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    source, output = people(tmp_path / "in.csv", 1500), tmp_path / "out.parquet"
    world = Watched(1500)
    async with serve(world) as served, asyncio.timeout(HANG):
        process = await spawn("bulk", str(source), "-o", str(output), env=environment(served))
        await world.asked_again(700)
        process.kill()
        await process.communicate()
        assert not output.exists()
        await resume(served, source, output)
    assert sorted(parquet.read_table(output).column("row").to_pylist()) == list(range(1, 1501))
    assert sum(world.asked.values()) <= 1500 + 100
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.parquet", "out.parquet.job"}
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())


async def test_two_processes_never_write_one_output(tmp_path):
    source, output = people(tmp_path / "in.csv", 200), tmp_path / "out.csv"
    world = Watched(200)
    async with serve(world, latency=0.3) as served, asyncio.timeout(HANG):
        first = await spawn("bulk", str(source), "-o", str(output), "--concurrency", "5", env=environment(served))
        await world.asked_again(5)
        code, _, stderr = await bulk(served, source, "-o", output, "--resume")
        assert (code, len(stderr.splitlines())) == (2, 1)
        assert "Another process is writing" in stderr
        first.send_signal(signal.SIGINT)
        await first.communicate()
        await resume(served, source, output)
    assert len(by_row(output)) == 200
    assert set(world.asked.values()) == {1}


async def test_a_file_that_takes_the_name_of_the_report_during_the_run_stays(tmp_path):
    pytest.importorskip("vl_convert")
    source, output, page = people(tmp_path / "in.csv", 50), tmp_path / "out.csv", tmp_path / "page.html"
    world = Watched(50)
    async with serve(world, latency=0.1) as served, asyncio.timeout(HANG):
        arguments = ("bulk", str(source), "-o", str(output), "--report", str(page), "--concurrency", "5", "--quiet")
        process = await spawn(*arguments, env=environment(served))
        await world.asked_again(5)
        page.write_text("mine", encoding="utf-8")
        _, stderr = await process.communicate()
    assert process.returncode != 0
    assert "page.html exists and is not a report of this program" in stderr.decode()
    assert "The output is complete." in stderr.decode()
    assert page.read_text(encoding="utf-8") == "mine"
    assert len(by_row(output)) == 50
