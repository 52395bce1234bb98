"""A wait for a customer's answer ends when an event about that customer comes, and grants nothing."""

import asyncio
import threading

import pytest

from etelecom_async import CHECK_CONSENT, Consent, ConsentState, Session, Shop
from etelecom_async.testing import MockTransport
from etelecom_async.webhooks import ConsentWaiter, OASendConsent, UnknownEvent, UserCallOA, UserReplyConsent, parse
from tests.support import HANG, KEY, OA, PHONE, session_over, virtually
from tests.support.events import BODIES, to_bytes

OTHER_PHONE = "0987654322"
ANSWER = UserReplyConsent(phone=PHONE)


def a_waiter():
    return ConsentWaiter(session_over())


async def waited(waiter, phone=PHONE, seconds=60):
    """The seconds that a wait took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await waiter.wait(phone, seconds)
    return loop.time() - began


def later(waiter, seconds, event):
    asyncio.get_running_loop().call_later(seconds, waiter.feed, event)


@virtually
async def test_a_wait_without_an_event_takes_its_seconds():
    assert await waited(a_waiter()) == pytest.approx(60)
    assert await waited(a_waiter(), seconds=0) == 0


@pytest.mark.parametrize("event", [ANSWER, OASendConsent(phone=PHONE)])
def test_a_wait_ends_when_an_event_of_consent_about_its_customer_comes(event):
    @virtually
    async def test():
        waiter = a_waiter()
        later(waiter, 5, event)
        assert await waited(waiter, "+84 987 654 321") == pytest.approx(5)
        assert await waited(waiter) == pytest.approx(60)

    test()


@pytest.mark.parametrize(
    "event", [UserReplyConsent(phone=OTHER_PHONE), UserCallOA(phone=PHONE), UnknownEvent(name="x", payload={})]
)
def test_a_wait_does_not_end_by_another_customers_event_or_another_kind(event):
    @virtually
    async def test():
        waiter = a_waiter()
        later(waiter, 5, event)
        assert await waited(waiter) == pytest.approx(60)

    test()


@virtually
async def test_an_event_ends_every_wait_for_its_customer():
    waiter = a_waiter()
    later(waiter, 5, ANSWER)
    took = await asyncio.gather(*(waited(waiter) for _ in range(100)), waited(waiter, OTHER_PHONE))
    assert took == pytest.approx([5] * 100 + [60])


@virtually
async def test_an_event_that_came_during_the_check_ends_the_next_wait_and_only_that():
    waiter = a_waiter()
    waiter.feed(ANSWER)
    waiter.feed(ANSWER)
    assert await waited(waiter) == 0
    assert await waited(waiter) == pytest.approx(60)


@virtually
async def test_what_is_kept_of_events_without_a_wait_is_bounded():
    waiter = a_waiter()
    for number in range(30_000):
        waiter.feed(UserReplyConsent(phone=f"849{number:08d}"))
    assert await waited(waiter, "84900029999") == 0
    assert await waited(waiter, "84900020000") == 0
    assert await waited(waiter, "84900019999") == pytest.approx(60)
    assert len(waiter._early) <= 10_000


@virtually
async def test_a_cancelled_wait_leaves_nothing_behind_and_disturbs_no_other():
    waiter = a_waiter()
    one, other = (asyncio.ensure_future(waited(waiter)) for _ in range(2))
    await asyncio.sleep(1)
    one.cancel()
    later(waiter, 5, ANSWER)
    assert await other == pytest.approx(6)
    with pytest.raises(asyncio.CancelledError):
        await one
    assert waiter._waiting == {}


async def test_an_event_from_another_thread_ends_a_wait():
    waiter = a_waiter()
    waiting = asyncio.ensure_future(waiter.wait(PHONE, HANG))
    await asyncio.sleep(0)
    thread = threading.Thread(target=waiter.feed, args=(ANSWER,))
    thread.start()
    async with asyncio.timeout(HANG / 2):
        await waiting
    thread.join()


def test_an_event_after_the_loop_was_closed_does_no_harm():
    waiter = a_waiter()

    async def leave():
        asyncio.ensure_future(waiter.wait(PHONE, HANG))  # noqa: RUF006 - it is cancelled with the loop
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        waiter._waiting["84987654322"] = {loop.create_future()}

    asyncio.run(leave())
    waiter.feed(ANSWER)
    waiter.feed(UserReplyConsent(phone=OTHER_PHONE))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.get("event_name", "changes"))
def test_no_event_is_a_call_or_grants(body):
    """What an event says is not even kept: the check after it decides."""
    mock = MockTransport()
    mock.on(CHECK_CONSENT).reply(Consent.of(ConsentState.REFUSED))

    @virtually
    async def test():
        session = Session(Shop(KEY), transport=mock)
        waiter = ConsentWaiter(session)
        for event in parse(to_bytes(body), {}):
            waiter.feed(event)
        assert mock.calls == []
        assert await waiter.wait(PHONE, 0) is None
        assert not (await session.zalo.check_consent(oa_id=OA, phone=PHONE)).granted

    test()
