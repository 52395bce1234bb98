"""How the commands reach the server: `--proxy`, `--ca`, `--transport`, and `-v` to print what is used."""

from __future__ import annotations

import asyncio
import enum
import functools
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from attrs import frozen
from yarl import URL

from ..account import Secret
from ..errors import ConfigError
from ..messages.translation import Translator
from ..transport.available import best_transport
from ..transport.fast.httptools import HttptoolsTransport
from ..transport.proxies import Proxies
from ..transport.trust import Trust
from .exits import printable
from .options import FilePath, as_text

if TYPE_CHECKING:
    import ssl

    from ..transport.base import Transport

__all__ = ["Network", "Runtime", "TransportChoice", "choose_runtime", "network_options"]

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
        name: of both, for the user.
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
    """The transport for requests to this URL, with the event loop that suits it.

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
            raise ConfigError("The fast transport does not support proxies: drop --proxy, or use --transport aiohttp.")
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


@frozen(kw_only=True)
class Network:
    """The values of the options; None is for the environment's proxy and authorities."""

    proxy: Secret | None = None
    ca: Path | None = None
    is_verbose: bool = False

    def runtime(self, choice: TransportChoice, url: URL, *, texts: Translator) -> Runtime:
        """The transport and event loop for requests to this URL.

        Raises:
            ConfigError: an option or an environment variable is wrong, or this transport does not support it.
        """
        trust = Trust.of_environment() if self.ca is None else Trust.given(self.ca, source="--ca")
        # Read now, so that a fault in it is reported once and not for every request.
        ssl_context = trust.context() if self.ca is not None or url.scheme == "https" else None
        proxy = Proxies(self.proxy, source="--proxy").of(url)
        runtime = choose_runtime(choice, url, proxy=self.proxy, ssl_context=ssl_context)
        if self.is_verbose:
            _ = texts.gettext
            click.echo(_("Base URL: {url}").format(url=url), err=True)
            click.echo(_("Proxy: {proxy}").format(proxy=_("none") if proxy is None else proxy), err=True)
            click.echo(printable(_("Trusted authorities: {trust}").format(trust=trust)), err=True)
            click.echo(_("Transport: {name}").format(name=runtime.name), err=True)
        return runtime


def network_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command `--proxy`, `--ca` and `-v`, which it takes as one argument `network`."""

    @click.option(
        "--proxy",
        callback=as_text,
        metavar="URL",
        help="HTTP proxy for all requests.  [default: HTTPS_PROXY, but for NO_PROXY]",
    )
    @click.option(
        "--ca",
        type=FilePath(),
        metavar="PATH",
        help="Authorities to trust: a file or folder.  [default: SSL_CERT_FILE, REQUESTS_CA_BUNDLE, the system's]",
    )
    @click.option("-v", "--verbose", is_flag=True, help="Print which server, proxy and certificates are used.")
    @functools.wraps(command)
    def with_network(
        *arguments: object, proxy: str | None, ca: Path | None, verbose: bool, **options: object
    ) -> Result:
        network = Network(proxy=None if proxy is None else Secret(proxy), ca=ca, is_verbose=verbose)
        return command(*arguments, network=network, **options)

    return with_network
