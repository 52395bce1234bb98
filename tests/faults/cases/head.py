"""Faults in the status line and the headers."""

from etelecom_async import BadAnswer, Disconnected, Phase, UnexpectedStatus
from tests.faults.case import ANSWERED, FORGED, MB, OK, Case, doubtful, final, late, slow
from tests.faults.server import http
from tests.faults.steps import Close, Drain, Drip, Echo, Good, Hear, Reset, Say, Stream

LOST = doubtful(Disconnected)
NOT_HTTP = doubtful(BadAnswer)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

HEAD = (
    Case("no HTTP at all", (Hear(), Say(b"\x00\xff garbage\r\n\r\n"), Close()), NOT_HTTP),
    Case("another server's greeting", (Hear(), Say(b"220 mail.example ESMTP\r\n"), Close()), NOT_HTTP, httpx=LOST),
    Case("the request sent back as it came", (Hear(), Echo(b"")), NOT_HTTP),
    Case("the request sent back in the status line", (Hear(), Echo(b"HTTP/9 what is ")), NOT_HTTP),
    Case("a version that does not exist", (Hear(), Say(b"HTTP/7.3 200 OK\r\nContent-Length: 0\r\n\r\n")), NOT_HTTP),
    Case("a status of four digits", (Hear(), Say(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")), NOT_HTTP),
    Case("half a status line, then closed", (Hear(), Say(b"HTTP/1.1 20"), Close()), LOST),
    Case("half of the headers, then closed", (Hear(), Say(OK + b"Content-Le"), Close()), LOST),
    Case("half of the headers, then reset", (Hear(), Say(OK + b"Content-Le"), Reset()), LOST),
    late("half of the headers, then silence", Hear(), Say(OK + b"Conte"), Drain()),
    late("the head a byte at a time", Hear(), Drip(http(FORGED), 0.02)),
    slow("the right answer a byte at a time, and in time", (Hear(), Good(pause=0.001)), ANSWERED),
    slow(
        "8 MB of empty lines, then closed",
        (Hear(), Stream(b"\r\n" * 2**15, 2**7), Close()),
        LOST,
        httptools=NOT_HTTP,
        httpx=NOT_HTTP,
    ),
    Case("a header without a colon", (Hear(), Say(OK + b"Content Length 3\r\n\r\n")), NOT_HTTP),
    Case("a NUL in a header", (Hear(), Say(http(FORGED, headers="X-A: a\0b\r\n"))), NOT_HTTP),
    Case("a header of 1 MB", (Hear(), Say(http(FORGED, headers=f"X-A: {'a' * MB}\r\n")), Drain()), NOT_HTTP),
    Case(
        "1 MB of small headers",
        (Hear(), Say(http(FORGED, headers="X-A: 0123456789\r\n" * (MB // 17))), Drain()),
        NOT_HTTP,
    ),
    slow("headers without end", (Hear(), Say(OK), Stream(b"X-A: 0123456789\r\n" * 1000)), NOT_HTTP),
    Case("100 before the answer", (Hear(), Say(CONTINUE), Good()), ANSWERED),
    Case("102 and 103 before the answer", (Hear(), Say(PROCESSING), Stream(HINTS, 20), Good()), ANSWERED),
    Case("100, then closed", (Hear(), Say(CONTINUE), Close()), LOST),
    late("103 for ever", Hear(), Stream(HINTS * 10)),
    slow(
        "101, unasked", (Hear(), Say(SWITCH + FORGED), Drain()), final(UnexpectedStatus, Phase.UNKNOWN), httpx=NOT_HTTP
    ),
)
