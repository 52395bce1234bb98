"""Faults while the request is under way, and instead of an answer."""

from etelecom_async import Disconnected, InvalidArgument, Phase
from etelecom_async.testing import Answer, Silence
from tests.faults.case import MB, Case, doubtful, final, late, slow
from tests.faults.steps import Close, Hear, Reset

LOST = doubtful(Disconnected)

REQUEST = (
    Case("reset before the request", (Reset(),), LOST),
    Case("closed before the request", (Close(),), LOST),
    late("silence from the start", Silence()),
    Case("reset in the middle of the request", (Hear(40), Reset()), LOST),
    Case("closed in the middle of the request", (Hear(40), Close()), LOST),
    slow("reset in the middle of a request of 4 MB", (Hear(40), Reset()), LOST, request=4 * MB),
    slow(
        "a request of 4 MB is answered with 413 before its end",
        (Hear(40), Answer(413), Hear(4 * MB), Close()),
        final(InvalidArgument, Phase.REJECTED),
        request=4 * MB,
    ),
    late("the request is read, then silence", Hear(), Silence()),
    Case("closed without an answer", (Hear(), Close()), LOST),
    Case("reset without an answer", (Hear(), Reset()), LOST),
    slow("closed without an answer, under TLS", (Hear(), Close()), LOST, certificate="right"),
    slow("reset without an answer, under TLS", (Hear(), Reset()), LOST, certificate="right"),
)
