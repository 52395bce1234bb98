"""Faults of a connection that carried an earlier call."""

from etelecom_async import BadAnswer, Disconnected, Phase
from etelecom_async.testing import Silence
from tests.faults.case import ANSWERED, FORGED, Case, doubtful, harmless
from tests.faults.server import http
from tests.faults.steps import Close, Drain, Good, Hear, Reset, Say, WhileIdle

EARLIER = (Hear(), Good())
SPOILED = harmless(Disconnected, Phase.NOT_SENT)
TIMEOUT = http(b"", status="408 Request Timeout", headers="Connection: close\r\n")

REUSE = (
    Case("closed while it lay idle", (*EARLIER, WhileIdle((Close(),))), ANSWERED, earlier=1, cheap=False),
    Case("reset while it lay idle", (*EARLIER, WhileIdle((Reset(),))), ANSWERED, earlier=1, cheap=False),
    Case(
        "closed as the next request came", (*EARLIER, Hear(), Close()), doubtful(Disconnected), earlier=1, cheap=False
    ),
    Case("reset as the next request came", (*EARLIER, Hear(), Reset()), doubtful(Disconnected), earlier=1, cheap=False),
    Case(
        "a second answer to the earlier request",
        (*EARLIER, WhileIdle((Say(http(FORGED)),)), Drain()),
        SPOILED,
        httptools=ANSWERED,
        earlier=1,
        cheap=False,
    ),
    Case(
        "408 while it lay idle",
        (*EARLIER, WhileIdle((Say(TIMEOUT),)), Drain()),
        SPOILED,
        httptools=ANSWERED,
        earlier=1,
        cheap=False,
    ),
    Case(
        "half an answer while it lay idle",
        (*EARLIER, WhileIdle((Say(http(FORGED)[:20]),)), Hear(), Say(http(FORGED)[20:])),
        doubtful(BadAnswer),
        httptools=ANSWERED,
        earlier=1,
        cheap=False,
    ),
    Case(
        "garbage while it lay idle",
        (*EARLIER, WhileIdle((Say(b"\x00\xff garbage"),)), Drain()),
        ANSWERED,
        earlier=1,
        cheap=False,
    ),
    Case("two answers to one request", (Hear(), Good(), Say(http(FORGED)), Drain()), ANSWERED, cheap=False),
    Case(
        "'Connection: close', and kept open", (Hear(), Good("Connection: close\r\n"), Silence()), ANSWERED, cheap=False
    ),
)
