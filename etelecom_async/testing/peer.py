"""The far end of a transport under test: it does as told, on a loopback socket or in memory."""

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
    """Answer with this, whole."""

    status: int = field(default=200, validator=_checks.checked(partial(_checks.whole, least=100, most=599)))
    body: bytes = field(default=b"{}", validator=_checks.checked(_bytes))
    headers: Mapping[str, str] = field(factory=dict[str, str], validator=_checks.checked(_headers))


@frozen
class Echo:
    """Answer so that it can be told which request it belongs to.

    The body is the request's own, and so is the header `X-Trace`; the status is what the request's `X-Status` says, 200
    without one; the header `X-Number` says how many requests had arrived with it.

    Attributes:
        delay: seconds before the answer.
    """

    delay: float = 0.0


@frozen
class Cut:
    """Promise a body and close the connection in the middle of it."""


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
    """Plays its acts one request after the other; the last one stays.

    Attributes:
        received: every request that arrived.

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
        """Record a request and say what to do about it."""
        act = self._acts[min(len(self.received), len(self._acts) - 1)]
        self.received.append(received)
        return act

    async def answer(self, request: Request) -> Response:
        """Play in memory, for transports without a socket: raise what a socket's failure would have become."""
        received = Received("POST", request.url.raw_path, _lower(request.headers), request.body)
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
                raise ConnectError("nobody listens")
            case Cut() | HangUp():
                raise Disconnected("the peer closed the connection")

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        """Play on a loopback socket; yields its origin, such as `http://127.0.0.1:40123`."""
        writers: set[asyncio.StreamWriter] = set()

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.add(writer)
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._exchange(reader, writer):
                    pass
            writer.close()

        server = await asyncio.start_server(converse, "127.0.0.1", 0)
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
        """The answer to the request that has just arrived."""
        headers = {"X-Trace": received.headers.get("x-trace", ""), "X-Number": str(len(self.received))}
        return Answer(int(received.headers.get("x-status", "200")), received.body, headers)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its act; whether the connection stays open."""
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
    """Write an answer; the connection stays open."""
    writer.write(_head(answer.status, {**answer.headers, "Content-Length": str(len(answer.body))}) + answer.body)
    await writer.drain()
    return True


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Any", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
