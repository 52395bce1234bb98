"""The loopback server: gives every POST the same answer, and tells over its stdin and stdout what it received.

It parses no more than HTTP's framing, so that the clients and not the server are the slower side. It answers at once,
or as late as a profile says; which requests are the slow ones depends on their bodies alone.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import zlib
from collections.abc import Callable

from benchmarks.lib.job import ANSWER, ANSWER_HEADERS, HOST

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in ANSWER_HEADERS.items())
_REPLY = f"HTTP/1.1 200 OK\r\n{_HEADERS}\r\n".encode() + ANSWER


def _tail(body: bytes) -> float:
    """50 ms, and a second for every hundredth."""
    return 1.0 if zlib.crc32(body) % 100 == 0 else 0.05


def _mix(body: bytes) -> float:
    """40 ms for 90 %, 100 ms for 9 %, a second for 1 %."""
    at = zlib.crc32(body) % 100
    return 1.0 if at == 0 else 0.1 if at < 10 else 0.04


LATENCIES: dict[str, Callable[[bytes], float] | None] = {"none": None, "tail": _tail, "mix": _mix}
"""From a request's body to the seconds that it takes."""


class Log:
    """How many connections and requests came, and the last of these."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self.last = (b"", b"")

    def report(self) -> dict[str, object]:
        """The log as JSON values: the counts, and method, path, headers and body of the last request."""
        head, body = self.last
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, *_ = [*first.split(" "), "", ""]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return {
            "connections": self.connections,
            "requests": self.requests,
            "method": method,
            "path": path,
            "headers": headers,
            "body": body.decode(errors="replace"),
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, log: Log, latency: Callable[[bytes], float] | None) -> None:
        self._log = log
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._log.connections += 1
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        data = self._received + data
        while (head := data.find(_HEAD_END)) >= 0:
            body = head + len(_HEAD_END)
            length = _LENGTH.search(data, 0, body)
            end = body + (int(length[1]) if length else 0)
            if len(data) < end:
                break
            self._log.requests += 1
            self._log.last = (data[:head], data[body:end])
            if self._latency is None:
                self._transport.write(_REPLY)
            else:
                self._loop.call_later(self._latency(data[body:end]), self._transport.write, _REPLY)
            data = data[end:]
        self._received = data


async def serve(latency: str) -> None:
    """Print the port, then the log for each line that comes in; end with stdin."""
    log, late = Log(), LATENCIES[latency]
    server = await asyncio.get_running_loop().create_server(lambda: Connection(log, late), HOST, 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(log.report()), flush=True)


def main(latency: str = "none") -> None:
    """On uvloop where there is one: it is the faster server."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 - it has no Windows
    except ImportError:
        new_event_loop = None
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(latency))


if __name__ == "__main__":
    main(*sys.argv[1:])
