"""The loopback server: gives every POST the same answer, and tells over its stdin and stdout what it received.

It parses no more than HTTP's framing, so that the clients and not the server are the slower side.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

from benchmarks.job import ANSWER, ANSWER_HEADERS, HOST

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in ANSWER_HEADERS.items())
_REPLY = f"HTTP/1.1 200 OK\r\n{_HEADERS}\r\n".encode() + ANSWER


class Log:
    """How many requests came, and the last of them."""

    def __init__(self) -> None:
        self.requests = 0
        self.last = (b"", b"")

    def report(self) -> dict[str, object]:
        """The log as JSON values: the count, and method, path, headers and body of the last request."""
        head, body = self.last
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, *_ = [*first.split(" "), "", ""]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return {
            "requests": self.requests,
            "method": method,
            "path": path,
            "headers": headers,
            "body": body.decode(errors="replace"),
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

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
            self._transport.write(_REPLY)
            data = data[end:]
        self._received = data


async def serve() -> None:
    """Print the port, then the log for each line that comes in; end with stdin."""
    log = Log()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(log), HOST, 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(log.report()), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
