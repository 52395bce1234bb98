"""The transport of the commands and the workers: the fast one if it is installed and possible, else the default."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from yarl import URL

from .. import _checks
from ..errors import ConfigError
from .fast.httptools import HttptoolsTransport
from .proxies import Proxies

if TYPE_CHECKING:
    from .base import Transport

__all__ = ["best_transport"]


def best_transport(url: URL, *, ssl_context: ssl.SSLContext | None = None) -> Transport:
    """The fast transport if it is installed and this URL needs no proxy, else the default. The caller closes it.

    Args:
        url: where requests go.
        ssl_context: for TLS; None verifies against the authorities of the environment or the system.

    Raises:
        ConfigError: an argument of a wrong type, or the environment names a proxy that cannot work.
    """
    _checks.instance("url", url, URL, "a yarl.URL")
    if Proxies().of(url) is None:
        with contextlib.suppress(ConfigError):  # its extra is not installed
            return HttptoolsTransport(ssl_context=ssl_context)
    from .aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and mostly not needed

    return AiohttpTransport(ssl_context=ssl_context)
