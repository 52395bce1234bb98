"""Two classes: interactive calls come first, background work gets what they leave and a twentieth at least."""

import asyncio
import random

import pytest

from etelecom_async import ConfigError, Session, Shop, Throttle, Timeout
from etelecom_async.sandbox import SANDBOX_API_KEY, SandboxTransport, TokenBucket, World
from etelecom_async.testing import MockTransport, run_virtually
from tests.support import KEY, OA, FakeTransport, answer, ask
from tests.unit.ratelimit.test_throttle_rate import EPOCH, timedelta

GOOD = answer({"error": 0})


def numbered(count, first=900_000_000):
    return (f"0{first + number}" for number in range(count))


def test_background_calls_let_others_go_first_and_each_class_keeps_its_order():
    async def main():
        arrived = []

        class Transport(FakeTransport):
            async def send(self, request, /):
                arrived.append(int(request.body.decode().split('"oa_id":"')[1].split('"')[0]))
                return await super().send(request)

        session = Session(Shop(KEY), transport=Transport(GOOD), throttle=Throttle(rate=10, burst=1))
        later = session.with_options(background=True)
        calls = [later.zalo.check_consent(oa_id=number, phone="0987654321") for number in range(1, 5)]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0)
        calls = [session.zalo.check_consent(oa_id=number, phone="0987654321") for number in range(101, 104)]
        await asyncio.gather(*tasks, *calls)
        assert arrived == [1, 101, 102, 103, 2, 3, 4]

    run_virtually(main())


def test_background_work_gets_a_twentieth_of_the_permits_however_many_others_wait():
    async def main():
        session = Session(Shop(KEY), transport=FakeTransport(GOOD), throttle=Throttle(rate=100, burst=1))
        done = []

        async def background():
            while True:
                await ask(session.with_options(background=True))
                done.append(1)

        async def interactive():
            while True:
                await ask(session)

        tasks = [asyncio.ensure_future(interactive()) for _ in range(50)]
        tasks += [asyncio.ensure_future(background()) for _ in range(5)]
        await asyncio.sleep(20)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert 98 <= len(done) <= 102

    run_virtually(main())


@pytest.mark.parametrize("limit", [20, 200])
@pytest.mark.parametrize("kind", ["run", "gather"])
def test_a_web_call_beside_a_bulk_run_waits_for_a_permit_or_an_answer_and_no_longer(limit, kind):
    async def main():
        loop = asyncio.get_running_loop()
        world = World(
            oa_id=OA,
            limit=TokenBucket(rate=limit, burst=max(2, limit // 10)),
            clock=lambda: EPOCH + timedelta(seconds=loop.time()),
        )
        session = Session(
            Shop(SANDBOX_API_KEY),
            transport=SandboxTransport(world, latency=0.05),
            throttle=Throttle(random=random.Random(1).random),
        )
        later = session.with_options(background=True, timeout=Timeout(total=None))

        async def run():
            if kind == "gather":
                await asyncio.gather(
                    *(later.zalo.check_consent(oa_id=OA, phone=phone) for phone in numbered(60 * limit)),
                    return_exceptions=True,
                )
            async with session.zalo.check_consents(oa_id=OA, phones=numbered(10**6)) as outcomes:
                async for _ in outcomes:
                    pass

        bulk = asyncio.ensure_future(run())
        await asyncio.sleep(5)
        waits = []
        quick = session.with_options(timeout=Timeout(queue=1))
        for _ in range(100):
            await asyncio.sleep(0.5)
            began = loop.time()
            await ask(quick)
            waits.append(loop.time() - began)
        bulk.cancel()
        await asyncio.wait([bulk])
        alone = 0.05
        waits.sort()
        assert waits[95] <= alone + max(1 / limit, alone) + 0.005
        # About one in a hundred is refused at 20/s, and goes again.
        assert waits[-1] <= 2 * alone + 3 * max(1 / limit, alone)

    run_virtually(main())


def test_derived_sessions_stay_background_until_told_otherwise():
    mock = MockTransport()
    session = Session(Shop(KEY), transport=mock)
    later = session.with_options(background=True)
    assert later.with_options(timeout=5).with_options()._options.background is True
    assert later.with_options(background=False)._options.background is False
    for value in (1, "no", 0.0):
        with pytest.raises(ConfigError, match=r"Session\.background is True or False"):
            session.with_options(background=value)
