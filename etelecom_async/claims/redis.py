"""Claims in Redis, for the processes of many machines. Needs the extra `[redis]`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

from attrs import define

from .. import _checks
from .._loop import running_loop
from ..account import Secret
from ..errors import ClaimsError, ConfigError

try:
    from redis.asyncio import Redis
    from redis.exceptions import ConnectionError as ConnectionLost
    from redis.exceptions import RedisError

    from .._redis import connect, lifetime, of_caller
except ImportError as error:
    raise ImportError("Claims in Redis need an extra: pip install 'etelecom-async[redis]'") from error

__all__ = ["RedisClaims"]

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return math.max(1, redis.call('PTTL', KEYS[1])) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
"""
_NAME = "RedisClaims.redis"


@define(eq=False)
class _Connection:
    loop: asyncio.AbstractEventLoop
    client: Redis
    lifetime: AsyncGenerator[None] | None


class RedisClaims:
    """Claims that count for all processes which give the same name in the same Redis.

    Each is a key `etelecom_async:claim:<name>:<oa_id>/<phone>`, which expires. They go by Redis's own clock. Where
    Redis does not answer, no request is made (`ClaimsError`). A Redis that forgets, as one without a disk does when it
    starts anew, forgets claims too.

    One event loop after another may use it, one at a time. It opens its connection at the first claim, and closes it
    with `aclose`, at the end of `async with`, or at the end of the loop.

    Args:
        redis: where Redis (5 or newer) is, as `redis://`, `rediss://` or `unix://`; or a client of your own, which you
            close yourself and which serves one event loop only.
        name: of the business, for a Redis that serves several.
        timeout: seconds without an answer after which Redis counts as out.

    Raises:
        ConfigError: an argument is out of range, or redis is neither a URL of Redis nor a client that can be used here.
    """

    def __init__(self, redis: str | Secret | Redis, /, *, name: str = "etelecom", timeout: float = 2.0) -> None:
        self._redis = of_caller(_NAME, redis)
        del redis  # it may hold a password, and no traceback is to print it
        self._name = _checks.line("RedisClaims.name", name)
        self._timeout = _checks.number("RedisClaims.timeout", timeout, above=0, unit="a number of seconds")
        self._connection: _Connection | None = None

    async def claim(self, customer: str, /, *, owner: str, seconds: float) -> float:
        """Hold the claim, as `Claims.claim` says."""
        left = await self._run(_CLAIM, customer, owner, str(max(1, round(seconds * 1000))))
        return left / 1000

    async def release(self, customer: str, /, *, owner: str) -> None:
        """Give the claim up, as `Claims.release` says."""
        await self._run(_RELEASE, customer, owner)

    async def aclose(self) -> None:
        """Close the connection, unless the client was borrowed."""
        connection, self._connection = self._connection, None
        if connection is None or connection.lifetime is None or connection.loop is not asyncio.get_running_loop():
            return  # that loop closes its connection itself when it ends
        await connection.lifetime.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _run(self, script: str, customer: str, *arguments: str) -> int:
        client = await self._client()
        key = f"etelecom_async:claim:{self._name}:{customer}"
        try:
            async with asyncio.timeout(self._timeout):
                try:
                    answer: object = await client.eval(script, 1, key, *arguments)
                except (ConnectionLost, ConnectionError):
                    # Most often Redis has closed the connection as idle. Either script may run twice.
                    await client.connection_pool.disconnect(inuse_connections=False)
                    answer = await client.eval(script, 1, key, *arguments)
        except (RedisError, OSError) as error:
            # The kind of error and no more: what libraries say in full can hold the URL, and with it the password.
            raise ClaimsError(f"Redis, which keeps the claims, does not answer ({type(error).__name__}).") from None
        if not isinstance(answer, int):
            raise ClaimsError("Redis, which keeps the claims, gave an answer that is no number.")
        return answer

    async def _client(self) -> Redis:
        loop, connection = running_loop(), self._connection
        if connection is not None and connection.loop is loop:
            return connection.client
        if isinstance(self._redis, Redis):
            if connection is not None:
                raise ConfigError("A Redis client of your own serves one event loop: give RedisClaims a URL instead.")
            self._connection = _Connection(loop, self._redis, None)
            return self._redis
        client = connect(_NAME, self._redis)
        life = lifetime(client)
        self._connection = _Connection(loop, client, life)
        await anext(life)
        return client
