"""What is said of a TLS handshake that failed."""

from __future__ import annotations

import ssl
from types import MappingProxyType

from ..errors import ConnectError, TlsError
from .no_proxy import is_loopback

__all__ = ["handshake_failed"]

_TRUST = (
    "To trust a private authority, or that of a proxy which looks into TLS, name its certificate: SSL_CERT_FILE,"
    " ssl_context= in code, --ca in the command."
)
# OpenSSL's numbers of what is wrong with a certificate (x509_vfy.h).
_ADVICE = MappingProxyType(
    {
        9: "It is valid from a later day on: check this machine's clock.",
        10: "It has expired: check this machine's clock; if that is right, the server's operator has to renew it.",
        62: "It is for another name: check the host in the base URL.",
        64: "It is for another address: check the host in the base URL.",
    }
)
_PLAIN = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}
"""What OpenSSL makes of an answer that is no TLS."""
_PASSING = {"TLSV1_ALERT_INTERNAL_ERROR", "TLSV1_ALERT_USER_CANCELLED"}
"""What a server says when it is the one in trouble."""


def handshake_failed(error: ssl.SSLError, host: str, port: int | None) -> ConnectError:
    """The error for a handshake: a `TlsError` for what stays wrong, a `ConnectError` for a connection that broke."""
    place = f"{f'[{host}]' if ':' in host else host}:{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _ADVICE.get(error.verify_code, _TRUST)
        return TlsError(f"the certificate of {place} was not accepted: {error.verify_message}. {advice}")
    reason: str = getattr(error, "reason", None) or ""  # Python's own code may raise one that has none
    if reason in _PLAIN:
        advice = f"write http://{place} for a sandbox" if is_loopback(host) else "check host and port of the base URL"
        return TlsError(f"{place} does not speak TLS, and the base URL says https: {advice} ({reason})")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError) or reason in _PASSING:
        return ConnectError(f"no connection to {place}: it broke during the TLS handshake")
    return TlsError(
        f"{place} and this machine agree on no TLS: {reason.replace('_', ' ').lower() or 'no reason given'}"
    )
