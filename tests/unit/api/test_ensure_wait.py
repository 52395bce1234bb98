"""`ensure_consent(wait=...)` ends with a yes, a no, the end of the request or of the wait."""

import asyncio

import pytest

from etelecom_async import (
    LIST_REQUEST_CONSENT,
    AttemptTimeout,
    Consent,
    ConsentRequests,
    ConsentState,
    ConsentStep,
    ReplyStatus,
    Session,
    Shop,
    Unauthenticated,
    Unavailable,
)
from etelecom_async.claims.base import MemoryClaims
from etelecom_async.sandbox import SANDBOX_API_KEY, Customer, Reply, World
from etelecom_async.webhooks import ConsentWaiter, OASendConsent, UserReplyConsent
from tests.support import PHONE, virtually
from tests.support.ensure import GRANTED, NEVER, ONCE, PENDING, WIRE, Losing, Scene, asked, ensure, opened


@virtually
async def test_a_wait_ends_with_the_customers_yes():
    customer = Customer(phone=PHONE, error=20, reply=Reply.ALLOW, reply_after=100)
    world = World(customers={customer.phone: customer})
    outcome = await ensure(asked(world), wait=3600)
    assert (outcome.granted, outcome.did, outcome.is_charged) == (True, ConsentStep.REQUESTED, True)
    assert outcome.ask_again_at == outcome.consent.expired_time
    assert 100 <= asyncio.get_running_loop().time() < 160


@pytest.mark.parametrize(("reply", "state"), [(Reply.DENY, "refused"), (Reply.BLOCK, "blocked")])
@virtually
async def test_a_wait_ends_with_the_customers_no(reply, state):
    customer = Customer(phone=PHONE, error=20, reply=reply, reply_after=100)
    world = World(customers={customer.phone: customer})
    outcome = await ensure(asked(world), wait=3600)
    assert (outcome.granted, outcome.consent.state.value, outcome.did.value) == (False, state, "requested")
    assert outcome.ask_again_at is None
    assert asyncio.get_running_loop().time() < 160


@virtually
async def test_a_wait_ends_when_it_is_over():
    outcome = await ensure(asked(World(customers={})), wait=300)
    assert (outcome.did, outcome.consent.state) == (ConsentStep.REQUESTED, ConsentState.PENDING)
    assert asyncio.get_running_loop().time() == pytest.approx(298, abs=0.1)


@virtually
async def test_a_wait_ends_with_the_request():
    outcome = await ensure(asked(World(customers={})), wait=10**6)
    assert (outcome.did, outcome.consent.state) == (ConsentStep.REQUESTED, ConsentState.EXPIRED)
    assert asyncio.get_running_loop().time() < 86400 + 120


@virtually
async def test_the_pauses_of_a_wait_grow_to_twelve_times_the_first():
    world = World(customers={})
    await ensure(asked(world), wait=1000, poll=5)
    checks = [entry for entry in world.log if entry.path.endswith("CheckConsent")]
    assert 18 <= len(checks) <= 24


@pytest.mark.parametrize("consent", [GRANTED, Consent.of(ConsentState.REFUSED), Consent.of(ConsentState.CALLS_OFF)])
@virtually
async def test_a_wait_that_nothing_can_end_is_none(consent):
    scene = Scene(consent)
    await scene.ensure(wait=1000)
    assert asyncio.get_running_loop().time() < 1


@virtually
async def test_a_request_of_another_program_is_waited_for():
    scene = Scene(PENDING, PENDING, GRANTED)
    assert (await scene.ensure(wait=1000)).granted
    found = Scene(PENDING, GRANTED, listed=[opened()])
    outcome = await found.ensure(wait=1000)
    assert (outcome.granted, outcome.did) == (True, ConsentStep.FOUND_OPEN)


@virtually
async def test_a_found_request_that_is_over_ends_the_wait():
    scene = Scene(PENDING, NEVER, listed=[opened()])
    lists = scene.mock.on(LIST_REQUEST_CONSENT).reply(ConsentRequests(consents=(opened(),)))
    lists.reply(ConsentRequests())
    outcome = await scene.ensure(wait=1000)
    assert (outcome.did, outcome.consent.state) == (ConsentStep.FOUND_OPEN, ConsentState.NEVER_ASKED)
    assert asyncio.get_running_loop().time() < 10
    assert scene.requests.payloads == []


@virtually
async def test_a_doubt_is_settled_while_waiting_when_the_request_shows():
    customer = Customer(phone=PHONE, error=20, reply=Reply.ALLOW, reply_after=30)
    world = World(customers={customer.phone: customer}, request_delay=40)
    session = Session(Shop(SANDBOX_API_KEY), transport=Losing(world), retry=ONCE)
    outcome = await ensure(session, wait=55)
    assert (outcome.did, outcome.is_charged, outcome.error) == (ConsentStep.REQUESTED, True, None)
    assert (outcome.request.reply_status, outcome.granted) == (ReplyStatus.WAITING, False)
    granted = await ensure(session, wait=55)
    assert (granted.did, granted.granted, granted.is_charged) == (ConsentStep.FOUND_OPEN, True, False)
    assert len(world.charges) == 1


@virtually
async def test_a_doubt_that_nothing_settles_ends_the_wait_and_stays_one():
    scene = Scene(NEVER).failing(AttemptTimeout())
    outcome = await scene.ensure(wait=10_000)
    assert (outcome.did, outcome.is_charged) == (ConsentStep.IN_DOUBT, None)
    assert 60 <= asyncio.get_running_loop().time() < 140
    assert len(scene.requests.payloads) == 1


@virtually
async def test_a_doubt_of_a_call_that_made_no_request_ends_as_found():
    world, claims = World(customers={}, request_delay=30), MemoryClaims()
    await ensure(asked(world), claims=claims)
    outcome = await ensure(asked(world), claims=claims, wait=50)
    assert (outcome.did, outcome.is_charged) == (ConsentStep.FOUND_OPEN, False)
    assert outcome.request is not None


@virtually
async def test_a_look_that_fails_for_now_ends_no_wait_and_a_dead_key_does():
    scene = Scene()
    scene.checks.reply(NEVER).reply(NEVER).fail(Unavailable()).fail(Unavailable()).reply(GRANTED)
    outcome = await scene.ensure(wait=1000)
    assert (outcome.granted, outcome.did) == (True, ConsentStep.REQUESTED)
    scene = Scene()
    scene.checks.reply(PENDING).fail(Unauthenticated())
    with pytest.raises(Unauthenticated):
        await scene.ensure(wait=1000)


@virtually
async def test_a_waiter_is_told_the_phone_and_the_pause_and_may_end_it_early():
    waits = []

    class Told:
        async def wait(self, phone, seconds, /):
            waits.append((phone, seconds))
            await asyncio.sleep(1)

    customer = Customer(phone=PHONE, error=20, reply=Reply.ALLOW, reply_after=2.5)
    world = World(customers={customer.phone: customer})
    assert (await ensure(asked(world), wait=1000, poll=100, waiter=Told())).granted
    assert waits[0] == (WIRE, 100)
    assert len(waits) == 3
    assert asyncio.get_running_loop().time() == pytest.approx(3, abs=0.1)


class Hasty:
    async def wait(self, phone, seconds, /): ...


@pytest.mark.parametrize(("poll", "most"), [(5, 63), (0.5, 64)])
@virtually
async def test_a_waiter_that_does_not_wait_makes_no_more_than_a_check_a_second(poll, most):
    world = World(customers={})
    outcome = await ensure(asked(world), wait=60, poll=poll, waiter=Hasty())
    assert outcome.consent.state is ConsentState.PENDING
    assert asyncio.get_running_loop().time() == pytest.approx(58, abs=0.1)  # the last look begins before the end
    assert len([entry for entry in world.log if entry.path.endswith("CheckConsent")]) <= most


@virtually
async def test_a_second_event_within_a_second_is_followed_by_a_check_when_the_second_is_over():
    world = World(customers={})
    session = asked(world)
    waiter, loop = ConsentWaiter(session), asyncio.get_running_loop()
    loop.call_later(0.2, waiter.feed, OASendConsent(phone=PHONE))
    loop.call_later(0.3, world.reply, PHONE, "allow")
    loop.call_later(0.3, waiter.feed, UserReplyConsent(phone=PHONE))
    assert (await ensure(session, wait=1000, poll=100, waiter=waiter)).granted
    assert loop.time() == pytest.approx(1.2, abs=0.1)


@virtually
async def test_the_first_event_is_followed_by_a_check_at_once():
    world = World(customers={})
    session = asked(world)
    waiter, loop = ConsentWaiter(session), asyncio.get_running_loop()
    loop.call_later(0.2, world.reply, PHONE, "allow")
    loop.call_later(0.2, waiter.feed, UserReplyConsent(phone=PHONE))
    assert (await ensure(session, wait=1000, poll=100, waiter=waiter)).granted
    assert loop.time() == pytest.approx(0.2, abs=0.05)
