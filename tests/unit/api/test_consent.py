"""What an answer means, and that nothing but a clear yes is one."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    CheckConsent,
    Consent,
    ConsentState,
    DecodeError,
    Phase,
    RateLimited,
    Retry,
    Safety,
    Session,
    Shop,
    Unavailable,
)
from tests.support import OA, PHONE, FakeTransport, answer, ask, session_over
from tests.support.strategies import offsets

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
def test_a_consent_is_made_by_its_state(state):
    """E13."""
    assert Consent.of(state).state is state
    assert Consent.of(state).granted is (state is ConsentState.GRANTED)
    assert Consent.of(state, expires=NOON, message="words") == Consent(
        error=Consent.of(state).error, expired_time=NOON, message="words"
    )


def test_a_consent_by_its_state_has_the_lowest_code_of_several():
    codes = {state: min(code for code, its in STATES.items() if its is state) for state in STATES.values()}
    assert {state: Consent.of(state).error for state in ConsentState} == {**codes, ConsentState.UNKNOWN: None}


def test_a_consent_shows_what_it_means():
    """E13: `error=3` alone says nothing to a reader."""
    assert repr(Consent.of(ConsentState.REFUSED, message="không")) == (
        "Consent(state='refused', granted=False, error=3, message='không', expired_time=None)"
    )
    expires = datetime(9000, 1, 1, 7, tzinfo=timezone(timedelta(hours=7)))
    assert repr(Consent.of(ConsentState.GRANTED, expires=expires)) == (
        "Consent(state='granted', granted=True, error=0, message='', expired_time='9000-01-01T00:00:00Z')"
    )


@pytest.mark.parametrize(
    ("consent", "values"),
    [
        (Consent.of(ConsentState.GRANTED), ("granted", True, 0, "", None)),
        (Consent(error=0, expired_time=NOON.replace(year=9000)), ("granted", True, 0, "", "9000-05-17T12:00:00Z")),
        (Consent(error=0, expired_time=NOON.replace(year=2001)), ("expired", False, 0, "", "2001-05-17T12:00:00Z")),
        (Consent(error=3, message="không"), ("refused", False, 3, "không", None)),
        (Consent(error=14), ("failed", None, 14, "", None)),
        (Consent(), ("unknown", None, None, "", None)),
    ],
)
def test_a_consent_as_a_dict_is_json_and_says_what_it_means(consent, values):
    """E13: "could not check" is None there and not a "no"."""
    found = consent.to_dict()
    assert found == dict(zip(("state", "granted", "error", "message", "expired_time"), values, strict=True))
    assert json.loads(json.dumps(found)) == found


EDGES = [
    "9999-12-31T23:59:59-07:00",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-02T00:00:00+23:59",
    "9999-12-31T23:59:59Z",
]


@pytest.mark.parametrize("text", EDGES)
async def test_an_expiry_at_the_ends_of_the_calendar_is_an_answer(text):
    """F1: such a time cannot be converted to UTC, and no reading of the answer needs that."""
    consent = await ask(session_over(answer({"error": 0, "message": "", "expired_time": text})))
    is_later = text.startswith("9999")
    assert consent.granted is is_later
    assert consent.state is (ConsentState.GRANTED if is_later else ConsentState.EXPIRED)
    assert consent.to_dict()["expired_time"] in {text, text.replace("+00:00", "Z"), "0001-01-01T00:01:00Z"}
    assert repr(consent).startswith("Consent(state=")
    assert pickle.loads(pickle.dumps(consent)) == attrs.evolve(consent)
    assert hash(consent) == hash(attrs.evolve(consent))


@given(st.datetimes(timezones=offsets), st.datetimes(timezones=offsets), st.integers(0, 3))
def test_no_two_times_are_too_far_apart_to_be_compared(expiry, moment, edge):
    """F1: comparing must not convert either."""
    expiry = expiry.replace(year=9999, month=12, day=31) if edge & 1 else expiry.replace(year=1, month=1, day=1)
    moment = moment.replace(year=9999, month=12, day=31) if edge & 2 else moment.replace(year=1, month=1, day=1)
    consent = Consent(error=0, expired_time=expiry)
    assert consent.granted_at(moment) is (consent.state_at(moment) is ConsentState.GRANTED)
    assert consent.granted_at(moment) is (expiry > moment)


async def test_what_a_constructor_refuses_no_answer_holds():
    """Each is refused where it is read, with its place, and not only by the constructor."""
    for body in (
        '{"error":true}',
        '{"error":0.0}',
        '{"message":1}',
        '{"error":0,"expired_time":"2030-01-01T00:00:00"}',
    ):
        with pytest.raises(DecodeError):
            await ask(session_over(answer(body.encode())))


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
    session = session_over(*answers, retry=Retry(attempts=4, base=0))
    reply = await session.call_raw(CHECK_CONSENT, CheckConsent(oa_id=OA, phone=PHONE))
    assert reply.value.granted
    assert reply.attempts == 4


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
