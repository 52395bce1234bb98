"""A process that is stopped, or a machine that sleeps: that time counts in no limit. In virtual time."""

import asyncio

import pytest

from etelecom_async import AttemptTimeout, QueueTimeout, Session, Shop, Throttle, Timeout, Unavailable
from etelecom_async.testing import run_virtually
from tests.support import KEY, answer, ask

GOOD = answer({"error": 0})
FAULT = answer({"code": "internal", "msg": ""}, 500)


class Line:
    """Answers after three seconds, or gives the attempt up after its time, whichever timer the loop sees first."""

    def __init__(self, end=GOOD):
        self.arrived = 0
        self.end = end

    async def send(self, request, /):
        self.arrived += 1
        try:
            async with asyncio.timeout(request.timeout.attempt):
                await asyncio.sleep(3)
        except TimeoutError:
            raise AttemptTimeout("no answer") from None
        return self.end

    async def aclose(self):
        pass


def stop_after(seconds, duration=65.0):
    """The process gets SIGSTOP then, and SIGCONT later."""
    loop = asyncio.get_running_loop()
    loop.call_later(seconds, loop.jump, duration)


def test_requests_under_way_when_the_process_was_stopped_are_made_again_and_nothing_is_held_back():
    class Lost(Line):
        async def send(self, request, /):
            if self.arrived < 12:
                self.arrived += 1
                async with asyncio.timeout(None):
                    await asyncio.sleep(request.timeout.attempt)
                raise AttemptTimeout("no answer")
            return await super().send(request)

    async def main():
        transport = Lost()
        session = Session(Shop(KEY), transport=transport, throttle=Throttle(concurrency=12))
        stop_after(1)
        ends = await asyncio.gather(*(ask(session) for _ in range(20)))
        assert all(consent.granted for consent in ends)
        snapshot = session.throttle.snapshot()
        assert (snapshot.rate, snapshot.in_flight, session.throttle.unavailable_since) == (None, 0, None)

    run_virtually(main())


def test_a_stop_during_the_wait_for_a_slot_uses_up_no_queue_limit():
    async def main():
        throttle = Throttle(concurrency=1)
        session = Session(Shop(KEY), transport=Line(), throttle=throttle, timeout=Timeout(attempt=90, queue=5))
        calls = [asyncio.ensure_future(ask(session)) for _ in range(2)]
        stop_after(1)
        assert all(consent.granted for consent in await asyncio.gather(*calls))
        began = asyncio.get_running_loop().time()
        calls = [asyncio.ensure_future(ask(session)) for _ in range(3)]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(ends[2], QueueTimeout)
        assert asyncio.get_running_loop().time() - began < 7

    run_virtually(main())


@pytest.mark.parametrize("duration", [30.0, 3600.0])
def test_a_stop_in_an_outage_uses_up_no_call_that_waits_for_its_end(duration):
    async def main():
        loop = asyncio.get_running_loop()
        transport = Line(FAULT)
        session = Session(Shop(KEY), transport=transport, timeout=Timeout(total=25))
        calls = [asyncio.ensure_future(ask(session)) for _ in range(12)]
        stop_after(14, duration)
        await asyncio.sleep(14 + duration + 1)
        transport.end = GOOD
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert not [end for end in ends if isinstance(end, Unavailable)]
        assert loop.time() < 14 + duration + 30

    run_virtually(main())
