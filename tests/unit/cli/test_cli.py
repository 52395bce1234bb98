"""The `etelecom` command: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import aiohttp
import pytest

from etelecom_async import ConsentState, __version__
from etelecom_async.jobs.record import RESULT_COLUMNS
from etelecom_async.messages import failure_name
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, SANDBOX_SHOP_KEY, Customer, World, sample, serve
from tests.support import HANG, environment, invoke, run, served_in_a_thread, spawn

EXAMPLE = Path(__file__).parents[3] / "examples" / "phones.csv"
KEYS = ["phone", "phone_normalized", "granted", "state", "error", "message", "expired_time", "failure"]
BY_CODE = {customer.error: customer.phone for customer in reversed(sample().values())}
GRANTED, REFUSED, BUSY, FAILED = BY_CODE[0], BY_CODE[3], BY_CODE[5], BY_CODE[14]


@asynccontextmanager
async def listening(*arguments: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """An `etelecom sandbox` process that is up, and what it has printed."""
    process = await spawn("sandbox", "--port", "0", *arguments, env=environment())
    assert process.stdout is not None
    try:
        async with asyncio.timeout(HANG):
            printed = (await process.stdout.readuntil(b"Ctrl-C ends it.\n")).decode()
        yield process, printed
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def check(served, *arguments, **env):
    """`etelecom check` inside this process: exit code, stdout, stderr."""
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    return invoke("check", *arguments, **{**account, "ETELECOM_BASE_URL": served.base_url, **env})


async def test_all_granted_is_exit_code_0():
    async with serve(World()) as served:
        code, stdout, stderr = await run("check", GRANTED, "0" + GRANTED[2:], env=environment(served))
    assert (code, stderr) == (0, "")
    assert stdout.count("granted") == 2
    assert "Thành công" in stdout


def test_one_that_is_not_granted_is_exit_code_1():
    with served_in_a_thread(World()) as served:
        code, stdout, _ = check(served, GRANTED, REFUSED)
    assert code == 1
    assert "refused" in stdout


@pytest.mark.parametrize("phone", [BUSY, FAILED, BY_CODE[77], BY_CODE[-32], BY_CODE[13], "not a number"])
def test_one_that_could_not_be_checked_is_exit_code_3(phone):
    with served_in_a_thread(World()) as served:
        code, stdout, _ = check(served, GRANTED, REFUSED, phone)
    assert code == 3
    assert "?" in stdout


def test_json_has_one_object_a_line_in_the_order_of_the_phones():
    with served_in_a_thread(World()) as served:
        arguments = ("--json", REFUSED, "0" + GRANTED[2:], FAILED, "12")
        code, stdout, stderr = check(served, *arguments)
    rows = [json.loads(line) for line in stdout.splitlines()]
    assert (code, stderr) == (3, "")
    assert [list(row) for row in rows] == [KEYS] * 4
    assert [row["phone"] for row in rows] == [REFUSED, "0" + GRANTED[2:], FAILED, "12"]
    assert [row["phone_normalized"] for row in rows] == [REFUSED, GRANTED, FAILED, None]
    assert [row["granted"] for row in rows] == [False, True, None, None]
    assert [row["state"] for row in rows] == ["refused", "granted", "failed", None]
    assert [row["error"] for row in rows] == [3, 0, 14, None]
    assert rows[0]["message"] == "Khách hàng từ chối cấp quyền gọi"
    assert rows[1]["expired_time"].endswith("Z")
    assert [row["failure"] is None for row in rows] == [True, True, True, False]
    assert rows[3]["failure"].startswith("InvalidPhone: ")


def test_an_expiry_at_the_end_of_the_calendar_is_shown_as_it_was_sent():
    """F1: it has no UTC time in Python."""
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-7)))
    customers = {GRANTED: Customer(phone=GRANTED, expires=never)}
    with served_in_a_thread(World(customers=customers)) as served:
        code, stdout, stderr = check(served, "--json", GRANTED)
        assert (code, stderr) == (0, "")
        assert json.loads(stdout)["expired_time"] == "9999-12-31T23:59:59-07:00"
        code, stdout, _ = check(served, GRANTED)
    assert code == 0


async def test_a_dash_reads_numbers_from_standard_input():
    numbers = f"\ufeff{GRANTED}\r\n\n  {REFUSED}  \n".encode()
    async with serve(World()) as served:
        code, stdout, _ = await run("check", "-", "--json", env=environment(served), stdin=numbers)
    assert code == 1
    assert [json.loads(line)["phone"] for line in stdout.splitlines()] == [GRANTED, REFUSED]


def test_a_partner_checks_with_its_shop_key():
    with served_in_a_thread(World()) as served:
        account = {"ETELECOM_ACCOUNT": "partner", "ETELECOM_SHOP_KEY": SANDBOX_SHOP_KEY}
        where = {"ETELECOM_BASE_URL": served.partner_base_url, "ETELECOM_OA_ID": str(SANDBOX_OA)}
        assert invoke("check", GRANTED, **account, **where)[0] == 0


def test_a_message_can_neither_mark_up_nor_control_the_terminal():
    customer = Customer(phone=GRANTED, message="[red]now[/red]\x1b[2J")
    with served_in_a_thread(World(customers={GRANTED: customer})) as served:
        _, stdout, _ = check(served, GRANTED)
    assert "[red]now[/red] [2J" in stdout


def test_no_output_holds_a_key():
    key = "1000000000000000009:a-key-of-somebody"
    with served_in_a_thread(World()) as served:
        for arguments in ((GRANTED,), ("--json", GRANTED, "12")):
            code, stdout, stderr = check(served, *arguments, ETELECOM_API_KEY=key)
            assert code == 2
            assert ("Unauthenticated" if "--json" in arguments else "key not accepted") in stdout
            assert "a-key" not in stdout + stderr


def test_an_account_that_cannot_work_is_one_sentence():
    oa = {"ETELECOM_OA_ID": str(SANDBOX_OA)}
    for env, word in [
        ({}, "ETELECOM_API_KEY"),
        ({"ETELECOM_API_KEY": "two words:secret"}, "spaces"),
        ({"ETELECOM_ACCOUNT": "partner", "ETELECOM_API_KEY": "1:secret"}, "shop_key"),
        ({"ETELECOM_API_KEY": "1:secret", "ETELECOM_BASE_URL": "http://example.com"}, "http"),
    ]:
        code, stdout, stderr = invoke("check", GRANTED, **oa, **env)
        assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
        assert word in stderr
        assert "secret" not in stderr


def test_an_oa_id_that_cannot_be_one_is_one_sentence():
    for oa_id in ("abc", "0", str(2**63)):
        code, stdout, stderr = invoke("check", GRANTED, "--oa-id", oa_id, ETELECOM_API_KEY=SANDBOX_API_KEY)
        assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)


def test_nothing_on_standard_input_is_exit_code_2():
    env = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": "1"}
    assert invoke("check", "-", stdin="\n", **env)[0] == 2


async def test_ctrl_c_ends_a_check_with_130_and_no_traceback():
    asked = asyncio.Event()

    def clock() -> datetime:
        asked.set()  # the world looks at its clock when it answers about a granted customer
        return datetime.now(UTC)

    world = World(customers=sample(), clock=clock)
    async with serve(world, latency=600) as served, asyncio.timeout(HANG):
        process = await spawn("check", GRANTED, env=environment(served))
        await asked.wait()
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
    assert process.returncode == 130
    assert stdout == b""
    assert b"Traceback" not in stderr


async def test_a_reader_that_goes_away_is_met_with_silence():
    async with serve(World()) as served:
        reader, writer = os.pipe()
        os.close(reader)
        process = await spawn("check", "--json", GRANTED, REFUSED, env=environment(served), stdout=writer)
        os.close(writer)
        _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (141, b"")


async def test_the_sandbox_prints_what_to_paste_and_ctrl_c_is_its_normal_end():
    async with listening() as (process, printed):
        exports = dict(
            line.strip().removeprefix("export ").replace("'", "").split("=", 1)
            for line in printed.splitlines()
            if line.strip().startswith("export ")
        )
        assert (await run("check", GRANTED, env={**environment(), **exports}))[0] == 0
        command = printed[printed.index("  curl ") : printed.index("\n\nCustomers")]
        curl = await asyncio.create_subprocess_shell(command + " --silent", stdout=asyncio.subprocess.PIPE)
        answer, _ = await curl.communicate()
        assert json.loads(answer)["error"] == 0
        process.send_signal(signal.SIGINT)
        _, stderr = await process.communicate()
        assert (process.returncode, stderr) == (0, b"")
    assert all(phone in printed for phone in sample())


async def test_a_process_manager_ends_the_sandbox_like_ctrl_c():
    async with listening() as (process, _):
        process.send_signal(signal.SIGTERM)
        _, stderr = await process.communicate()
        assert (process.returncode, stderr) == (0, b"")


async def test_a_sandbox_with_a_limit_refuses_in_the_form_that_was_asked_for():
    arguments = ("--limit", "0.001", "--burst", "2", "--refusal", "429-after")
    async with listening(*arguments) as (_, printed), aiohttp.ClientSession() as client:
        url = next(line.split()[-1] for line in printed.splitlines() if line.startswith("Sandbox for shops"))
        answers = []
        for _ in range(3):
            async with client.post(url + ".Zalo/CheckConsent") as answer:
                answers.append((answer.status, "Retry-After" in answer.headers))
    # The proxy's limit counts requests without a key too.
    assert answers == [(404, False), (404, False), (429, True)]


@pytest.mark.parametrize(
    "arguments", [("--burst", "5"), ("--refusal", "503"), ("--limit", "nan"), ("--limit", "5", "--burst", "inf")]
)
def test_a_limit_that_cannot_be_kept_is_one_sentence(arguments):
    code, stdout, stderr = invoke("sandbox", *arguments)
    assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)


def test_a_port_that_is_taken_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        code, stdout, stderr = invoke("sandbox", "--port", str(port))
    assert (code, stdout) == (2, "")
    where = f"Error: Cannot listen on 127.0.0.1 port {port}: Address already in use."
    assert stderr == f"{where} Choose others with --host and --port.\n"


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; results come as they finish, and are given in the order of the input."""
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: int(row.get("row", 0)))


def test_the_example_reaches_every_state_there_is(tmp_path):
    output = tmp_path / "results.csv"
    code, _, stderr = invoke("demo", str(EXAMPLE), "-o", str(output))
    assert code == 3
    rows = read(output)
    assert list(rows[0]) == ["name", "phone", "note", *RESULT_COLUMNS]
    assert [row["name"] for row in rows] == [row["name"] for row in read(EXAMPLE)]
    # "Try later" is an error of the session's, and so no state.
    states = {state.value for state in ConsentState} - {ConsentState.TRY_LATER.value}
    assert {row["state"] for row in rows if row["state"]} == states
    failures = {"InvalidPhone", "RateLimited", "Unavailable", "bad request", "failed", "unknown"}
    assert {row["failure"] for row in rows if row["failure"]} == failures
    assert sum(row["failure"] == "InvalidPhone" for row in rows) == 3
    assert {row["phone_normalized"] for row in rows} > set(sample())
    assert {row["granted"] for row in rows} == {"true", "false", ""}
    assert all(word in stderr for word in (states - failures) | set(map(failure_name, failures)))
    assert "InvalidPhone" not in stderr
    assert "--retry-failed" not in stderr  # E9: `demo` has no such option
    assert f"of about {len(rows)} rows" in stderr
    assert f"{len(rows)} rows in " in stderr


def test_without_an_input_the_demo_checks_the_sandboxs_own_customers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert invoke("demo")[0] == 3  # one of them is answered "try later", always
        assert [row["phone"] for row in read(tmp_path / "results.csv")] == list(sample())


@pytest.mark.parametrize(
    ("content", "word"), [(None, "does not exist"), (b"", "is empty"), (b"name,city\nx,y\n", "--column")]
)
def test_an_input_that_cannot_be_used_is_one_sentence(tmp_path, content, word):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    if content is not None:
        source.write_bytes(content)
    code, stdout, stderr = invoke("demo", str(source), "-o", str(output))
    assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
    assert word in stderr
    assert not output.exists()


def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path):
    for output in (tmp_path, tmp_path / "none" / "out.csv"):
        code, stdout, stderr = invoke("demo", "-o", str(output))
        assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)


def test_the_version_is_the_packages():
    assert invoke("--version") == (0, f"etelecom, version {__version__}\n", "")


@pytest.mark.parametrize("command", ["check", "bulk", "sandbox", "demo"])
def test_every_help_has_an_example(command):
    code, stdout, _ = invoke(command, "--help")
    assert code == 0
    assert f"      etelecom {command} " in stdout


@pytest.mark.parametrize("missing", ["click", "rich"])
async def test_without_the_extra_it_says_what_to_install(missing):
    code = f"import sys; sys.modules['{missing}'] = None; from etelecom_async.cli import main; main()"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=pipe, stderr=pipe)
    stdout, stderr = await process.communicate()
    assert (process.returncode, stdout) == (2, b"")
    assert stderr == b"etelecom: the command line needs an extra: pip install 'etelecom-async[cli]'\n"
