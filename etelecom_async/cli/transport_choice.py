"""The transport and the event loop that a command uses: the fastest installed ones unless the user chooses."""

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

__all__ = ["Runtime", "TransportChoice", "choose_runtime"]

Result = TypeVar("Result")


class TransportChoice(enum.Enum):
    """The values of `--transport`."""

    AUTO = "auto"
    FAST = "fast"
    AIOHTTP = "aiohttp"


@frozen(kw_only=True)
class Runtime:
    """A transport, and the event loop to run it under.

    Attributes:
        name: both, as the user reads them.
        transport: sends the requests.
        new_loop: makes the event loop; None for Python's default.
    """

    name: str
    transport: Transport
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None

    def run(self, work: Coroutine[None, None, Result]) -> Result:
        """Run a coroutine to its end, as `asyncio.run` does, and close the transport."""

        async def main() -> Result:
            async with aclosing(self.transport):
                return await work

        # A loop factory, and not a policy, which would apply to every other event loop of this process.
        with asyncio.Runner(loop_factory=self.new_loop) as runner:
            return runner.run(main())


def choose_runtime(
    choice: TransportChoice, url: URL, *, proxy: Secret | None = None, ssl_context: ssl.SSLContext | None = None
) -> Runtime:
    """The transport that the user chose, with the event loop that suits it.

    Args:
        choice: the value of `--transport`.
        url: where requests go.
        proxy: the value of `--proxy`; None for the proxy of the environment.
        ssl_context: for TLS; None verifies against the authorities of the environment or the system.

    Raises:
        ConfigError: the transport is not installed, or cannot reach this URL.
    """
    transport = _transport(choice, url, proxy, ssl_context)
    if not isinstance(transport, HttptoolsTransport):
        return Runtime(name="aiohttp", transport=transport, new_loop=None)
    new_loop = _uvloop()
    name = "fast (httptools)" if new_loop is None else "fast (httptools on uvloop)"
    return Runtime(name=name, transport=transport, new_loop=new_loop)


def _transport(
    choice: TransportChoice, url: URL, proxy: Secret | None, ssl_context: ssl.SSLContext | None
) -> Transport:
    if choice is TransportChoice.FAST:
        if proxy is not None:
            raise ConfigError(
                "The fast transport does not support proxies: leave --proxy out, or take --transport aiohttp."
            )
        return HttptoolsTransport(ssl_context=ssl_context)
    if choice is TransportChoice.AUTO and proxy is None:
        return best_transport(url, ssl_context=ssl_context)
    from ..transport.aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and mostly not needed

    return AiohttpTransport(proxy=proxy, ssl_context=ssl_context)


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - an extra, which Windows does not have
    except ImportError:
        return None
    return uvloop.new_event_loop
