"""A call that is cancelled, at whatever point of it, leaves slots, permits, sockets and tasks as they were."""

import asyncio
import json
import sys

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    AttemptTimeout,
    Consent,
    Disconnected,
    QueueTimeout,
    RateLimited,
    Retry,
    Session,
    Shop,
    Throttle,
    Timeout,
    Unavailable,
)
from etelecom_async.ratelimit.redis_rate import RedisRate
from etelecom_async.testing import Answer, MockTransport, Peer, run_virtually
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.support import HANG, KEY, OA, PHONE, close, descriptors, each_carrier, settled
from tests.support.redis_server import RedisServer
from tests.support.stepping import WAITING, WOKEN, interrupted_everywhere

OK = Consent(error=0)
LOOPS = [asyncio.new_event_loop]
if sys.platform != "win32":
    import uvloop

    LOOPS.append(uvloop.new_event_loop)
each_moment = pytest.mark.parametrize("moment", [WAITING, WOKEN])


class Office:
    """A server that takes a tenth of a second, does to the victim's call what its acts say, and knows who is inside."""

    VICTIM = 1

    def __init__(self, *acts, retry=None, timeout=None, **throttle):
        self.inside = 0
        self.answered = []
        self.acts = list(acts)
        self.now = asyncio.get_running_loop().time
        self.throttle = Throttle(**throttle)
        mock = MockTransport()
        mock.on(CHECK_CONSENT).answer(self.answer)
        self.session = Session(
            Shop(KEY), transport=mock, throttle=self.throttle, retry=retry or Retry(random=lambda: 1.0), timeout=timeout
        )

    async def answer(self, payload):
        self.inside += 1
        try:
            await asyncio.sleep(0.1)
        finally:
            self.inside -= 1
        if payload.oa_id == self.VICTIM and self.acts:
            raise self.acts.pop(0)
        self.answered.append(payload.oa_id)
        return OK

    def call(self, number):
        return self.session.zalo.check_consent(oa_id=number, phone=PHONE)


class TurnTaking:
    """A shared rate of one permit per 50 ms, in order of arrival; a permit that is not taken goes to the next."""

    def __init__(self):
        self.turn = asyncio.Lock()

    async def acquire(self):
        async with self.turn:
            await asyncio.sleep(0.05)


def shared():
    return Office(shared=TurnTaking(), concurrency=4)


def refused():
    """The adaptive rate holds all back, since the server said so at the victim's first attempt."""
    return Office(RateLimited(retry_after=1), RateLimited(), concurrency=4)


CALLS = {
    "a plain call": Office,
    "waiting for a slot": lambda: Office(concurrency=1),
    "waiting for a rate": lambda: Office(rate=5, burst=1),
    "waiting for a slot and a rate": lambda: Office(rate=5, burst=1, concurrency=1),
    "waiting for the server's own limit": refused,
    "waiting for a shared rate": shared,
    "waiting between attempts": lambda: Office(Unavailable(), Disconnected("x"), AttemptTimeout("y")),
    "waiting between attempts and for a slot": lambda: Office(Unavailable(), Disconnected("x"), concurrency=1),
}


async def play(office, run, before=2, after=4):
    """The victim's call among others; when the last of the others was answered."""
    others = [asyncio.ensure_future(office.call(10 + n)) for n in range(before)]
    await asyncio.sleep(0)
    victim = run(office.call(office.VICTIM))
    await asyncio.sleep(0)
    others += [asyncio.ensure_future(office.call(20 + n)) for n in range(after)]
    assert await asyncio.gather(*others) == [OK] * len(others)
    ended = office.now()
    await asyncio.wait([victim])
    return ended


def is_idle(office):
    snapshot = office.throttle.snapshot()
    return (snapshot.in_flight, snapshot.waiting, office.inside) == (0, 0, 0)


@each_moment
@pytest.mark.parametrize("make", CALLS.values(), ids=CALLS)
def test_a_call_cancelled_at_any_point_gives_everything_back_and_delays_no_other(make, moment):
    async def main():
        undisturbed = make()
        began = undisturbed.now()
        longest = await play(undisturbed, asyncio.ensure_future) - began
        alone = asyncio.all_tasks()

        async def scene(start):
            office = make()
            began = office.now()
            assert await play(office, start) - began <= longest + 1e-6
            assert is_idle(office)
            assert asyncio.all_tasks() == alone
            # Every slot can be had again: as many calls as there are slots are inside at once.
            free = min(office.throttle.concurrency, 4)
            later = [asyncio.ensure_future(office.call(30 + n)) for n in range(free)]
            assert await asyncio.gather(*later) == [OK] * free
            assert is_idle(office)

        return await interrupted_everywhere(scene, moment)

    assert run_virtually(main()) >= 1


@each_moment
def test_a_call_cancelled_while_its_wait_runs_out_gives_back_no_slot_that_it_never_had(moment):
    async def main():
        async def scene(start):
            office = Office(concurrency=1, timeout=Timeout(queue=0.05), retry=Retry(attempts=1))
            holder = asyncio.ensure_future(office.call(10))
            await asyncio.sleep(0)
            victim = start(office.call(office.VICTIM))
            await asyncio.wait([victim])
            if not victim.cancelled():
                assert isinstance(victim.exception(), QueueTimeout)
            assert office.throttle.snapshot().in_flight == 1
            assert await holder == OK
            assert is_idle(office)

        return await interrupted_everywhere(scene, moment)

    assert run_virtually(main()) == 1


@each_moment
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_bulk_run_cancelled_at_any_point_leaves_no_worker_and_no_call(moment, ordered, is_async):
    async def people():
        for n in range(12):
            await asyncio.sleep(0.01)
            yield f"09876543{n % 9:02d}"

    async def check(office, phones):
        seen = 0
        async with office.session.zalo.check_consents(oa_id=OA, phones=phones, concurrency=3, ordered=ordered) as run:
            async for _ in run:
                seen += 1
        return seen

    async def main():
        alone = asyncio.all_tasks()

        async def scene(start):
            office = Office(concurrency=2)
            phones = people() if is_async else [f"09876543{n % 9:02d}" for n in range(12)]
            victim = start(check(office, phones))
            await asyncio.wait([victim])
            assert victim.cancelled() or victim.result() == 12
            # What a worker left in its wait is gone when the run is left, not some time later.
            assert asyncio.all_tasks() == alone
            assert is_idle(office)
            assert await office.call(30) == OK
            if is_async:
                await phones.aclose()

        return await interrupted_everywhere(scene, moment)

    assert run_virtually(main()) >= 4


# Over real sockets


class PhoneEcho(Peer):
    """Answers with the phone that it was asked about, and too much for one read, so that a call waits in there too."""

    def next_act(self, received):
        self.received.append(received)
        phone = json.loads(received.body)["phone"]
        return Answer(200, json.dumps({"error": 0, "message": phone, "padding": "x" * 1_000_000}).encode())


def on_sockets(test, new_loop=asyncio.new_event_loop):
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(test)


each_loop = pytest.mark.parametrize("new_loop", LOOPS)


@each_loop
@each_carrier
@each_moment
@pytest.mark.parametrize("is_warm", [False, True], ids=["new connection", "kept connection"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_call_on_a_socket_cancelled_at_any_point_leaves_no_socket_and_no_task(moment, is_warm, host, carry, new_loop):
    async def main():
        async with PhoneEcho(Answer()).serve() as origin:
            here, alone = descriptors(), asyncio.all_tasks()
            base_url = origin.replace("127.0.0.1", host)

            async def scene(start):
                carrier = carry()
                async with Session(Shop(KEY, base_url=base_url), transport=carrier, retry=Retry(attempts=1)) as session:

                    async def ask(phone):
                        return (await session.zalo.check_consent(oa_id=OA, phone=phone)).message

                    if is_warm:
                        assert await ask("0900000001") == "84900000001"
                    await asyncio.wait([start(ask("0900000002"))])
                    # One connection at most is left: two sockets, and the server's task. It is kept where the answer
                    # had come whole, and then nothing of that answer is taken for the next one's.
                    await settled(lambda: descriptors() <= here + 2 and len(asyncio.all_tasks() - alone) <= 1)
                    assert session.throttle.snapshot().in_flight == 0
                    assert await ask("0900000003") == "84900000003"
                    await close(session, carrier)
                await settled(lambda: (descriptors(), asyncio.all_tasks()) == (here, alone))

            return await interrupted_everywhere(scene, moment)

    # Over a kept connection the fast transport waits for nothing but the answer.
    assert on_sockets(main(), new_loop) >= 1


@pytest.mark.parametrize("make", [AiohttpTransport, HttptoolsTransport, HttpxTransport])
@each_moment
def test_closing_that_is_cancelled_at_any_point_leaves_no_socket(moment, make):
    async def main():
        async with Peer(Answer(200, b'{"error":0}')).serve() as origin:
            here = descriptors()
            alone = asyncio.all_tasks()

            async def scene(start):
                transport = make()
                session = Session(Shop(KEY, base_url=origin), transport=transport)
                await session.zalo.check_consent(oa_id=OA, phone=PHONE)
                await asyncio.wait([start(transport.aclose())])
                await settled(lambda: (descriptors(), asyncio.all_tasks()) == (here, alone))
                assert (await session.zalo.check_consent(oa_id=OA, phone=PHONE)).granted
                await transport.aclose()
                await settled(lambda: (descriptors(), asyncio.all_tasks()) == (here, alone))

            return await interrupted_everywhere(scene, moment)

    on_sockets(main())


@pytest.fixture(scope="module")
def redis_url():
    server = RedisServer()
    server.start()
    yield server.url
    server.remove()


@each_moment
@pytest.mark.parametrize("is_reachable", [True, False], ids=["redis answers", "redis is out"])
def test_a_wait_for_a_rate_in_redis_cancelled_at_any_point_delays_no_other(moment, is_reachable, redis_url):
    url = redis_url if is_reachable else "redis://127.0.0.1:1/0"

    async def main():
        alone = asyncio.all_tasks()

        async def scene(start):
            async with RedisRate(url, rate=200, workers=1, burst=1, name=moment) as rate:
                first = asyncio.ensure_future(rate.acquire())
                victim = start(rate.acquire())
                others = [asyncio.ensure_future(rate.acquire()) for _ in range(3)]
                async with asyncio.timeout(HANG):
                    await asyncio.gather(first, *others)
                await asyncio.wait([victim])
            await settled(lambda: asyncio.all_tasks() == alone)

        return await interrupted_everywhere(scene, moment)

    assert on_sockets(main()) >= 1
