"""The controller against servers with hidden limits, in virtual time: what it reaches, on seeds it was not tuned on."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.lib.limit_servers import (
    Answer,
    Backlog,
    Bucket,
    Noise,
    Outage,
    Queue,
    Server,
    Sliding,
    UnderWay,
    Window,
)
from benchmarks.lib.limit_simulation import Client, simulate
from benchmarks.limits import run
from etelecom_async import (
    AttemptTimeout,
    ConnectError,
    EtelecomError,
    RateLimited,
    Retry,
    ServerFault,
    Session,
    Shop,
    Throttle,
    Timeout,
)
from etelecom_async.ratelimit.controller import Controller
from etelecom_async.ratelimit.outcome import Kind
from etelecom_async.testing import run_virtually
from etelecom_async.transport import Response

SEED = 51


@pytest.mark.parametrize(
    ("name", "used", "refused"),
    [
        ("bucket of 20/s, 0.1 s", 0.97, 0.02),
        ("bucket of 200/s, 0.1 s", 0.97, 0.008),
        ("burst of 1, 5/s", 0.91, 0.04),
        ("20 in each second", 0.97, 0.04),
        ("500 in each 10 s", 0.95, 0.07),
        ("500 in any 10 s, refused ones too", 0.89, 0.08),
        ("5 under way", 0.92, 0.025),
        ("1 under way", 0.9, 0.03),
        ("queue, 9/s", 0.95, 0.0),
        ("queue, 40/s", 0.95, 0.0),
        ("3 % broken and 1 % lost at random, bucket of 200/s", 0.9, 0.06),
        ("backlog of 10, 200/s", 0.95, 0.01),
        ("refuses for 1 s a minute", 0.95, 0.01),
    ],
)
def test_most_of_a_hidden_limit_is_used_in_two_minutes_and_little_is_refused(name, used, refused):
    result = run(name, SEED, seconds=120)
    assert result.used >= used
    assert result.refused <= refused
    assert result.failed == 0


@pytest.mark.parametrize(
    "name", ["429 for a minute", "500 for a minute", "no connection for a minute", "silence for a minute"]
)
def test_an_outage_fails_no_row_and_what_follows_it_goes_at_once(name):
    result = run(name, SEED, seconds=280)
    assert result.failed == 0
    assert result.recovered <= 3
    assert result.probes <= 1


@pytest.mark.parametrize("share", ["5", "10"])
def test_doubtful_refusals_at_random_do_not_slow_a_client_down_for_long(share):
    result = run(f"{share} % refused at random", SEED, seconds=120)
    assert result.used >= 0.85
    assert result.failed == 0


def test_two_clients_of_one_bucket_share_it():
    assert run("two clients, bucket of 200/s", SEED, seconds=120).jain >= 0.9


ANSWERS = st.sampled_from([Answer(kind) for kind in (Kind.REFUSED, Kind.FAULT, Kind.TIMEOUT, Kind.UNREACHABLE)])
PARTS = st.one_of(
    st.builds(Bucket, st.floats(0.5, 500), st.floats(1, 100), st.sampled_from([Answer(Kind.REFUSED, 1.0)])),
    st.builds(Window, st.integers(1, 300), st.floats(0.5, 20)),
    st.builds(Sliding, st.integers(1, 300), st.floats(0.5, 20), st.booleans()),
    st.builds(UnderWay, st.integers(1, 20)),
    st.builds(Queue, st.floats(1, 500)),
    st.builds(Backlog, st.floats(20, 500), most=st.integers(2, 20)),
    st.builds(Noise, st.floats(0, 0.3), ANSWERS),
    st.builds(Outage, st.floats(0, 20), st.floats(0, 20), ANSWERS),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=3), st.integers(1, 200), st.integers(0, 10_000))
def test_at_any_mix_of_limits_no_permit_is_lost_and_after_a_minute_requests_still_go(parts, slots, seed):
    controller = Controller(most=slots, random=random.Random(seed).random)
    client = Client(controller)
    simulate(parts, [client], seconds=90, seed=seed)
    assert controller.under_way == client.under_way
    assert 0 <= controller.under_way <= slots
    assert controller.rate > 0
    went = client.taken + client.refused
    assert any(moment > 60 for moment in went) or controller.before(90.0) < 90 + 60


class Mixed:
    """A transport with such a server behind it, and an observer that notes what each call took but for its waits."""

    def __init__(self, parts, seed):
        self.server = Server(parts, random.Random(seed))
        self.spent = []

    async def send(self, request, /):
        now = asyncio.get_running_loop().time
        answer = self.server.admit(now())
        took = 0.05 + (self.server.serve(now()) if answer is None else 0.0)
        is_late = took > request.timeout.attempt or (answer is not None and answer.kind is Kind.TIMEOUT)
        await asyncio.sleep(request.timeout.attempt if is_late else took)
        if answer is None:
            for part in self.server.parts:
                part.done()
        if is_late:
            raise AttemptTimeout("no answer")
        if answer is None:
            return Response(200, {}, b'{"error": 0}')
        if answer.kind is Kind.REFUSED:
            raise RateLimited(retry_after=answer.retry_after)
        raise ConnectError("refused") if answer.kind is Kind.UNREACHABLE else ServerFault()

    async def aclose(self):
        pass

    def attempt_ended(self, record):
        pass

    def call_ended(self, record):
        self.spent.append(record.elapsed - record.waited)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(PARTS, min_size=1, max_size=3),
    st.integers(1, 50),
    st.integers(1, 120),
    st.floats(0.5, 30),
    st.integers(0, 10_000),
)
def test_at_any_mix_of_limits_every_call_ends_in_its_time_and_gives_its_permit_back(parts, slots, calls, total, seed):
    async def main():
        mixed = Mixed(parts, seed)
        session = Session(
            Shop("1:test-key"),
            transport=mixed,
            observer=mixed,
            timeout=Timeout(attempt=10, total=total),
            retry=Retry(random=random.Random(seed).random),
            throttle=Throttle(concurrency=slots, random=random.Random(seed).random),
        )

        async def call(number):
            await asyncio.sleep(number % 7)
            return await session.zalo.check_consent(oa_id=number, phone="0987654321")

        async with asyncio.timeout(6 * 3600):
            ends = await asyncio.gather(*(call(number) for number in range(1, calls + 1)), return_exceptions=True)
        assert not [end for end in ends if isinstance(end, Exception) and not isinstance(end, EtelecomError)]
        assert len(mixed.spent) == calls
        assert max(mixed.spent) <= total + 0.1
        snapshot = session.throttle.snapshot()
        assert (snapshot.in_flight, snapshot.waiting) == (0, 0)
        mixed.server.parts = []
        again = await asyncio.gather(*(call(number) for number in range(1, slots + 1)), return_exceptions=True)
        assert [end for end in again if not isinstance(end, Exception)]

    run_virtually(main())
