"""One rate for many processes and machines, kept in Redis. Needs the extra `[redis]`.

A process asks one script, run by Redis at once and by Redis's own clock, for the next free stretch of the rate: one
permit when calls come singly, a lease of about 50 ms when many wait. The stretches follow each other without a gap and
without an overlap, so processes that ask in turn get equal shares, and no process asks in vain.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections import deque
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

from attrs import define, field

from .. import _checks
from .._loop import running_loop
from ..account import Secret
from ..errors import ConfigError, SessionClosed
from .pace import Pace
from .permits import Permits

try:
    from redis.asyncio import Redis
    from redis.exceptions import ConnectionError as ConnectionLost
    from redis.exceptions import NoScriptError, RedisError

    from .._redis import connect, lifetime, of_caller
except ImportError as error:
    raise ImportError("A rate in Redis needs an extra: pip install 'etelecom-async[redis]'") from error

__all__ = ["RedisRate"]

_log = logging.getLogger("etelecom_async")

_TICK = 0.005
"""Seconds between two looks at the clock while permits come due: no more than this of the rate is let go at once."""

_NAME = "RedisRate.redis"

_PROBE = 1.0
"""Seconds between two looks whether Redis is back."""

# The state is `tat`, when the next permit will be free, `at`, when that was written, and the `interval` between two
# permits, all in microseconds. A process that comes with another interval gets this one back, and no permit. A clock
# that goes back, as it can on a failover, moves `tat` with it: otherwise all would wait until it has caught up. Numbers
# are written out by hand, since Lua's own way keeps 14 digits and a time has 16.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local count, pause = tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call('HMGET', KEYS[1], 'tat', 'at', 'interval')
if state[3] and state[3] ~= ARGV[1] then return state[3] end
local tat, at = tonumber(state[1]) or 0, tonumber(state[2]) or 0
if now < at then tat = tat - (at - now) end
tat = math.max(tat, now - (burst - 1) * interval)
if pause > 0 then tat = math.max(tat, now + pause) end
local wait = tat - now
tat = tat + count * interval
redis.call('HSET', KEYS[1], 'tat', string.format('%.17g', tat), 'at', string.format('%.17g', now), 'interval', ARGV[1])
redis.call('PEXPIRE', KEYS[1], math.ceil((tat - now + burst * interval) / 1000) + 1000)
return math.ceil(wait)
"""
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


@define(eq=False)
class _Line:
    """Who waits in one event loop, and what is held there."""

    loop: asyncio.AbstractEventLoop
    pid: int = field(factory=os.getpid)
    permits: Permits = field(factory=Permits)
    waiters: deque[asyncio.Future[None]] = field(factory=deque)
    waiting: int = 0
    """Those of `waiters` that wait; it is kept so that they need not be counted."""
    pump: asyncio.Task[None] | None = None
    probe: asyncio.Task[None] | None = None
    next_probe: float = 0.0
    local: Pace | None = None
    """The local share, while Redis does not answer."""
    client: Redis | None = None
    lifetime: AsyncGenerator[None] | None = None

    def first(self) -> asyncio.Future[None] | None:
        """Who has waited longest and still does."""
        while self.waiters and self.waiters[0].done():
            self.waiters.popleft()
        return self.waiters[0] if self.waiters else None

    def grant(self) -> None:
        """Give a permit to who has waited longest; if none waits, keep it for the next."""
        first = self.first()
        if first is None:
            now = self.loop.time()
            self.permits.add(1, due=now, interval=0.0, now=now)
        else:
            self.waiting -= 1
            first.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End every wait with this error."""
        while first := self.first():
            self.waiting -= 1
            first.set_exception(error)


class RedisRate:
    """At most `rate` permits per second over all processes that name the same limit in the same Redis.

    Within a process permits go out in order of arrival, and one that was meant for a call that was cancelled goes to
    the next. Processes that are busy get equal shares. A process that dies takes with it the permits of one lease and
    leaves nothing behind but the limit's one key, which expires.

    Where Redis does not answer, each process keeps to its local share, `rate / workers`, and looks every second whether
    Redis is back. The log says once when that begins and once when it ends. Together they then stay below the rate; but
    while some reach Redis and others do not, each of the others adds its share to it.

    One event loop after another may use it, one at a time. It opens its connection at the first permit, and closes it
    with `aclose`, at the end of `async with`, or at the end of the loop.

    Args:
        redis: where Redis (5 or newer) is, as `redis://`, `rediss://` or `unix://`; or a client of your own, which you
            close yourself and which serves one event loop only.
        rate: permits per second, above 0, and the same in all processes. As long as some use the limit, one that comes
            with another rate is refused, and the error names both. Redis forgets a rate a moment after its last use.
        workers: processes that share the limit at most, at least 1.
        burst: permits that can be saved up while no call asks, at least 1; 50 ms of the rate unless given. It has to
            cover the way to Redis and back, or the rate is not reached.
        name: of the limit, and part of the key in Redis: `etelecom_async:rate:<name>`. Anyone who can read that Redis
            can read it, so never use an account's key, or anything made from one.
        lease: seconds of the rate that a process reserves at a time when many wait.
        timeout: seconds without an answer after which Redis counts as out.

    Raises:
        ConfigError: an argument is out of range, or redis is neither a URL of Redis nor a client that can be used here.
    """

    def __init__(
        self,
        redis: str | Secret | Redis,
        /,
        *,
        rate: float,
        workers: int,
        burst: float | None = None,
        name: str = "etelecom",
        lease: float = 0.05,
        timeout: float = 0.5,
    ) -> None:
        self.rate = rate = _checks.number("RedisRate.rate", rate, above=0, unit="a number of permits per second")
        self.workers = _checks.whole("RedisRate.workers", workers)
        lease = _checks.number("RedisRate.lease", lease, above=0, unit="a number of seconds")
        timeout = _checks.number("RedisRate.timeout", timeout, above=0, unit="a number of seconds")
        if burst is not None:
            burst = _checks.number("RedisRate.burst", burst, least=1, otherwise=", or None")
        self.burst = max(1.0, rate * lease) if burst is None else burst
        self.name = _checks.line("RedisRate.name", name)
        self._key = f"etelecom_async:rate:{name}"
        self._interval = 1 / rate
        self._at_once = max(1, int(rate * lease))
        self._timeout = timeout
        self._redis = of_caller(_NAME, redis)
        del redis  # it may hold a password, and no traceback is to print it
        self._line: _Line | None = None

    def __repr__(self) -> str:
        return f"RedisRate(name={self.name!r}, rate={self.rate:g}, burst={self.burst:g}, workers={self.workers})"

    async def acquire(self) -> None:
        """Wait for one permit. A wait that is cancelled costs none.

        Raises:
            SessionClosed: it was closed meanwhile.
            ConfigError: calls wait in another event loop that is still alive, or the borrowed client belongs to one;
                or another process shares the limit at another rate.
        """
        line = self._here()
        if not line.waiting and line.permits.take(line.loop.time()):
            return
        waiter: asyncio.Future[None] = line.loop.create_future()
        line.waiters.append(waiter)
        line.waiting += 1
        if line.pump is None:
            self._start(line)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                line.waiting -= 1
            elif waiter.exception() is None:
                line.grant()  # handed over in the same moment: pass it on
            raise

    async def pause(self, seconds: float) -> None:
        """Let no process have a permit for that long from now, as after a server's `Retry-After`.

        This process stops at once, and the others when the lease that they have reserved already is spent. Whoever asks
        for a pause that ends sooner than one in force changes nothing.

        Args:
            seconds: how long, above 0.

        Raises:
            ConfigError: seconds is no such number; and as for `acquire`.
        """
        _checks.number("seconds", seconds, above=0, unit="a number of seconds")
        line = self._here()
        line.permits.pause(line.loop.time() + seconds)
        if line.local is None:
            try:
                await self._ask(line, 0, pause=seconds)
            except (RedisError, OSError) as error:
                self._lose(line, error)

    async def aclose(self) -> None:
        """Close the connection, unless the client was borrowed. Who still waits gets `SessionClosed`."""
        line, self._line = self._line, None
        if line is None or line.loop is not asyncio.get_running_loop():
            return  # that loop closes its connection itself when it ends
        line.fail(SessionClosed("The shared rate was closed while calls waited for it."))
        tasks = [task for task in (line.pump, line.probe) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if line.lifetime is not None:
            await line.lifetime.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _here(self) -> _Line:
        loop, line = running_loop(), self._line
        if line is not None and line.loop is loop:
            return line
        if line is not None and isinstance(self._redis, Redis):
            raise ConfigError("A Redis client of your own serves one event loop: give RedisRate a URL instead.")
        if line is not None and line.waiting and not line.loop.is_closed() and line.pid == os.getpid():
            raise ConfigError(
                "This RedisRate has calls waiting in another event loop that is still alive: make one for each loop,"
                " or let all threads use one session through etelecom_async.blocking.Blocking.",
            )
        self._line = line = _Line(loop)
        return line

    def _start(self, line: _Line) -> None:
        line.pump = line.loop.create_task(self._serve(line))
        line.pump.add_done_callback(lambda pump: self._stopped(line, pump))

    def _stopped(self, line: _Line, pump: asyncio.Task[None]) -> None:
        """No call waits for ever: a pump that was cancelled is replaced, and one that failed says so to all."""
        line.pump = None
        if not pump.cancelled() and (error := pump.exception()):
            line.fail(error)
        elif line.first():
            self._start(line)

    async def _serve(self, line: _Line) -> None:
        """Give permits out as they come due, for as long as anybody waits."""
        while line.first():
            now = line.loop.time()
            due = line.permits.due(now)
            if due is None:
                await self._reserve(line)
            elif due > now:
                await asyncio.sleep(max(_TICK, due - now))
            else:
                while line.first() and line.permits.take(now):
                    line.grant()

    async def _reserve(self, line: _Line) -> None:
        if line.local is None:
            count = min(line.waiting, self._at_once)
            try:
                wait = await self._ask(line, count)
            except (RedisError, OSError) as error:
                self._lose(line, error)
            else:
                now = line.loop.time()
                line.permits.add(count, due=now + wait, interval=self._interval, now=now)
                return
        self._reserve_locally(line)

    def _reserve_locally(self, line: _Line) -> None:
        now = line.loop.time()
        if line.probe is None and now >= line.next_probe:
            line.next_probe = now + _PROBE
            line.probe = line.loop.create_task(self._look(line))
        if line.local is not None:
            count = min(line.waiting, max(1, self._at_once // self.workers))
            due = line.local.reserve(count, now)
            line.permits.add(count, due=due, interval=self._interval * self.workers, now=now)

    async def _look(self, line: _Line) -> None:
        """Find out whether Redis is back."""
        try:
            await self._ask(line, 0)
        except (RedisError, OSError):
            return
        except ConfigError:
            line.local = None  # the next that asks is told
        else:
            line.local = None
            _log.warning("Redis answers again: %r is shared again.", self)
        finally:
            line.probe = None

    def _lose(self, line: _Line, error: Exception) -> None:
        if line.local is not None:
            return
        now, share = line.loop.time(), self.rate / self.workers
        line.local = Pace(rate=share, burst=max(1.0, self.burst / self.workers), start=now)
        line.next_probe = now + _PROBE
        # The kind of error and no more: what libraries say in full can hold the URL, and with it the password.
        kind = type(error).__name__
        _log.warning("Redis does not answer (%s): %r keeps to its local share, %g/s, until it does.", kind, self, share)

    async def _ask(self, line: _Line, count: int, *, pause: float = 0.0) -> float:
        """Reserve so many permits in Redis: seconds until the first may be spent, negative for one that was saved up.

        Raises:
            RedisError, OSError: Redis is out, or cannot do it.
            ConfigError: others share the limit at another rate.
        """
        client = await self._client(line)
        arguments = (self._key, repr(self._interval * 1e6), repr(self.burst), count, repr(pause * 1e6))
        async with asyncio.timeout(self._timeout):
            try:
                reply = await _run(client, *arguments)
            except (ConnectionLost, ConnectionError):
                # Most often Redis has closed the connection as idle, and then others too.
                await client.connection_pool.disconnect(inuse_connections=False)
                reply = await _run(client, *arguments)
        if isinstance(reply, int):
            return reply / 1e6
        raise self._other_rate(reply)

    def _other_rate(self, reply: object) -> ConfigError | RedisError:
        try:
            rate = 1e6 / float(reply.decode() if isinstance(reply, bytes) else str(reply))
        except (ValueError, ZeroDivisionError):
            return RedisError("the answer is no number")
        return ConfigError(
            f"RedisRate.rate is {self.rate:g} here and {rate:g} in another process that shares the limit"
            f" {self.name!r}: give the same rate to all, or another name to this one."
        )

    async def _client(self, line: _Line) -> Redis:
        if line.client is None:
            if isinstance(self._redis, Redis):
                line.client = self._redis
            else:
                line.client = connect(_NAME, self._redis)
                line.lifetime = lifetime(line.client)
                await anext(line.lifetime)
        return line.client


async def _run(client: Redis, *arguments: str | int) -> object:
    try:
        return await client.evalsha(_SHA, 1, *arguments)
    except NoScriptError:  # a Redis that was started anew, or that was not told before
        return await client.eval(_SCRIPT, 1, *arguments)
