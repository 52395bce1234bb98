"""`etelecom bulk` as people run it: a process of its own, against a server on a socket, interrupted and killed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import random
import re
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from yarl import URL

from etelecom_async import CHECK_CONSENT, Consent, Session, Shop
from etelecom_async.cli import job_display
from etelecom_async.cli.network import TransportChoice, choose_runtime
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.record import RESULT_COLUMNS
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, World, serve
from etelecom_async.testing import MockTransport
from tests.support import HANG, environment, invoke, run, served_in_a_thread, spawn

SECRET = SANDBOX_API_KEY.partition(":")[2]
CODES = (0, 3, 8, 20, 21)
"""Answers that settle the question."""


def phone(number):
    return f"849{number:08d}"


class Watched(World):
    """A world that tells when it has been asked so many times."""

    def __init__(self, count=0, **options):
        customers = [Customer(phone=phone(n), error=CODES[n % len(CODES)]) for n in range(count)]
        super().__init__(customers={customer.phone: customer for customer in customers}, **options)
        self._awaited = []

    def handle(self, exchange):
        response = super().handle(exchange)
        for count, event in self._awaited:
            if len(self.log) >= count:
                event.set()
        return response

    async def asked_again(self, times):
        """Until it has been asked that many times more."""
        event = asyncio.Event()
        self._awaited.append((len(self.log) + times, event))
        await event.wait()

    @property
    def asked(self):
        return Counter(entry.phone for entry in self.log)


def people(path, count):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "phone"])
        writer.writerows((f'Nguyễn "{n}",\nHuế', phone(n)) for n in range(count))
    return path


def table(data):
    content = data.decode() if isinstance(data, bytes) else data
    return list(csv.DictReader(io.StringIO(content, newline=""), strict=True))


def by_row(path):
    """The records of a CSV file by their rows, which are there once each, without the time of the check."""
    records = table(path.read_bytes())
    for record in records:
        del record["checked_at"]
    assert len({record["row"] for record in records}) == len(records)
    return {int(record["row"]): record for record in records}


each_transport = pytest.mark.parametrize("transport", ["fast", pytest.param("aiohttp", marks=pytest.mark.long)])


async def bulk(served, *arguments, stdin=b"", **env):
    return await run("bulk", *map(str, arguments), env=environment(served, **env), stdin=stdin)


def bulk_here(served, *arguments, **env):
    """The same inside this process."""
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    return invoke("bulk", *map(str, arguments), **{**account, "ETELECOM_BASE_URL": served.base_url, **env})


async def test_every_row_with_an_answer_is_exit_code_0_and_a_summary(tmp_path):
    source, output = people(tmp_path / "in.csv", 1000), tmp_path / "out.csv"
    async with serve(Watched(1000)) as served:
        code, stdout, stderr = await bulk(served, source, "-o", output)
    assert (code, stdout) == (0, "")
    assert (
        "Input: CSV, delimiter ',', UTF-8, certain, header in line 1. Phones: column 'phone', found by its name.\n"
        in stderr
    )
    assert "200 granted, 800 not, 0 could not be checked." in stderr
    for state in ("granted", "refused", "pending", "never asked", "calls off"):
        assert [line.split()[-1] for line in stderr.splitlines() if line.strip("│┃| ").startswith(state)] == [
            "400"
        ] or (state in stderr)
    assert f"Output: {output}" in stderr
    records = by_row(output)
    assert sorted(records) == list(range(1, 1001))
    assert all(record["phone"] == record["phone_normalized"] == phone(n - 1) for n, record in records.items())
    assert all(record["granted"] == ("true" if n % 5 == 1 else "false") for n, record in records.items())


def test_a_row_that_could_not_be_checked_is_exit_code_3_and_a_hint(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"phone\n{phone(0)}\nhello\n", encoding="utf-8")
    with served_in_a_thread(Watched(1)) as served:
        code, stdout, stderr = bulk_here(served, source, "-o", output)
    assert (code, stdout) == (3, "")
    assert (
        "1 not a phone number: Correct it in place in the input. Then run the same command again with"
        " `--retry-failed`.\n" in stderr
    )
    assert by_row(output)[2]["failure"] == "InvalidPhone"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["none.csv", "-o", "out.csv"], "none.csv does not exist"),
        (["none.csv", "-o", "mine.csv"], "none.csv does not exist"),
        (["in.csv", "-o", "mine.csv"], "mine.csv exists: add --resume"),
        (["in.csv", "-o", "in.csv"], "in.csv is the input itself"),
        (["in.csv", "-o", "mine.csv", "--resume"], "mine.csv.job"),
        (["in.csv", "-o", "out"], "no suffix"),
        (["in.csv", "-o", "out.xlsx"], "is a workbook"),
        (["in.csv", "-o", "folder.csv"], "folder.csv is a directory"),
        (["in.csv", "-o", "none/out.csv"], "Cannot write"),
        (["in.csv", "-o", "out.csv", "--column", "x"], "There is no column 'x'"),
        (["in.csv", "-o", "out.csv", "--oa-id", "x"], "An id is"),
        (["-", "-o", "out.csv", "--resume"], "a stream can be read only once"),
        (["in.csv", "-o", "-", "--retry-failed"], "a stream can be read only once"),
        (["in.csv", "-o", "-", "--report", "page.html"], "name one with -o"),
        (["in.csv", "-o", "out.csv", "--report", "none/page.html"], "none/page.html: its folder is missing"),
        (["in.csv", "-o", "out.csv", "--report", "folder.csv"], "folder.csv is a directory: name a file."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_begin_is_exit_code_2_and_one_sentence(tmp_path, monkeypatch, arguments, word):
    monkeypatch.chdir(tmp_path)
    people(tmp_path / "in.csv", 3)
    (tmp_path / "mine.csv").write_bytes(b"mine")
    (tmp_path / "folder.csv").mkdir()
    before = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    env = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    code, stdout, stderr = invoke("bulk", *arguments, **env)
    assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
    assert word in stderr
    assert {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_key_that_opens_nothing_is_exit_code_2_and_binds_nothing(tmp_path):
    source, output = people(tmp_path / "in.csv", 300), tmp_path / "out.csv"
    world = Watched(300)
    with served_in_a_thread(world) as served:
        key = "1000000000000000001:a-key-of-somebody"
        code, stdout, stderr = bulk_here(served, source, "-o", output, "--quiet", ETELECOM_API_KEY=key)
        assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
        assert "401 unauthenticated" in stderr
        assert "a-key" not in stderr
        assert "--resume" not in stderr
        # Three different phones meet it, and by then each of the 100 places may have a call under way.
        assert 3 <= len(world.log) <= 3 + 100
        assert {path.name for path in tmp_path.iterdir()} == {"in.csv"}
        assert bulk_here(served, source, "-o", output, "--quiet")[0] == 0
    assert len(by_row(output)) == 300


def test_what_is_left_to_do_is_said_plainly(tmp_path):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    with served_in_a_thread(Watched(21)) as served:
        bulk_here(served, source, "-o", output)
        code, _, stderr = bulk_here(served, source, "-o", output, "--resume")
        assert (code, "Nothing was left to do: every row is finished.\n" in stderr, "rows/s" in stderr) == (
            0,
            True,
            False,
        )
        with source.open("a", encoding="utf-8") as file:
            file.write("x,hello\n")
        code, _, stderr = bulk_here(served, source, "-o", output, "--resume")
        assert (code, "20 rows are finished already.\n" in stderr, "1 row in " in stderr) == (3, True, True)
        code, _, stderr = bulk_here(served, source, "-o", output, "--resume")
        note = "; 1 of them could not be checked, and --retry-failed checks these again.\n"
        assert code == 3
        assert f"21 rows are finished already{note}" in stderr
        assert f"Nothing was left to do: every row is finished{note}" in stderr
        source.write_text(source.read_text(encoding="utf-8").replace("hello", phone(20)), encoding="utf-8")
        assert bulk_here(served, source, "-o", output, "--retry-failed")[0] == 0
        source.write_text("phone\n", encoding="utf-8")
        code, _, stderr = bulk_here(served, source, "-o", tmp_path / "none.csv")
    assert (code, "Nothing was left to do: the input has no rows.\n" in stderr) == (0, True)


def test_quiet_prints_nothing(tmp_path):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    with served_in_a_thread(Watched(20)) as served:
        assert bulk_here(served, source, "-o", output, "--quiet") == (0, "", "")
    assert len(by_row(output)) == 20


def test_the_summary_as_json_is_json(tmp_path):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    with source.open("a", encoding="utf-8") as file:
        file.write("x,hello\n")
    with served_in_a_thread(Watched(20)) as served:
        code, stdout, stderr = bulk_here(served, source, "-o", output, "--quiet", "--json")
        assert (code, stdout) == (3, "")
        summary = json.loads(stderr)
        assert summary.pop("seconds") > 0
        assert summary == {
            "rows": 21,
            "finished_before": 0,
            "failed_before": 0,
            "granted": 4,
            "not_granted": 16,
            "states": {"granted": 4, "refused": 4, "pending": 4, "never asked": 4, "calls off": 4},
            "failures": {"InvalidPhone": 1},
            "is_complete": True,
        }
        code, _, stderr = bulk_here(served, source, "-o", output, "--json", "--resume")
    assert json.loads(stderr.splitlines()[-1])["finished_before"] == 21
    assert "21 rows are finished already; 1 of them could not be checked" in stderr


def test_the_phones_column_can_be_named(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"phone,other\n{phone(0)},{phone(1)}\n", encoding="utf-8")
    world = Watched(2)
    with served_in_a_thread(world) as served:
        assert bulk_here(served, source, "-o", output, "--column", "other")[0] == 0
    assert world.asked == {phone(1): 1}


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_dashes_are_standard_input_and_output(tmp_path, kind):
    rows = [("Ánh", phone(0)), ("Đỗ, ô", phone(1))]
    if kind == "csv":
        given = "name,phone\n" + "".join(f'"{name}",{number}\n' for name, number in rows)
    else:
        given = "".join(json.dumps({"name": name, "phone": number}) + "\n" for name, number in rows)
    async with serve(Watched(2)) as served:
        code, stdout, stderr = await bulk(served, "-", "-o", "-", "--quiet", stdin=given.encode())
    assert (code, stderr) == (0, "")
    records = table(stdout) if kind == "csv" else [json.loads(line) for line in stdout.splitlines()]
    assert sorted((record["name"], record["phone_normalized"], record["state"]) for record in records) == [
        ("Ánh", phone(0), "granted"),
        ("Đỗ, ô", phone(1), "refused"),
    ]
    assert list(records[0]) == ["name", "phone", *RESULT_COLUMNS]


async def test_the_summary_of_a_pipe_stays_out_of_it(tmp_path):
    async with serve(Watched(1)) as served:
        _, stdout, stderr = await bulk(served, "-", "-o", "-", stdin=f"phone\n{phone(0)}\n".encode())
    assert len(table(stdout)) == 1
    assert "1 granted" in stderr
    told = [line for line in stderr.splitlines() if line.startswith("Output:")]
    assert told == ["Output: CSV, UTF-8 without a byte order mark; --excel adds one."]  # and no name of a file


async def test_a_reader_who_has_enough_is_met_with_silence(tmp_path):
    source = people(tmp_path / "in.csv", 20_000)
    world = Watched(20_000)
    async with serve(world) as served:
        reader, writer = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "bulk", source, "-o", "-", "--quiet"),
            stdout=writer,
            stderr=asyncio.subprocess.PIPE,
            env=environment(served),
        )
        os.close(writer)
        await world.asked_again(200)
        os.close(reader)
        _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (141, b"")
    assert len(world.log) < 20_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_standard_output_on_a_full_disk_is_one_sentence(tmp_path):
    source = people(tmp_path / "in.csv", 20)
    async with serve(Watched(20)) as served:
        full = os.open("/dev/full", os.O_WRONLY)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "bulk", source, "-o", "-", "--quiet"),
            stdout=full,
            stderr=asyncio.subprocess.PIPE,
            env=environment(served),
        )
        os.close(full)
        _, stderr = await process.communicate()
    assert process.returncode == 2
    assert stderr.decode() == "Error: Cannot write the output: No space left on device.\n"


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
        assert (await bulk(served, source, "-o", output, "--resume", "--quiet"))[0] == 0
    assert sum(world.asked.values()) <= 300 + 20
    assert len(world.asked) == 300


@each_transport
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_ctrl_c_finishes_what_is_under_way_and_a_resume_the_rest(tmp_path, number, transport):
    source, output = people(tmp_path / "in.csv", 400), tmp_path / "out.csv"
    world = Watched(400)
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
        assert (await bulk(served, source, "-o", output, "--resume"))[0] == 0
    assert set(world.asked.values()) == {1}
    records = by_row(output)
    assert sorted(records) == list(range(1, 401))
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
    assert b"Traceback" not in stderr
    assert len(stderr.splitlines()) <= 1
    assert by_row(output) == {}


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
        assert await bulk(served, source, "-o", whole, *arguments) == (0, "", "")
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
        assert await bulk(served, source, "-o", output, "--resume", *arguments) == (0, "", "")
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
        assert (await bulk(served, source, "-o", output, "--resume", "--quiet"))[0] == 0
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
        assert (await bulk(served, source, "-o", output, "--resume"))[0] == 0
    assert len(by_row(output)) == 200
    assert set(world.asked.values()) == {1}


def test_only_what_failed_is_checked_again(tmp_path):
    source, output = people(tmp_path / "in.csv", 100), tmp_path / "out.csv"
    world = Watched(100)
    for n in range(0, 100, 10):
        world.customers[phone(n)] = Customer(phone=phone(n), error=14)
    with served_in_a_thread(world) as served:
        assert bulk_here(served, source, "-o", output)[0] == 3
        for n in range(0, 100, 10):
            world.customers[phone(n)] = Customer(phone=phone(n), error=3)
        code, _, stderr = bulk_here(served, source, "-o", output, "--retry-failed")
    assert code == 0
    assert "90 rows are finished already." in stderr
    assert {number for number, times in world.asked.items() if times > 1} == {phone(n) for n in range(0, 100, 10)}
    assert Counter(record["state"] for record in by_row(output).values())["refused"] == 30


def test_a_report_is_a_page(tmp_path):
    pytest.importorskip("vl_convert")
    source, output, page = people(tmp_path / "in.csv", 50), tmp_path / "out.csv", tmp_path / "page.html"
    with served_in_a_thread(Watched(50)) as served:
        code, _, stderr = bulk_here(served, source, "-o", output, "--report", page)
        assert (code, "Traceback" in stderr) == (0, False)
        content = page.read_text(encoding="utf-8")
        assert content.lower().startswith("<!doctype html>")
        assert "in.csv" in content
        assert f"Report: {page}" in stderr
        assert SECRET not in content
        # Nearly as long as a name may be, and too long.
        for length, ends in ((250, (0, 0)), (256, (2, 1))):
            long = tmp_path / ("x" * length)
            code, _, stderr = bulk_here(served, source, "-o", output, "--resume", "--quiet", "--report", long)
            assert (code, len(stderr.splitlines())) == ends
        assert len(list(tmp_path.iterdir())) == 5


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


@pytest.mark.parametrize(
    ("asked", "name"),
    [("auto", "fast (httptools on uvloop)"), ("fast", "fast (httptools on uvloop)"), ("aiohttp",) * 2],
)
def test_it_says_what_carries_the_checks(tmp_path, asked, name):
    source, output = people(tmp_path / "in.csv", 5), tmp_path / "out.csv"
    with served_in_a_thread(Watched(5)) as served:
        code, _, stderr = bulk_here(served, source, "-o", output, "--transport", asked)
    assert code == 0
    assert [line for line in stderr.splitlines() if line.startswith("Transport")] == [f"Transport: {name}."]


def test_without_the_extra_the_fast_transport_is_refused_and_auto_does_without(tmp_path, monkeypatch):
    source, output = people(tmp_path / "in.csv", 5), tmp_path / "out.csv"
    monkeypatch.setitem(sys.modules, "etelecom_async.transport.fast.pool", None)
    arguments = ("bulk", str(source), "-o", str(output), "--oa-id", str(SANDBOX_OA))
    code, _, stderr = invoke(*arguments, "--transport", "fast", ETELECOM_API_KEY=SANDBOX_API_KEY)
    assert code == 2
    assert "pip install 'etelecom-async[fast]'" in stderr
    assert not output.exists()
    assert choose_runtime(TransportChoice.AUTO, URL("http://127.0.0.1:1")).name == "aiohttp"


async def test_it_is_shown_how_far_a_resume_has_come_to_its_first_row(tmp_path, capsys):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    # Few customers in many rows, since each row of a customer after the first takes no call.
    source.write_text("phone\n" + "".join(f"{phone(n % 10)}\n" for n in range(15_000)), encoding="utf-8")
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent(error=3))
    session = Session(Shop(SANDBOX_API_KEY), transport=mock)
    await ConsentJob(session, source=source, output=output, oa_id=SANDBOX_OA).run()
    job = ConsentJob(session, source=source, output=output, oa_id=SANDBOX_OA, resume=True)
    assert (await job_display.run(job, session, line_seconds=0)).is_complete
    shown = re.findall(r"Skipping ([0-9,]+) of 15,000 finished rows\n", capsys.readouterr().err)
    passed = [int(count.replace(",", "")) for count in shown]
    assert passed == sorted(passed)
    assert len(set(passed)) > 10
