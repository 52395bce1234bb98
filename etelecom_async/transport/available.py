"""The transport of this package's own programs: the fast one where it can be used, else the default."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from yarl import URL

from .. import _checks
from ..errors import ConfigError
from .fast.httptools import HttptoolsTransport
from .proxies import Proxies
from .trust import not_a_context

if TYPE_CHECKING:
    from .base import Transport

__all__ = ["best_transport"]


def best_transport(url: URL, *, ssl_context: ssl.SSLContext | None = None) -> Transport:
    """A transport of the fastest kind that is installed and can go there; the caller closes it.

    Args:
        url: where requests go. If the environment names a proxy for it, the transport is the one that knows proxies.
        ssl_context: for TLS; None verifies against the authorities of the environment or the system.

    Raises:
        ConfigError: an argument of a wrong kind, or the environment names a proxy that cannot work.
    """
    _checks.instance("url", url, URL, "a yarl.URL")
    if ssl_context is not None and not isinstance(ssl_context, ssl.SSLContext):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise not_a_context(ssl_context)
    if Proxies().of(url) is None:
        with contextlib.suppress(ConfigError):  # its extra is not installed
            return HttptoolsTransport(ssl_context=ssl_context)
    from .aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and mostly not needed

    return AiohttpTransport(ssl_context=ssl_context)
