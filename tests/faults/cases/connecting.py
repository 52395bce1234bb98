"""Faults before there is a connection."""

from etelecom_async import ConnectError, Disconnected, Phase, TlsError
from tests.faults.case import SOON, Case, doubtful, final, harmless, slow
from tests.faults.server import http
from tests.faults.steps import Drain, Hear, Lost, Refused, Reset, Say

NOT_SENT = harmless(ConnectError, Phase.NOT_SENT)
PERMANENT = final(TlsError, Phase.NOT_SENT)
BAD_REQUEST = http(b"", status="400 Bad Request")

CONNECTING = (
    slow("nobody listens", (Refused(),), NOT_SENT),
    slow("no packet is answered", (Lost(),), NOT_SENT, connect_timeout=4 * SOON),
    slow(
        "the TLS handshake is met with silence",
        (Drain(),),
        NOT_SENT,
        scheme="https",
        connect_timeout=4 * SOON,
        recovers=False,
    ),
    Case("the TLS handshake is met with a reset", (Hear(1), Reset()), NOT_SENT, scheme="https", recovers=False),
    Case(
        "the TLS handshake is met with plain HTTP",
        (Say(BAD_REQUEST), Drain()),
        PERMANENT,
        scheme="https",
        recovers=False,
    ),
    *(
        slow(f"the certificate is {kind}", (), PERMANENT, certificate=kind, recovers=False)
        for kind in ("expired", "not yet valid", "for another name", "of an unknown authority", "self-signed")
    ),
    slow(
        "the server wants a certificate of the client",
        (),
        doubtful(Disconnected),
        certificate="right, and asks for the client's",
        recovers=False,
    ),
)
