"""What bounds the waits for a shared rate: pauses, states of Redis that cannot be, a slow way. Against a real Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from etelecom_async.ratelimit.redis_rate import RedisRate
from tests.support import HANG
from tests.support.redis_server import RedisServer
from tests.support.slow_way import slow_way

KEY = "etelecom_async:rate:etelecom"
HOUR = 3600


@pytest.fixture
def server():
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def set_state(server, **fields):
    with server.look() as client:
        client.hset(KEY, mapping=fields)


def pause_left(server):
    with server.look() as client:
        return float(client.hget(KEY, "pause") or 0) / 1e6 - server.now()


async def until(condition):
    async with asyncio.timeout(HANG):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("wrong", ["9e18", "inf", "nan"])
async def test_a_pause_in_redis_that_cannot_be_lasts_as_long_as_the_longest(server, wrong):
    set_state(server, pause=wrong)
    begin = server.now()
    async with asyncio.timeout(HANG), RedisRate(server.url, rate=1000, workers=1, longest_pause=0.3) as limit:
        for _ in range(5):
            await limit.acquire()
        assert server.now() - begin >= 0.3


@pytest.mark.parametrize("wrong", ["9e18", "inf", "nan", "a day"])
async def test_a_next_permit_in_redis_that_cannot_be_is_forgotten(server, wrong):
    set_state(server, tat=str((server.now() + 24 * HOUR) * 1e6) if wrong == "a day" else wrong)
    async with asyncio.timeout(HANG), RedisRate(server.url, rate=1000, workers=1) as limit:
        for _ in range(5):
            await limit.acquire()


async def test_a_pause_is_an_hour_at_most_unless_told_otherwise(server):
    async with RedisRate(server.url, rate=1000, workers=1) as limit:
        await limit.pause(48 * HOUR)
        assert HOUR - HANG < pause_left(server) <= HOUR
    async with RedisRate(server.url, rate=1000, workers=1, longest_pause=2 * HOUR) as limit:
        await limit.pause(48 * HOUR)
        assert 2 * HOUR - HANG < pause_left(server) <= 2 * HOUR


async def test_flushall_ends_a_pause_for_all(server):
    async with (
        RedisRate(server.url, rate=1000, workers=2) as one,
        RedisRate(server.url, rate=1000, workers=2) as two,
    ):
        await one.acquire()
        await one.pause(HOUR)
        waiters = [asyncio.create_task(limit.acquire()) for limit in (one, two) for _ in range(3)]
        await asyncio.wait(waiters, timeout=0.1)
        assert not any(waiter.done() for waiter in waiters)
        with server.look() as client:
            client.flushall()
        await asyncio.wait_for(asyncio.gather(*waiters), HANG)


async def test_flushall_ends_a_wait_for_a_permit_that_is_far_ahead(server):
    set_state(server, tat=str((server.now() + HOUR / 2) * 1e6), born="1")
    async with RedisRate(server.url, rate=1000, workers=1) as limit:
        waiter = asyncio.create_task(limit.acquire())
        await asyncio.wait([waiter], timeout=0.1)
        assert not waiter.done()
        with server.look() as client:
            client.flushall()
        await asyncio.wait_for(waiter, HANG)


async def test_a_pause_reaches_a_process_that_waits_already(server):
    async with (
        RedisRate(server.url, rate=0.4, burst=1, workers=2) as waits,
        RedisRate(server.url, rate=0.4, burst=1, workers=2) as pauses,
    ):
        await waits.acquire()
        begin = server.now()
        waiter = asyncio.create_task(waits.acquire())
        await asyncio.sleep(0.1)
        await pauses.pause(4)
        await asyncio.wait_for(waiter, HANG)
        assert server.now() - begin >= 4


async def test_a_pause_that_redis_missed_is_told_when_it_is_back(server):
    server.kill()
    async with RedisRate(server.url, rate=1000, workers=1) as limit:
        await limit.pause(HOUR)
        waiter = asyncio.create_task(limit.acquire())
        server.start()
        await until(lambda: pause_left(server) > HOUR / 2)
        waiter.cancel()


@pytest.mark.parametrize("is_borrowed", [False, True])
async def test_a_way_of_200_ms_to_redis_and_back_is_shared_from_the_first_permit(server, caplog, is_borrowed):
    """C16: with the timeout of 0.5 s; to open a connection takes several round trips."""
    async with slow_way(server.socket, 0.1) as port:
        url = f"redis://127.0.0.1:{port}"
        borrowed = Redis.from_url(url)
        async with RedisRate(borrowed if is_borrowed else url, rate=1000, workers=4) as limit:
            for _ in range(2):
                await asyncio.wait_for(asyncio.gather(*(limit.acquire() for _ in range(20))), HANG)
            await limit.pause(0.1)
            with server.look() as client:
                client.script_flush()
                client.client_kill_filter(_type="normal", skipme=True)
            await asyncio.wait_for(asyncio.gather(*(limit.acquire() for _ in range(20))), HANG)
        await borrowed.aclose()
        assert server.evals() >= 4
    assert not [record for record in caplog.records if "does not answer" in record.message]


async def test_a_way_that_takes_longer_than_the_timeout_counts_as_out(server, caplog):
    async with (
        slow_way(server.socket, 0.1) as port,
        RedisRate(f"redis://127.0.0.1:{port}", rate=1000, workers=4, timeout=0.1) as limit,
    ):
        await asyncio.wait_for(limit.acquire(), HANG)
    assert [record for record in caplog.records if "does not answer" in record.message]


async def test_one_that_joins_or_leaves_changes_the_shares_within_two_seconds(server):
    """The rate's own permits are the clock: two seconds are twice the rate of them."""
    rate, counts = 1000, [0, 0, 0]
    async with (
        RedisRate(server.url, rate=rate, workers=3) as one,
        RedisRate(server.url, rate=rate, workers=3) as two,
        RedisRate(server.url, rate=rate, workers=3) as three,
    ):

        async def work(side, limit):
            while True:
                await limit.acquire()
                counts[side] += 1

        async def shares(*, after, of):
            """How many permits of the next `of` each got, after so many that tell nothing."""
            total = sum(counts)
            await until(lambda: sum(counts) >= total + after)
            begin = list(counts)
            await until(lambda: sum(counts) >= sum(begin) + of)
            return [(now - then) / (sum(counts) - sum(begin)) for now, then in zip(counts, begin, strict=True)]

        workers = [[asyncio.create_task(work(side, limit)) for _ in range(80)] for side, limit in enumerate((one, two))]
        assert await shares(after=200, of=800) == pytest.approx([0.5, 0.5, 0], abs=0.1)
        workers.append([asyncio.create_task(work(2, three)) for _ in range(80)])
        assert await shares(after=rate, of=rate) == pytest.approx([1 / 3] * 3, abs=0.1)
        for worker in workers[0]:
            worker.cancel()
        assert await shares(after=rate, of=rate) == pytest.approx([0, 0.5, 0.5], abs=0.1)
        for worker in workers[1] + workers[2]:
            worker.cancel()
