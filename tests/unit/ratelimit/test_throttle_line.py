"""The line before the slots and the rate, in virtual time: who goes when, what is counted, and what is given back."""

import asyncio

import pytest

from etelecom_async import ConfigError, ConnectError, QueueTimeout, Retry, Session, Shop, Throttle, Timeout
from etelecom_async.api.consent import CHECK_CONSENT, CheckConsent
from etelecom_async.ratelimit.throttle import ThrottleSnapshot
from etelecom_async.testing import run_virtually
from tests.support import FakeTransport, answer, ask, session_over

PAYLOAD = CheckConsent(oa_id=7, phone="0987654321")
GOOD = answer({"error": 0})
NO = answer({"code": "resource_exhausted", "msg": ""}, status=403)
BUSY = answer({"code": "unavailable", "msg": ""}, status=503)
FAULT = answer({"code": "internal", "msg": ""}, status=500)


def now():
    return asyncio.get_running_loop().time()


def throttle(**options):
    return Throttle(**options)


async def ends(calls):
    return await asyncio.gather(*calls, return_exceptions=True)


class Slow(FakeTransport):
    """Answers after a second; an error among the answers is raised."""

    async def send(self, request, /):
        end = await super().send(request)
        await asyncio.sleep(1)
        if isinstance(end, Exception):
            raise end
        return end


def over(transport, **options):
    """A session over this transport that tries once unless told otherwise."""
    return Session(Shop("1:test"), transport=transport, **{"retry": Retry(attempts=1), **options})


def test_what_a_throttle_does_is_seen_in_one_piece():
    idle = {"in_flight": 0, "waiting": 0, "rate": None, "refusals": 0}
    assert Throttle().snapshot() == ThrottleSnapshot(concurrency=100, **idle)
    assert Throttle(adaptive=False).snapshot() == ThrottleSnapshot(concurrency=100, **idle)
    assert Throttle(concurrency=7, rate=0.5).snapshot() == ThrottleSnapshot(concurrency=7, **{**idle, "rate": 0.5})
    with pytest.raises(TypeError, match="positional"):
        ThrottleSnapshot(7, 0, 0, None, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"concurrency": 0}, "Throttle.concurrency is a whole number from 1 to 1000000; got 0."),
        ({"rate": 0}, "Throttle.rate is a number of requests per second above 0, or None for no limit; got 0."),
        (
            {"rate": float("nan")},
            "Throttle.rate is a number of requests per second above 0, or None for no limit; got nan.",
        ),
        ({"rate": 5, "burst": 0.5}, "Throttle.burst is a number of at least 1, or None; got 0.5."),
        ({"rate": 5, "burst": float("inf")}, "Throttle.burst is a number of at least 1, or None; got inf."),
        ({"burst": 5}, "Throttle.burst goes with a rate: give Throttle.rate too, or leave burst out."),
    ],
)
def test_an_option_that_cannot_work_is_named(options, words):
    with pytest.raises(ConfigError) as caught:
        Throttle(**options)
    assert caught.value.message == words


@pytest.mark.parametrize("adaptive", [True, False])
@pytest.mark.parametrize(("burst", "last"), [(1, 0.5), (4, 0.2), (6, 0.0)])
def test_who_asks_one_after_the_other_is_let_go_at_the_rate_too(adaptive, burst, last):
    async def main():
        session = session_over(GOOD, throttle=throttle(rate=10, burst=burst, adaptive=adaptive))
        for _ in range(6):
            await ask(session)
        assert now() == pytest.approx(last)

    run_virtually(main())


def test_of_two_rates_the_lower_one_is_kept():
    async def main():
        session = session_over(NO, GOOD, throttle=throttle(rate=0.5, burst=1))
        await ends([ask(session)])
        assert session.throttle.snapshot().rate == 0.5
        await ask(session)
        assert now() == pytest.approx(2.0)
        session = session_over(NO, GOOD, throttle=throttle(rate=50, burst=1))
        await ends([ask(session)])
        began = now()
        assert session.throttle.snapshot().rate < 10
        for _ in range(6):
            await ask(session)
        assert now() - began > 0.3  # at 50 a second it would be 0.12

    run_virtually(main())


def test_without_adapting_all_slots_are_open_at_once_and_a_refusal_changes_nothing():
    async def main():
        session = over(Slow(NO), throttle=throttle(concurrency=9, adaptive=False))
        calls = [asyncio.ensure_future(ask(session)) for _ in range(12)]
        await asyncio.sleep(0.5)
        assert session.throttle.snapshot() == ThrottleSnapshot(
            concurrency=9, in_flight=9, waiting=3, rate=None, refusals=0
        )
        await ends(calls)
        assert session.throttle.snapshot().rate is None

    run_virtually(main())


@pytest.mark.parametrize(
    ("end", "under_way"),
    [
        (GOOD, 8),
        (answer(status=400), 8),
        (FAULT, 4),
        (answer(status=502), 4),
        (answer(status=504), 4),
        (ConnectError("x"), 4),
        (NO, 4),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
def test_an_accepted_request_opens_half_a_slot_more_and_no_other_does(end, under_way):
    async def main():
        session = over(Slow(GOOD, *[end] * 18, *[GOOD] * 200), throttle=throttle(concurrency=8))
        await ask(session)
        for count in (4, 6, 8):
            await ends(ask(session) for _ in range(count))
        await asyncio.sleep(20)
        calls = [asyncio.ensure_future(ask(session)) for _ in range(12)]
        seen = []
        for _ in range(90):
            await asyncio.sleep(0.01)
            seen.append(session.throttle.snapshot().in_flight)
        assert max(seen) <= under_way
        assert end is not GOOD or max(seen) == under_way
        await ends(calls)

    run_virtually(main())


def test_a_reply_says_how_long_its_attempts_waited_in_line():
    async def main():
        await asyncio.sleep(5)
        session = over(
            FakeTransport(GOOD, FAULT, GOOD), throttle=throttle(rate=1, burst=1), retry=Retry(attempts=2, base=0)
        )
        replies = [await session.call_raw(CHECK_CONSENT, PAYLOAD) for _ in range(2)]
        assert [(reply.attempts, reply.waited, reply.elapsed) for reply in replies] == [(1, 0, 0), (2, 2, 2)]

    run_virtually(main())


class Gate:
    """A rate that other processes share: each permit takes two seconds."""

    def __init__(self):
        self.asked = 0

    async def acquire(self):
        self.asked += 1
        await asyncio.sleep(2)


def test_waiting_for_a_shared_rate_is_in_the_reply_and_a_refusal_counts_from_then():
    async def main():
        await asyncio.sleep(5)
        shared = Gate()
        session = over(
            FakeTransport(NO, FAULT, GOOD), throttle=throttle(shared=shared), retry=Retry(attempts=3, base=0)
        )
        reply = await session.call_raw(CHECK_CONSENT, PAYLOAD)
        assert (shared.asked, reply.waited) == (3, pytest.approx(6, abs=0.2))
        assert session.throttle.snapshot().refusals == 1

    run_virtually(main())


def test_a_shared_rate_that_is_too_slow_is_named_and_its_own_time_limit_is_its_own():
    class Broken:
        async def acquire(self):
            raise TimeoutError("the store is slow")

    async def main():
        with pytest.raises(QueueTimeout) as caught:
            await ask(session_over(GOOD, throttle=throttle(shared=Gate()), timeout=Timeout(queue=1.5)))
        assert caught.value.message == "No permit of the shared rate came within 1.5 s."
        with pytest.raises(TimeoutError, match="the store is slow"):
            await ask(session_over(GOOD, throttle=throttle(shared=Broken())))

    run_virtually(main())


def test_who_gives_up_is_told_what_did_not_come_and_takes_nothing():
    async def main():
        session = over(Slow(GOOD), throttle=throttle(concurrency=1), timeout=Timeout(queue=0.5))
        first, second = asyncio.ensure_future(ask(session)), asyncio.ensure_future(ask(session))
        [end] = await ends([second])
        assert isinstance(end, QueueTimeout)
        assert end.message == "No slot or permit came within 0.5 s."
        assert session.throttle.snapshot().in_flight == 1
        await first
        assert session.throttle.snapshot().in_flight == 0

    run_virtually(main())


def test_who_is_cancelled_in_the_moment_of_giving_up_gives_nothing_back():
    async def main():
        loop = asyncio.get_running_loop()
        session = over(Slow(GOOD), throttle=throttle(concurrency=1), timeout=Timeout(queue=0.5))
        first, second = loop.create_task(ask(session)), loop.create_task(ask(session))
        await asyncio.sleep(0)
        loop.call_at(0.5 + 5e-10, second.cancel)  # in the same turn of the loop as the timer, and after it
        await asyncio.wait([second])
        assert second.cancelled()
        assert session.throttle.snapshot().in_flight == 1
        await first

    run_virtually(main())


@pytest.mark.parametrize(
    "limits", [{"rate": 1.0, "adaptive": False}, {"rate": 1.0}, {}], ids=["fixed", "both", "found"]
)
def test_a_permit_that_was_handed_to_who_is_cancelled_is_the_next_ones(limits):
    async def main():
        loop = asyncio.get_running_loop()
        times = []

        async def look(request, call_next):
            response = await call_next(request)
            times.append(loop.time())
            return response

        burst = {"burst": 1} if limits else {}
        session = over(FakeTransport(NO, GOOD), throttle=throttle(**limits, **burst), middlewares=[look])
        await ends([ask(session)])  # and so a rate is known, if it is looked for
        if not limits:
            await ask(session)  # what may be saved up besides is spent
            times.clear()
        calls = [loop.create_task(ask(session)) for _ in range(3)]
        await asyncio.sleep(0)
        moment = loop._scheduled[0].when()
        loop.call_at(moment + 5e-10, calls[0].cancel)  # in the same turn of the loop as the timer, and after it
        await asyncio.wait(calls)
        assert calls[0].cancelled()
        assert len(times) == 2
        assert times[0] == pytest.approx(moment)
        assert session.throttle.snapshot().in_flight == 0

    run_virtually(main())


def test_a_thousand_who_wait_for_the_rate_have_one_timer():
    async def main():
        loop = asyncio.get_running_loop()
        session = session_over(GOOD, throttle=throttle(rate=1000, burst=1))
        calls = [loop.create_task(ask(session)) for _ in range(1000)]
        timers, call_later = [], loop.call_later
        loop.call_later = lambda *arguments: timers.append(call_later(*arguments)) or timers[-1]
        await asyncio.sleep(0)
        assert len([timer for timer in timers if timer.when() > loop.time()]) == 1
        await asyncio.wait(calls)

    run_virtually(main())


def test_once_unavailable_means_too_many_each_one_counts_for_a_minute():
    async def main():
        session = over(FakeTransport(BUSY, BUSY, BUSY, GOOD, BUSY, GOOD, BUSY, GOOD), throttle=throttle())
        await ends(ask(session) for _ in range(3))
        assert session.throttle.snapshot().refusals == 1
        await asyncio.sleep(50)
        await ends([ask(session), ask(session)])
        assert session.throttle.snapshot().refusals == 2
        await asyncio.sleep(20)
        await ends([ask(session), ask(session)])
        assert session.throttle.snapshot().refusals == 2

    run_virtually(main())


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([NO, GOOD], [0.0]),
        ([NO, FAULT, GOOD], [0.0, 0.5]),
        ([NO, NO, NO, NO, GOOD], [0.0, 0.0, 0.0, 0.5]),
        ([NO, NO, NO, NO, FAULT, GOOD], [0.0, 0.0, 0.0, 0.5, 1.0]),
    ],
    ids=["one", "another trouble", "nothing is taken", "nothing at all is"],
)
def test_a_refused_call_makes_a_pause_of_its_own_only_where_nothing_is_taken(answers, pauses):
    async def main():
        loop, begun, ended = asyncio.get_running_loop(), [], []

        async def look(
            request, call_next
        ):  # above the throttle: what lies between two attempts is the call's own pause
            begun.append(loop.time())
            try:
                return await call_next(request)
            finally:
                ended.append(loop.time())

        session = over(
            FakeTransport(*answers),
            throttle=throttle(),
            retry=Retry(attempts=7, random=lambda: 1.0),
            middlewares=[look],
        )
        await ask(session)
        assert [begin - end for begin, end in zip(begun[1:], ended, strict=False)] == pytest.approx(pauses)

    run_virtually(main())


def test_another_loop_beside_a_busy_one_is_told_what_to_do():
    shared = Throttle()
    loop = asyncio.new_event_loop()
    try:
        call = loop.create_task(ask(over(Slow(GOOD), throttle=shared)))
        loop.run_until_complete(asyncio.sleep(0))

        async def elsewhere():
            with pytest.raises(ConfigError) as caught:
                await ask(session_over(GOOD, throttle=shared))
            assert caught.value.message == (
                "This throttle has calls under way in another event loop that is still alive: make one session per"
                " loop, or let all threads use one through etelecom_async.blocking.Blocking."
            )

        asyncio.run(elsewhere())
        call.cancel()
        loop.run_until_complete(asyncio.wait([call]))
    finally:
        loop.close()


def test_an_idle_throttle_goes_from_loop_to_loop():
    shared = Throttle(concurrency=1)
    for _ in range(3):
        assert asyncio.run(ask(session_over(GOOD, throttle=shared))).granted
