"""What `request` and `ensure` have spent is told in any case: if output fails, on Ctrl-C, if a later check fails."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, World, serve
from tests.support import HANG, environment, invoke, served_in_a_thread, settled, spawn

AN = "84987654321"
SPENDS = ("--call-type", "audio", "--reason", "update_order")
CHECK, REQUEST = "Zalo/CheckConsent", "Zalo/RequestConsent"


def world(*customers, **options):
    return Answering(customers={customer.phone: customer for customer in customers}, **options)


class Answering(World):
    """A sandbox that has another answer to some calls."""

    def instead(self, path, status, body, *, after=0):
        self.path, self.status, self.body, self.good = path, status, body, after
        return self

    def handle(self, request):
        response = super().handle(request)
        if not hasattr(self, "path") or not request.path.endswith(self.path):
            return response
        self.good -= 1
        return response if self.good >= 0 else type(response)(self.status, response.headers, self.body)


def command(made, *arguments):
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA), "COLUMNS": "300"}
    with served_in_a_thread(made) as served:
        return invoke(*arguments, **{**account, "ETELECOM_BASE_URL": served.base_url})


def full():
    return os.open("/dev/full", os.O_WRONLY)


def closed():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("output", [full, closed])
@pytest.mark.parametrize("name", ["request", "ensure"])
async def test_output_that_fails_after_a_billed_call_is_exit_code_5_with_the_rows_on_stderr(name, output, options):
    made = world()
    target = output()
    async with serve(made) as served:
        process = await spawn(name, AN, *SPENDS, "--yes", *options, env=environment(served), stdout=target)
        os.close(target)
        async with asyncio.timeout(HANG):
            _, stderr = await process.communicate()
    said = stderr.decode()
    assert process.returncode == 5, said
    assert len(made.charges) == 1
    assert AN in said
    assert "Look at list_request_consent" in said
    if options:
        row = json.loads(said.splitlines()[0])
        assert row["is_charged"] is True
        assert row["request_id"]


@pytest.mark.parametrize("name", ["request", "ensure"])
async def test_a_billed_call_whose_output_was_closed_from_the_start_is_exit_code_5_with_the_rows_on_stderr(name):
    made = world()
    async with serve(made) as served:
        command = (sys.executable, "-m", "etelecom_async.cli", name, AN, *SPENDS, "--yes", "--json")
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", 'exec "$@" >&-', "sh", *command), env=environment(served), stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(HANG):
            _, stderr = await process.communicate()
    said = stderr.decode()
    assert process.returncode == 5, said
    assert json.loads(said.splitlines()[0])["request_id"]
    assert "Standard output is closed. What was charged stands above." in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_output_that_fails_where_nothing_was_spent_is_exit_code_4():
    target = full()
    async with serve(world(Customer(phone=AN))) as served:
        process = await spawn("ensure", AN, *SPENDS, env=environment(served), stdout=target)
        os.close(target)
        async with asyncio.timeout(HANG):
            await process.communicate()
    assert process.returncode == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_ctrl_c_while_ensure_waits_shows_the_request_that_was_paid_for(options, number):
    made = world()
    async with serve(made) as served:
        arguments = ("ensure", AN, *SPENDS, "--yes", "--wait", "1h", *options)
        process = await spawn(*arguments, env=environment(served, COLUMNS="300"))
        # The first check while it waits comes after its request was answered.
        await settled(lambda: made.charges and made.log[-1].path.endswith(CHECK))
        process.send_signal(number)
        async with asyncio.timeout(HANG):
            stdout, stderr = await process.communicate()
    assert process.returncode == 130, stderr.decode()
    if options:
        row = json.loads(stdout)
        assert (row["did"], row["is_charged"]) == ("requested", True)
        assert row["request_id"]
    else:
        assert "requested" in stdout.decode()


@pytest.mark.parametrize(
    ("status", "body", "wait", "failure"),
    [
        (401, b'{"code": "unauthenticated", "msg": "revoked"}', "1m", "Unauthenticated: revoked"),
        (503, b'{"code": "unavailable", "msg": "down"}', "3s", "DeadlineExceeded: "),
    ],
)
def test_a_check_that_fails_after_the_request_shows_the_request_and_is_exit_code_3(status, body, wait, failure):
    made = world().instead(CHECK, status, body, after=3)
    code, stdout, _ = command(made, "ensure", AN, *SPENDS, "--yes", "--json", "--wait", wait)
    row = json.loads(stdout)
    assert (code, row["did"], row["is_charged"], row["granted"]) == (3, "requested", True, None)
    assert row["failure"].startswith(failure)
    assert row["request_id"]


@pytest.mark.parametrize(("name", "said"), [("request", "result"), ("ensure", "did")])
def test_an_empty_answer_to_a_billed_call_is_in_doubt_and_exit_code_5(name, said):
    made = world().instead(REQUEST, 200, b"{}")
    code, stdout, _ = command(made, name, AN, *SPENDS, "--yes", "--json")
    row = json.loads(stdout)
    assert (code, row[said], row["is_charged"], row["request_id"]) == (5, "in doubt", None, None)


def test_a_request_in_doubt_is_told_in_whole_sentences():
    made = world().instead(REQUEST, 500, b'{"code": "internal", "msg": "panic"}')
    code, stdout, _ = command(made, "request", AN, *SPENDS, "--yes")
    assert code == 5
    assert "panic. Whether it was made is not known. Look" in stdout


@pytest.mark.parametrize("error", [77, -32, 11])
def test_ensure_shows_a_question_mark_where_nothing_is_known(error):
    code, stdout, _ = command(world(Customer(phone=AN, error=error)), "ensure", AN, *SPENDS)
    cells = [cell.strip() for cell in stdout.splitlines()[3].split("│")]
    assert (code, cells[2]) == (3, "?")


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (200, b'{"error": []}', "DecodeError: "),
        (200, b'{"error": 5}', ""),
        (503, b'{"code": "unavailable", "msg": "down"}', ""),
    ],
)
def test_a_check_of_ensure_that_fails_is_exit_code_3_with_a_row(status, body, failure):
    code, stdout, _ = command(world().instead(CHECK, status, body), "ensure", AN, *SPENDS, "--yes", "--json")
    row = json.loads(stdout)
    assert (code, row["phone"], row["granted"], row["is_charged"]) == (3, AN, None, False)
    assert row["failure"].startswith(failure)


def test_a_key_that_ensure_finds_refused_is_exit_code_2_without_a_row():
    made = world().instead(CHECK, 401, b'{"code": "unauthenticated", "msg": "no"}')
    code, stdout, _ = command(made, "ensure", AN, *SPENDS, "--yes")
    assert (code, stdout) == (2, "")


def test_claims_at_a_path_that_can_never_work_are_exit_code_2(tmp_path):
    other = tmp_path / "customers.csv"
    other.write_bytes(b"phone\n0987654321\n")
    made = world()
    for path in (tmp_path, tmp_path / "missing" / "claims.db", other):
        code, _, stderr = command(made, "ensure", AN, *SPENDS, "--yes", "--claims", str(path))
        assert code == 2
        assert "--claims: " in stderr
    assert (made.log, other.read_bytes()) == ([], b"phone\n0987654321\n")
