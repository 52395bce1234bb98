"""Faults while the request is under way, and instead of an answer."""

from etelecom_async import AttemptTimeout, Disconnected, InvalidArgument, Phase
from etelecom_async.testing import Answer, Silence
from tests.faults.case import MB, SOON, Case, doubtful, final
from tests.faults.steps import Close, Drain, Hear, Reset

LOST = doubtful(Disconnected)
LATE = doubtful(AttemptTimeout)

REQUEST = (
    Case("reset before the request", (Reset(),), LOST),
    Case("closed before the request", (Close(),), LOST),
    Case("silence from the start", (Silence(),), LATE, attempt=SOON, cheap=False),
    Case("reset in the middle of the request", (Hear(40), Reset()), LOST),
    Case("closed in the middle of the request", (Hear(40), Close()), LOST),
    Case("reset in the middle of a request of 4 MB", (Hear(40), Reset()), LOST, request=4 * MB, cheap=False),
    Case(
        "a request of 4 MB is answered with 413 before its end",
        (Hear(40), Answer(413), Drain()),
        final(InvalidArgument, Phase.REJECTED),
        request=4 * MB,
        cheap=False,
    ),
    Case("the request is read, then silence", (Hear(), Silence()), LATE, attempt=SOON, cheap=False),
    Case("closed without an answer", (Hear(), Close()), LOST),
    Case("reset without an answer", (Hear(), Reset()), LOST),
    Case("closed without an answer, under TLS", (Hear(), Close()), LOST, certificate="right", cheap=False),
    Case("reset without an answer, under TLS", (Hear(), Reset()), LOST, certificate="right", cheap=False),
)
