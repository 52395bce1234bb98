"""How the commands reach the server: `--proxy`, `--ca`, and `-v` to print what is used."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from attrs import frozen
from yarl import URL

from ..account import Secret
from ..transport.proxies import Proxies
from ..transport.trust import Trust
from .transport_choice import Runtime, TransportChoice, choose_runtime

__all__ = ["Network", "network_options"]

Result = TypeVar("Result")


@frozen(kw_only=True)
class Network:
    """The values of the options.

    Attributes:
        proxy: URL of a proxy; None for the environment's.
        ca: file or folder of the authorities to trust; None for the environment's or the system's.
        is_verbose: whether to print what is used.
    """

    proxy: Secret | None = None
    ca: Path | None = None
    is_verbose: bool = False

    def runtime(self, choice: TransportChoice, url: URL) -> Runtime:
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
            click.echo(f"Base URL: {url}", err=True)
            click.echo(f"Proxy: {'none' if proxy is None else proxy}", err=True)
            click.echo(f"Trusted authorities: {trust}", err=True)
            click.echo(f"Transport: {runtime.name}", err=True)
        return runtime


def network_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command `--proxy`, `--ca` and `-v`, which it takes as one argument `network`."""

    @click.option(
        "--proxy", metavar="URL", help="HTTP proxy for all requests.  [default: HTTPS_PROXY, but for NO_PROXY]"
    )
    @click.option(
        "--ca",
        type=click.Path(path_type=Path),
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
