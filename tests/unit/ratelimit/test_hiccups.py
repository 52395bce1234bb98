"""Answers that may mean "too many requests" or a server in trouble: what slows a session down, and for how long."""

import asyncio
import contextlib
import random

import pytest

from etelecom_async import EtelecomError, Session, Shop, Throttle
from etelecom_async.testing import run_virtually
from tests.support import KEY, answer, ask

GOOD = answer({"error": 0})
TROUBLE = {"503": answer("", 503), "consent code 5": answer({"error": 5})}
WORKERS, LATENCY = 20, 0.05
FULL = WORKERS / LATENCY
ARRIVED = 800


class Troubled:
    """A server without a limit. For a moment all goes wrong there, and then some of it for ever, by chance."""

    def __init__(self, trouble, *, share):
        self.arrived = 0
        self.trouble = trouble
        self.share = share
        self.dice = random.Random(7)

    async def send(self, request, /):
        self.arrived += 1
        is_bad = self.arrived >= ARRIVED and (self.arrived < ARRIVED + 40 or self.dice.random() < self.share)
        await asyncio.sleep(LATENCY)
        return self.trouble if is_bad else GOOD

    async def aclose(self):
        pass


@pytest.mark.parametrize(
    "share", [pytest.param(0.003, marks=pytest.mark.long), pytest.param(0.015, marks=pytest.mark.long), 0.03]
)
@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_a_server_that_was_in_trouble_and_has_hiccups_is_asked_at_a_third_of_its_speed_at_least(trouble, share):
    async def main():
        server = Troubled(trouble, share=share)
        throttle = Throttle(concurrency=WORKERS, random=random.Random(0).random)
        session = Session(Shop(KEY), transport=server, throttle=throttle)

        async def work():
            while True:
                with contextlib.suppress(EtelecomError):
                    await ask(session)

        workers = [asyncio.create_task(work()) for _ in range(WORKERS)]
        await asyncio.sleep(60)
        before = server.arrived
        await asyncio.sleep(30)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        return (server.arrived - before) / 30

    assert run_virtually(main()) >= FULL / 3
