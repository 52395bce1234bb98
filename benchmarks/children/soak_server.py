"""A server that misbehaves in a fifth of its answers, and writes down each request before it answers."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress

from benchmarks.lib.job import HOST
from benchmarks.lib.soak_job import PREFIX, SENT, code, message

_FAULTY = 0.2
_LATENCY = (0.2, 0.6)
_DRIP = 0.01
_PAGE = b"<html><body>Bad Gateway</body></html>"


def _whole(status: int, body: bytes, kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 {status} Any\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _right(number: int) -> bytes:
    answer = {"error": code(number), "message": message(number), "expired_time": None}
    return _whole(200, json.dumps(answer).encode())


def _cut(number: int) -> bytes:
    return _right(number)[:-10]


def _error(number: int) -> bytes:
    body = {"code": "internal", "msg": f"fault in {number}", "meta": {}}
    return _whole(500, json.dumps(body).encode())


Act = Callable[[int], bytes | None]

ACTS: dict[str, Act] = {
    "right": _right,
    "right, then closed": _right,
    "right, drop by drop": _right,
    "closed without an answer": lambda _: b"",
    "reset without an answer": lambda _: b"",
    "closed within the headers": lambda number: _right(number)[:30],
    "closed within the body": _cut,
    "silence": lambda _: None,
    "500": _error,
    "502 with a page": lambda _: _whole(502, _PAGE, "text/html"),
    "503": lambda _: _whole(503, b"", "text/plain"),
    "200 with a page": lambda _: _whole(200, _PAGE, "text/html"),
    "200 that is no JSON": lambda number: _whole(200, _right(number)[-20:]),
    "200 of another type": lambda _: _whole(200, b'{"error":"none","message":0}'),
}
NAMES = tuple(ACTS)
WHOLE = frozenset(NAMES.index(name) for name in NAMES if name.startswith("right"))
_STAYS_OPEN = frozenset({"right", "right, drop by drop", *(name for name in NAMES if name[:3].isdigit())})


class Misbehaving:
    """Answers one request after the other of each connection, as the dice say."""

    def __init__(self, *, book: int, dice: random.Random) -> None:
        self._book = book
        self._dice = dice

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until it ends."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        number = int(json.loads(await reader.readexactly(length))["phone"].removeprefix(PREFIX))
        name = self._dice.choice(NAMES[1:]) if self._dice.random() < _FAULTY else NAMES[0]
        await asyncio.sleep(self._dice.uniform(*_LATENCY))
        os.write(self._book, SENT.pack(number, NAMES.index(name)))
        reply = ACTS[name](number)
        if reply is None:
            await reader.read()
        elif name == "right, drop by drop":
            for at in range(0, len(reply), 10):
                writer.write(reply[at : at + 10])
                await writer.drain()
                await asyncio.sleep(_DRIP)
        elif name == "reset without an answer":
            writer.transport.abort()
        else:
            writer.write(reply)
            await writer.drain()
        return name in _STAYS_OPEN


async def main(port: int, book: str, seed: int) -> None:
    """Print the port and serve until killed; port 0 takes a free one."""
    file = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    misbehaving = Misbehaving(book=file, dice=random.Random(seed))
    server = await asyncio.start_server(misbehaving.converse, HOST, port, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        pass


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
