"""The SDK's errors for aiohttp's. Aiohttp's do not leave the transport: they hold the request, and with it the key."""

from __future__ import annotations

import aiohttp
from yarl import URL

from ..errors import (
    AttemptTimeout,
    BadAnswer,
    ConfigError,
    ConnectError,
    Disconnected,
    Phase,
    TlsError,
    TransportError,
)
from .connecting import not_connected, proxy_refused
from .proxies import Proxy
from .stale import UnsolicitedData

__all__ = ["not_sent", "unanswered"]


def not_sent(  # noqa: C901, PLR0911, PLR0912 - a table, one row a line
    error: Exception, url: URL, proxy: Proxy | None, *, has_connected: bool
) -> TransportError | ConfigError:
    """The error of a request of which nothing was written; `has_connected` is as in `not_connected`."""
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=OSError() as reason):
            return not_connected(reason, error.host, error.port, has_connected=has_connected)
        case aiohttp.ServerFingerprintMismatch():
            return TlsError(f"the certificate of {error.host}:{error.port} is not the one that is pinned")
        case aiohttp.ConnectionTimeoutError():
            return ConnectError("no connection within the time for connecting")
        case TimeoutError():
            return AttemptTimeout("no connection within the attempt's time", phase=Phase.NOT_SENT)
        case aiohttp.ClientProxyConnectionError(os_error=OSError() as reason) if proxy is not None:
            failure = not_connected(reason, error.host, error.port, has_connected=has_connected)
            return type(failure)(f"the proxy {proxy} was not reached: {failure.message}")
        case aiohttp.ClientConnectorError(os_error=OSError() as reason):
            # With a proxy, it may be the proxy or the server that was not reached.
            return not_connected(reason, error.host, error.port, has_connected=has_connected)
        case aiohttp.ClientHttpProxyError() if proxy is not None:
            return proxy_refused(error.status, proxy)
        case UnsolicitedData():
            return Disconnected("the server sent data or hung up before the request", phase=Phase.NOT_SENT)
        case aiohttp.InvalidURL():
            return ConfigError("The URL of the request is not an http or https URL with a host.")
        case UnicodeError():
            return not_connected(error, url.host or "", url.port, has_connected=has_connected)
        case aiohttp.ClientResponseError() | aiohttp.ServerDisconnectedError() if proxy is not None:
            return ConnectError(f"the proxy {proxy} did not answer as an HTTP proxy does")
        case RuntimeError():
            return ConnectError("the transport was closed")
        case OSError() | aiohttp.ClientConnectionError():
            return ConnectError(f"no connection: {_text(error)}")
        case _:
            return TransportError(f"the request could not be made: {type(error).__name__}", phase=Phase.NOT_SENT)


def unanswered(error: Exception) -> TransportError:
    """The error of a request that was written, at least in part."""
    match error:
        case TimeoutError():
            return AttemptTimeout("no answer within the attempt's time")
        case aiohttp.ClientPayloadError():
            return Disconnected("the answer ended too early")
        case aiohttp.ClientResponseError():
            # Its text quotes the answer, which may be anything, so it is left out.
            return BadAnswer("the answer is not HTTP")
        case aiohttp.ServerDisconnectedError():
            return Disconnected("the server closed the connection without an answer")
        case aiohttp.ClientConnectionError() | OSError():
            return Disconnected(_text(error))
        case _:
            return TransportError(type(error).__name__)


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__
