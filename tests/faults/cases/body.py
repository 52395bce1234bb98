"""Faults in the body: its length, its framing, its size, its encoding."""

import gzip

from etelecom_async import BadAnswer, BodyTooLarge, DecodeError, Disconnected, Phase
from tests.faults.case import ANSWERED, FORGED, MB, OK, Case, doubtful, final, late, slow
from tests.faults.server import http
from tests.faults.steps import Close, Drain, Drip, GoodBody, GoodChunks, Hear, Reset, Say, Stream

LOST = doubtful(Disconnected)
NOT_HTTP = doubtful(BadAnswer)
TOO_LARGE = final(BodyTooLarge, Phase.UNKNOWN)
MISFIT = final(DecodeError, Phase.UNKNOWN)
PROMISE = OK + b"Content-Length: 50\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
OLD = b"HTTP/1.0 200 OK\r\n"
# A gigabyte of nothing in a megabyte: members of one megabyte each, since gzip lets them stand in a row.
BOMB = gzip.compress(bytes(MB)) * 1024


def length(value):
    """An answer that says this of its length."""
    return Say(OK + f"Content-Length: {value}\r\n\r\n".encode() + FORGED)


def chunk(data):
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


RIGHT_LENGTH = b"Content-Length: %d\r\n\r\n" % len(FORGED)

BODY = (
    Case("the head, then closed", (Hear(), Say(PROMISE), Close()), LOST),
    Case("the head, then reset", (Hear(), Say(PROMISE), Reset()), LOST),
    late("the head, then silence", Hear(), Say(PROMISE), Drain()),
    Case("half of the body, then closed", (Hear(), Say(PROMISE + FORGED[:20]), Close()), LOST),
    Case("half of the body, then reset", (Hear(), Say(PROMISE + FORGED[:20]), Reset()), LOST),
    late("half of the body, then silence", Hear(), Say(PROMISE + b"{"), Drain()),
    late("the body a byte at a time", Hear(), Say(PROMISE), Drip(b" " * 50, 0.02)),
    Case("a length beyond the body, then closed", (Hear(), length(len(FORGED) + 1), Close()), LOST),
    Case("a length short of the body", (Hear(), length(len(FORGED) - 1)), NOT_HTTP),
    Case("a length of 0 before a body", (Hear(), length(0)), NOT_HTTP),
    Case("a negative length", (Hear(), length(-1)), NOT_HTTP),
    Case("a length that is no number", (Hear(), length("many")), NOT_HTTP),
    Case("a length beyond 64 bits", (Hear(), length(10**30)), NOT_HTTP),
    Case("two lengths that differ", (Hear(), length(f"{len(FORGED)}\r\nContent-Length: 3")), NOT_HTTP),
    Case("a length and chunks at once", (Hear(), length("3\r\nTransfer-Encoding: chunked")), NOT_HTTP),
    Case("no length, closed at the end", (Hear(), Say(OK + b"\r\n"), GoodBody(), Close()), ANSWERED),
    Case("no length, closed before the end", (Hear(), Say(OK + b"\r\n" + FORGED[:-1]), Close()), MISFIT),
    Case(
        "no length, reset before the end",
        (Hear(), Say(OK + b"\r\n" + FORGED[:-1]), Reset()),
        MISFIT,
        httptools=LOST,
        httpx=LOST,
    ),
    Case("HTTP/1.0, closed at the end", (Hear(), Say(OLD + b"\r\n"), GoodBody(), Close()), ANSWERED),
    Case("HTTP/1.0 with a length, closed", (Hear(), Say(OLD + RIGHT_LENGTH), GoodBody(), Close()), ANSWERED),
    slow("HTTP/1.0 with a length, left open", (Hear(), Say(OLD + RIGHT_LENGTH), GoodBody(), Drain()), ANSWERED),
    Case("HTTP/1.0, closed before the end", (Hear(), Say(OLD + b"\r\n" + FORGED[:-1]), Close()), MISFIT),
    Case("HTTP/1.0 and half of a promised body", (Hear(), Say(OLD + PROMISE[len(OK) :] + b"{"), Close()), LOST),
    Case("chunks of one byte", (Hear(), Say(CHUNKED), GoodChunks(), Say(chunk(b""))), ANSWERED),
    Case("trailers after the last chunk", (Hear(), Say(CHUNKED), GoodChunks(), Say(b"0\r\nX-A: b\r\n\r\n")), ANSWERED),
    slow(
        "trailers without end",
        (Hear(), Say(CHUNKED), GoodChunks(), Say(b"0\r\n"), Stream(b"X-A: 0123456789\r\n" * 1000)),
        NOT_HTTP,
    ),
    slow(
        "a chunk's extension of 8 MB, then closed",
        (Hear(), Say(CHUNKED + b"5;"), Stream(b"a" * 2**16, 2**7), Close()),
        LOST,
        httptools=NOT_HTTP,
        httpx=NOT_HTTP,
    ),
    Case("a chunk cut short", (Hear(), Say(CHUNKED + b"400\r\n" + FORGED), Close()), LOST),
    Case("no last chunk, closed", (Hear(), Say(CHUNKED + chunk(FORGED)), Close()), LOST),
    Case("no last chunk, reset", (Hear(), Say(CHUNKED + chunk(FORGED)), Reset()), LOST),
    late("no last chunk, then silence", Hear(), Say(CHUNKED + chunk(FORGED)), Drain()),
    Case("a chunk whose size is no number", (Hear(), Say(CHUNKED + b"zz\r\n" + FORGED)), NOT_HTTP),
    Case("a chunk of a negative size", (Hear(), Say(CHUNKED + b"-1\r\n" + FORGED)), NOT_HTTP),
    Case("a chunk larger than it said", (Hear(), Say(CHUNKED + b"5\r\n" + FORGED + b"\r\n0\r\n\r\n")), NOT_HTTP),
    Case("a chunk's size of a million digits", (Hear(), Say(CHUNKED + b"f" * MB), Drain()), NOT_HTTP),
    slow(
        "1 GB, announced",
        (Hear(), Say(OK + b"Content-Length: %d\r\n\r\n" % (1024 * MB)), Stream(b"x" * 2**16, 2**14)),
        TOO_LARGE,
    ),
    slow("1 GB in chunks", (Hear(), Say(CHUNKED), Stream(chunk(b"x" * 2**16), 2**14)), TOO_LARGE),
    slow("1 GB without a length", (Hear(), Say(OK + b"\r\n"), Stream(b"x" * 2**16, 2**14)), TOO_LARGE),
    slow("a gzip bomb of 1 GB", (Hear(), Say(http(BOMB, headers="Content-Encoding: gzip\r\n"))), NOT_HTTP),
    Case(
        "compression nobody asked for", (Hear(), Say(http(b"\x1f\x8b", headers="Content-Encoding: br\r\n"))), NOT_HTTP
    ),
    Case(
        "compression as a transfer encoding",
        (Hear(), Say(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk(gzip.compress(FORGED)) + chunk(b""))),
        MISFIT,
        httpx=NOT_HTTP,
    ),
)
