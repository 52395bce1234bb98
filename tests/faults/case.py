"""What a fault is: what the server does, and what must come of it."""

import enum

from attrs import field, frozen

from etelecom_async import AttemptTimeout, Phase
from etelecom_async.transport.aiohttp import AiohttpTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.transport.httpx import HttpxTransport
from tests.faults.server import granted

PLENTY, SOON = 20.0, 0.25
"""Seconds for an attempt: where time is no matter, and where the fault is that it passes."""
MB = 2**20
OK = b"HTTP/1.1 200 OK\r\n"
FORGED = granted(b"84999999999")
"""A yes about a customer that no call asks about: taken for an answer it is a wrong value."""


TRANSPORTS = (AiohttpTransport, HttptoolsTransport, HttpxTransport)


class Then(enum.Enum):
    """What a call does about the fault."""

    ANSWER = "answer"
    """Nothing: it is no fault to the caller, who gets the right answer."""
    AGAIN = "asks again"
    ONCE = "raises"


@frozen
class Outcome:
    """What comes of a fault: the error of the attempt and its phase, and what is done then by a READ and by a SEND."""

    error: type | None
    phase: Phase | None
    read: Then
    send: Then


ANSWERED = Outcome(None, None, Then.ANSWER, Then.ANSWER)
"""The right answer, to READ and SEND, at the first attempt."""


def doubtful(error):
    """It may have been carried out: a READ asks again, a SEND does not."""
    return Outcome(error, Phase.UNKNOWN, Then.AGAIN, Then.ONCE)


def harmless(error, phase):
    """It certainly was not carried out, and may be later: both ask again."""
    return Outcome(error, phase, Then.AGAIN, Then.AGAIN)


def final(error, phase):
    """Asking again would not help."""
    return Outcome(error, phase, Then.ONCE, Then.ONCE)


@frozen
class Case:
    """One fault.

    Attributes:
        name: the row that it is in the table; says what happens.
        does: the server's script, played on the first connection; afterwards it behaves.
        ends: what must come of it.
        earlier: calls on the same connection that go well before.
        attempt: seconds for one attempt; short where the fault is that time passes.
        connect_timeout: seconds for a connection.
        certificate: what kind the server has; None speaks plain HTTP.
        scheme: of the base URL, where it is not what the server speaks.
        recovers: whether a second attempt finds the server well.
        request: bytes by which the request is longer than usual.
        httptools: what must come of it over HttptoolsTransport, where that is something else, and as right.
        httpx: the same over HttpxTransport.
        cheap: may be played thousands of times, over and over on each connection.
    """

    name: str
    does: tuple
    ends: Outcome
    earlier: int = field(default=0, kw_only=True)
    attempt: float = field(default=PLENTY, kw_only=True)
    connect_timeout: float = field(default=5.0, kw_only=True)
    certificate: str | None = field(default=None, kw_only=True)
    scheme: str | None = field(default=None, kw_only=True)
    recovers: bool = field(default=True, kw_only=True)
    request: int = field(default=0, kw_only=True)
    httptools: Outcome | None = field(default=None, kw_only=True)
    httpx: Outcome | None = field(default=None, kw_only=True)
    cheap: bool = field(default=True, kw_only=True)

    def ends_over(self, transport):
        """What must come of it over this class of transport."""
        own = {HttptoolsTransport: self.httptools, HttpxTransport: self.httpx}.get(transport)
        return own or self.ends

    def attempt_over(self, transport):
        """Seconds for one attempt: short only where it is to run out of them."""
        return self.attempt if self.ends_over(transport).error is AttemptTimeout else PLENTY


def slow(name, does, ends, **options):
    """A case that takes too long, or too much, to be played thousands of times."""
    return Case(name, does, ends, cheap=False, **options)


def late(name, *does):
    """A case that an attempt's time runs out in."""
    return slow(name, does, doubtful(AttemptTimeout), attempt=SOON)
