"""`etelecom request` and `etelecom ensure`: they ask before they spend, and say what was charged."""

import asyncio
import json
import os
import pty
import re
import signal
import sys

import pytest

from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, Reply, World, serve
from tests.support import HANG, environment, invoke, served_in_a_thread, settled, spawn

AN, BINH, CHI, DUNG = "84987654321", "84912345678", "84933333333", "84944444444"
SPENDS = ("--call-type", "audio", "--reason", "update_order")


def world(*customers, **options):
    return World(customers={customer.phone: customer for customer in customers}, **options)


def command(served, *arguments, **env):
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    return invoke(*arguments, **{**account, "ETELECOM_BASE_URL": served.base_url, **env})


def test_a_request_says_what_was_charged():
    made = world()
    with served_in_a_thread(made) as served:
        code, stdout, stderr = command(served, "request", "0987654321", BINH, *SPENDS, "--yes")
    assert (code, stderr) == (0, "2 charged.\n")
    assert stdout.count("sent") == 2
    assert sorted(charge.phone for charge in made.charges) == [BINH, AN]


@pytest.mark.parametrize(("name", "phones"), [("request", ["0987654321"]), ("ensure", ["0987654321"])])
def test_without_a_terminal_and_yes_nothing_is_spent(name, phones):
    made = world()
    with served_in_a_thread(made) as served:
        code, _, stderr = command(served, name, *phones, *SPENDS)
    assert (code, made.charges) == (2, [])
    assert "give --yes" in stderr


def test_a_customer_who_is_given_twice_is_asked_once():
    made = world()
    with served_in_a_thread(made) as served:
        code, stdout, _ = command(served, "request", "0987654321", "+84 987 654 321", *SPENDS, "--yes", "--json")
    assert code == 0
    assert len(stdout.splitlines()) == len(made.charges) == 1


def test_one_phone_that_cannot_be_read_stops_all_requests():
    made = world()
    with served_in_a_thread(made) as served:
        code, _, stderr = command(served, "request", "0987654321", "12", *SPENDS, "--yes")
    assert (code, made.charges, made.log) == (2, [], [])
    assert "Nothing was sent." in stderr


def test_a_failed_request_is_exit_code_3_with_what_it_means():
    made = world(Customer(phone=BINH, error=20, request_error=-213))
    with served_in_a_thread(made) as served:
        code, stdout, stderr = command(served, "request", AN, BINH, *SPENDS, "--yes", COLUMNS="300")
        assert "the customer does not follow the OA" in stdout
        assert "Ask the customer to follow the OA first." in stdout
        assert (code, stderr) == (3, "1 charged.\n")
        _, stdout, _ = command(served, "request", BINH, *SPENDS, "--yes", "--json")
    row = json.loads(stdout)
    assert (row["result"], row["is_charged"], row["error_code"], row["request_id"]) == ("failed", False, -213, None)
    assert row["failure"].startswith("SendFailed: ")


def test_a_dead_key_is_exit_code_2_and_one_sentence():
    with served_in_a_thread(world()) as served:
        code, _, stderr = command(served, "request", AN, BINH, *SPENDS, "--yes", ETELECOM_API_KEY="1:other")
    assert code == 2
    assert "Error: key not accepted" in stderr


@pytest.mark.parametrize("name", ["request", "ensure"])
def test_an_answer_that_is_lost_is_exit_code_5(name):
    class Panics(World):
        def handle(self, request):
            response = super().handle(request)
            if request.path.endswith("Zalo/RequestConsent"):
                return type(response)(500, response.headers, b'{"code": "internal", "msg": "panic"}')
            return response

    made = Panics(customers={}, request_delay=30)
    with served_in_a_thread(made) as served:
        code, stdout, _ = command(served, name, AN, *SPENDS, "--yes", "--json")
    row = json.loads(stdout)
    assert code == 5
    assert row["is_charged"] is None
    assert row["failure"] == "ServerFault: panic"
    assert "in doubt" in (row.get("result"), row.get("did"))


@pytest.mark.parametrize(
    ("customer", "code", "state"),
    [
        (Customer(phone=AN), 0, "granted"),
        (Customer(phone=AN, error=3), 1, "refused"),
        (Customer(phone=AN, error=14), 3, "failed"),
    ],
)
def test_a_customer_who_needs_no_request_is_told_and_costs_nothing(customer, code, state):
    made = world(customer)
    with served_in_a_thread(made) as served:
        ended, stdout, _ = command(served, "ensure", AN, *SPENDS)
    assert (ended, made.charges) == (code, [])
    assert state in stdout


def test_ensure_asks_once_and_finds_the_request_the_next_time():
    made = world()
    with served_in_a_thread(made) as served:
        first = command(served, "ensure", AN, *SPENDS, "--yes", "--json")
        second = command(served, "ensure", AN, *SPENDS, "--yes", "--json")
        shown = command(served, "ensure", AN, "--call-type", "video", "--reason", "update_order", COLUMNS="200")
    assert [first[0], second[0], shown[0]] == [1, 1, 1]
    rows = [json.loads(it[1]) for it in (first, second)]
    assert [(row["did"], row["is_charged"], row["state"]) for row in rows] == [
        ("requested", True, "never asked"),
        ("found open", False, "pending"),
    ]
    assert rows[0]["request_id"] == rows[1]["request_id"]
    assert "another kind of calls" in shown[1]
    assert len(made.charges) == 1


def test_ensure_with_no_request_spends_nothing():
    made = world()
    with served_in_a_thread(made) as served:
        code, _, _ = command(served, "ensure", AN, *SPENDS, "--no-request", "--yes")
    assert (code, made.charges) == (1, [])


def test_ensure_waits_for_the_customers_yes():
    made = world(Customer(phone=AN, error=20, reply=Reply.ALLOW, reply_after=2))
    with served_in_a_thread(made) as served:
        code, stdout, stderr = command(served, "ensure", AN, *SPENDS, "--yes", "--wait", "1m")
    assert code == 0
    assert "granted" in stdout
    assert stderr == "Waiting up to 0:01:00 for the customer.\n"


def test_a_request_that_ensure_made_and_that_failed_is_exit_code_3():
    made = world(Customer(phone=AN, error=20, request_error=-321))
    with served_in_a_thread(made) as served:
        code, stdout, stderr = command(served, "ensure", AN, *SPENDS, "--yes")
    assert (code, stdout) == (3, "")
    assert "money: the Zalo Cloud Account could not be charged" in stderr
    assert "It was not charged." in stderr


def test_claims_in_a_file_hold_from_one_command_to_the_next(tmp_path):
    made = world(request_delay=1000)
    claims = ("--claims", str(tmp_path / "claims.db"))
    with served_in_a_thread(made) as served:
        codes = [command(served, "ensure", AN, *SPENDS, "--yes", *claims)[0] for _ in range(2)]
    assert codes == [1, 5]
    assert sum(entry.path.endswith("Zalo/RequestConsent") for entry in made.log) == 1


@pytest.mark.parametrize("wait", ["", "soon", "-1", "1d", "1e3", "nan"])
def test_a_wait_that_is_no_time_is_refused(wait):
    code, _, stderr = invoke("ensure", AN, "--oa-id", "7", *SPENDS, f"--wait={wait}")
    assert code == 2
    assert "is not a time such as 90s, 30m or 2h" in stderr


@pytest.mark.parametrize("name", ["request", "ensure"])
def test_the_kinds_of_calls_and_reasons_are_those_of_the_wire(name):
    code, stdout, _ = invoke(name, "--help")
    words = " ".join(re.sub(r"[\s|\[\]]+", " ", stdout).split())
    assert code == 0
    assert "audio video audio_and_video" in words
    assert "flight_announcement" in words
    assert "|unknown" not in stdout
    assert "unknown|" not in stdout


@pytest.mark.parametrize(("typed", "code", "charges"), [(b"y\n", 0, 1), (b"n\n", 130, 0), (b"\n", 130, 0)])
async def test_on_a_terminal_it_asks_and_only_a_yes_spends(typed, code, charges):
    made = world()
    controller, terminal = pty.openpty()
    async with serve(made) as served:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "request", AN, *SPENDS),
            stdin=terminal,
            stderr=terminal,
            stdout=asyncio.subprocess.PIPE,
            env=environment(served),
        )
        os.close(terminal)
        os.write(controller, typed)
        async with asyncio.timeout(HANG):
            await process.communicate()
    shown = os.read(controller, 1000)
    assert b"Each request is billed. [y/N]" in shown
    assert (b"Nothing was spent." in shown) is (charges == 0)
    os.close(controller)
    assert (process.returncode, len(made.charges)) == (code, charges)


async def test_on_a_terminal_a_live_line_shows_how_long_the_wait_may_take():
    made = world(Customer(phone=AN, error=20, reply=Reply.ALLOW, reply_after=3))
    controller, terminal = pty.openpty()
    async with serve(made) as served:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async.cli", "ensure", AN, *SPENDS, "--yes", "--wait", "1h"),
            stderr=terminal,
            stdout=asyncio.subprocess.PIPE,
            env=environment(served, TERM="xterm"),
        )
        os.close(terminal)
        async with asyncio.timeout(HANG):
            stdout, _ = await process.communicate()
    shown = os.read(controller, 10_000).decode()
    os.close(controller)
    assert process.returncode == 0
    assert "granted" in stdout.decode()
    assert re.search(r"Waiting for the customer, (1:00:00|0:59:5\d) left", shown)


@pytest.mark.parametrize("name", ["request", "ensure"])
async def test_ctrl_c_while_a_request_is_under_way_is_exit_code_5(name):
    made = world()
    async with serve(made, latency=1.5) as served:
        process = await spawn(name, AN, *SPENDS, "--yes", env=environment(served))
        await settled(lambda: any(entry.path.endswith("Zalo/RequestConsent") for entry in made.log))
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(HANG):
            stdout, stderr = await process.communicate()
    assert process.returncode == 5, stderr.decode()
    assert "in doubt" in stdout.decode() or "under way" in stderr.decode()
    assert len(made.charges) == 1


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://127.0.0.1/x"])
def test_a_webhook_that_is_no_url_is_refused_by_the_sandbox(url):
    code, stdout, stderr = invoke("sandbox", "--port", "0", "--webhook", url)
    assert (code, stdout) == (2, "")
    assert "--webhook: webhook_url is the URL of your receiver" in stderr
