"""Faults of a connection that carried an earlier call."""

from etelecom_async import BadAnswer, Disconnected, Phase
from etelecom_async.testing import Silence
from tests.faults.case import ANSWERED, FORGED, doubtful, harmless, slow
from tests.faults.server import http
from tests.faults.steps import Close, Drain, Good, Hear, Reset, Say, WhileIdle

EARLIER = (Hear(), Good())
SPOILED = harmless(Disconnected, Phase.NOT_SENT)
LOST = doubtful(Disconnected)
DROPPED = {"httptools": ANSWERED, "httpx": ANSWERED}
"""These look before they choose a connection; aiohttp has chosen it by then."""
TIMEOUT = http(b"", status="408 Request Timeout", headers="Connection: close\r\n")


def used(name, does, ends, **options):
    """A case on a connection that carried an earlier call."""
    return slow(name, (*EARLIER, *does), ends, earlier=1, **options)


def idle(*steps):
    """What is done while the connection lies idle."""
    return WhileIdle(steps)


REUSE = (
    used("closed while it lay idle", [idle(Close())], ANSWERED),
    used("reset while it lay idle", [idle(Reset())], ANSWERED),
    used("closed as the next request came", [Hear(), Close()], LOST),
    used("reset as the next request came", [Hear(), Reset()], LOST),
    used("a second answer to the earlier request", [idle(Say(http(FORGED))), Drain()], SPOILED, **DROPPED),
    used("408 while it lay idle", [idle(Say(TIMEOUT)), Drain()], SPOILED, **DROPPED),
    used(
        "half an answer while it lay idle",
        [idle(Say(http(FORGED)[:20])), Hear(), Say(http(FORGED)[20:])],
        doubtful(BadAnswer),
        **DROPPED,
    ),
    used("garbage while it lay idle", [idle(Say(b"\x00\xff garbage")), Drain()], ANSWERED),
    slow("two answers to one request", (*EARLIER, Say(http(FORGED)), Drain()), ANSWERED),
    slow("'Connection: close', and kept open", (Hear(), Good("Connection: close\r\n"), Silence()), ANSWERED),
)
