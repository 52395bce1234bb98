"""Certificates that are right, and wrong in every usual way, from an authority that lives as long as the test run."""

import ssl
from datetime import UTC, datetime, timedelta

import trustme

HOST = "127.0.0.1"


class Certificates:
    """Contexts for servers, by what is wrong with their certificate, and `trust`, the context of a client.

    Args:
        names: of the servers, besides 127.0.0.1.

    Attributes:
        pem: the authority's certificate.
    """

    def __init__(self, *names):
        now = datetime.now(UTC)
        authority, stranger = trustme.CA(), trustme.CA()
        day, year = timedelta(days=1), timedelta(days=365)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)
        self.pem = authority.cert_pem.bytes()
        self._servers = {
            "right": _server(authority.issue_cert(HOST, *names)),
            "expired": _server(authority.issue_cert(HOST, not_before=now - year, not_after=now - day)),
            "not yet valid": _server(authority.issue_cert(HOST, not_before=now + day, not_after=now + year)),
            "for another name": _server(authority.issue_cert("another.example")),
            "of an unknown authority": _server(stranger.issue_cert(HOST)),
            "self-signed": _self_signed(stranger),
            "right, and asks for the client's": _server(authority.issue_cert(HOST)),
        }
        demanding = self._servers["right, and asks for the client's"]
        authority.configure_trust(demanding)
        demanding.verify_mode = ssl.CERT_REQUIRED

    def server(self, kind):
        """The context of a server whose certificate is of this kind; None speaks plainly."""
        return None if kind is None else self._servers[kind]


def _server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _self_signed(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.private_key_pem.tempfile() as key, authority.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context
