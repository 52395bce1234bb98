"""Which clients of Redis a shared rate takes, and which it refuses at once: Sentinel, replicas, clusters."""

from __future__ import annotations

import asyncio

import pytest
import redis
from redis.asyncio import RedisCluster
from redis.asyncio.sentinel import Sentinel

from etelecom_async import ConfigError
from etelecom_async.ratelimit.redis_rate import RedisRate
from tests.support import HANG
from tests.support.redis_sentinel import NAME, Watched


async def until(condition):
    async with asyncio.timeout(HANG):
        while not condition():
            await asyncio.sleep(0.05)


async def take(limit, count):
    async with asyncio.timeout(HANG):
        await asyncio.gather(*(limit.acquire() for _ in range(count)))


async def test_the_master_of_a_sentinel_is_shared_and_a_failover_passes_without_a_word(caplog):
    with Watched() as watched:
        sentinel = Sentinel([("127.0.0.1", watched.port)])
        client = sentinel.master_for(NAME)
        limit = RedisRate(client, rate=1000, workers=2)
        await take(limit, 20)
        assert watched.master.evals() > 0
        await until(watched.knows_replica)
        watched.fail_over()
        await until(watched.is_failed_over)
        watched.master.kill()
        await take(limit, 100)
        assert watched.replica.evals() > 0
        await limit.aclose()
        await client.aclose()
        for one in sentinel.sentinels:
            await one.aclose()
    assert not [record for record in caplog.records if record.name == "etelecom_async"]


def no_clients():
    """What is no client of one Redis that can be written to, by name."""
    sentinel = Sentinel([("127.0.0.1", 1)])
    return {
        "a replica of a Sentinel": (sentinel.slave_for("shared"), "replica.*master_for"),
        "a Sentinel": (sentinel, "master_for"),
        "a cluster": (RedisCluster(host="127.0.0.1", port=1), "cluster"),
        "a URL of a Sentinel": ("redis+sentinel://127.0.0.1:1/shared", "URL"),
        "a sync client": (redis.Redis(), "sync"),
        "a sync master of a Sentinel": (redis.Sentinel([("127.0.0.1", 1)]).master_for("shared"), "sync"),
    }


@pytest.mark.parametrize("kind", no_clients())
def test_another_client_is_refused_at_construction_with_what_to_give(kind):
    client, says = no_clients()[kind]
    with pytest.raises(ConfigError, match=rf"^RedisRate\.redis .*{says}"):
        RedisRate(client, rate=1, workers=1)
