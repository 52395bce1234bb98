"""What a bulk command runs on: a transport and an event loop, the fastest that are installed unless told otherwise."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from ..errors import ConfigError
from ..transport.available import best_transport
from ..transport.fast.httptools import HttptoolsTransport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine

    from yarl import URL

    from ..account import Secret
    from ..transport.base import Transport

__all__ = ["Carrier", "Kind", "carrier"]

Result = TypeVar("Result")


class Kind(enum.Enum):
    """What a user may ask for."""

    AUTO = "auto"
    FAST = "fast"
    AIOHTTP = "aiohttp"


@frozen(kw_only=True)
class Carrier:
    """A transport, and the event loop to run it under.

    Attributes:
        name: both, for people.
        transport: what carries the requests.
        new_loop: makes the event loop; None for Python's own choice.
    """

    name: str
    transport: Transport
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None

    def run(self, work: Coroutine[None, None, Result]) -> Result:
        """Run this to its end, as `asyncio.run` does, and close the transport."""

        async def main() -> Result:
            async with aclosing(self.transport):
                return await work

        # A loop factory, and not a policy: whatever else runs in this process keeps its own.
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            return runner.run(main())


def carrier(kind: Kind, url: URL, *, proxy: Secret | None = None, ssl_context: ssl.SSLContext | None = None) -> Carrier:
    """The carrier of this kind.

    Args:
        kind: which one.
        url: where requests go.
        proxy: what `--proxy` says; None for the environment's.
        ssl_context: for TLS; None verifies against the authorities of the environment or the system.

    Raises:
        ConfigError: it is not installed, or cannot go there.
    """
    transport = _transport(kind, url, proxy, ssl_context)
    if not isinstance(transport, HttptoolsTransport):
        return Carrier(name="aiohttp", transport=transport, new_loop=None)
    new_loop = _uvloop()
    name = "fast (httptools)" if new_loop is None else "fast (httptools on uvloop)"
    return Carrier(name=name, transport=transport, new_loop=new_loop)


def _transport(kind: Kind, url: URL, proxy: Secret | None, ssl_context: ssl.SSLContext | None) -> Transport:
    if kind is Kind.FAST:
        if proxy is not None:
            raise ConfigError("The fast transport knows no proxies: leave --proxy out, or take --transport aiohttp.")
        return HttptoolsTransport(ssl_context=ssl_context)
    if kind is Kind.AUTO and proxy is None:
        return best_transport(url, ssl_context=ssl_context)
    from ..transport.aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and mostly not needed

    return AiohttpTransport(proxy=proxy, ssl_context=ssl_context)


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - an extra, which Windows does not have
    except ImportError:
        return None
    return uvloop.new_event_loop
