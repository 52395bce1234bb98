"""The server of a transport under test: it behaves as the test says, on a loopback socket or in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeAlias

from attrs import field, frozen

from .. import _checks
from ..errors import ConfigError, ConnectError, Disconnected
from ..transport.base import Request, Response

__all__ = ["Act", "Answer", "Cut", "Echo", "HangUp", "Peer", "Received", "Refuse", "Silence"]


def _bytes(name: str, value: object) -> bytes:
    return _checks.instance(name, value, bytes, "bytes")


def _headers(name: str, value: Mapping[str, str]) -> None:
    wanted = "a dict of str to str"
    _checks.instance(name, value, Mapping, wanted)
    for part in (*value, *value.values()):
        _checks.instance(name, part, str, wanted)


@frozen
class Answer:
    status: int = field(default=200, validator=_checks.checked(partial(_checks.whole, least=100, most=599)))
    body: bytes = field(default=b"{}", validator=_checks.checked(_bytes))
    headers: Mapping[str, str] = field(factory=dict[str, str], validator=_checks.checked(_headers))


@frozen
class Echo:
    """Answer, after `delay` seconds, in a way that shows to which request the answer belongs.

    Body and header `X-Trace` are the request's; the status is the request's `X-Status`, else 200; the header `X-Number`
    is the number of requests so far.
    """

    delay: float = 0.0


@frozen
class Cut:
    """Announce a body and close the connection in the middle of it."""


@frozen
class HangUp:
    """Read the request and close the connection without an answer."""


@frozen
class Silence:
    """Read the request and never answer."""


@frozen
class Refuse:
    """Accept no connection at all."""


Act: TypeAlias = Answer | Cut | Echo | HangUp | Silence | Refuse
_ACTS = (Answer, Cut, Echo, HangUp, Silence, Refuse)


@frozen
class Received:
    """A request as it arrived: header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Peer:
    """Does one act for each request; the last act is repeated. `received` has every request.

    Raises:
        ConfigError: there is no act, or something else is among them.
    """

    def __init__(self, *acts: Act) -> None:
        self.received: list[Received] = []
        if not acts:
            raise ConfigError("Peer.acts is at least one act, such as Answer().")
        for act in acts:
            _checks.instance("Each of Peer.acts", act, _ACTS, "an act such as Answer()")
        self._acts = acts

    def next_act(self, received: Received) -> Act:
        act = self._acts[min(len(self.received), len(self._acts) - 1)]
        self.received.append(received)
        return act

    async def answer(self, request: Request) -> Response:
        """Act in memory, for transports without a socket: failures are the errors that a transport raises."""
        received = Received("POST", request.url.raw_path, _lower(request.headers), await request.read_body())
        match self.next_act(received):
            case Answer(status, body, headers):
                return Response(status, _lower(headers), body)
            case Echo(delay):
                echo = self._echo(received)
                await asyncio.sleep(delay)
                return Response(echo.status, _lower(echo.headers), echo.body)
            case Silence():
                await asyncio.Event().wait()
                raise AssertionError("silence ended")
            case Refuse():
                raise ConnectError("connection refused")
            case Cut() | HangUp():
                raise Disconnected("the peer closed the connection")

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        """Act on a loopback socket; yields its origin, such as `http://127.0.0.1:40123`."""
        writers: set[asyncio.StreamWriter] = set()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.add(writer)
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._serve_one(reader, writer):
                    pass
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        if self._acts == (Refuse(),):
            server.close()
            await server.wait_closed()
        try:
            yield origin
        finally:
            server.close()
            for writer in writers:
                writer.transport.abort()
            await server.wait_closed()
            await asyncio.sleep(0)

    def _echo(self, received: Received) -> Answer:
        headers = {"X-Trace": received.headers.get("x-trace", ""), "X-Number": str(len(self.received))}
        return Answer(int(received.headers.get("x-status", "200")), received.body, headers)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read one request and act; returns whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        received = Received(method, path, headers, body)
        match self.next_act(received):
            case Answer() as answer:
                return await _write(writer, answer)
            case Echo(delay):
                echo = self._echo(received)
                await asyncio.sleep(delay)
                return await _write(writer, echo)
            case Cut():
                writer.write(_head(200, {"Content-Length": "1000"}) + b'{"error":')
            case Silence():
                await reader.read()
            case HangUp() | Refuse():
                pass
        return False


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    writer.write(_head(answer.status, {**answer.headers, "Content-Length": str(len(answer.body))}) + answer.body)
    await writer.drain()
    return True


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Any", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
