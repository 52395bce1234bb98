"""One log record per call, with the method, the outcome, the attempts and the time, and nothing else."""

import asyncio
import logging

import pytest

from etelecom_async import (
    ApiError,
    DecodeError,
    Disconnected,
    EtelecomError,
    NotFound,
    Retry,
    Session,
    Shop,
    Throttle,
    Unavailable,
)
from etelecom_async.api.consent import Consent
from etelecom_async.testing import MockTransport, run_virtually
from etelecom_async.transport import Response
from tests.support import mock_of

PHONE = "84900000017"
WORDS = f"there is nobody at {PHONE}"


@pytest.fixture
def records(caplog):
    caplog.set_level(logging.DEBUG, "etelecom_async")
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records]


def check(*, ends):
    """A call whose attempts end so; each takes half a second."""

    async def take_time(request, call_next):
        await asyncio.sleep(0.5)
        return await call_next(request)

    session = Session(
        Shop("1:telemetry"),
        transport=mock_of(*ends),
        retry=Retry(base=1.0, random=lambda: 1.0),
        throttle=Throttle(adaptive=False),
        middlewares=[take_time],
    )
    return run_virtually(session.zalo.check_consent(oa_id=1, phone=PHONE))


def test_a_result_is_told_at_debug_with_all_its_attempts_and_the_pauses(records, caplog):
    check(ends=[Unavailable(status=503), Disconnected("gone"), Consent(error=0, message=WORDS)])
    # Pauses of one and two seconds between three attempts of half a second.
    assert records() == [
        ("INFO", "Zalo/CheckConsent -> 503 unavailable (attempt 1), again in 1.000 s"),
        ("INFO", "Zalo/CheckConsent -> Disconnected (attempt 2), again in 2.000 s"),
        ("DEBUG", "Zalo/CheckConsent -> 200 (attempts 3, 4.500 s)"),
    ]
    names = ("endpoint", "outcome", "error", "status", "attempts", "waited", "elapsed")
    assert [[getattr(record, f"etelecom_{name}") for name in names] for record in caplog.records] == [
        ["Zalo/CheckConsent", "failed", "Unavailable", 503, 1, 0.0, 0.5],
        ["Zalo/CheckConsent", "failed", "Disconnected", None, 2, 0.0, 2.0],
        ["Zalo/CheckConsent", "answered", None, 200, 3, 0.0, 4.5],
    ]
    assert [getattr(record, "etelecom_pause", None) for record in caplog.records] == [1.0, 2.0, None]
    assert PHONE[2:] not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (NotFound(WORDS, status=404, code="not_found"), "404 not_found"),
        (Response(404, {}, b'{"code":"not_found","msg":"%s"}' % WORDS.encode()), "404 not_found"),
        (Response(200, {}, b'{"error":"%s"}' % WORDS.encode()), "DecodeError"),
        (Response(200, {}, WORDS.encode()), "DecodeError"),
    ],
)
def test_an_error_is_told_at_info_without_the_words_of_the_server(end, outcome, records):
    with pytest.raises((ApiError, DecodeError)):
        check(ends=[end])
    assert records() == [("INFO", f"Zalo/CheckConsent -> {outcome} (attempts 1, 0.500 s)")]


def test_without_a_listener_for_debug_a_result_makes_no_record(records, caplog):
    caplog.set_level(logging.INFO, "etelecom_async")
    check(ends=[Consent(error=0)])
    assert records() == []


async def test_a_call_that_never_left_is_told_too(records):
    async with Session(Shop("1:telemetry"), transport=MockTransport()) as session:
        pass
    with pytest.raises(EtelecomError):
        await session.zalo.check_consent(oa_id=1, phone=PHONE)
    ((level, said),) = records()
    assert level == "INFO"
    assert said.startswith("Zalo/CheckConsent -> SessionClosed (attempts 1, ")
