"""A thousand callers, a fifth of the answers faulty, the process killed again and again: no customer is charged twice.

What counts is the sandbox's ledger, `World.charges`. A killed process is one whose session is gone and whose claims no
longer change; what it had sent is carried out.
"""

import asyncio
import contextlib
import random
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from etelecom_async import (
    AttemptTimeout,
    ConnectError,
    ConsentStep,
    Disconnected,
    EtelecomError,
    Phase,
    Retry,
    Session,
    Shop,
)
from etelecom_async.claims.base import MemoryClaims
from etelecom_async.claims.file import FileClaims
from etelecom_async.claims.redis import RedisClaims
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, Customer, SandboxTransport, World, serve
from etelecom_async.testing import run_virtually
from tests.support import HANG, answer, settled
from tests.support.ensure import ensure
from tests.support.redis_server import RedisServer

NOON = datetime(2030, 5, 17, 12, tzinfo=UTC)
CODES = [20] * 60 + [16] * 10 + [3] * 10 + [0] * 10 + [14] * 10
CUSTOMERS = [Customer(phone=f"09876{at:05d}", error=code) for at, code in enumerate(CODES)]
NEEDY = {customer.phone for customer in CUSTOMERS if customer.error in (16, 20)}


class Faulty(SandboxTransport):
    """A fifth of the exchanges goes wrong, before or after the server has carried the request out."""

    def __init__(self, world, *, dice, share=0.2):
        super().__init__(world, latency=0.3)
        self._dice = dice
        self._share = share

    async def send(self, request, /):
        fault = self._dice.choice(FAULTS) if self._dice.random() < self._share else None
        if fault is None:
            return await super().send(request)
        is_carried_out, make = fault
        if is_carried_out:
            await super().send(request)
        else:
            await asyncio.sleep(self._dice.random())
        result = make()
        if isinstance(result, EtelecomError):
            raise result
        return result


FAULTS = [
    (False, lambda: ConnectError("refused")),
    (False, lambda: Disconnected("closed before", phase=Phase.NOT_SENT)),
    (False, lambda: AttemptTimeout("lost on the way there")),
    (False, lambda: answer({"code": "resource_exhausted", "msg": "slow down"}, 403)),
    (False, lambda: answer({"code": "unavailable", "msg": "busy"}, 503)),
    (True, lambda: AttemptTimeout("lost on the way back")),
    (True, lambda: Disconnected("closed in the middle")),
    (True, lambda: answer("<html>Bad Gateway</html>", 502)),
    (True, lambda: answer({"code": "internal", "msg": "panic"}, 500)),
    (True, lambda: answer({"code": "unknown", "meta": {"xcode": "external_service"}}, 500)),
    (True, lambda: answer(b'{"status": "P", "id')),
    (True, lambda: answer({"error": [], "consents": 7, "status": 7})),
]


class OfProcess:
    """Shared claims as one process sees them: when it is killed they stay as they are."""

    def __init__(self, shared):
        self.is_killed = False
        self._shared = shared

    async def claim(self, customer, /, *, owner, seconds):
        await asyncio.sleep(0.001)
        return 1.0 if self.is_killed else await self._shared.claim(customer, owner=owner, seconds=seconds)

    async def release(self, customer, /, *, owner):
        if not self.is_killed:
            await self._shared.release(customer, owner=owner)


async def try_once(session, claims, phone):
    try:
        return await ensure(session, phone=phone, claims=claims)
    except EtelecomError:
        return None


async def life_of_process(world, shared, dice, *, callers, customers, seconds=None, share=0.2):
    """The outcomes of so many callers, or none where the process is killed after so many seconds."""
    claims = OfProcess(shared)
    transport = Faulty(world, dice=dice, share=share)
    session = Session(Shop(SANDBOX_API_KEY), transport=transport, retry=Retry(attempts=3, base=0.1, random=dice.random))
    phones = [dice.choice(customers).phone for _ in range(callers)]
    tasks = [asyncio.create_task(try_once(session, claims, phone)) for phone in phones]
    await asyncio.wait(tasks, timeout=seconds)
    claims.is_killed = True
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await session.aclose()
    return [it for it in outcomes if not isinstance(it, BaseException | None)]


async def live(seed, *, delay, shared, callers=1000, customers=CUSTOMERS):
    """The charges of each customer after five killed processes and one that ran to its end; and that one's outcomes."""
    dice = random.Random(seed)
    world = World(
        customers={it.phone: it for it in CUSTOMERS}, request_delay=(lambda: dice.uniform(0, 60)) if delay else 0.0
    )
    for _ in range(5):
        await life_of_process(world, shared, dice, callers=callers, customers=customers, seconds=dice.uniform(0.5, 20))
        await asyncio.sleep(dice.uniform(0, 30))
    outcomes = await life_of_process(world, shared, dice, callers=callers, customers=customers)
    await asyncio.sleep(61)  # until what is late is carried out
    return world, Counter(charge.phone for charge in world.charges), outcomes


SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]


@pytest.mark.parametrize("seed", SEEDS)
def test_where_requests_are_carried_out_at_once_each_customer_in_need_is_charged_once(seed):
    async def main():
        shared = MemoryClaims()
        world, charges, outcomes = await live(seed, delay=False, shared=shared)
        assert max(charges.values()) == 1
        assert {phone for phone, _ in charges.items()} <= NEEDY
        assert len(outcomes) > 500
        await asyncio.sleep(100)
        sober = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world))
        last = [await ensure(sober, phone=it.phone, claims=shared) for it in CUSTOMERS]
        assert ConsentStep.IN_DOUBT not in {it.did for it in last}
        assert Counter(charge.phone for charge in world.charges) == Counter(NEEDY)

    run_virtually(main(), start=NOON)


@pytest.mark.parametrize("seed", SEEDS)
def test_where_requests_are_carried_out_late_none_is_doubled(seed):
    async def main():
        shared = MemoryClaims()
        world, charges, outcomes = await live(seed, delay=True, shared=shared)
        assert max(charges.values()) == 1
        assert {phone for phone, _ in charges.items()} <= NEEDY
        assert {it.did for it in outcomes} >= {ConsentStep.IN_DOUBT, ConsentStep.FOUND_OPEN}
        billed = sum(bool(it.is_charged) for it in outcomes)
        assert billed <= len(world.charges)

    run_virtually(main(), start=NOON)


@pytest.fixture(params=["file", "redis"])
def opened(request, tmp_path):
    """Makes claims in one place, each time anew, as every process does."""
    if request.param == "file":
        yield lambda: FileClaims(tmp_path / "claims.db")
        return
    server = RedisServer()
    server.start()
    yield lambda: RedisClaims(server.url)
    server.remove()


async def test_sessions_that_share_claims_ask_each_customer_once(opened):
    """The requests show late, so that nothing but the claims keeps the sessions apart."""
    world = World(customers={}, request_delay=0.5)
    phones = [f"09876{at:05d}" for at in range(10)]

    async def process():
        session = Session(Shop(SANDBOX_API_KEY), transport=SandboxTransport(world, latency=0.01))
        claims = opened()
        return await asyncio.gather(*(ensure(session, phone=phone, claims=claims) for phone in phones))

    outcomes = [outcome for each in await asyncio.gather(*(process() for _ in range(4))) for outcome in each]
    await asyncio.sleep(0.6)
    assert Counter(charge.phone for charge in world.charges) == {"84" + phone[1:]: 1 for phone in phones}
    assert Counter(outcome.did for outcome in outcomes)[ConsentStep.REQUESTED] == len(phones)
    assert {outcome.did for outcome in outcomes} <= {
        ConsentStep.REQUESTED,
        ConsentStep.IN_DOUBT,
        ConsentStep.FOUND_OPEN,
    }


class NoClaims:
    """Keeps no caller from asking: what the tests above would look like without claims."""

    async def claim(self, customer, /, *, owner, seconds):
        return 0.0

    async def release(self, customer, /, *, owner):
        pass


@pytest.mark.parametrize(("make", "is_doubled"), [(MemoryClaims, False), (NoClaims, True)])
def test_only_claims_keep_customers_whom_many_callers_want_from_being_charged_twice(make, is_doubled):
    async def main():
        _, charges, _ = await live(1, delay=True, shared=make(), callers=200, customers=CUSTOMERS[:5])
        assert (max(charges.values()) > 1) is is_doubled

    run_virtually(main(), start=NOON)


PROGRAM = """
import asyncio, sys
from etelecom_async import EtelecomError, Session, Shop
from etelecom_async.claims.file import FileClaims

async def main(base_url, key, oa_id, path, phones):
    claims = FileClaims(path)
    async with Session(Shop(key, base_url=base_url)) as session:
        async def ensure(phone):
            try:
                return await session.zalo.ensure_consent(
                    oa_id=oa_id, phone=phone, call_type="audio", reason_code="update_order", settle=4, claims=claims
                )
            except EtelecomError as error:
                print(error, file=sys.stderr)
        print("ready", flush=True)
        await asyncio.gather(*(ensure(phone) for phone in phones * 3))
        print("done", flush=True)

asyncio.run(main(*sys.argv[1:5], sys.argv[5:]))
"""


@pytest.mark.long
async def test_a_process_that_is_killed_again_and_again_charges_no_customer_twice(tmp_path):
    dice = random.Random(7)
    world = World(customers={}, request_delay=lambda: dice.uniform(0, 3))
    phones = [f"09876{at:05d}" for at in range(40)]

    def sent():
        return sum(entry.path.endswith("Zalo/RequestConsent") for entry in world.log)

    async with serve(world, latency=0.1) as served:

        async def run(*, is_killed):
            """What the process printed after its start; one is killed soon after its first request, if it makes any."""
            before = sent()
            arguments = (served.base_url, SANDBOX_API_KEY, str(SANDBOX_OA), str(tmp_path / "claims.db"), *phones)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PROGRAM, *arguments), stdout=asyncio.subprocess.PIPE
            )
            async with asyncio.timeout(HANG):
                assert await process.stdout.readline() == b"ready\n"
                if is_killed:
                    await settled(lambda: sent() > before or process.returncode is not None)
                    await asyncio.sleep(dice.uniform(0, 0.2))
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                said = await process.stdout.read()
                await process.wait()
            return said

        endings = []
        for _ in range(5):
            endings.append(await run(is_killed=True))
            await asyncio.sleep(dice.uniform(0, 6))
        assert sent() > 0
        for _ in range(2):
            await asyncio.sleep(6)  # every claim has run out, and what is late is carried out
            assert await run(is_killed=False) == b"done\n"
        await asyncio.sleep(4)
    charges = Counter(charge.phone for charge in world.charges)
    assert endings[0] == b""
    assert sorted(charges) == sorted("84" + phone[1:] for phone in phones)
    assert set(charges.values()) == {1}
