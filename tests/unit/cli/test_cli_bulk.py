"""`etelecom bulk`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import re
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
from etelecom_async.messages.translation import ENGLISH
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, serve
from etelecom_async.testing import MockTransport
from tests.support import environment, invoke, served_in_a_thread, spawn
from tests.support.bulk_command import Watched, bulk, by_row, people, phone, table

SECRET = SANDBOX_API_KEY.partition(":")[2]


def bulk_here(served, *arguments, **env):
    """The same inside this process."""
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    return invoke("bulk", *map(str, arguments), **{**account, "ETELECOM_BASE_URL": served.base_url, **env})


async def test_every_row_with_an_answer_is_exit_code_0_and_a_summary(tmp_path):
    source, output = people(tmp_path / "in.csv", 300), tmp_path / "out.csv"
    async with serve(Watched(300)) as served:
        code, stdout, stderr = await bulk(served, source, "-o", output)
    assert (code, stdout) == (0, "")
    how = "Input: CSV, delimiter ',', UTF-8, certain, header in line 1. Phones: column 'phone', found by its name.\n"
    assert how in stderr
    assert "60 granted, 240 not, 0 could not be checked." in stderr
    for state in ("granted", "refused", "pending", "never asked", "calls off"):
        assert state in stderr
    assert f"Output: {output}" in stderr
    records = by_row(output)
    assert sorted(records) == list(range(1, 301))
    assert all(record["phone"] == record["phone_normalized"] == phone(n - 1) for n, record in records.items())
    assert all(record["granted"] == ("true" if n % 5 == 1 else "false") for n, record in records.items())


def test_a_row_that_could_not_be_checked_is_exit_code_3_and_a_hint(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"phone\n{phone(0)}\nhello\n", encoding="utf-8")
    with served_in_a_thread(Watched(1)) as served:
        code, stdout, stderr = bulk_here(served, source, "-o", output)
    assert (code, stdout) == (3, "")
    hint = "Correct the phone number: the message says what is wrong."
    advice = f"{hint} Correct the input in place, then run the same command again with `--retry-failed`."
    assert f"not a phone number: 1. {advice}\n" in stderr
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
        assert code == 0
        assert "Nothing was left to do: every row is finished.\n" in stderr
        assert "rows/s" not in stderr
        with source.open("a", encoding="utf-8") as file:
            file.write("x,hello\n")
        code, _, stderr = bulk_here(served, source, "-o", output, "--resume")
        assert (code, "20 rows are finished already.\n" in stderr, "1 row in " in stderr) == (3, True, True)
        code, _, stderr = bulk_here(served, source, "-o", output, "--resume")
        note = " 1 of them could not be checked, and --retry-failed checks these again.\n"
        assert code == 3
        assert f"21 rows are finished already.{note}" in stderr
        assert f"Nothing was left to do: every row is finished.{note}" in stderr
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
    assert "21 rows are finished already. 1 of them could not be checked" in stderr


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


async def test_a_closed_pipe_is_exit_code_141_and_no_word(tmp_path):
    source = people(tmp_path / "in.csv", 5000)
    world = Watched(5000)
    async with serve(world) as served:
        reader, writer = os.pipe()
        process = await spawn("bulk", source, "-o", "-", "--quiet", env=environment(served), stdout=writer)
        os.close(writer)
        await world.asked_again(200)
        os.close(reader)
        _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (141, b"")
    assert len(world.log) < 5000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("rows", [1, 20])
async def test_standard_output_on_a_full_disk_is_one_sentence(tmp_path, rows):
    """Also with a single row, all of which a buffer would hold."""
    source = people(tmp_path / "in.csv", rows)
    async with serve(Watched(20)) as served:
        full = os.open("/dev/full", os.O_WRONLY)
        process = await spawn("bulk", source, "-o", "-", "--quiet", env=environment(served), stdout=full)
        os.close(full)
        _, stderr = await process.communicate()
    assert process.returncode == 4
    assert stderr.decode() == "Error: Cannot write the output: No space left on device.\n"


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
    source, output, page = people(tmp_path / "in.csv", 50), tmp_path / "out.csv", tmp_path / ("x" * 245 + ".html")
    with served_in_a_thread(Watched(50)) as served:
        code, _, stderr = bulk_here(served, source, "-o", output, "--report", page)
        assert (code, "Traceback" in stderr) == (0, False)
        content = page.read_text(encoding="utf-8")
        assert content.lower().startswith("<!doctype html>")
        assert "in.csv" in content
        assert f"Report: {page}" in stderr
        assert SECRET not in content
        # That name is nearly as long as one may be, and this one longer.
        too_long = tmp_path / ("x" * 256)
        code, _, stderr = bulk_here(served, source, "-o", output, "--resume", "--quiet", "--report", too_long)
        assert (code, len(stderr.splitlines())) == (2, 1)
        assert len(list(tmp_path.iterdir())) == 4


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
    source.write_text("phone\n" + "".join(f"{phone(n % 10)}\n" for n in range(6000)), encoding="utf-8")
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent(error=3))
    session = Session(Shop(SANDBOX_API_KEY), transport=mock)
    await ConsentJob(session, source=source, output=output, oa_id=SANDBOX_OA).run()
    job = ConsentJob(session, source=source, output=output, oa_id=SANDBOX_OA, resume=True)
    assert (await job_display.run(job, session, texts=ENGLISH, line_seconds=0)).is_complete
    shown = re.findall(r"Skipping ([0-9,]+) of 6,000 finished rows\n", capsys.readouterr().err)
    passed = [int(count.replace(",", "")) for count in shown]
    assert passed == sorted(passed)
    assert len(set(passed)) > 5
