"""What an answer means, and that nothing but a clear yes is one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import offsets
from support import OA, PHONE, FakeTransport, answer, ask, no_sleep, session_over

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    Consent,
    ConsentState,
    InvalidId,
    InvalidPhone,
    Phase,
    RateLimited,
    Retry,
    Safety,
    Session,
    Shop,
    Unavailable,
)

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

STATES = {
    0: ConsentState.GRANTED,
    1: ConsentState.ALREADY_ALLOWED,
    2: ConsentState.PENDING,
    3: ConsentState.REFUSED,
    4: ConsentState.BLOCKED,
    5: ConsentState.TRY_LATER,
    6: ConsentState.NO_PERMISSION,
    7: ConsentState.REASON_NEEDED,
    8: ConsentState.PENDING,
    9: ConsentState.NEVER_MET,
    10: ConsentState.TRY_LATER,
    11: ConsentState.BAD_REQUEST,
    12: ConsentState.TRY_LATER,
    13: ConsentState.BAD_REQUEST,
    14: ConsentState.FAILED,
    16: ConsentState.EXPIRED,
    18: ConsentState.OUTSIDE_HOURS,
    19: ConsentState.OUTSIDE_PERMITTED_TIME,
    20: ConsentState.NEVER_ASKED,
    21: ConsentState.CALLS_OFF,
}
INCONCLUSIVE = {ConsentState.TRY_LATER, ConsentState.BAD_REQUEST, ConsentState.FAILED, ConsentState.UNKNOWN}

moments = st.datetimes(timezones=offsets)


@pytest.mark.parametrize(("code", "state"), STATES.items())
def test_each_code_of_the_table_has_its_state(code, state):
    assert Consent(error=code).state is state
    assert Consent(error=code).state_at(NOON) is state


def test_every_state_but_unknown_is_reached_by_some_code():
    assert set(ConsentState) - set(STATES.values()) == {ConsentState.UNKNOWN}


@given(st.integers(min_value=0).filter(lambda code: code not in STATES))
def test_a_code_outside_the_table_is_unknown(code):
    assert Consent(error=code).state is ConsentState.UNKNOWN


@given(st.integers(max_value=-1))
def test_a_negative_code_is_a_failure_of_the_platform(code):
    assert Consent(error=code).state is ConsentState.FAILED


def test_a_missing_error_is_unknown_and_never_zero():
    assert Consent().error is None
    assert Consent().state is ConsentState.UNKNOWN
    assert not Consent().granted


@given(st.none() | st.integers() | st.sampled_from(list(STATES)), st.none() | moments, moments)
def test_granted_is_code_zero_with_no_expiry_or_a_later_one_and_nothing_else(code, expiry, moment):
    consent = Consent(error=code, expired_time=expiry)
    assert consent.granted_at(moment) is (code == 0 and (expiry is None or expiry > moment))
    assert consent.granted_at(moment) is (consent.state_at(moment) is ConsentState.GRANTED)


@pytest.mark.parametrize(
    ("expiry", "state"),
    [
        (None, ConsentState.GRANTED),
        (NOON + SECOND, ConsentState.GRANTED),
        (NOON, ConsentState.EXPIRED),
        (NOON - SECOND, ConsentState.EXPIRED),
        (datetime(2030, 5, 17, 19, 0, 1, tzinfo=timezone(timedelta(hours=7))), ConsentState.GRANTED),
        (datetime(2030, 5, 17, 18, 59, 59, tzinfo=timezone(timedelta(hours=7))), ConsentState.EXPIRED),
    ],
)
def test_a_permission_ends_at_its_expiry_in_any_time_zone(expiry, state):
    assert Consent(error=0, expired_time=expiry).state_at(NOON) is state


@pytest.mark.parametrize(("year", "granted"), [(2001, False), (9000, True)])
def test_granted_and_state_read_the_present_clock(year, granted):
    consent = Consent(error=0, expired_time=datetime(year, 1, 1, tzinfo=UTC))
    assert consent.granted is granted
    assert consent.state is (ConsentState.GRANTED if granted else ConsentState.EXPIRED)


@pytest.mark.parametrize("state", ConsentState)
def test_a_state_is_conclusive_unless_the_check_itself_failed(state):
    assert state.conclusive is (state not in INCONCLUSIVE)


@pytest.mark.parametrize("field", ["error", "error_code"])
@pytest.mark.parametrize(
    ("code", "kind", "phase"),
    [(5, RateLimited, Phase.REJECTED), (10, Unavailable, Phase.UNKNOWN), (12, Unavailable, Phase.UNKNOWN)],
)
async def test_try_later_inside_a_200_is_an_error(field, code, kind, phase):
    with pytest.raises(kind, match="thử lại sau") as caught:
        await ask(session_over(answer({field: code, "message": "thử lại sau"}, retry_after="7")))
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.retry_after) == (200, f"error {code}", 7.0)
    assert (error.phase, error.transient, error.attempts) == (phase, True, 1)


@pytest.mark.parametrize("message", [None, 7, {"a": 1}, ["x"]], ids=repr)
async def test_try_later_needs_no_message(message):
    with pytest.raises(RateLimited):
        await ask(session_over(answer({"error": 5, "message": message})))


@pytest.mark.parametrize("code", sorted(set(STATES) - {5, 10, 12}))
async def test_every_other_code_is_an_answer(code):
    consent = await ask(session_over(answer({"error": code, "message": "words", "expired_time": None})))
    assert consent == Consent(error=code, message="words")


async def test_try_later_is_tried_again_and_the_real_answer_comes_back():
    answers = [answer({"error": code}) for code in (5, 10, 12, 0)]
    session = session_over(*answers, retry=Retry(attempts=4), sleep=no_sleep)
    reply = await session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE))
    assert reply.value.granted
    assert reply.attempts == 4


@pytest.mark.parametrize("oa_id", [1, "1", "0001", 2**63 - 1, str(2**63 - 1)])
def test_an_oa_id_is_an_int_or_its_digits(oa_id):
    assert CheckConsent(oa_id=oa_id, phone=PHONE).oa_id == int(oa_id)


@pytest.mark.parametrize(
    "oa_id",
    [
        0,
        -1,
        2**63,
        10**30,
        "0",
        "-1",
        str(2**63),
        "9" * 10_000,
        "",
        " 1",
        "1 ",
        "+1",
        "1_0",
        "1.0",
        "0x1",
        "abc",
        "١",
        "²",
        1.0,
        float("nan"),
        1000000000000000003.0,
        True,
        False,
        None,
        b"1",
        [1],
    ],
    ids=lambda oa_id: repr(oa_id)[:25],
)
async def test_what_cannot_be_an_id_is_refused_before_anything_is_sent(oa_id):
    transport = FakeTransport(answer({"error": 0}))
    session = Session(Shop("made-up-key"), transport=transport)
    with pytest.raises(InvalidId) as caught:
        await session.zalo.check_consent(oa_id=oa_id, phone=PHONE)
    assert transport.requests == []
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("phone", ["", "113", "09876543", None, 987654321], ids=repr)
async def test_what_cannot_be_a_phone_is_refused_before_anything_is_sent(phone):
    transport = FakeTransport(answer({"error": 0}))
    session = Session(Shop("made-up-key"), transport=transport)
    with pytest.raises(InvalidPhone):
        await session.zalo.check_consent(oa_id=OA, phone=phone)
    assert transport.requests == []


async def test_the_namespace_asks_what_the_endpoint_asks():
    transport = FakeTransport(answer({"error": 0}))
    session = Session(Shop("made-up-key"), transport=transport)
    one = await session.zalo.check_consent(oa_id=str(OA), phone="+84 (0)987.654.321")
    other = await session.call(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE))
    assert one == other
    assert {request.body for request in transport.requests} == {
        b'{"oa_id":"1000000000000000003","phone":"84987654321"}'
    }
    assert {str(request.url) for request in transport.requests} == {"https://api.etelecom.vn/v1/shop.Zalo/CheckConsent"}


def test_a_check_may_be_repeated():
    assert CHECK_CONSENT.safety is Safety.READ
