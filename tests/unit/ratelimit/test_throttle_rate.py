"""Rates: a fixed ceiling, the server's hidden limit, and what a refusal costs. In virtual time, through a session."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from etelecom_async import ConfigError, QueueTimeout, RateLimited, Retry, Session, Shop, Throttle, Timeout, Unavailable
from etelecom_async.sandbox import SANDBOX_API_KEY, FixedWindow, Refusal, SandboxTransport, TokenBucket, World
from etelecom_async.testing import run_virtually
from tests.support import OA, FakeTransport, answer, ask, session_over

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = answer({"error": 0})
NO = answer({"code": "resource_exhausted", "msg": "chậm lại"}, status=403)


def seeded(**options):
    """A throttle in virtual time, the same in every run."""
    return Throttle(**options, random=random.Random(0).random)


class Run:
    """Workers that ask without end, for so many seconds, while the server's limit is what it is."""

    def __init__(self, limit, *, workers=100, latency=0.05, throttle=None, **options):
        loop = asyncio.get_running_loop()
        self.world = World(oa_id=OA, limit=limit, clock=lambda: EPOCH + timedelta(seconds=loop.time()))
        self.session = Session(
            Shop(SANDBOX_API_KEY),
            transport=SandboxTransport(self.world, latency=latency),
            throttle=throttle or seeded(),
            **options,
        )
        self.done = []
        self.errors = []
        self._workers = [loop.create_task(self._work()) for _ in range(workers)]

    async def _work(self):
        loop = asyncio.get_running_loop()
        while True:
            try:
                await ask(self.session)
            except (RateLimited, Unavailable) as error:
                self.errors.append(error)
            else:
                self.done.append(loop.time())

    async def stop(self):
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def rate(self, since, until):
        return sum(since <= moment < until for moment in self.done) / (until - since)

    @property
    def refused(self):
        return sum(entry.refused for entry in self.world.log)


@pytest.mark.parametrize("refusal", list(Refusal))
@pytest.mark.parametrize("limit", [20, 200])
def test_a_hidden_limit_is_found_whatever_the_refusal_looks_like(refusal, limit):
    async def main():
        run = Run(TokenBucket(rate=limit, burst=max(1, limit // 10), refusal=refusal))
        await asyncio.sleep(30 - 0.1)
        logged = run.refused
        await asyncio.sleep(0.1)
        await run.stop()
        return run, logged

    run, logged = run_virtually(main())
    assert run.errors == []
    assert run.rate(5, 30) >= limit * (0.75 if refusal in {Refusal.RETRY_AFTER, Refusal.RETRY_DATE} else 0.95)
    # The first of these, up to a tenth of a second's answers, could have been hiccups.
    doubtful = 10 if refusal in {Refusal.UNAVAILABLE, Refusal.CONSENT} else 0
    # What the server refused in the last moment had not come back when the callers were stopped.
    assert logged - doubtful <= run.session.throttle.snapshot().refusals <= run.refused


def test_a_quota_per_minute_is_waited_out_with_few_questions_and_no_failure():
    async def main():
        run = Run(FixedWindow(count=500, seconds=60), timeout=Timeout(total=90))
        await asyncio.sleep(239)
        await run.stop()
        return run

    run = run_virtually(main())
    assert run.errors == []
    assert 1900 <= len(run.done) <= 2000
    assert run.refused <= 230  # at the first end of the quota what is under way, and then one at a time


def test_without_a_refusal_there_is_no_limit():
    async def main():
        run = Run(None, workers=50)
        await asyncio.sleep(5)
        await run.stop()
        return run

    run = run_virtually(main())
    assert run.session.throttle.snapshot().rate is None
    assert run.rate(1, 5) == pytest.approx(50 / 0.05, rel=0.03)


def test_a_run_begins_with_four_requests_and_grows_by_half_with_each_round_trip():
    async def main():
        run = Run(None, workers=60)
        under_way = []
        for _ in range(9):
            await asyncio.sleep(0.05)
            under_way.append(run.session.throttle.snapshot().in_flight)
        await run.stop()
        return under_way

    assert run_virtually(main()) == [4, 6, 9, 14, 21, 31, 47, 60, 60]


def test_a_fixed_ceiling_is_kept_from_the_first_request_on():
    async def main():
        run = Run(None, throttle=seeded(rate=40, burst=1))
        await asyncio.sleep(10)
        await run.stop()
        return run

    run = run_virtually(main())
    assert run.session.throttle.snapshot().rate == 40
    assert 396 <= len(run.world.log) <= 401


def test_a_cancelled_caller_gives_its_permit_to_the_next():
    async def main():
        loop = asyncio.get_running_loop()
        session = session_over(GOOD, throttle=seeded(rate=10, burst=1))
        calls = [loop.create_task(ask(session)) for _ in range(1001)]
        await asyncio.sleep(0.05)
        for call in calls[1:901]:
            call.cancel()
        await asyncio.wait(calls)
        assert loop.time() == pytest.approx(10.0, abs=0.2)  # the last hundred, and not the nine hundred before them
        snapshot = session.throttle.snapshot()
        assert (snapshot.in_flight, snapshot.waiting) == (0, 0)

    run_virtually(main())


def test_who_waits_for_a_permit_can_give_up():
    async def main():
        loop = asyncio.get_running_loop()
        session = session_over(GOOD, throttle=seeded(rate=0.1, burst=1), timeout=Timeout(queue=2))
        await ask(session)
        with pytest.raises(QueueTimeout, match="within 2 s"):
            await ask(session)
        assert loop.time() == pytest.approx(2)

    run_virtually(main())


def test_a_retry_after_is_one_pause_for_everybody():
    async def main():
        loop = asyncio.get_running_loop()
        transport = FakeTransport(answer(status=429, retry_after="5"), GOOD)
        session = Session(Shop("1:test-key"), transport=transport, throttle=seeded())
        first = loop.create_task(ask(session))
        await asyncio.sleep(0.01)
        others = [loop.create_task(ask(session)) for _ in range(20)]
        await asyncio.sleep(4.9)
        assert len(transport.requests) == 1
        await asyncio.gather(first, *others)
        assert 5 <= loop.time() < 8

    run_virtually(main())


def test_a_retry_after_beyond_the_deadline_is_an_error_now():
    async def main():
        loop = asyncio.get_running_loop()
        session = Session(
            Shop("1:test-key"),
            transport=FakeTransport(answer(status=429, retry_after="61")),
            throttle=seeded(),
        )
        with pytest.raises(RateLimited) as caught:
            await ask(session)
        assert (caught.value.attempts, loop.time()) == (1, 0.0)

    run_virtually(main())


@pytest.mark.parametrize("hiccup", [answer({"code": "unavailable", "msg": ""}, status=503), answer({"error": 5})])
def test_a_few_hiccups_among_many_answers_slow_nobody_down(hiccup):
    async def main():
        session = session_over(*([GOOD] * 49 + [hiccup]) * 20, GOOD, throttle=seeded())
        for _ in range(1000):
            try:
                await ask(session)
            except (Unavailable, RateLimited):
                await asyncio.sleep(0.01)
        assert session.throttle.snapshot().rate is None

    run_virtually(main())


@pytest.mark.parametrize(
    ("answers", "is_limited"),
    [("xx", False), ("xgxx", True), ("xggxx", False), ("xgggxgxx", True), ("xggggxgxx", False), ("xgggggxgxx", False)],
)
@pytest.mark.parametrize("doubtful", [answer({"code": "unavailable", "msg": ""}, status=503), answer({"error": 5})])
def test_doubtful_answers_are_refusals_where_they_come_thick(doubtful, answers, is_limited):
    async def main():
        replies = [doubtful if letter == "x" else GOOD for letter in answers]
        session = session_over(*replies, throttle=seeded(), retry=Retry(attempts=1))
        await asyncio.gather(*(ask(session) for _ in answers), return_exceptions=True)
        assert (session.throttle.snapshot().rate is not None) == is_limited

    run_virtually(main())


REFUSALS = {
    "403": NO,
    "429 with Retry-After": answer(status=429, retry_after="1"),
    "503": answer({"code": "unavailable", "msg": ""}, status=503),
    "consent code 5": answer({"error": 5}),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize(("adaptive", "calls"), [(False, 5_000), (True, 2_000)])
def test_when_all_calls_are_refused_attempts_stay_within_a_fifth_more(adaptive, calls, refusal):
    async def main():
        transport = FakeTransport(refusal)
        session = Session(
            Shop("1:test-key"),
            transport=transport,
            throttle=seeded(adaptive=adaptive),
            timeout=Timeout(total=None),
        )
        ends = await asyncio.gather(*(ask(session) for _ in range(calls)), return_exceptions=True)
        assert {type(end) for end in ends} <= {RateLimited, Unavailable}
        assert len(transport.requests) <= 1.2 * calls

    run_virtually(main())


class Outage:
    """A server that works for half a minute, and then refuses everything."""

    def __init__(self, refusal):
        self.refusal = refusal
        self.refused = 0

    async def send(self, _, /):
        await asyncio.sleep(0.05)
        if asyncio.get_running_loop().time() < 30:
            return GOOD
        self.refused += 1
        return self.refusal

    async def aclose(self):
        pass


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_in_an_outage_of_hours_attempts_stay_within_a_fifth_more(refusal):
    async def main():
        loop = asyncio.get_running_loop()
        server = Outage(refusal)
        session = Session(
            Shop("1:test-key"),
            transport=server,
            throttle=seeded(),
            timeout=Timeout(total=None),
        )
        failed = 0

        async def work():
            nonlocal failed
            while True:
                try:
                    await ask(session)
                except (RateLimited, Unavailable):
                    failed += 1

        workers = [loop.create_task(work()) for _ in range(100)]
        await asyncio.sleep(12 * 3600)
        assert server.refused <= 1.2 * failed
        assert failed > 1200
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    run_virtually(main())


def test_a_refusal_without_a_word_of_when_makes_no_call_wait_by_itself():
    async def main():
        loop = asyncio.get_running_loop()
        transport = FakeTransport(*[GOOD] * 20, *[NO] * 2, GOOD)
        session = Session(
            Shop("1:test-key"),
            transport=transport,
            throttle=seeded(concurrency=30),
            retry=Retry(base=3600, random=lambda: 1.0, cap=3600),
        )
        await asyncio.gather(*(ask(session) for _ in range(100)))
        assert loop.time() < 60

    run_virtually(main())


def test_the_rate_is_shared_by_derived_sessions():
    async def main():
        loop = asyncio.get_running_loop()
        session = session_over(GOOD, throttle=seeded(rate=10, burst=1))
        other = session.with_options(timeout=Timeout(total=None))
        await asyncio.gather(*(ask(session) for _ in range(10)), *(ask(other) for _ in range(11)))
        assert loop.time() == pytest.approx(2.0, abs=0.05)

    run_virtually(main())


class Turnstile:
    """A rate that other processes share, as a throttle sees it."""

    def __init__(self):
        self.free = asyncio.Semaphore(0)

    async def acquire(self):
        await self.free.acquire()


def test_every_request_asks_the_shared_rate():
    async def main():
        shared = Turnstile()
        session = session_over(GOOD, throttle=Throttle(shared=shared), timeout=Timeout(queue=3, total=1))
        call = asyncio.ensure_future(ask(session))
        await asyncio.sleep(2)
        assert not call.done()
        shared.free.release()
        await call
        with pytest.raises(QueueTimeout, match="shared rate"):
            await ask(session)
        assert session.throttle.snapshot().in_flight == 0

    run_virtually(main())


@pytest.mark.parametrize(
    "options", [{"rate": 0}, {"rate": -1}, {"rate": float("inf")}, {"rate": 5, "burst": 0.5}, {"burst": 5}]
)
def test_options_that_cannot_work_are_refused(options):
    with pytest.raises(ConfigError, match=r"Throttle\."):
        Throttle(**options)
