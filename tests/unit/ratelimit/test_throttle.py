"""Slots: never more than there are, in order of arrival, and none is lost."""

import asyncio

import pytest

from etelecom_async import CHECK_CONSENT, ConfigError, Consent, QueueTimeout, Retry, Session, Shop, Throttle, Timeout
from etelecom_async.testing import MockTransport

OK = Consent(error=0)


class Gate:
    """A server that answers when told, and counts who is inside."""

    def __init__(self, concurrency, **options):
        self.inside = []
        self.arrived = []
        mock = MockTransport()
        mock.on(CHECK_CONSENT).answer(self.enter)
        self.session = Session(Shop("1:test"), transport=mock, throttle=Throttle(concurrency=concurrency), **options)

    async def enter(self, payload):
        answer = asyncio.get_running_loop().create_future()
        self.arrived.append(payload.oa_id)
        self.inside.append(answer)
        try:
            return await answer
        finally:
            self.inside.remove(answer)

    def call(self, number):
        return asyncio.ensure_future(self.session.zalo.check_consent(oa_id=number, phone="0987654321"))

    def let_one_out(self):
        next(answer for answer in self.inside if not answer.done()).set_result(OK)

    @property
    def state(self):
        snapshot = self.session.throttle.snapshot()
        return snapshot.in_flight, snapshot.waiting


async def turns(count=30):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_never_more_than_the_slots_and_in_order_of_arrival():
    gate = Gate(3)
    calls = [gate.call(n) for n in range(1, 11)]
    await turns()
    assert gate.arrived == [1, 2, 3]
    assert gate.state == (3, 7)
    while any(not call.done() for call in calls):
        assert len(gate.inside) <= 3
        gate.let_one_out()
        await turns()
    assert gate.arrived == list(range(1, 11))
    assert gate.state == (0, 0)


async def test_a_late_comer_does_not_overtake_who_waits():
    gate = Gate(1)
    first, second = gate.call(1), gate.call(2)
    await turns()
    gate.let_one_out()
    third = gate.call(3)
    await turns()
    assert gate.arrived == [1, 2]
    gate.let_one_out()
    await turns()
    gate.let_one_out()
    await asyncio.gather(first, second, third)


async def test_cancelled_waiters_cost_no_slot():
    gate = Gate(1)
    calls = [gate.call(n) for n in range(1, 101)]
    await turns()
    for call in calls[1:99]:
        call.cancel()
    await turns()
    assert gate.state == (1, 1)
    gate.let_one_out()
    await turns()
    assert gate.arrived == [1, 100]
    gate.let_one_out()
    await turns()
    assert gate.state == (0, 0)


async def test_a_slot_handed_to_a_waiter_that_is_cancelled_in_the_same_moment_is_passed_on():
    gate = Gate(1)
    first, second, third = gate.call(1), gate.call(2), gate.call(3)
    await turns()
    gate.let_one_out()
    while gate.state != (1, 1):
        await asyncio.sleep(0)
    second.cancel()  # its slot is handed over and it has not run since
    await turns()
    assert second.cancelled()
    assert gate.arrived == [1, 3]
    gate.let_one_out()
    await asyncio.gather(first, third)
    assert gate.state == (0, 0)


async def test_a_cancelled_call_gives_its_slot_back():
    gate = Gate(1)
    first, second = gate.call(1), gate.call(2)
    await turns()
    first.cancel()
    await turns()
    assert gate.arrived == [1, 2]
    gate.let_one_out()
    await second
    assert gate.state == (0, 0)


async def test_a_wait_longer_than_the_queue_limit_fails_without_being_sent():
    gate = Gate(1, timeout=Timeout(queue=0.01), retry=Retry(attempts=1))
    first, second = gate.call(1), gate.call(2)
    with pytest.raises(QueueTimeout) as caught:
        await second
    assert caught.value.phase.name == "NOT_SENT"
    assert gate.arrived == [1]
    gate.let_one_out()
    await first
    assert gate.state == (0, 0)


async def test_a_failed_call_gives_its_slot_back():
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(lambda _payload: 1 / 0)
    session = Session(Shop("1:test"), transport=mock, throttle=Throttle(concurrency=1))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await session.zalo.check_consent(oa_id=1, phone="0987654321")
    assert session.throttle.snapshot().in_flight == 0


async def test_derived_sessions_share_the_slots():
    gate = Gate(2)
    derived = gate.session.with_options(timeout=Timeout(attempt=5))
    calls = [gate.call(1), gate.call(2)]
    await turns()
    calls.append(asyncio.ensure_future(derived.zalo.check_consent(oa_id=3, phone="0987654321")))
    await turns()
    assert gate.arrived == [1, 2]
    assert derived.throttle is gate.session.throttle
    while gate.inside or not all(call.done() for call in calls):
        gate.let_one_out()
        await turns()


def test_slots_of_a_loop_that_is_gone_come_back():
    gate = Gate(1)

    async def abandon():
        gate.call(1)
        gate.call(2)
        await turns()
        assert gate.state == (1, 1)

    async def use():
        call = gate.call(3)
        await turns()
        gate.let_one_out()
        return await call

    asyncio.run(abandon())
    assert asyncio.run(use()) == OK


def test_a_second_loop_beside_a_busy_one_is_told_so():
    gate = Gate(1)
    loop = asyncio.new_event_loop()
    try:
        call = loop.run_until_complete(_start(gate))

        async def elsewhere():
            with pytest.raises(ConfigError, match="another event loop"):
                await gate.call(2)

        asyncio.run(elsewhere())
        call.cancel()
        loop.run_until_complete(turns())
    finally:
        loop.close()


async def _start(gate):
    call = gate.call(1)
    await turns()
    return call


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "3"])
def test_a_concurrency_that_cannot_work_is_refused(concurrency):
    with pytest.raises(ConfigError, match=r"Throttle\.concurrency is a whole number from 1 to"):
        Throttle(concurrency=concurrency)
