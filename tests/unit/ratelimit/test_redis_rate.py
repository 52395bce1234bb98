"""A rate that processes share, against a real Redis. Its clock is real, so counts, order and bounds are asserted."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from etelecom_async import ConfigError, SessionClosed
from etelecom_async.account import Secret
from etelecom_async.ratelimit.redis_rate import RedisRate
from tests.support import HANG
from tests.support.redis_server import RedisServer

WORKER = Path(__file__).parents[2] / "support" / "redis_worker.py"
KEY = "etelecom_async:rate:etelecom"


@pytest.fixture(autouse=True)
def _patience():
    """A permit that never comes is a failure and no hang."""

    def give_up(*_):
        raise TimeoutError("the test took too long")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(2 * HANG)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def server(request):
    """A Redis; with a parameter `tcp` one that is reached over TCP, where clients notice less."""
    options = ()
    if getattr(request, "param", None) == "tcp":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ("--bind", "127.0.0.1", "--port", str(port))
    server = RedisServer(*options)
    if options:
        server.url = f"redis://127.0.0.1:{port}"
    try:
        server.start()
        yield server
    finally:
        server.remove()


each_way = pytest.mark.parametrize("server", [None, "tcp"], indirect=True, ids=["unix", "tcp"])


async def take(limit, count):
    async with asyncio.timeout(HANG):
        await asyncio.gather(*(limit.acquire() for _ in range(count)))


def lost(caplog):
    return [record.message for record in caplog.records if "does not answer" in record.message]


def regained(caplog):
    return [record.message for record in caplog.records if "answers again" in record.message]


async def use_until_regained(limit, caplog):
    async with asyncio.timeout(HANG):
        while not regained(caplog):
            await limit.acquire()


def said(caplog):
    """All that was logged, except asyncio's debug mode on how long a step took: that is the machine's."""
    return [record for record in caplog.records if not record.message.startswith("Executing ")]


async def close_all(server):
    """Have Redis close every connection, as it does with those that were idle for long, and let clients notice."""
    with server.look() as client:
        client.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: len(client.client_list()) == 1)
    await asyncio.sleep(0.01)


async def until(condition):
    async with asyncio.timeout(HANG):
        while not condition():
            await asyncio.sleep(0.01)


async def test_waiters_are_served_in_order_of_arrival(server):
    served = []

    async def wait(number):
        await limit.acquire()
        served.append(number)

    async with RedisRate(server.url, rate=2000, workers=1) as limit:
        await asyncio.gather(*(wait(number) for number in range(500)))
    assert served == list(range(500))


async def test_never_more_permits_than_the_rate_and_the_burst_by_the_servers_clock(server):
    begin = server.now()
    async with RedisRate(server.url, rate=500, burst=20, workers=1) as limit:
        for permits in range(50, 251, 50):
            await take(limit, 50)
            assert permits <= 500 * (server.now() - begin) + 20


async def test_many_waiters_share_a_round_trip_and_a_single_one_has_its_own(server):
    async with RedisRate(server.url, rate=2000, workers=1) as limit:
        await take(limit, 1000)
        # Leases of 50 ms are 100 permits; the first one may find only some waiting.
        together = server.evals()
        assert together <= 12
        for _ in range(5):
            await limit.acquire()
        assert server.evals() == together + 5


async def test_an_idle_limit_saves_up_its_burst_and_no_more(server):
    async with RedisRate(server.url, rate=100, burst=10, workers=1) as limit:
        await limit.acquire()
        await until(lambda: not server.keys())
        begin = server.now()
        await take(limit, 30)
        assert server.now() - begin >= (30 - 10) / 100


def test_four_processes_together_keep_to_the_rate(server):
    arguments = (server.url, "1000", "200", "50")
    pipe = subprocess.PIPE
    command = (sys.executable, "-X", "dev", "-W", "error", str(WORKER), *arguments)
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdout.readline() == "up\n"
        begin = server.now()
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout.readline() == "done\n"
        # All 800 were given out, by one account that nothing raced past: the burst is 50.
        assert server.now() - begin >= (800 - 50) / 1000
        assert [process.communicate(timeout=HANG) for process in processes] == [("", "")] * 4
        assert [process.returncode for process in processes] == [0] * 4
        # At most a round trip for each, and far fewer with many waiting.
        assert 0 < server.evals() <= 800 / 4
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def test_two_that_are_busy_take_turns(server):
    counts = [0, 0]

    async def work(side, limit):
        while sum(counts) < 2000:
            await limit.acquire()
            counts[side] += 1

    async with RedisRate(server.url, rate=2000, workers=2) as one, RedisRate(server.url, rate=2000, workers=2) as two:
        await asyncio.gather(*(work(side, limit) for side, limit in enumerate([one, two]) for _ in range(150)))
    # A turn is a lease of 100.
    assert abs(counts[0] - counts[1]) <= 300


async def test_a_killed_process_leaves_one_key_that_expires(server):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(WORKER), server.url, "1000", "1000000", "50"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        process.stdin.write(b"\n")
        await until(lambda: server.keys() == [KEY])
    finally:
        process.kill()
        await process.communicate()
    with server.look() as client:
        assert 0 < client.pttl(KEY) <= 1000 + 50 + 50 + 1
    # A later process waits for the lease that it held, and no longer.
    async with asyncio.timeout(HANG), RedisRate(server.url, rate=1000, workers=1) as limit:
        await limit.acquire()
    await until(lambda: server.keys() == [])


async def test_limits_of_other_names_are_other_limits(server):
    async with (
        RedisRate(server.url, rate=0.001, workers=1, name="one") as one,
        RedisRate(server.url, rate=0.001, workers=1, name="two") as two,
    ):
        await one.acquire()
        await two.acquire()
    assert set(server.keys()) == {"etelecom_async:rate:one", "etelecom_async:rate:two"}


async def test_cancelled_waiters_cost_no_permits(server):
    # With leases of one permit, each permit reserved is one run of the script.
    async with RedisRate(server.url, rate=100, lease=0.001, workers=1) as limit:
        waiters = [asyncio.create_task(limit.acquire()) for _ in range(100)]
        await asyncio.sleep(0)
        for waiter in waiters[:90]:
            waiter.cancel()
        await asyncio.wait(waiters, timeout=HANG)
        assert [waiter.cancelled() for waiter in waiters] == [True] * 90 + [False] * 10
        assert server.evals() <= 10 + 1


async def test_nothing_is_reserved_for_waiters_that_were_cancelled(server):
    async with RedisRate(server.url, rate=1000, workers=1) as limit:
        waiters = [asyncio.create_task(limit.acquire()) for _ in range(40)]
        await asyncio.sleep(0)
        for waiter in waiters:
            waiter.cancel()
        await asyncio.wait(waiters, timeout=HANG)
        for _ in range(3):
            await limit.acquire()
        assert server.evals() == 3


@pytest.mark.parametrize("seed", range(5))
async def test_under_a_storm_of_cancellations_no_permit_is_lost_and_none_is_made(server, seed):
    chance = random.Random(seed)
    granted = 0

    async def wait():
        nonlocal granted
        await limit.acquire()
        granted += 1

    async with RedisRate(server.url, rate=1000, lease=0.001, workers=1) as limit:
        tasks = []
        for _ in range(300):
            tasks.append(asyncio.create_task(wait()))
            if chance.random() < 0.3:
                await asyncio.sleep(chance.choice([0, 0, 0.001, 0.005]))
            if chance.random() < 0.5:
                chance.choice(tasks).cancel()
        async with asyncio.timeout(HANG):
            await asyncio.gather(*tasks, return_exceptions=True)
        # What was reserved was granted, but for what was on its way when the last of them went.
        assert granted <= server.evals() <= granted + 5
        assert granted < 250


async def test_a_permit_whose_call_is_cancelled_in_the_moment_of_the_grant_goes_to_the_next(server):
    async def first():
        await limit.acquire()
        second.cancel()  # which has its permit too, and has not run since

    # The three are one lease, of permits that were saved up, and are granted in one turn of the loop.
    async with RedisRate(server.url, rate=1000, burst=3, lease=0.003, workers=1) as limit:
        starting = asyncio.create_task(first())
        second, third = asyncio.create_task(limit.acquire()), asyncio.create_task(limit.acquire())
        await asyncio.wait([starting, second, third], timeout=HANG)
        assert second.cancelled()
        await limit.acquire()
        assert server.evals() == 1


async def test_a_cancelled_pump_is_replaced(server):
    async with RedisRate(server.url, rate=1000, workers=1) as limit:
        waiters = [asyncio.create_task(limit.acquire()) for _ in range(300)]
        await until(lambda: any(waiter.done() for waiter in waiters))
        ours = {asyncio.current_task(), *waiters}
        for task in asyncio.all_tasks() - ours:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*waiters), HANG)


async def test_a_script_that_redis_has_forgotten_is_sent_again(server, caplog):
    async with RedisRate(server.url, rate=100, workers=1) as limit:
        await limit.acquire()
        with server.look() as client:
            client.script_flush()
        await limit.acquire()
        assert server.evals() == 2
    assert not said(caplog)


async def test_a_restart_in_the_middle_is_survived(server, caplog):
    async with RedisRate(server.url, rate=500, workers=1) as limit:
        waiters = [asyncio.create_task(limit.acquire()) for _ in range(400)]
        await until(lambda: sum(waiter.done() for waiter in waiters) >= 50)
        server.kill()
        server.start()
        await asyncio.wait_for(asyncio.gather(*waiters), HANG)
        async with asyncio.timeout(HANG):
            while not server.keys() or len(lost(caplog)) != len(regained(caplog)):
                await limit.acquire()
    assert len(lost(caplog)) <= 1


async def test_without_redis_each_process_keeps_to_its_share_and_comes_back_by_itself(server, caplog):
    server.kill()
    loop = asyncio.get_running_loop()
    async with RedisRate(server.url, rate=400, burst=20, workers=4) as limit:
        begin = loop.time()
        await take(limit, 40)
        # A share of 100/s. The saved-up permits of a share begin at none.
        assert loop.time() - begin >= 39 / 100 - 0.001
        assert len(lost(caplog)) == 1
        assert "100/s" in lost(caplog)[0]
        assert not regained(caplog)
        server.start()
        await use_until_regained(limit, caplog)
        before = server.evals()
        await take(limit, 100)
        assert server.evals() > before
    assert (len(lost(caplog)), len(regained(caplog))) == (1, 1)


async def test_a_redis_that_hangs_counts_as_out(server, caplog):
    async with RedisRate(server.url, rate=400, workers=2, timeout=0.1) as limit:
        await limit.acquire()
        server.signal(signal.SIGSTOP)
        try:
            await asyncio.wait_for(take(limit, 20), HANG)
            assert len(lost(caplog)) == 1
        finally:
            server.signal(signal.SIGCONT)
        await use_until_regained(limit, caplog)


async def test_a_pause_of_one_stops_all(server):
    async with RedisRate(server.url, rate=1000, workers=2) as one, RedisRate(server.url, rate=1000, workers=2) as two:
        await asyncio.gather(take(one, 10), take(two, 10))
        begin = server.now()
        await one.pause(0.5)
        await two.pause(0.1)
        for limit in (two, one):
            await limit.acquire()
            assert server.now() - begin >= 0.5


async def test_a_pause_holds_without_redis_too(server):
    server.kill()
    loop = asyncio.get_running_loop()
    async with RedisRate(server.url, rate=1000, workers=1) as limit:
        begin = loop.time()
        await limit.pause(0.3)
        await take(limit, 5)
        assert loop.time() - begin >= 0.3


async def test_the_account_in_redis_is_exact_to_a_microsecond(server):
    async with RedisRate(server.url, rate=1000, burst=2, workers=1) as limit:
        await limit.acquire()
    with server.look() as client:
        free, written = (float(client.hget(KEY, name)) for name in ("tat", "at"))
    # One of two was saved up, and the other is free now.
    assert abs(free - written) <= 1


async def test_a_server_clock_that_was_set_back_delays_no_permit(server):
    hour_ahead = (server.now() + 3600) * 1e6
    with server.look() as client:
        client.hset(KEY, mapping={"tat": f"{hour_ahead:.0f}", "at": f"{hour_ahead:.0f}"})
    async with RedisRate(server.url, rate=100, workers=1) as limit:
        await asyncio.wait_for(take(limit, 10), HANG)


def test_one_event_loop_after_another_may_use_it_and_each_closes_its_connection(server, caplog):
    limit = RedisRate(server.url, rate=1000, workers=1)
    for _ in range(3):
        asyncio.run(take(limit, 20))
    with server.look() as client:
        assert len(client.client_list()) == 1
    assert not said(caplog)


def test_two_loops_at_once_are_a_config_error(server):
    limit = RedisRate(server.url, rate=0.01, workers=1)
    with asyncio.Runner() as first, asyncio.Runner() as second:

        async def wait():
            await limit.acquire()
            waiter = asyncio.create_task(limit.acquire())
            await asyncio.sleep(0)
            return waiter

        first.run(wait())
        with pytest.raises(ConfigError, match="another event loop"):
            second.run(limit.acquire())


def test_a_borrowed_client_serves_one_loop_only(server):
    limit = RedisRate(Redis.from_url(server.url), rate=0.01, workers=1)

    async def once():
        await limit.acquire()
        await limit._redis.aclose()

    asyncio.run(once())
    with pytest.raises(ConfigError, match="URL"):
        asyncio.run(limit.acquire())


async def test_a_waiter_at_the_closing_gets_session_closed_and_the_rate_can_be_used_again(server):
    limit = RedisRate(server.url, rate=0.5, burst=1, workers=1)
    await limit.acquire()
    waiter = asyncio.create_task(limit.acquire())
    await asyncio.sleep(0)
    await limit.aclose()
    await limit.aclose()
    with pytest.raises(SessionClosed):
        await waiter
    async with asyncio.timeout(HANG), limit:
        await limit.acquire()


async def test_a_password_opens_redis_and_shows_itself_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    server = RedisServer("--requirepass", "canary")
    try:
        server.start()
        shown = []
        for password in ("canary", "canary-that-is-wrong"):
            async with RedisRate(Secret(f"unix://:{password}@{server.socket}"), rate=100, workers=1) as limit:
                await limit.acquire()
                shown.append(repr(limit))
        with server.look("canary") as client:
            assert client.keys() == [KEY]
    finally:
        server.remove()
    assert len(lost(caplog)) == 1
    assert "canary" not in caplog.text + str(shown)


@pytest.mark.parametrize("url", ["redis://:canary/1@host", "http://:canary@host", "canary", "redis://:canary@host:x/0"])
def test_a_url_that_is_none_of_rediss_is_a_config_error_without_its_password(url):
    with pytest.raises(ConfigError) as caught:
        RedisRate(url, rate=1, workers=1)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_without_the_extra_it_says_what_to_install():
    code = "import sys; sys.modules['redis'] = None; import etelecom_async.ratelimit.redis_rate"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr.endswith("ImportError: A rate in Redis needs an extra: pip install 'etelecom-async[redis]'\n")


@each_way
async def test_a_connection_that_redis_closed_as_idle_is_replaced_without_a_word(server, caplog):
    """D11: one silent reconnect comes before anything counts as lost."""
    async with RedisRate(server.url, rate=1000, workers=4) as limit:
        for _ in range(3):
            await take(limit, 20)
            await close_all(server)
        await take(limit, 20)
    assert said(caplog) == []


@each_way
async def test_a_borrowed_client_whose_idle_connections_were_closed_reconnects_without_a_word(server, caplog):
    """D11: of a client with several of them."""
    client = Redis.from_url(server.url)
    await asyncio.gather(*(client.ping() for _ in range(5)))
    await close_all(server)
    async with RedisRate(client, rate=1000, workers=4) as limit:
        await take(limit, 20)
    assert said(caplog) == []
    assert await client.ping()  # a borrowed client stays open
    await client.aclose()


async def test_a_second_rate_for_the_same_name_is_refused_with_both_named(server, caplog):
    """C16: as long as the first is in use; another name is another limit."""
    async with RedisRate(server.url, rate=500, workers=2) as first, RedisRate(server.url, rate=20, workers=2) as other:
        await take(first, 10)
        for refused in (other.acquire(), other.acquire(), other.pause(1)):
            with pytest.raises(ConfigError, match=r"is 20 here and 500 in another process .*'etelecom'"):
                await refused
        await take(first, 10)
        async with RedisRate(server.url, rate=20, workers=2, name="other") as third:
            await third.acquire()
    assert said(caplog) == []


async def test_a_new_rate_is_taken_once_the_old_one_was_forgotten(server):
    async with RedisRate(server.url, rate=500, workers=1) as first:
        await take(first, 10)
    await until(lambda: not server.keys())
    async with RedisRate(server.url, rate=20, workers=1) as second:
        await second.acquire()
