"""The examples that receive events, each in a process of its own: aiohttp, and FastAPI under uvicorn."""

import contextlib
import http.client
import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import frozen

from etelecom_async import ConsentState
from etelecom_async.sandbox import Customer, World
from etelecom_async.webhooks import MAX_BODY
from tests.support import HANG, PHONE, environment, served_in_a_thread
from tests.support.events import APP, CHANGE, OTHER, REPLIED, SECRET, signed, to_bytes
from tests.support.programs import program

WIRE = "84987654321"
PENDING, GRANTED, REFUSED = 8, 0, 3
SERVER = Path(__file__).parents[1] / "support" / "aiohttp_server.py"
COMMANDS = {"aiohttp": (SERVER, "app"), "fastapi": ("-m", "uvicorn", "app:app", "--port", "0")}
FOREVER = {"POLL": str(10 * HANG), "WAIT": str(10 * HANG)}
"""Between two checks of the example: only an event can end its wait within a test."""


@frozen
class Example:
    name: str
    world: World
    address: str

    def post(self, path, body, headers=None):
        """Status and body of an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=HANG)
        with contextlib.closing(connection):
            connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def answer(self, phone):
        """What /answer says of a customer."""
        if self.name == "fastapi":
            status, body = self.post("/answer", to_bytes({"phone": phone}))
        else:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            status, body = self.post("/answer", f"phone={phone}", form)
        return status, json.loads(body) if status == 200 else body

    def until_asked(self, times):
        """Wait until the sandbox was asked so often."""
        deadline = time.monotonic() + HANG
        while len(self.world.log) < times:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def customers(error):
    return {WIRE: Customer(phone=WIRE, error=error)}


@contextlib.contextmanager
def running(name, **variables):
    """An example, and the sandbox that it asks."""
    world = World(customers=customers(PENDING))
    with served_in_a_thread(world) as served:
        env = environment(served, **FOREVER, **variables)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with program("-W", "error", *COMMANDS[name], example=name, env=env, **pipes) as process:
            lines = iter(process.stdout.readline, "")
            [address] = next(found for line in lines if (found := re.findall(r"http://\S+", line)))
            yield Example(name, world, urlsplit(address).netloc)
            process.terminate()
            process.communicate(timeout=HANG)


@pytest.fixture(params=COMMANDS)
def name(request):
    return request.param


def test_an_event_ends_the_wait_for_an_answer_and_the_check_after_it_decides(name):
    with running(name) as example, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(example.answer, PHONE)
        example.until_asked(1)
        # It says ALLOW, and the customer has refused.
        example.world.customers = customers(REFUSED)
        assert example.post("/webhook", to_bytes(REPLIED)) == (200, b"ok")
        assert waiting.result(HANG) == (200, ConsentState.REFUSED.value)
        assert len(example.world.log) == 2


def test_every_known_delivery_is_answered_ok_and_what_is_no_event_is_refused(name):
    with running(name) as example:
        for body in (REPLIED, REPLIED, OTHER, {"id": "1", "changes": [CHANGE]}, {"id": "2", "changes": [CHANGE, {}]}):
            assert example.post("/webhook", to_bytes(body)) == (200, b"ok")
        for body in (b"", b"{}", b'{"event_name": "a", "event_name": "b"}'):
            assert example.post("/webhook", body)[0] == 400
        assert example.world.log == []


def test_a_body_larger_than_any_event_is_refused(name):
    with running(name) as example:
        status, _ = example.post("/webhook", b" " * (MAX_BODY + 2))
        assert status == 413
        assert example.post("/webhook", to_bytes(REPLIED)) == (200, b"ok")


def test_where_a_secret_is_set_an_event_has_to_be_signed_by_it(name):
    now = str(time.time_ns() // 1_000_000)
    body = to_bytes({**REPLIED, "timestamp": now})
    old = to_bytes(REPLIED)
    with running(name, ZALO_APP_ID=APP, ZALO_OA_SECRET_KEY=SECRET) as example:
        assert example.post("/webhook", body, signed(body, timestamp=now)) == (200, b"ok")
        for headers in ({}, signed(body, timestamp=now, secret="another"), {"X-ZEvent-Signature": "mac="}):
            assert example.post("/webhook", body, headers)[0] == 403
        assert example.post("/webhook", old, signed(old))[0] == 403


def test_what_cannot_be_checked_is_no_state(name):
    with running(name) as example:
        assert example.answer("12")[0] == 400
        example.world.api_key = "another"
        assert example.answer(PHONE)[0] == 503
