"""The account of a shared rate as Redis keeps it, and the way there. Needs the extra `[redis]`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator

from attrs import frozen
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from .._redis import connect, lifetime
from ..account import Secret
from ..errors import ConfigError

__all__ = ["REDIS_ARGUMENT", "Ledger", "Reply", "Terms"]

REDIS_ARGUMENT = "RedisRate.redis"

_OPENING = 10
"""Timeouts that an answer over a new connection may take: TCP, TLS, name and password, options, the script itself."""

# The state is `tat`, when the next permit will be free, `pause`, before when none is, `at`, when that was written,
# `born`, when the state was begun, and the `interval` between two permits, all in microseconds. A process that comes
# with another interval gets this one back, and no permit. A clock that goes back, as it can on a failover, moves all
# with it: otherwise all would wait until it has caught up. What lies further ahead than can be is a mistake: such a
# pause is cut to the longest, and with such a `tat` the state begins anew. Who waits finds another `born` and asks
# again. Numbers are written out by hand, since Lua's own way keeps 14 digits and a time has 16.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local count, pause = tonumber(ARGV[3]), tonumber(ARGV[4])
local longest, furthest = tonumber(ARGV[5]), tonumber(ARGV[6])
local state = redis.call('HMGET', KEYS[1], 'tat', 'at', 'interval', 'pause', 'born')
if state[3] and state[3] ~= ARGV[1] then return state[3] end
local tat, at = tonumber(state[1]) or 0, tonumber(state[2]) or 0
local quiet, born = tonumber(state[4]) or 0, tonumber(state[5]) or now
if now < at then tat, quiet = tat - (at - now), quiet - (at - now) end
if not (tat <= now + furthest) then tat, born = now, now end
if not (quiet <= now + longest) then quiet = now + longest end
if pause > 0 then quiet = math.max(quiet, now + pause) end
tat = math.max(tat, quiet, now - (burst - 1) * interval)
local wait = tat - now
tat = tat + count * interval
local function digits(number) return string.format('%.17g', number) end
redis.call('HSET', KEYS[1], 'tat', digits(tat), 'at', digits(now), 'interval', ARGV[1],
    'pause', digits(quiet), 'born', digits(born))
redis.call('PEXPIRE', KEYS[1], math.min(math.ceil((tat - now + burst * interval) / 1000) + 1000, 1e13))
return {math.ceil(wait), math.ceil(quiet - now), born}
"""
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


@frozen
class Terms:
    """What a process shares a rate under: permits per second, and seconds."""

    name: str
    rate: float
    burst: float
    longest_pause: float
    furthest: float
    """How far ahead the next free permit can be, unless something is wrong."""
    timeout: float


@frozen
class Reply:
    """What Redis has answered.

    Attributes:
        wait: seconds until the first permit may be spent, negative for one that was saved up.
        pause: seconds for which no process may have one, negative for none.
        born: a mark of the state; another one means that Redis has forgotten what it had reserved.
    """

    wait: float
    pause: float
    born: int


class Ledger:
    """The account in Redis, for one event loop. It opens its connection when it is first asked."""

    def __init__(self, redis: Secret | Redis, terms: Terms) -> None:
        self._redis = redis
        self._terms = terms
        self._client: Redis | None = None
        self._lifetime: AsyncGenerator[None] | None = None
        self._lock = asyncio.Lock()
        """One question at a time needs one connection, and so none that has to be opened first."""
        self._is_open = False

    async def ask(self, count: int, *, pause: float = 0.0) -> Reply:
        """Reserve so many permits, and let no process have one for so many seconds.

        Raises:
            RedisError, OSError: Redis is out, or cannot do it.
            ConfigError: others share the limit at another rate.
        """
        terms = self._terms
        micros = (
            1 / terms.rate * 1e6,
            terms.burst,
            count,
            pause * 1e6,
            terms.longest_pause * 1e6,
            terms.furthest * 1e6,
        )
        async with self._lock:
            reply = await self._run(f"etelecom_async:rate:{terms.name}", *(repr(number) for number in micros))
        match reply:
            case [int(wait), int(quiet), int(born)]:
                return Reply(wait / 1e6, quiet / 1e6, born)
            case _:
                raise self._other_rate(reply)

    async def aclose(self) -> None:
        """Close the connection, unless the client was borrowed."""
        if self._lifetime is not None:
            await self._lifetime.aclose()

    async def _run(self, *arguments: str) -> object:
        client = await self._open()
        is_open, self._is_open = self._is_open, False
        try:
            reply = await self._run_once(client, arguments, 1 if is_open else _OPENING)
        except (ConnectionLost, ConnectionError):
            # Most often Redis has closed the connection as idle, and then others too.
            await client.connection_pool.disconnect(inuse_connections=False)
            reply = await self._run_once(client, arguments, _OPENING)
        self._is_open = True
        return reply

    async def _run_once(self, client: Redis, arguments: tuple[str, ...], timeouts: int) -> object:
        timeout = self._terms.timeout
        async with asyncio.timeout(timeout * timeouts) as limit:
            try:
                return await client.evalsha(_SHA, 1, *arguments)
            except NoScriptError:  # a Redis that was started anew, or that was not told before
                limit.reschedule(asyncio.get_running_loop().time() + timeout)
                return await client.eval(_SCRIPT, 1, *arguments)

    async def _open(self) -> Redis:
        if self._client is None:
            if isinstance(self._redis, Redis):
                self._client = self._redis
            else:
                self._client = connect(REDIS_ARGUMENT, self._redis, timeout=self._terms.timeout)
                self._lifetime = lifetime(self._client)
                await anext(self._lifetime)
        return self._client

    def _other_rate(self, reply: object) -> ConfigError | RedisError:
        terms = self._terms
        try:
            rate = 1e6 / float(reply.decode() if isinstance(reply, bytes) else str(reply))
        except (ValueError, ZeroDivisionError):
            return RedisError("the answer is no number")
        return ConfigError(
            f"RedisRate.rate is {terms.rate:g} here and {rate:g} in another process that shares the limit"
            f" {terms.name!r}: give the same rate to all, or another name to this one."
        )
