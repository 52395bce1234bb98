"""An observer is told of every attempt and every call once, and of nothing that is secret."""

import asyncio
import logging

import pytest
from attrs.exceptions import FrozenInstanceError

from etelecom_async import (
    CHECK_CONSENT,
    AttemptRecord,
    CallRecord,
    Consent,
    Disconnected,
    EtelecomError,
    Outcome,
    Partner,
    Retry,
    Session,
    Shop,
    Throttle,
    Unavailable,
)
from etelecom_async.testing import MockTransport, run_virtually
from etelecom_async.transport import Response
from tests.support import CANARY, KEY, OA, PHONE, SHOP_KEY, ask, mock_of

OK = b'{"error":0,"message":"Success","expired_time":null}'
WORDS = "there is no 84987654321"
REFUSED = b'{"code":"unavailable","msg":"%s"}' % WORDS.encode()
SENT = len(b'{"oa_id":"1000000000000000003","phone":"84987654321"}')


class Recorder:
    def __init__(self):
        self.attempts, self.calls = [], []

    def attempt_ended(self, record, /):
        self.attempts.append(record)

    def call_ended(self, record, /):
        self.calls.append(record)


class Raising(Recorder):
    def attempt_ended(self, record, /):
        super().attempt_ended(record)
        raise ValueError("the queue is full")

    call_ended = attempt_ended


def session_with(observer, *ends, account=None, throttle=None, middlewares=(), seconds=0.5):
    """One whose attempts end so, and take half a second each."""

    async def take_time(request, call_next):
        await asyncio.sleep(seconds)
        return await call_next(request)

    return Session(
        account or Shop(KEY),
        transport=mock_of(*ends),
        retry=Retry(base=1.0, random=lambda: 1.0),
        throttle=throttle or Throttle(adaptive=False),
        middlewares=[*middlewares, take_time],
        observer=observer,
    )


def test_each_attempt_and_the_call_have_a_record_of_their_own():
    seen = Recorder()
    session = session_with(seen, Response(503, {}, REFUSED), Disconnected("gone"), Response(200, {}, OK))
    run_virtually(ask(session))
    usual = {"endpoint": "Zalo/CheckConsent", "waited": 0.0, "request_bytes": SENT}
    failed = {**usual, "elapsed": 0.5, "outcome": Outcome.FAILED}
    assert seen.attempts == [
        AttemptRecord(**failed, attempt=1, error="Unavailable", response_bytes=len(REFUSED)),
        AttemptRecord(**failed, attempt=2, error="Disconnected", response_bytes=None),
        AttemptRecord(**usual, elapsed=0.5, outcome=Outcome.ANSWERED, attempt=3, error=None, response_bytes=len(OK)),
    ]
    # Pauses of one and two seconds between the three.
    assert seen.calls == [
        CallRecord(**usual, elapsed=4.5, outcome=Outcome.ANSWERED, attempts=3, error=None, response_bytes=len(OK))
    ]


def test_a_call_that_fails_is_told_with_the_class_of_its_error():
    seen = Recorder()
    with pytest.raises(Unavailable):
        run_virtually(ask(session_with(seen, Response(503, {}, REFUSED))))
    (call,) = seen.calls
    assert (call.outcome, call.error, call.attempts) == (Outcome.FAILED, "Unavailable", 4)
    assert (call.request_bytes, call.response_bytes) == (SENT, len(REFUSED))
    assert [attempt.attempt for attempt in seen.attempts] == [1, 2, 3, 4]


def test_an_answer_that_cannot_be_read_fails_the_call_and_not_the_attempt():
    seen = Recorder()
    session = session_with(seen, Response(200, {}, b'{"error":"0x"}'))
    with pytest.raises(EtelecomError):
        run_virtually(ask(session))
    assert [attempt.outcome for attempt in seen.attempts] == [Outcome.ANSWERED]
    assert [(call.outcome, call.error) for call in seen.calls] == [(Outcome.FAILED, "DecodeError")]


def test_the_wait_for_a_slot_is_told_of_the_attempt_and_of_the_call():
    seen = Recorder()
    session = session_with(seen, Response(200, {}, OK), throttle=Throttle(concurrency=1, adaptive=False))

    async def two():
        await asyncio.gather(ask(session), ask(session))

    # The middleware stands above the throttle, so the slot itself is held by the transport.
    session._transport.send = _slow(session._transport.send)
    run_virtually(two())
    assert [record.waited for record in seen.attempts] == [record.waited for record in seen.calls] == [0.0, 2.0]
    assert [record.elapsed for record in seen.calls] == [2.5, 4.5]


def _slow(send):
    async def slow(request):
        await asyncio.sleep(2)
        return await send(request)

    return slow


def test_a_cancelled_call_is_told_as_cancelled():
    seen = Recorder()

    async def give_up():
        async with asyncio.timeout(0.2):
            await ask(session_with(seen, Response(200, {}, OK)))

    with pytest.raises(TimeoutError):
        run_virtually(give_up())
    for record in (*seen.attempts, *seen.calls):
        assert (record.outcome, record.error, record.elapsed) == (Outcome.CANCELLED, "CancelledError", 0.2)
    assert len(seen.attempts) == len(seen.calls) == 1


def test_a_bug_in_a_middleware_is_told_as_a_failure():
    async def broken(_request, _call_next):
        raise ZeroDivisionError

    seen = Recorder()
    with pytest.raises(ZeroDivisionError):
        run_virtually(ask(session_with(seen, Response(200, {}, OK), middlewares=[broken])))
    records = [*seen.attempts, *seen.calls]
    assert [(record.outcome, record.error, record.response_bytes) for record in records] == [
        (Outcome.FAILED, "ZeroDivisionError", None)
    ] * 2


async def test_a_call_that_makes_no_attempt_is_told_with_none():
    seen = Recorder()
    session = session_with(seen, account=Partner(shop_key=SHOP_KEY))
    with pytest.raises(EtelecomError):
        await session.invoke("Shop/GetShops")  # wants the key that is missing
    assert seen.attempts == []
    assert [(call.attempts, call.request_bytes, call.error) for call in seen.calls] == [(0, None, "ConfigError")]


def test_records_hold_no_key_no_phone_and_no_words_of_the_server():
    seen = Recorder()
    with pytest.raises(Unavailable):
        run_virtually(ask(session_with(seen, Response(503, {"x-words": WORDS}, REFUSED))))
    shown = repr((seen.attempts, seen.calls))
    for secret in (CANARY, PHONE, "84987654321", str(OA), WORDS, "https", "unavailable"):
        assert secret not in shown


def test_a_record_cannot_be_changed():
    seen = Recorder()
    run_virtually(ask(session_with(seen, Response(200, {}, OK))))
    for record in (*seen.attempts, *seen.calls):
        with pytest.raises(FrozenInstanceError):
            record.elapsed = 0.0


def test_an_observer_that_raises_breaks_no_call_and_is_logged_once(caplog):
    raising = Raising()
    session = session_with(raising, Response(503, {}, REFUSED), Response(200, {}, OK))
    derived = session.with_options(timeout=30, observer=raising)

    async def both():
        return [await ask(session), await ask(derived)]

    consents = run_virtually(both())
    assert consents == [Consent(error=0, message="Success")] * 2
    assert len(raising.attempts) == 5  # three attempts, two calls
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.levelname == "ERROR"
    said = record.getMessage()
    assert "ValueError: the queue is full" in said
    assert "test_observer.py" in said
    assert WORDS not in caplog.text  # the error of the call under way


def test_with_options_observes_with_another_and_keeps_the_same_unless_told():
    first, second = Recorder(), Recorder()
    session = session_with(first, Response(200, {}, OK))

    async def calls():
        await ask(session.with_options(timeout=5))
        await ask(session.with_options(observer=second))

    run_virtually(calls())
    assert (len(first.calls), len(second.calls)) == (1, 1)


def test_a_session_for_another_shop_is_observed_too():
    seen = Recorder()
    session = session_with(seen, Response(200, {}, OK), account=Partner(api_key=KEY))
    run_virtually(ask(session.for_shop(SHOP_KEY)))
    assert (len(seen.attempts), len(seen.calls)) == (1, 1)


async def test_a_session_of_the_environment_is_observed(monkeypatch):
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    for name in ("ETELECOM_ACCOUNT", "ETELECOM_SHOP_KEY", "ETELECOM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    mock, seen = MockTransport(), Recorder()
    mock.on(CHECK_CONSENT).reply(Consent(error=0))
    await ask(Session.from_env(transport=mock, observer=seen))
    assert (len(seen.attempts), len(seen.calls)) == (1, 1)
