"""`etelecom bulk` while the service is down: it waits, says so, and gives up after a time or too many failures."""

import re
import socket
import time

import pytest

from etelecom_async.cli.options import as_patience
from etelecom_async.sandbox import Customer, serve
from etelecom_async.transport.base import Response
from tests.support import invoke, run
from tests.support.bulk_command import Watched, bulk, by_row, environment, people, phone


class Down(Watched):
    """Answers 503 for some seconds after so many requests."""

    def __init__(self, count, *, after, seconds):
        super().__init__(count)
        self._after, self._seconds = after, seconds
        self._until = None

    def handle(self, exchange):
        if len(self.log) >= self._after:
            self._until = self._until or time.monotonic() + self._seconds
            if time.monotonic() < self._until:
                return Response(503, {}, b"")
        return super().handle(exchange)


@pytest.mark.parametrize("after", [0, 50])
async def test_an_outage_of_seconds_fails_no_row_and_is_told(tmp_path, after):
    source, output = people(tmp_path / "in.csv", 200), tmp_path / "out.csv"
    async with serve(Down(200, after=after, seconds=4)) as served:
        code, _, stderr = await bulk(served, source, "-o", output, "--concurrency", "10")
    assert code == 0, stderr
    assert len(by_row(output)) == 200
    assert stderr.count("The server has accepted no request for") == 1
    assert stderr.count("The server accepts requests again") == 1


async def test_a_service_that_is_gone_is_waited_for_until_the_time_that_is_given(tmp_path):
    source, output = people(tmp_path / "in.csv", 50), tmp_path / "out.csv"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1/shop"
    started = time.monotonic()
    env = environment(ETELECOM_BASE_URL=url)
    code, _, stderr = await run("bulk", str(source), "-o", str(output), "--give-up-after", "3s", "--quiet", env=env)
    assert code == 4
    assert "ConnectError" in stderr
    assert re.search(
        r"^Error: The service accepted no request for 3 s( \(\w+\))?: the run was ended\.", stderr, re.MULTILINE
    )
    assert 3 <= time.monotonic() - started < 60


async def test_too_many_failures_stop_it_and_a_resume_goes_on(tmp_path):
    source, output = people(tmp_path / "in.csv", 300), tmp_path / "out.csv"
    world = Watched(300)
    for number in range(0, 300, 3):
        customer = Customer(phone=phone(number), error=14)
        world.customers[customer.phone] = customer
    async with serve(world) as served:
        arguments = (source, "-o", output, "--quiet")
        code, _, stderr = await bulk(served, *arguments, "--max-failures", "10%")
        assert (code, len(stderr.splitlines())) == (4, 1)
        assert re.search(r"\d+ of \d+ rows failed, and at most 10% may\. .*the same command with --resume", stderr)
        assert 100 <= len(by_row(output)) < 300
        assert (await bulk(served, *arguments, "--resume"))[0] == 3
    assert len(by_row(output)) == 300


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("2h", 7200)])
def test_a_length_of_time_has_a_unit_or_is_in_seconds(text, seconds):
    assert as_patience(None, None, text) == seconds


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--give-up-after", value) for value in ["", "0", "0s", "-5s", "nan", "soon", "5 minutes"]),
        *(("--max-failures", value) for value in ["", "-1", "1.5", "101%", "%", "many"]),
    ],
)
def test_what_is_no_time_and_no_limit_is_refused_in_one_sentence(tmp_path, option, value):
    source = people(tmp_path / "in.csv", 1)
    code, _, stderr = invoke("bulk", str(source), "-o", str(tmp_path / "out.csv"), "--oa-id", "7", option, value)
    assert (code, len(stderr.splitlines())) == (2, 1)
    assert option in stderr
