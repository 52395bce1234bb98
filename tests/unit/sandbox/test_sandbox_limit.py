"""The sandbox's hidden rate limit: what it lets through, where it stands, and the forms in which it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import RateLimited, Retry, Session, Shop, Throttle, Unavailable
from etelecom_async.sandbox import (
    SANDBOX_API_KEY,
    SANDBOX_OA,
    Customer,
    FixedWindow,
    Refusal,
    SandboxRequest,
    SandboxTransport,
    TokenBucket,
    World,
    serve,
)

PHONE = "84987654321"
PATH = "/v1/shop.Zalo/CheckConsent"
START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ONE_AND_NO_MORE = {"rate": 0.001, "burst": 1}


class Clock:
    """A present that moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def at(self, seconds: float) -> None:
        self.now = START + timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def world_with(limit, clock) -> World:
    return World(customers={PHONE: Customer(phone=PHONE)}, limit=limit, clock=clock)


def send(world, *, body=None, method="POST", path=PATH, key=SANDBOX_API_KEY):
    raw = json.dumps({"oa_id": str(SANDBOX_OA), "phone": PHONE} if body is None else body).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    return world.handle(SandboxRequest(method=method, path=path, headers=headers, body=raw))


def let_through(world, times, clock) -> list[bool]:
    """For each moment, in seconds from the start, whether a request then passes."""
    passed = []
    for moment in times:
        clock.at(moment)
        passed.append(send(world).status == 200)
    return passed


def test_a_bucket_lets_its_burst_through_and_then_one_request_per_token(clock):
    world = world_with(TokenBucket(rate=10, burst=3), clock)
    assert let_through(world, [0, 0, 0, 0], clock) == [True, True, True, False]
    assert let_through(world, [0.05, 0.1, 0.1, 0.19, 0.2], clock) == [False, True, False, False, True]
    # A pause fills it to its burst and no further.
    assert let_through(world, [60, 60, 60, 60], clock) == [True, True, True, False]


def test_a_bucket_holds_a_tenth_of_a_second_and_at_least_one_request_unless_told(clock):
    assert let_through(world_with(TokenBucket(rate=25), clock), [0, 0, 0], clock) == [True, True, False]
    assert let_through(world_with(TokenBucket(rate=2), clock), [0, 0], clock) == [True, False]


def test_a_window_counts_anew_at_each_whole_multiple_of_its_length(clock):
    world = world_with(FixedWindow(count=2, seconds=60), clock)
    assert let_through(world, [30, 59, 59.9, 60, 60, 119.9, 120], clock) == [True, True, False, True, True, False, True]


@given(rate=st.floats(0.5, 500), burst=st.floats(1, 50), steps=st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_a_bucket_never_passes_more_than_its_burst_and_what_has_filled_since(rate, burst, steps):
    meter, now, passed = TokenBucket(rate=rate, burst=burst).meter(), 0.0, 0
    for step in steps:
        now += step
        wait = meter.wait(now)
        passed += wait == 0
        assert passed <= burst + rate * now + 1e-3
        # What it says about waiting is true: then there is one.
        if wait:
            now += wait
            assert meter.wait(now) == 0
            passed += 1


def test_a_clock_that_is_set_back_neither_fills_nor_empties_a_bucket():
    meter = TokenBucket(rate=1, burst=1).meter()
    assert meter.wait(100) == 0
    assert meter.wait(50) == pytest.approx(1)
    assert meter.wait(51) == 0


FORMS = {
    Refusal.EXHAUSTED: (403, "application/json"),
    Refusal.TOO_MANY: (429, "text/plain; charset=utf-8"),
    Refusal.RETRY_AFTER: (429, "text/plain; charset=utf-8"),
    Refusal.RETRY_DATE: (429, "text/plain; charset=utf-8"),
    Refusal.PAGE: (429, "text/html"),
    Refusal.UNAVAILABLE: (503, "application/json"),
    Refusal.CONSENT: (200, "application/json"),
}


@pytest.mark.parametrize("refusal", Refusal)
def test_each_form_has_its_status_and_its_type(refusal, clock):
    world = world_with(TokenBucket(rate=1, burst=1, refusal=refusal), clock)
    assert json.loads(send(world).body)["error"] == 0
    answer = send(world)
    assert (answer.status, answer.headers["content-type"]) == FORMS[refusal]


def test_the_apis_forms_have_its_codes_and_zalos_has_code_5(clock):
    def refused(refusal):
        world = world_with(TokenBucket(**ONE_AND_NO_MORE, refusal=refusal), clock)
        send(world)
        return json.loads(send(world).body)

    assert refused(Refusal.EXHAUSTED)["code"] == "resource_exhausted"
    assert refused(Refusal.UNAVAILABLE)["code"] == "unavailable"
    assert refused(Refusal.CONSENT)["error"] == 5


@pytest.mark.parametrize(
    ("limit", "asked"),
    [
        (TokenBucket(rate=200, burst=1, refusal=Refusal.RETRY_AFTER), "1"),
        (TokenBucket(rate=0.4, burst=1, refusal=Refusal.RETRY_AFTER), "3"),
        (FixedWindow(count=1, seconds=3600, refusal=Refusal.RETRY_AFTER), "1800"),
    ],
)
def test_retry_after_is_the_wait_in_whole_seconds_rounded_up(limit, asked, clock):
    world = world_with(limit, clock)
    send(world)
    assert send(world).headers["retry-after"] == asked


@pytest.mark.parametrize(
    ("moment", "until"), [(0, "Sun, 01 Mar 2026 09:30:03 GMT"), (0.7, "Sun, 01 Mar 2026 09:30:04 GMT")]
)
def test_a_retry_date_is_never_too_early_though_dates_have_whole_seconds(moment, until, clock):
    world = world_with(TokenBucket(rate=0.4, burst=1, refusal=Refusal.RETRY_DATE), clock)
    clock.at(moment)
    send(world)
    answer = send(world)
    assert answer.headers["date"] == "Sun, 01 Mar 2026 09:30:00 GMT"
    assert answer.headers["retry-after"] == until


@pytest.mark.parametrize(
    ("refusal", "spoiled", "counted"),
    [
        # The proxy counts whatever comes; the API what has a right key; Zalo what can be answered.
        (Refusal.TOO_MANY, {"method": "GET"}, True),
        (Refusal.PAGE, {"path": "/v1/shop.No/Such"}, True),
        (Refusal.RETRY_AFTER, {"key": "1:wrong"}, True),
        (Refusal.EXHAUSTED, {"key": "1:wrong"}, False),
        (Refusal.EXHAUSTED, {"body": []}, False),
        (Refusal.EXHAUSTED, {"body": {"oa_id": "7", "phone": PHONE}}, True),
        (Refusal.UNAVAILABLE, {"method": "GET"}, False),
        (Refusal.UNAVAILABLE, {"body": {"oa_id": str(SANDBOX_OA)}}, True),
        (Refusal.CONSENT, {"body": {"oa_id": "7", "phone": PHONE}}, False),
        (Refusal.CONSENT, {"body": {"oa_id": str(SANDBOX_OA)}}, False),
        (Refusal.CONSENT, {"body": {"oa_id": str(SANDBOX_OA), "phone": "0912345678"}}, True),
    ],
)
def test_what_counts_depends_on_the_form_of_refusal(refusal, spoiled, counted, clock):
    world = world_with(TokenBucket(**ONE_AND_NO_MORE, refusal=refusal), clock)
    assert not world.log
    send(world, **spoiled)
    assert not world.log[-1].refused
    send(world)
    assert world.log[-1].refused is counted


def test_the_log_says_which_answers_were_refusals_and_what_they_were_about(clock):
    world = world_with(TokenBucket(**ONE_AND_NO_MORE, refusal=Refusal.CONSENT), clock)
    world.customers[PHONE] = Customer(phone=PHONE, error=5)
    send(world)
    send(world)
    # The customer who always answers 5 is no refusal of the limit's.
    assert [(entry.status, entry.refused, entry.phone) for entry in world.log] == [
        (200, False, PHONE),
        (200, True, PHONE),
    ]


def test_a_limit_can_be_changed_and_taken_away_while_it_is_in_force(clock):
    world = World(clock=clock)
    assert world.limit is None
    assert let_through(world, [0, 0, 0], clock) == [True, True, True]
    world.limit = TokenBucket(rate=1, burst=1)
    assert let_through(world, [0, 0], clock) == [True, False]
    world.limit = TokenBucket(rate=1, burst=2, refusal=Refusal.PAGE)
    assert let_through(world, [0, 0, 0], clock) == [True, True, False]
    world.limit = None
    assert let_through(world, [0, 0, 0], clock) == [True, True, True]


@pytest.mark.parametrize("refusal", Refusal)
async def test_a_session_reads_each_form_as_try_later_over_a_real_socket(refusal):
    world = World(limit=TokenBucket(**ONE_AND_NO_MORE, refusal=refusal))
    phone = next(iter(world.customers))
    async with (
        serve(world) as served,
        Session(Shop(world.api_key, base_url=served.base_url), retry=Retry(attempts=1)) as session,
    ):
        assert (await session.zalo.check_consent(oa_id=world.oa_id, phone=phone)).granted
        with pytest.raises(Unavailable if refusal is Refusal.UNAVAILABLE else RateLimited) as caught:
            await session.zalo.check_consent(oa_id=world.oa_id, phone=phone)
    if refusal in {Refusal.RETRY_AFTER, Refusal.RETRY_DATE}:
        assert 990 <= caught.value.retry_after <= 1001
    else:
        assert caught.value.retry_after is None
    assert [entry.refused for entry in world.log] == [False, True]


async def test_a_retrying_session_gets_through_once_the_limit_is_lifted(clock):
    world = world_with(TokenBucket(**ONE_AND_NO_MORE), clock)
    options = {"transport": SandboxTransport(world), "retry": Retry(base=0), "throttle": Throttle(adaptive=False)}
    async with Session(Shop(SANDBOX_API_KEY), **options) as session:
        await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)
        with pytest.raises(RateLimited):
            await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)
        assert [entry.refused for entry in world.log] == [False, True, True, True, True]
        world.limit = None
        assert (await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=PHONE)).granted
