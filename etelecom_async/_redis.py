"""A connection to Redis from a URL that nothing prints. Needs the extra `[redis]`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from . import _checks
from .account import Secret, hidden
from .errors import ConfigError

__all__ = ["connect", "lifetime", "of_caller"]

_REDIS = (
    "the URL of a single Redis, or a client of the class redis.asyncio.Redis, which no cluster, pool or sync client is;"
    " of a Sentinel give what its master_for() returns"
)


def of_caller(name: str, redis: str | Secret | Redis) -> Secret | Redis:
    """A URL, hidden, or a client, as the caller has given it in an argument of this name.

    Raises:
        ConfigError: it is neither, or a URL that cannot be used.
    """
    given = redis if isinstance(redis, Redis) else hidden(redis)
    # From here on this frame does not hold the URL's password, so no traceback can print it.
    del redis
    if isinstance(given, Secret):
        if not isinstance(given.reveal(), str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _checks.refused(name, _REDIS, given.reveal())
        connect(name, given)  # it opens nothing yet, and refuses here what cannot work
    elif isinstance(given.connection_pool, SentinelConnectionPool) and not _is_of_master(given.connection_pool):
        raise ConfigError(f"{name} is a Sentinel's replica, which is read-only: give what its master_for() returns.")
    return given


def _is_of_master(pool: SentinelConnectionPool) -> bool:
    return bool(pool.is_master)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def connect(name: str, url: Secret, *, timeout: float | None = None) -> Redis:
    """A client for a URL; it opens its connection when it is used, and repeats nothing by itself.

    Args:
        name: of the argument that the URL was given in.
        url: where Redis is.
        timeout: seconds that each answer may take, unless the URL says it.

    Raises:
        ConfigError: it is no URL that can be used.
    """
    try:
        client = Redis.from_url(url.reveal(), retry=Retry(NoBackoff(), 0))  # pyright: ignore[reportUnknownMemberType]
        if timeout is not None:
            # To connect takes one round trip, and two or three more with TLS.
            for option, seconds in (("socket_timeout", timeout), ("socket_connect_timeout", 4 * timeout)):
                client.connection_pool.connection_kwargs.setdefault(option, seconds)
        # What stands behind a `?` is judged by the connection, which opens later.
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
        return client  # noqa: TRY300
    except (ValueError, TypeError):
        # What it says can hold a part of the password.
        refused = ConfigError(
            f"{name} is no URL of a Redis that can be used: write it like redis://:password@host:6379/0 or unix:///path/to/socket."
        )
    raise refused


async def lifetime(client: Redis) -> AsyncGenerator[None]:
    """Closes the client at its end: an async generator that has begun is closed by its loop at the loop's end."""
    try:
        yield
    finally:
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()
