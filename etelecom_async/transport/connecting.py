"""What is said of a connection that was not made, by either transport."""

from __future__ import annotations

import socket
import ssl

from ..errors import ConnectError, ProxyError, UnknownHost
from .proxies import Proxy
from .tls import handshake_failed

__all__ = ["PROXY_AUTHENTICATION", "not_connected", "proxy_refused"]

PROXY_AUTHENTICATION = 407
"""What a proxy says that wants a user, and only a proxy."""

_NAMELESS = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
"""There is no such name, or it has no address. A name server that cannot be asked is EAI_AGAIN."""
_PASSING = {408, 425, 429}
_SERVER_ERROR = 500


def not_connected(error: OSError | UnicodeError, host: str, port: int | None, *, has_connected: bool) -> ConnectError:
    """The error for a connection that was not made.

    Args:
        error: what the system says.
        host: where to; a proxy is a host as any other.
        port: where to.
        has_connected: whether the transport has had a connection before. Then a name without an address is no typing
            error, but what becomes of a network that is gone, and may pass: systems do not always tell the two apart.
    """
    if isinstance(error, ssl.SSLError):
        return handshake_failed(error, host, port)
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    if isinstance(error, UnicodeError):
        return UnknownHost(f"no connection to {place}: the host cannot be a name; check the base URL and the proxy")
    text = error.strerror or str(error) or type(error).__name__
    if isinstance(error, socket.gaierror) and error.errno in _NAMELESS and not has_connected:
        return UnknownHost(f"no connection to {place}: {text}; check the host in the base URL and the proxy")
    return ConnectError(f"no connection to {place}: {text}")


def proxy_refused(status: int, proxy: Proxy) -> ConnectError:
    """The error for a request that a proxy answered with this status in place of carrying it.

    A `ProxyError` for what stays refused, a `ConnectError` where the proxy may carry it later.
    """
    if status in _PASSING or status >= _SERVER_ERROR:
        return ConnectError(f"the proxy {proxy} could not reach the server: status {status}")
    if status == PROXY_AUTHENTICATION:
        advice = "user and password are wrong" if proxy.headers else "write http://user:password@host:port"
        return ProxyError(f"the proxy {proxy} wants a user and a password (status {status}): {advice}")
    return ProxyError(f"the proxy {proxy} does not carry requests to this server: status {status}")
