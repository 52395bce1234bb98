"""A claim is held by one at a time, runs out by itself, and counts where it is kept."""

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import asynccontextmanager

import pytest
import redis.asyncio

from etelecom_async import ClaimsError, ConfigError
from etelecom_async.claims.base import MemoryClaims, Turns
from etelecom_async.claims.file import FileClaims
from etelecom_async.claims.redis import RedisClaims
from etelecom_async.testing import run_virtually
from tests.support import virtually
from tests.support.redis_server import RedisServer

AN, BINH = "1000000000000000003/84987654321", "1000000000000000003/84912345678"


@pytest.fixture(scope="module")
def server():
    server = RedisServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def kept(request, tmp_path):
    """Makes what keeps claims in one place, each time anew, and closes it."""

    @asynccontextmanager
    async def open_again():
        if request.param == "file":
            yield FileClaims(tmp_path / "claims.db")
        elif request.param == "redis":
            async with RedisClaims(request.getfixturevalue("server").url, name=str(tmp_path)) as claims:
                yield claims
        else:
            yield memory

    memory = MemoryClaims()
    return open_again


each_keeper = pytest.mark.parametrize("kept", ["memory", "file", "redis"], indirect=True)


@each_keeper
async def test_a_claim_is_held_by_one_owner(kept):
    async with kept() as claims, kept() as others:
        assert await claims.claim(AN, owner="a", seconds=60) == 0
        assert 59 < await others.claim(AN, owner="b", seconds=60) <= 60
        assert await others.claim(BINH, owner="b", seconds=60) == 0
        assert await claims.claim(AN, owner="a", seconds=90) == 0
        assert 89 < await others.claim(AN, owner="b", seconds=60) <= 90


@each_keeper
async def test_a_released_claim_is_free_and_only_its_owner_releases_it(kept):
    async with kept() as claims:
        await claims.claim(AN, owner="a", seconds=60)
        await claims.release(AN, owner="b")
        await claims.release(BINH, owner="a")
        assert await claims.claim(AN, owner="b", seconds=60) > 0
        await claims.release(AN, owner="a")
        assert await claims.claim(AN, owner="b", seconds=60) == 0


@each_keeper
async def test_a_claim_runs_out_by_itself_and_its_old_owner_cannot_take_it_back(kept):
    async with kept() as claims:
        await claims.claim(AN, owner="a", seconds=0.05)
        await asyncio.sleep(await claims.claim(AN, owner="b", seconds=60) + 0.01)
        assert await claims.claim(AN, owner="b", seconds=60) == 0
        assert await claims.claim(AN, owner="a", seconds=60) > 0
        await claims.release(AN, owner="a")
        assert await claims.claim(AN, owner="c", seconds=60) > 0


@each_keeper
async def test_of_many_at_once_one_gets_the_claim(kept):
    async with kept() as claims, kept() as others:
        takes = [one.claim(AN, owner=f"{at}", seconds=60) for at, one in enumerate([claims, others] * 10)]
        assert (await asyncio.gather(*takes)).count(0) == 1


@virtually
async def test_claims_in_memory_follow_the_loops_time_and_forget_what_ran_out():
    claims = MemoryClaims()
    for at in range(1000):
        await claims.claim(f"{at}", owner="a", seconds=60)
    await claims.claim("5", owner="a", seconds=120)
    await asyncio.sleep(60)
    assert await claims.claim("0", owner="b", seconds=60) == 0
    assert await claims.claim("5", owner="b", seconds=60) == 60
    assert len(claims._held) == 2


# A file


async def test_a_file_of_claims_is_its_owners_alone_and_forgets_what_ran_out(tmp_path):
    file = tmp_path / "claims.db"
    before = os.umask(0)
    try:
        claims = FileClaims(str(file))
        await claims.claim(AN, owner="a", seconds=0.01)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    await asyncio.sleep(0.02)
    await claims.claim(BINH, owner="a", seconds=60)
    with sqlite3.connect(file) as opened:
        assert opened.execute("SELECT customer FROM claims").fetchall() == [(BINH,)]
    opened.close()


@pytest.mark.parametrize("place", ["nowhere/claims.db", "."])
async def test_a_file_that_cannot_be_opened_is_an_error_that_names_it(tmp_path, place):
    with pytest.raises(ClaimsError, match=r"The file of claims, .* cannot be used: .*\.") as caught:
        await FileClaims(tmp_path / place).claim(AN, owner="a", seconds=1)
    assert caught.value.transient
    assert "987" not in str(caught.value)


async def test_a_file_that_is_no_database_is_an_error_and_stays_as_it_is(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("notes of mine\n" * 100)
    with pytest.raises(ClaimsError):
        await FileClaims(file).claim(AN, owner="a", seconds=1)
    assert file.read_text() == "notes of mine\n" * 100


async def test_claims_of_a_killed_process_are_in_the_file(tmp_path):
    file = tmp_path / "claims.db"
    program = f"""
import asyncio, os, signal
from etelecom_async.claims.file import FileClaims
asyncio.run(FileClaims({str(file)!r}).claim({AN!r}, owner="a", seconds=60))
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == -9
    assert 50 < await FileClaims(file).claim(AN, owner="b", seconds=60) <= 60


def test_claims_in_a_file_work_in_virtual_time(tmp_path):
    async def main():
        claims = FileClaims(tmp_path / "claims.db")
        await claims.claim(AN, owner="a", seconds=3600)
        await asyncio.sleep(3599)
        assert await claims.claim(AN, owner="b", seconds=60) == pytest.approx(1, abs=0.1)
        await asyncio.sleep(1.1)
        assert await claims.claim(AN, owner="b", seconds=60) == 0

    run_virtually(main())


# Redis


async def test_claims_in_redis_are_keys_that_expire(server):
    async with RedisClaims(server.url, name="shop") as claims:
        await claims.claim(AN, owner="a", seconds=60)
        key = f"etelecom_async:claim:shop:{AN}"
        with server.look() as client:
            assert 59_000 < client.pttl(key) <= 60_000
        async with RedisClaims(server.url, name="other") as others:
            assert await others.claim(AN, owner="b", seconds=60) == 0
        await claims.release(AN, owner="a")
        with server.look() as client:
            assert not client.exists(key)


async def test_a_redis_that_does_not_answer_is_an_error_without_its_url():
    claims = RedisClaims("redis://:canary@127.0.0.1:1", timeout=0.5)
    with pytest.raises(ClaimsError, match="does not answer") as caught:
        await claims.claim(AN, owner="a", seconds=1)
    assert "canary" not in repr(caught.value)
    assert caught.value.__cause__ is None
    await claims.aclose()


async def test_an_idle_connection_that_redis_closed_costs_no_claim(server):
    async with RedisClaims(server.url, name="idle") as claims:
        await claims.claim(AN, owner="a", seconds=60)
        with server.look() as client:
            client.client_kill_filter(_type="normal")
        assert await claims.claim(AN, owner="a", seconds=60) == 0


def test_claims_in_redis_serve_one_loop_after_another(server):
    claims = RedisClaims(server.url, name="loops")
    for _ in range(2):
        assert asyncio.run(claims.claim(AN, owner="a", seconds=60)) == 0


def test_a_borrowed_client_serves_one_loop_and_stays_open(server):
    async def main():
        client = redis.asyncio.Redis(unix_socket_path=str(server.socket))
        claims = RedisClaims(client, name="mine")
        assert await claims.claim(AN, owner="a", seconds=60) == 0
        await claims.aclose()
        assert await client.ping()
        await claims.claim(AN, owner="a", seconds=60)
        await client.aclose()
        return claims

    claims = asyncio.run(main())
    with pytest.raises(ConfigError, match="one event loop"):
        asyncio.run(claims.claim(AN, owner="a", seconds=60))


# Turns


@virtually
async def test_turns_at_a_customer_come_one_after_the_other_and_leave_nothing():
    turns, at_once, most = Turns(), 0, 0

    async def visit(customer):
        nonlocal at_once, most
        async with turns.of(customer):
            at_once += customer == AN
            most = max(most, at_once)
            await asyncio.sleep(1)
            at_once -= customer == AN

    visits = [asyncio.create_task(visit(customer)) for customer in [AN, BINH] * 5]
    await asyncio.sleep(0.5)
    visits[2].cancel()
    await asyncio.wait(visits)
    assert most == 1
    assert asyncio.get_running_loop().time() == 5
    assert turns._lines == {}
