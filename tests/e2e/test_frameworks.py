"""The examples for synchronous frameworks, each in a process of its own: no call fails, and each gets its own answer.

`ETELECOM_CALLS=10000` makes them long; docs/internals/long-tests.md says what came of it.
"""

import contextlib
import http.client
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etelecom_async.sandbox import Customer, World
from tests.support import HANG, environment, served_in_a_thread
from tests.support.programs import program
from tests.support.redis_server import RedisServer

CALLS = int(os.environ.get("ETELECOM_CALLS", "150"))
THREADS = 16
GRANTED, REFUSED = 0, 3
"""Codes of a customer; those with an even number have granted."""


def phone(number):
    return f"849{number % 1000:08d}"


@pytest.fixture
def server():
    """The environment of a sandbox in a thread, and its world."""
    customers = [Customer(phone=phone(n), error=REFUSED if n % 2 else GRANTED) for n in range(1000)]
    world = World(customers={customer.phone: customer for customer in customers})
    with served_in_a_thread(world) as served:
        yield environment(served), world


@pytest.mark.parametrize("example", ["flask", "django"])
def test_no_call_of_a_web_application_with_threads_fails(example, server):
    """D12: under WSGI, a thread for each request."""
    env, world = server
    script = Path(__file__).parents[1] / "support" / "wsgi_server.py"
    with program("-W", "error", script, "app", example=example, env=env, stdout=subprocess.PIPE) as process:
        port = int(process.stdout.readline())

        def post(body):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG)
            with contextlib.closing(connection):
                connection.request("POST", "/consent", body, {"Content-Type": "application/x-www-form-urlencoded"})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(lambda number: post(f"phone={phone(number)}"), range(CALLS)))
        assert answers == [
            (200, {"granted": True, "state": "granted"} if n % 2 == 0 else {"granted": False, "state": "refused"})
            for n in range(CALLS)
        ]
        assert len(world.log) == CALLS
        assert post("phone=12")[0] == 400
        world.api_key = "another"
        assert post("phone=0987654321") == (503, {"error": "could not check"})
        process.stdout.close()


@pytest.mark.long
def test_no_call_of_a_celery_worker_with_threads_fails(server, tmp_path, monkeypatch):
    """D12: celery worker --pool threads, on a real Redis."""
    env, world = server
    redis = RedisServer()
    try:
        redis.start()
        broker = f"redis+socket://{redis.socket}"
        env = {**env, "CELERY_BROKER_URL": broker}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        worker = ("-m", "celery", "-A", "tasks", "worker", "--pool", "threads", f"--concurrency={THREADS}")
        log = tmp_path / "log"
        with log.open("wb") as said, program(*worker, example="celery_threads", env=env, stdout=said, stderr=said):
            code = f"""if True:
                from celery import group
                from tasks import may_call
                phones = [f"849{{number % 1000:08d}}" for number in range({CALLS})]
                results = group(may_call.s(phone) for phone in phones).delay()
                print(results.get(timeout={HANG}) == [number % 2 == 0 for number in range({CALLS})])
            """
            with program("-c", code, example="celery_threads", env=env, stdout=subprocess.PIPE) as caller:
                assert caller.communicate(timeout=HANG)[0] == b"True\n", log.read_text()
        assert len(world.log) == CALLS
    finally:
        redis.remove()
