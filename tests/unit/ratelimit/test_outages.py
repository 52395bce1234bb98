"""When the server accepts nothing: who waits, for how long, how it is tried, what is told. In virtual time."""

import asyncio
import itertools
import logging
import random
import re

import pytest

from etelecom_async import (
    AttemptTimeout,
    ConfigError,
    ConnectError,
    EtelecomError,
    Phase,
    RateLimited,
    Retry,
    Session,
    Shop,
    Throttle,
    Timeout,
    Unavailable,
)
from etelecom_async.clock import seconds
from etelecom_async.pipeline.attempt import ServiceState
from etelecom_async.testing import run_virtually
from tests.support import CANARY, KEY, PHONE, FakeTransport, answer, ask

GOOD = answer({"error": 0})
FAULTS = {
    "429": answer("", 429),
    "403": answer({"code": "resource_exhausted", "msg": "thử lại sau"}, 403),
    "503": answer({"code": "unavailable", "msg": ""}, 503),
    "500": answer({"code": "internal", "msg": ""}, 500),
    "no connection": ConnectError("refused"),
    "silence": None,
}
each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


class Server:
    """Answers after 50 ms; from one moment to another it does what the fault says."""

    def __init__(self, fault, *, since=0.0, until=float("inf"), **options):
        self.fault, self.since, self.until = fault, since, until
        self.tried = []
        self.accepted = []
        options.setdefault("throttle", Throttle(random=random.Random(3).random))
        self.session = Session(Shop(KEY), transport=self, **options)
        self.throttle = self.session.throttle

    async def send(self, request, /):
        now = seconds()
        is_out = self.since <= now < self.until
        if is_out:
            self.tried.append(now)
        if is_out and self.fault is None:
            await asyncio.sleep(request.timeout.attempt)
            raise AttemptTimeout("no answer")
        await asyncio.sleep(0.05)
        if not is_out:
            self.accepted.append(seconds())
            return GOOD
        if isinstance(self.fault, Exception):
            raise type(self.fault)(str(self.fault))
        return self.fault

    async def aclose(self):
        pass


async def end_of(call):
    """What a call ended in, and when."""
    try:
        return await call, seconds()
    except EtelecomError as error:
        return error, seconds()


async def warm_up(server):
    """Calls until all slots are open."""
    for _ in range(12):
        await asyncio.gather(*(ask(server.session) for _ in range(100)))


@each_fault
@pytest.mark.parametrize("calls", [1, 30, 200])
def test_every_call_ends_within_its_total_and_a_moment_where_the_server_accepts_nothing(fault, calls):
    async def main():
        server = Server(fault, timeout=Timeout(attempt=2, total=5))
        began = seconds()
        ends = await asyncio.gather(*(end_of(ask(server.session)) for _ in range(calls)))
        assert max(when for _, when in ends) - began <= 5.2
        kinds = {type(error) for error, _ in ends}
        assert all(isinstance(error, EtelecomError) and error.transient for error, _ in ends), kinds
        server.until = seconds()
        again = seconds()
        consent, when = await end_of(ask(server.session))
        assert consent.granted
        assert when - again <= 1.2
        snapshot = server.throttle.snapshot()
        assert (snapshot.in_flight, snapshot.waiting, snapshot.since) == (0, 0, None)

    run_virtually(main())


def test_a_call_that_was_never_sent_ends_as_unavailable_with_a_copy_of_the_fault():
    async def main():
        server = Server(FAULTS["503"], timeout=Timeout(total=5))
        ends = await asyncio.gather(*(end_of(ask(server.session)) for _ in range(100)))
        unsent = [error for error, _ in ends if error.attempts == 0]
        assert len(unsent) > 60
        for error in unsent:
            assert type(error) is Unavailable
            assert error.phase is Phase.NOT_SENT
            assert error.elapsed == pytest.approx(5, abs=0.1)
            assert isinstance(error.__cause__, Unavailable)
            assert error.__cause__.__traceback__ is None
            assert "has accepted no request" in error.message
        sent = [error for error, _ in ends if error.attempts]
        assert sent
        assert all(error.phase is Phase.UNKNOWN for error in sent)

    run_virtually(main())


def test_a_call_that_was_sent_ends_with_its_own_error_when_its_time_in_line_is_over():
    async def main():
        server = Server(FAULTS["503"], timeout=Timeout(total=5))
        ends = await asyncio.gather(*(end_of(ask(server.session)) for _ in range(100)))
        notes = {note for error, _ in ends for note in getattr(error, "__notes__", ()) if error.attempts}
        assert "Not tried again: the server accepts no request, and Timeout.total is over." in notes

    run_virtually(main())


def test_a_long_line_at_a_slow_rate_fails_no_call_however_long_it_waits():
    async def main():
        server = Server(FAULTS["429"], since=1e9, throttle=Throttle(rate=2, burst=1), timeout=Timeout(total=5))
        ends = await asyncio.gather(*(end_of(ask(server.session)) for _ in range(100)))
        assert all(consent.granted for consent, _ in ends)
        assert seconds() == pytest.approx(50, abs=1)

    run_virtually(main())


@pytest.mark.parametrize("pause", [1, 4])
def test_each_accepted_answer_resets_what_unsent_calls_have_counted(pause):
    async def main():
        server = Server(FAULTS["503"], until=4, timeout=Timeout(total=5), throttle=Throttle(concurrency=1))

        async def breaks():
            while not finished.done():
                await asyncio.sleep(1 if seconds() < server.until else 4 / pause)
                server.since, server.until = seconds() + 0.2, seconds() + 0.2 + pause

        calls = asyncio.gather(*(end_of(ask(server.session)) for _ in range(60)))
        finished = asyncio.ensure_future(calls)
        breaking = asyncio.ensure_future(breaks())
        ends = await finished
        breaking.cancel()
        assert seconds() > 8
        assert not [error for error, _ in ends if isinstance(error, Unavailable) and error.attempts == 0]

    run_virtually(main())


@pytest.mark.parametrize(
    ("value", "accepted_after"),
    [
        ("3", 3),
        ("Thu, 01 Jan 2026 00:00:05 GMT", 5),
        ("1767225604", 4),
        ("1767225604000", 4),
        ("1767225600", 0),
        ("1767139200", 0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("-5", 0),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_or_a_unix_time_and_a_past_one_is_no_pause(value, accepted_after):
    date = {"retry_after": value, "date": "Thu, 01 Jan 2026 00:00:00 GMT"}

    async def main():
        began = seconds()
        transport = FakeTransport(answer("", 429, **date), GOOD)
        session = Session(Shop(KEY), transport=transport)
        assert (await ask(session)).granted
        assert seconds() - began == pytest.approx(accepted_after, abs=0.3)

    run_virtually(main())


@pytest.mark.parametrize("value", ["4070908800", "1000000", "61"])
def test_a_pause_beyond_a_calls_total_ends_that_call_at_once(value):
    async def main():
        transport = FakeTransport(answer("", 429, retry_after=value), GOOD)
        session = Session(Shop(KEY), transport=transport)
        first, when = await end_of(ask(session))
        assert isinstance(first, RateLimited)
        second, when = await end_of(ask(session))
        assert type(second) is Unavailable
        assert (second.attempts, second.phase, when) == (0, Phase.NOT_SENT, 0.0)
        assert isinstance(second.__cause__, RateLimited)
        assert second.retry_after == pytest.approx(min(float(value), 3600))
        patient, when = await end_of(ask(session.with_options(timeout=Timeout(total=None))))
        assert patient.granted
        assert when == pytest.approx(min(float(value), 3600), abs=1)

    run_virtually(main())


def test_the_longest_pause_can_be_chosen():
    async def main():
        transport = FakeTransport(answer("", 429, retry_after="1000"), GOOD)
        session = Session(Shop(KEY), transport=transport, throttle=Throttle(longest_pause=7))
        first, _ = await end_of(ask(session))
        assert isinstance(first, RateLimited)
        assert (await ask(session)).granted
        assert seconds() == pytest.approx(7, abs=0.5)

    run_virtually(main())
    for value in (0, -1, float("nan"), "5"):
        with pytest.raises(ConfigError, match=r"Throttle\.longest_pause"):
            Throttle(longest_pause=value)


@each_fault
def test_probes_come_in_growing_pauses_of_at_most_5_s_and_calls_go_within_a_second_after(fault):
    async def main():
        server = Server(
            fault, since=30, until=330, timeout=Timeout(attempt=10, total=None), retry=Retry(attempts=10**6)
        )

        async def work():
            while True:
                await end_of(ask(server.session))

        workers = [asyncio.ensure_future(work()) for _ in range(60)]
        await asyncio.sleep(340)
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
        probes = [when for when in server.tried if when > 45]
        gaps = [after - before for before, after in itertools.pairwise(probes)]
        assert len(probes) <= 285
        if fault is not None:
            assert max(gaps) <= 5.1
        first = min(when for when in server.accepted if when >= 330)
        assert first <= 330 + (10 if fault is None else 5.2)
        assert sum(first <= when < first + 2 for when in server.accepted) >= 200

    run_virtually(main())


def test_a_probe_goes_while_an_older_one_hangs_and_no_third():
    async def main():
        server = Server(None, timeout=Timeout(attempt=30, total=None), retry=Retry(attempts=1))
        calls = [asyncio.ensure_future(end_of(ask(server.session))) for _ in range(40)]
        await asyncio.sleep(100)
        seen = set()
        for _ in range(400):
            await asyncio.sleep(0.5)
            seen.add(server.throttle.snapshot().in_flight)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert max(seen) == 2
        assert server.throttle.snapshot().in_flight == 0

    run_virtually(main())


def test_what_is_unavailable_is_told_once_each_way_without_a_phone_or_a_key(caplog):
    class Eye:
        def __init__(self):
            self.states = []

        def attempt_ended(self, record):
            if record.state is not None:
                self.states.append(record.state)

        def call_ended(self, record):
            pass

    async def main():
        eye = Eye()
        server = Server(FAULTS["500"], since=10, until=40, observer=eye, timeout=Timeout(total=None))
        throttle = server.throttle
        assert (throttle.snapshot().state, throttle.unavailable_since) == (ServiceState.OPEN, None)

        async def work():
            while seconds() < 60:
                await end_of(ask(server.session))

        working = asyncio.gather(*(work() for _ in range(20)))
        await asyncio.sleep(25)
        snapshot = throttle.snapshot()
        assert snapshot.state is ServiceState.UNAVAILABLE
        assert snapshot.reason == "500 internal"
        assert 14.8 <= seconds() - throttle.unavailable_since <= 15.2
        assert 14.8 <= (snapshot.until - snapshot.since).total_seconds() <= 20
        await working
        assert throttle.snapshot().state is not ServiceState.UNAVAILABLE
        assert throttle.unavailable_since is None
        assert eye.states == [ServiceState.UNAVAILABLE, ServiceState.OPEN]

    caplog.set_level(logging.DEBUG, "etelecom_async")
    run_virtually(main())
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2
    assert re.match(r"The server has accepted no request for \d\.\d s \(500 internal\)", told[0].getMessage())
    assert re.match(r"The server accepts requests again, after 3\d\.\d s\.", told[1].getMessage())
    assert not any(word in caplog.text for word in (CANARY, PHONE))


def test_a_limit_is_told_once(caplog):
    async def main():
        transport = FakeTransport(*[GOOD] * 9, FAULTS["429"], *[GOOD] * 9, FAULTS["429"], GOOD)
        session = Session(Shop(KEY), transport=transport)
        for _ in range(25):
            await ask(session)
        assert session.throttle.snapshot().state is ServiceState.LIMITED

    caplog.set_level(logging.INFO, "etelecom_async")
    run_virtually(main())
    assert len([record for record in caplog.records if "limits requests" in record.getMessage()]) == 1


class Pausing:
    """A shared rate that can be paused."""

    def __init__(self, error=None):
        self.pauses = []
        self.error = error

    async def acquire(self):
        pass

    async def pause(self, seconds):
        self.pauses.append(seconds)
        if self.error is not None:
            raise self.error


def test_other_processes_are_told_of_a_pause_that_the_server_asks_for_once():
    async def main():
        shared = Pausing()
        refusal = answer("", 429, retry_after="20")
        server = Server(refusal, until=1, throttle=Throttle(shared=shared))
        await asyncio.gather(*(end_of(ask(server.session)) for _ in range(8)))
        assert shared.pauses == pytest.approx([20])

    run_virtually(main())


def test_other_processes_are_held_back_while_the_server_accepts_nothing():
    async def main():
        shared = Pausing()
        server = Server(FAULTS["500"], throttle=Throttle(shared=shared), timeout=Timeout(total=20))
        await asyncio.gather(*(end_of(ask(server.session)) for _ in range(8)))
        assert len(shared.pauses) > 3
        assert max(shared.pauses) <= 5

    run_virtually(main())


def test_a_shared_rate_that_cannot_be_paused_or_fails_at_it_changes_no_error():
    async def main():
        refusal = answer("", 429, retry_after="61")
        server = Server(refusal, throttle=Throttle(shared=Pausing(ValueError("x"))))
        error, _ = await end_of(ask(server.session))
        assert isinstance(error, RateLimited)

        class Plain:
            async def acquire(self):
                pass

        server = Server(refusal, throttle=Throttle(shared=Plain()))
        error, _ = await end_of(ask(server.session))
        assert isinstance(error, RateLimited)

    run_virtually(main())
