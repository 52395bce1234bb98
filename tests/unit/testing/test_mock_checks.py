"""What a mock takes and what it tells: steps that cannot be played, calls that no route answered, autospecs."""

import asyncio
import contextlib
from unittest.mock import create_autospec

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    ConfigError,
    Consent,
    DeadlineExceeded,
    DecodeError,
    Disconnected,
    InvalidPhone,
    QueueTimeout,
    RateLimited,
    Retry,
    Session,
    Shop,
    Unavailable,
)
from etelecom_async.testing import MockTransport

OK = Consent(error=0)
PHONE = "84987654321"


def route(endpoint=CHECK_CONSENT):
    return MockTransport().on(endpoint)


async def check(mock, phone=PHONE):
    session = Session(Shop("1:test"), transport=mock, retry=Retry(attempts=1))
    return await session.zalo.check_consent(oa_id=7, phone=phone)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), r"got TimeoutError: write fail\(AttemptTimeout\(\)\)"),
        (ConnectionResetError(), r"got ConnectionResetError: write fail\(Disconnected\(\)\)"),
        (ValueError("x"), r"write fail\(RateLimited\(retry_after=1\) or AttemptTimeout\(\)\)"),
        (asyncio.CancelledError(), "got CancelledError"),
        (Unavailable, r"not its class: write fail\(Unavailable\(\)\)"),
        (TimeoutError, "an error and not its class"),
        (int, "an error and not its class"),
        ("503", "got str"),
        (503, "got int"),
        (None, "got NoneType"),
        (OK, "got Consent"),
        (InvalidPhone("x"), "before anything is sent"),
        (ConfigError("x"), "before anything is sent"),
        (DeadlineExceeded("x"), r"set Timeout\(\.\.\.\)"),
        (QueueTimeout("x"), r"set Timeout\(\.\.\.\)"),
        (DecodeError("x"), r"use respond\(\)"),
        (RateLimited(status=200), r"reply\(Consent\(error=5\)\)"),
    ],
    ids=repr,
)
def test_a_failure_that_cannot_be_played_is_refused_with_what_to_write(error, words):
    """E16: it was "not JSON serializable" when the call came."""
    with pytest.raises(ConfigError, match=words):
        route().fail(error)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no consent", "gives a Consent; got str"),
        ({"error": 0}, "gives a Consent; got dict"),
        (None, "gives a Consent; got NoneType"),
        (Consent, "gives a Consent; got Consent"),
        (CheckConsent(oa_id=7, phone=PHONE), "gives a Consent; got CheckConsent"),
        (Unavailable(), r"Unavailable is an error: write fail\(Unavailable\(\)\)"),
        (Unavailable, r"write fail\(Unavailable\(\)\)"),
        (TimeoutError(), "TimeoutError is an error"),
    ],
    ids=repr,
)
def test_a_reply_that_the_method_does_not_give_is_refused(value, words):
    with pytest.raises(ConfigError, match=words):
        route().reply(value)


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, {"a": object()}, b"{}", 1j, [range(3)]], ids=lambda value: type(value).__name__
)
def test_a_reply_of_an_untyped_method_is_json(value):
    with pytest.raises(ConfigError, match="gives JSON"):
        route("Etelecom/GetHotlines").reply(value)


@pytest.mark.parametrize("value", [{}, {"hotlines": [1, None, "x", 2.5]}, [], None, "text", 7, True], ids=repr)
def test_a_reply_of_an_untyped_method_can_be_any_json(value):
    assert route("Etelecom/GetHotlines").reply(value)


@pytest.mark.parametrize("value", ["no consent", {"error": 0}, None])
async def test_a_function_that_makes_something_else_fails_the_test_and_is_not_retried(value):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(lambda _payload: value)
    with pytest.raises(AssertionError, match="gives a Consent"):
        await check(mock)


async def test_calls_that_no_route_answered_are_kept_though_the_code_swallows_the_miss():
    mock = MockTransport()
    mock.on(CHECK_CONSENT, where=lambda payload: payload.phone == PHONE).reply(OK)
    mock.assert_all_routed()
    for phone in ("0900000001", PHONE, "0900000002"):
        with contextlib.suppress(Exception):
            await check(mock, phone)
    assert [call.payload.phone for call in mock.unmatched] == ["84900000001", "84900000002"]
    assert len(mock.calls) == 3
    with pytest.raises(AssertionError) as caught:
        mock.assert_all_routed()
    text = str(caught.value)
    assert "phone='84900000001'" in text
    assert "phone='84900000002'" in text
    assert PHONE not in text
    assert "Zalo/CheckConsent where ... (1 steps, called 1 times)" in text


async def test_a_route_that_fails_as_it_was_told_has_answered():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).fail(Disconnected("x")).fail(Unavailable()).respond(lambda _: 1 / 0)
    for _ in range(3):
        with contextlib.suppress(Exception):
            await check(mock)
    mock.assert_all_routed()
    assert mock.unmatched == []


async def test_a_route_without_a_step_and_a_payload_that_does_not_fit_are_no_answers():
    mock = MockTransport()
    silent = mock.on(CHECK_CONSENT)
    with pytest.raises(AssertionError, match=r"add \.reply"):
        await check(mock)
    silent.reply(OK)
    session = Session(Shop("1:test"), transport=mock)
    with pytest.raises(AssertionError, match=r"does not fit(.|\n)*\$\.oa_id"):
        await session.invoke("Zalo/CheckConsent", {"phone": 7})
    assert len(mock.unmatched) == 2


async def greet(session):
    consent = await session.zalo.check_consent(oa_id=7, phone=PHONE)
    return "calling" if consent.granted else "not calling"


async def test_an_autospec_of_a_session_knows_its_namespaces_and_their_signatures():
    session = create_autospec(Session, instance=True, spec_set=True)
    session.zalo.check_consent.return_value = OK
    assert await greet(session) == "calling"
    session.zalo.check_consent.assert_awaited_once_with(oa_id=7, phone=PHONE)
    assert isinstance(session, Session)
    with pytest.raises(TypeError):
        session.zalo.check_consent(7, PHONE)
    with pytest.raises(AttributeError):
        session.zalo.check_consentt  # noqa: B018
    with pytest.raises(AttributeError):
        session.zaloo  # noqa: B018
    made = create_autospec(Session)
    made.return_value.zalo.check_consent.return_value = Consent(error=3)
    assert await greet(made(Shop("1:test"))) == "not calling"
    async with made(Shop("1:test")):
        pass


async def test_an_autospec_of_a_sessions_instance_works_too():
    session = create_autospec(Session(Shop("1:test"), transport=MockTransport()))
    session.zalo.check_consent.return_value = OK
    assert await greet(session) == "calling"


async def test_what_has_the_one_method_that_a_program_uses_stands_in_for_a_session():
    class Zalo:
        async def check_consent(self, *, oa_id, phone):
            return Consent(error=3)

    class Fake:
        zalo = Zalo()

    assert await greet(Fake()) == "not calling"
