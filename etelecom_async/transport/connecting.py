"""The errors of a connection that was not made, for both transports."""

from __future__ import annotations

import os
import socket
import ssl
from types import MappingProxyType

from ..errors import ConnectError, ProxyError, TlsError, UnknownHost
from .no_proxy import is_loopback
from .proxies import Proxy

__all__ = ["PROXY_AUTHENTICATION", "not_connected", "proxy_refused", "system_message"]

PROXY_AUTHENTICATION = 407
"""The status of a proxy that wants a user. No server sends it."""

_NAMELESS = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
"""There is no such name, or it has no address. EAI_AGAIN, an unreachable name server, is not among them."""
_TRANSIENT = {408, 425, 429}
_SERVER_ERROR = 500

_TRUST = (
    "To trust a private authority, or that of a proxy that inspects TLS, name its certificate: SSL_CERT_FILE,"
    " ssl_context= in code, --ca in the command."
)
# OpenSSL's numbers for what is wrong with a certificate (x509_vfy.h).
_ADVICE = MappingProxyType(
    {
        9: "It is valid from a later day on: check this machine's clock.",
        10: "It has expired: check this machine's clock; if that is right, the server's operator has to renew it.",
        62: "It is for another name: check the host in the base URL.",
        64: "It is for another address: check the host in the base URL.",
    }
)
_NO_TLS = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}
"""OpenSSL's reasons where the answer is not TLS."""
_TRANSIENT_ALERTS = {"TLSV1_ALERT_INTERNAL_ERROR", "TLSV1_ALERT_USER_CANCELLED"}
"""Alerts of a server that has a problem of its own."""


def system_message(error: OSError) -> str:
    """The system's words for an error: asyncio's own text repeats the address."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else error.strerror or str(error)  # errors of name resolution are negative


def not_connected(error: OSError | UnicodeError, host: str, port: int | None, *, has_connected: bool) -> ConnectError:
    """The error for a connection that was not made.

    Args:
        error: the system's error.
        host: of the server or the proxy.
        port: of the server or the proxy.
        has_connected: whether the transport has had a connection before. Then a name without an address is not a typing
            error: the network is gone, which may pass. Systems do not always tell the two apart.
    """
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    if isinstance(error, ssl.SSLError):
        return _handshake_failed(error, host, place)
    if isinstance(error, UnicodeError):
        return UnknownHost(f"no connection to {place}: the host cannot be a name; check the base URL and the proxy")
    text = error.strerror or str(error) or type(error).__name__
    if isinstance(error, socket.gaierror) and error.errno in _NAMELESS and not has_connected:
        return UnknownHost(f"no connection to {place}: {text}; check the host in the base URL and the proxy")
    return ConnectError(f"no connection to {place}: {text}")


def proxy_refused(status: int, proxy: Proxy) -> ConnectError:
    """The error for a status of the proxy itself: a `ConnectError` if the proxy may accept the request later."""
    if status in _TRANSIENT or status >= _SERVER_ERROR:
        return ConnectError(f"the proxy {proxy} could not reach the server: status {status}")
    if status == PROXY_AUTHENTICATION:
        advice = "user and password are wrong" if proxy.headers else "write http://user:password@host:port"
        return ProxyError(f"the proxy {proxy} wants a user and a password (status {status}): {advice}")
    return ProxyError(f"the proxy {proxy} does not carry requests to this server: status {status}")


def _handshake_failed(error: ssl.SSLError, host: str, place: str) -> ConnectError:
    """A `TlsError` for what stays wrong, a `ConnectError` for a connection that broke."""
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _ADVICE.get(error.verify_code, _TRUST)
        return TlsError(f"the certificate of {place} was not accepted: {error.verify_message}. {advice}")
    reason: str = getattr(error, "reason", None) or ""  # errors that Python's own code raises may have none
    if reason in _NO_TLS:
        advice = f"write http://{place} for a sandbox" if is_loopback(host) else "check host and port of the base URL"
        return TlsError(f"{place} does not speak TLS, and the base URL says https: {advice} ({reason})")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError) or reason in _TRANSIENT_ALERTS:
        return ConnectError(f"no connection to {place}: it broke during the TLS handshake")
    words = reason.replace("_", " ").lower() or "no reason given"
    return TlsError(f"{place} and this machine agree on no TLS: {words}")
