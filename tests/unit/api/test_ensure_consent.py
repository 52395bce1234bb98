"""`ensure_consent` checks, looks, and pays for at most one request."""

import asyncio
from datetime import timedelta

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    LIST_REQUEST_CONSENT,
    REQUEST_CONSENT,
    AttemptTimeout,
    CallType,
    ClaimsError,
    Consent,
    ConsentRequest,
    ConsentRequests,
    ConsentState,
    ConsentStep,
    DecodeError,
    PageInfo,
    Phase,
    RateLimited,
    ReplyStatus,
    RequestStatus,
    SendFailed,
    ServerFault,
    Session,
    Shop,
    Unavailable,
)
from etelecom_async.claims.base import MemoryClaims
from etelecom_async.sandbox import SANDBOX_API_KEY, Customer, SandboxTransport, World
from tests.support import OA, PHONE, answer, virtually
from tests.support.ensure import NEVER, NOON, PENDING, WIRE, Scene, ensure, opened


@virtually
async def test_a_permission_costs_one_check_and_nothing_else():
    scene = Scene(Consent.of(ConsentState.GRANTED, expires=NOON.replace(year=9000)))
    outcome = await scene.ensure()
    assert (outcome.did, outcome.granted, outcome.is_charged) == (ConsentStep.CHECKED, True, False)
    assert outcome.ask_again_at == NOON.replace(year=9000)
    assert len(scene.mock.calls) == 1


@pytest.mark.parametrize("state", [ConsentState.NEVER_ASKED, ConsentState.EXPIRED])
@virtually
async def test_a_customer_who_has_to_be_asked_is_asked_once(state):
    scene = Scene(Consent.of(state))
    outcome = await scene.ensure()
    assert (outcome.did, outcome.granted, outcome.is_charged) == (ConsentStep.REQUESTED, False, True)
    assert (outcome.request.id, outcome.ask_again_at) == (7, NOON + timedelta(days=1))
    (payload,) = scene.requests.payloads
    assert (payload.oa_id, payload.phone) == (OA, WIRE)
    assert (payload.call_type, payload.reason_code) == ("audio", "update_order")


@pytest.mark.parametrize(
    "code", [code for code in (*range(1, 25), -1, -32, 77, 2**31) if code not in {5, 10, 12, 16, 20}]
)
@virtually
async def test_every_other_answer_known_or_not_spends_nothing(code):
    scene = Scene(Consent(error=code))
    outcome = await scene.ensure()
    assert (outcome.did, outcome.is_charged) == (ConsentStep.CHECKED, False)
    assert outcome.consent.error == code
    assert scene.requests.payloads == []


@virtually
async def test_an_answer_without_a_code_spends_nothing():
    scene = Scene(Consent())
    assert (await scene.ensure()).did is ConsentStep.CHECKED
    assert scene.requests.payloads == []


@pytest.mark.parametrize("listed", [(), (opened(),)], ids=["none open", "one open"])
@virtually
async def test_one_that_may_not_request_never_spends_and_still_looks(listed):
    scene = Scene(NEVER, listed=listed)
    outcome = await scene.ensure(may_request=False)
    assert outcome.did is (ConsentStep.FOUND_OPEN if listed else ConsentStep.CHECKED)
    assert scene.requests.payloads == []


OPEN = [
    {},
    {"phone": WIRE},
    {"phone": "+84 987 654 321"},
    {"phone": ""},
    {"phone": "098****321"},
    {"oa_id": None},
    {"oa_id": 0},
    {"status": RequestStatus.SENT, "reply_status": ReplyStatus.WAITING},
    {"reply_status": ReplyStatus.UNSET},
    {"expires_at": NOON.replace(year=9000)},
]
CLOSED = [
    {"oa_id": 7},
    {"phone": "0912345678"},
    {"status": RequestStatus.FAILED},
    {"expires_at": NOON.replace(year=2001)},
    *({"reply_status": reply} for reply in (ReplyStatus.AGREED, ReplyStatus.REFUSED, ReplyStatus.NO_ANSWER)),
]


@pytest.mark.parametrize("fields", OPEN, ids=repr)
@virtually
async def test_an_open_request_of_the_customer_is_found_and_none_is_made(fields):
    scene = Scene(NEVER, listed=[opened(id=3, phone="0912345678"), opened(**fields)])
    outcome = await scene.ensure()
    assert (outcome.did, outcome.request.id, outcome.is_charged) == (ConsentStep.FOUND_OPEN, 5, False)
    assert not outcome.is_other_call_type
    assert outcome.ask_again_at == fields.get("expires_at")
    assert scene.requests.payloads == []


@pytest.mark.parametrize("fields", CLOSED, ids=repr)
@virtually
async def test_a_request_that_is_over_or_another_customers_holds_nothing_up(fields):
    scene = Scene(NEVER, listed=[opened(**fields)])
    assert (await scene.ensure()).did is ConsentStep.REQUESTED


@virtually
async def test_an_open_request_for_other_calls_is_reported_and_not_repeated():
    scene = Scene(NEVER, listed=[opened(call_type=CallType.VIDEO)])
    outcome = await scene.ensure()
    assert (outcome.did, outcome.is_other_call_type) == (ConsentStep.FOUND_OPEN, True)
    assert scene.requests.payloads == []
    both = Scene(NEVER, listed=[opened(call_type=CallType.VIDEO), opened(id=6)])
    outcome = await both.ensure()
    assert (outcome.request.id, outcome.is_other_call_type) == (6, False)


@virtually
async def test_the_list_is_asked_for_both_written_forms_and_over_all_pages():
    scene = Scene(NEVER)
    pages = {None: ("a", 3), "a": ("", 5)}

    def listed(payload):
        following, number = pages[payload.paging.after]
        phone = "0987654321" if payload.filter.phone.startswith("0") and number == 5 else "0912345678"
        return ConsentRequests(consents=(opened(id=number, phone=phone),), paging=PageInfo(next=following))

    lists = scene.mock.on(LIST_REQUEST_CONSENT).answer(listed)
    assert (await scene.ensure()).request.id == 5
    assert {payload.filter.phone for payload in lists.payloads} == {WIRE, "0987654321"}
    assert {payload.filter.oa_id for payload in lists.payloads} == {OA}
    assert {payload.paging.limit for payload in lists.payloads} == {100}


@pytest.mark.parametrize("wire", [False, True])
@virtually
async def test_whichever_writing_the_server_knows_the_open_request_is_found(wire):
    world = World(customers={}, lists_wire_phones=wire)
    first = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world))
    second = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world))
    assert (await ensure(first)).did is ConsentStep.REQUESTED
    outcome = await ensure(second)
    assert (outcome.did, outcome.consent.state) == (ConsentStep.FOUND_OPEN, ConsentState.PENDING)
    assert len(world.charges) == 1


# Failures


@virtually
async def test_a_request_that_fails_in_a_200_is_raised_and_may_be_made_again_at_once():
    failed = Customer(phone=PHONE, error=20, request_error=-213)
    world = World(customers={failed.phone: failed})
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world))
    with pytest.raises(SendFailed):
        await ensure(session)
    world.customers.clear()
    assert (await ensure(session)).did is ConsentStep.REQUESTED
    assert len(world.charges) == 1


@pytest.mark.parametrize("charged", [True, None])
@virtually
async def test_a_failed_request_that_was_or_may_be_billed_is_not_made_again_for_a_while(charged):
    scene = Scene(NEVER)
    scene.requests = scene.mock.on(REQUEST_CONSENT).reply(ConsentRequest(error_code=-200, is_charged=charged))
    with pytest.raises(SendFailed):
        await scene.ensure()
    assert (await scene.ensure()).did is ConsentStep.IN_DOUBT
    assert len(scene.requests.payloads) == 1


@pytest.mark.parametrize("error", [AttemptTimeout(), ServerFault(), Unavailable()])
@virtually
async def test_an_unknown_outcome_is_in_doubt_and_no_request_is_made_until_it_has_settled(error):
    scene = Scene(NEVER).failing(error)
    began = asyncio.get_running_loop()
    outcome = await scene.ensure()
    assert (outcome.did, outcome.granted, outcome.is_charged) == (ConsentStep.IN_DOUBT, False, None)
    assert type(outcome.error) is type(error)
    assert outcome.error.phase is Phase.UNKNOWN
    left = outcome.ask_again_at - began.now()
    assert timedelta(seconds=60) <= left <= timedelta(seconds=75)
    for _ in range(6):
        await asyncio.sleep(10)
        again = await scene.ensure()
        assert (again.did, again.error, again.is_charged) == (ConsentStep.IN_DOUBT, None, False)
    assert len(scene.requests.payloads) == 1
    await asyncio.sleep(15)
    assert (await scene.ensure()).did is ConsentStep.IN_DOUBT
    assert len(scene.requests.payloads) == 2


@virtually
async def test_the_time_to_settle_can_be_set():
    scene = Scene(NEVER).failing(AttemptTimeout())
    await scene.ensure(settle=4)
    await asyncio.sleep(3.9)
    await scene.ensure(settle=4)
    assert len(scene.requests.payloads) == 1
    await asyncio.sleep(1.2)
    await scene.ensure(settle=4)
    assert len(scene.requests.payloads) == 2


@virtually
async def test_an_answer_that_does_not_fit_is_in_doubt_too():
    scene = Scene(NEVER)
    scene.mock.on(REQUEST_CONSENT).respond(lambda _: answer({"status": 7}))
    outcome = await scene.ensure()
    assert (outcome.did, type(outcome.error)) == (ConsentStep.IN_DOUBT, DecodeError)


@virtually
async def test_a_request_that_was_certainly_refused_is_raised_and_leaves_nothing_behind():
    scene = Scene(NEVER).failing(RateLimited())
    for count in (1, 2):
        with pytest.raises(RateLimited):
            await scene.ensure()
        assert len(scene.requests.payloads) == count


@pytest.mark.parametrize("endpoint", [CHECK_CONSENT, LIST_REQUEST_CONSENT])
@virtually
async def test_a_look_that_fails_spends_nothing_and_leaves_nothing_behind(endpoint):
    scene = Scene(NEVER)
    scene.mock.on(endpoint).fail(Unavailable())
    with pytest.raises(Unavailable):
        await scene.ensure()
    assert scene.requests.payloads == []
    fine = scene.mock.on(endpoint)
    fine.reply(NEVER if endpoint is CHECK_CONSENT else ConsentRequests())
    assert (await scene.ensure()).did is ConsentStep.REQUESTED


@virtually
async def test_where_claims_cannot_be_told_no_request_is_made():
    class Broken(MemoryClaims):
        async def claim(self, customer, /, *, owner, seconds):
            raise ClaimsError("out")

    scene = Scene(NEVER)
    with pytest.raises(ClaimsError):
        await scene.ensure(claims=Broken())
    assert scene.requests.payloads == []


# Once


@virtually
async def test_concurrent_callers_for_one_customer_make_one_request():
    world = World(customers={})
    transport = SandboxTransport(world, latency=0.2)
    session = Session(Shop(SANDBOX_API_KEY), transport=transport)
    derived = session.with_options(timeout=30)
    outcomes = await asyncio.gather(*(ensure(it) for it in [session, derived] * 20))
    assert [outcome.did for outcome in outcomes].count(ConsentStep.REQUESTED) == 1
    assert {outcome.did for outcome in outcomes} == {ConsentStep.REQUESTED, ConsentStep.FOUND_OPEN}
    assert sum(bool(outcome.is_charged) for outcome in outcomes) == 1
    assert len(world.charges) == 1


@virtually
async def test_different_customers_do_not_wait_for_each_other():
    world = World(customers={})
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, latency=1))
    await asyncio.gather(*(ensure(session, phone=f"09876543{at:02d}") for at in range(50)))
    assert asyncio.get_running_loop().time() < 20  # one after the other they take 250
    assert len(world.charges) == 50


@virtually
async def test_a_caller_that_is_cancelled_hands_its_turn_on_and_leaves_its_doubt():
    world = World(customers={})
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, latency=1))
    first = asyncio.create_task(ensure(session))
    second = asyncio.create_task(ensure(session))
    await asyncio.sleep(4.5)  # within the request of the first
    first.cancel()
    outcome = await second
    assert first.cancelled()
    assert outcome.did is ConsentStep.FOUND_OPEN
    assert len(world.charges) == 1


@virtually
async def test_a_caller_cancelled_before_its_request_leaves_no_doubt():
    world = World(customers={})
    session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, latency=1))
    first = asyncio.create_task(ensure(session))
    await asyncio.sleep(2.5)
    first.cancel()
    assert (await ensure(session)).did is ConsentStep.REQUESTED
    assert len(world.charges) == 1


@virtually
async def test_two_sessions_with_the_same_claims_make_one_request():
    world, claims = World(customers={}, request_delay=30), MemoryClaims()
    sessions = [Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, latency=0.2)) for _ in range(5)]
    outcomes = await asyncio.gather(*(ensure(session, claims=claims) for session in sessions))
    assert sorted(outcome.did.value for outcome in outcomes) == ["in doubt"] * 4 + ["requested"]
    await asyncio.sleep(60)
    assert len(world.charges) == 1


@virtually
async def test_a_claim_is_kept_while_a_request_takes_longer_than_it():
    world, claims = World(customers={}, request_delay=1000), MemoryClaims()
    slow = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, latency=8), timeout=100)
    quick = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world))
    task = asyncio.create_task(ensure(slow, claims=claims, settle=2))
    await asyncio.sleep(33)
    for _ in range(3):
        assert (await ensure(quick, claims=claims, settle=2)).did is ConsentStep.IN_DOUBT
        await asyncio.sleep(2)
    assert (await task).did is ConsentStep.REQUESTED


@virtually
async def test_a_request_that_another_process_made_in_between_is_seen_under_the_claim():
    scene = Scene(NEVER, NEVER, PENDING)

    class Slow(MemoryClaims):
        async def claim(self, customer, /, *, owner, seconds):
            scene.mock.on(CHECK_CONSENT).reply(PENDING)
            return await super().claim(customer, owner=owner, seconds=seconds)

    outcome = await scene.ensure(claims=Slow())
    assert (outcome.did, outcome.consent.state) == (ConsentStep.CHECKED, ConsentState.PENDING)
    assert scene.requests.payloads == []


@virtually
async def test_a_claim_that_was_lost_meanwhile_makes_no_request():
    class Lost(MemoryClaims):
        calls = 0

        async def claim(self, customer, /, *, owner, seconds):
            self.calls += 1
            return 0.0 if self.calls == 1 else 5.0

    scene = Scene(NEVER)
    outcome = await scene.ensure(claims=Lost())
    assert outcome.did is ConsentStep.IN_DOUBT
    assert scene.requests.payloads == []
