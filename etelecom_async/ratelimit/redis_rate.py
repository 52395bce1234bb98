"""One rate for many processes and machines, kept in Redis. Needs the extra `[redis]`.

A process asks one script, run by Redis at once and by Redis's own clock, for the next free stretch of the rate: one
permit when calls come singly, a lease of about 50 ms when many wait. The stretches follow each other without a gap and
without an overlap, so processes that ask in turn get equal shares, and no process asks in vain.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
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
    from redis.exceptions import RedisError

    from .._redis import of_caller
    from .redis_ledger import REDIS_ARGUMENT, Ledger, Reply, Terms
except ImportError as error:
    raise ImportError("A rate in Redis needs an extra: pip install 'etelecom-async[redis]'") from error

__all__ = ["RedisRate"]

_log = logging.getLogger("etelecom_async")

_TICK = 0.005
"""Seconds between two looks at the clock while permits come due: no more than this of the rate is let go at once."""

_LOOK = 1.0
"""Seconds between two looks: whether Redis is back, and whether it still knows of a long wait."""


@define(eq=False)
class _Line:
    """Who waits in one event loop, and what is held there."""

    loop: asyncio.AbstractEventLoop
    ledger: Ledger
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
    born: int | None = None
    """The state in Redis that the permits are of."""

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

    def heed(self, reply: Reply) -> None:
        """Wait for a pause of all; forget what was held of a state that Redis has forgotten."""
        if self.born not in {None, reply.born}:
            self.permits.clear()
        self.born = reply.born
        self.permits.pause(self.loop.time() + reply.pause)

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
        timeout: seconds without an answer after which Redis counts as out. To open a connection takes several answers.
        longest_pause: seconds that a pause lasts at most, above 0, whatever it was asked for and whatever Redis says.

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
        longest_pause: float = 3600.0,
    ) -> None:
        self.rate = rate = _checks.number("RedisRate.rate", rate, above=0, unit="a number of permits per second")
        self.workers = _checks.whole("RedisRate.workers", workers)
        lease = _checks.number("RedisRate.lease", lease, above=0, unit="a number of seconds")
        timeout = _checks.number("RedisRate.timeout", timeout, above=0, unit="a number of seconds")
        longest_pause = _checks.number("RedisRate.longest_pause", longest_pause, above=0, unit="a number of seconds")
        if burst is not None:
            burst = _checks.number("RedisRate.burst", burst, least=1, otherwise=", or None")
        self.burst = max(1.0, rate * lease) if burst is None else burst
        self.name = _checks.line("RedisRate.name", name)
        self._interval = 1 / rate
        self._at_once = max(1, int(rate * lease))
        self._longest_pause = longest_pause
        furthest = longest_pause + 10 * self.workers * self._at_once / rate
        self._terms = Terms(self.name, rate, self.burst, longest_pause, furthest, timeout)
        self._redis = of_caller(REDIS_ARGUMENT, redis)
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

        This process stops at once, and the others when the lease that they have reserved already is spent, or within a
        second where that lies further ahead. A pause that ends sooner than one in force changes nothing. A pause that
        Redis misses, since it is out, it is told when it is back.

        Args:
            seconds: how long, above 0; what is above `longest_pause` counts as that.

        Raises:
            ConfigError: seconds is no such number; and as for `acquire`.
        """
        seconds = min(_checks.number("seconds", seconds, above=0, unit="a number of seconds"), self._longest_pause)
        line = self._here()
        line.permits.pause(line.loop.time() + seconds)
        if line.local is None:
            try:
                line.heed(await line.ledger.ask(0, pause=seconds))
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
        await line.ledger.aclose()

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
        self._line = line = _Line(loop, Ledger(self._redis, self._terms))
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
                await asyncio.sleep(max(_TICK, min(due - now, _LOOK)))
                if due - now > _LOOK:
                    await self._look_again(line)
            else:
                while line.first() and line.permits.take(now):
                    line.grant()

    async def _reserve(self, line: _Line) -> None:
        if line.local is None:
            count = min(line.waiting, self._at_once)
            try:
                reply = await line.ledger.ask(count)
            except (RedisError, OSError) as error:
                self._lose(line, error)
            else:
                line.heed(reply)
                now = line.loop.time()
                line.permits.add(count, due=now + reply.wait, interval=self._interval, now=now)
                return
        self._reserve_locally(line)

    async def _look_again(self, line: _Line) -> None:
        """Find out whether Redis still knows of what is waited for."""
        if line.local is not None:
            self._probe(line)
            return
        try:
            line.heed(await line.ledger.ask(0))
        except (RedisError, OSError) as error:
            self._lose(line, error)

    def _probe(self, line: _Line) -> None:
        now = line.loop.time()
        if line.probe is None and now >= line.next_probe:
            line.next_probe = now + _LOOK
            line.probe = line.loop.create_task(self._look(line))

    def _reserve_locally(self, line: _Line) -> None:
        self._probe(line)
        now = line.loop.time()
        if line.local is not None:
            count = min(line.waiting, max(1, self._at_once // self.workers))
            due = line.local.reserve(count, now)
            line.permits.add(count, due=due, interval=self._interval * self.workers, now=now)

    async def _look(self, line: _Line) -> None:
        """Find out whether Redis is back, and tell it of a pause that it has missed."""
        try:
            line.heed(await line.ledger.ask(0, pause=line.permits.paused(line.loop.time())))
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
        line.next_probe = now + _LOOK
        # The kind of error and no more: what libraries say in full can hold the URL, and with it the password.
        kind = type(error).__name__
        _log.warning("Redis does not answer (%s): %r keeps to its local share, %g/s, until it does.", kind, self, share)
