"""One HTTP/1.1 connection: one request at a time, the answer parsed by httptools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from ...errors import AttemptTimeout, BadAnswer, BodyTooLarge, Disconnected, Phase, TransportError
from ..base import Response, StreamedBody
from ..deadlines import Deadlines
from ..readiness import readiness

if TYPE_CHECKING:
    from .head import Head, Origin

__all__ = ["Connection"]

_LONGEST_HEAD = 2**16
"""Bytes that may come without a byte of a body."""
_LONG = 2**16
"""Bytes from which on a body is written separately, to save copying it."""
_SWITCHING, _OK = 101, 200


class Connection(asyncio.Protocol):
    """A connection of a pool: `ask`, again and again while `is_usable`.

    HTTP/1.1 matches answers to requests only by their order. So a connection is closed if anything comes without a
    request or after the answer, or if an answer is not read to its end.

    Args:
        origin: of the server.
        deadlines: watches the time of each request.
        max_body: bytes of an answer's body that are read at most.
        on_made: called when it is connected.
        on_free: called after an answer, when another request may follow.
        on_lost: called when it is closed.
    """

    __slots__ = (
        "_answer",
        "_body",
        "_deadlines",
        "_failure",
        "_has_end",
        "_headers",
        "_heard",
        "_is_complete",
        "_is_followed",
        "_is_in_head",
        "_is_kept",
        "_loop",
        "_max_body",
        "_on_free",
        "_on_lost",
        "_on_made",
        "_outgoing",
        "_parser",
        "_quiet",
        "_status",
        "_transport",
        "_writable",
        "idle_since",
        "origin",
    )

    def __init__(
        self,
        origin: Origin,
        *,
        deadlines: Deadlines,
        max_body: int,
        on_made: Callable[[Connection], None],
        on_free: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self.origin = origin
        self.idle_since = 0.0
        self._deadlines = deadlines
        self._max_body = max_body
        self._on_made = on_made
        self._on_free = on_free
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._outgoing: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._heard: Callable[[], Sequence[object]] = list
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._answer: asyncio.Future[Response] | None = None
        self._reset()

    def _reset(self) -> None:
        self._failure: TransportError | None = None
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: bytes | bytearray = b""
        self._quiet = 0
        self._is_in_head = True
        self._has_end = True
        self._is_complete = False
        self._is_followed = False
        self._is_kept = False

    def is_usable(self) -> bool:
        """Whether a request can go out. Data or an end that the event loop has not seen yet make it unusable too."""
        transport = self._transport
        return transport is not None and self._answer is None and not transport.is_closing() and not self._heard()

    def ask(self, head: Head, body: bytes | StreamedBody, seconds: float | None) -> asyncio.Future[Response]:
        """Send a request. The future gets the answer, or an error; `seconds` is the time for the whole answer."""
        self._answer = answer = self._loop.create_future()
        transport = self._transport
        if transport is None or transport.is_closing():
            self._fail(Disconnected("the connection was closed before the request", phase=Phase.NOT_SENT))
            return answer
        if seconds is not None:
            self._deadlines.add(self, seconds)
        if not isinstance(body, bytes):
            transport.write(head.before(body))
            self._outgoing = self._loop.create_task(self._pour(body, transport))
        elif len(body) < _LONG:
            transport.write(head.with_body(body))
        else:
            transport.write(head.before(body))
            transport.write(body)
        return answer

    async def _pour(self, body: StreamedBody, transport: asyncio.Transport) -> None:
        """Write a body as it is read, no faster than the other side takes it; cancelled where the request ends."""
        try:
            async for piece in body:
                transport.write(piece)
                if self._writable is not None:
                    await self._writable
        except Exception:  # noqa: BLE001 - of another body it may be any; the session knows why
            self._outgoing = None
            self._fail(Disconnected("the body of the request could not be read"))
        else:
            self._outgoing = None

    def leave(self, answer: asyncio.Future[Response]) -> None:
        """The caller does not wait any more; without its answer the connection cannot be used again."""
        if self._answer is answer:
            self._end()
            self.abort()

    def run_out(self) -> None:
        self._fail(AttemptTimeout("no answer within the attempt's time"))

    def close(self, error: TransportError) -> None:
        """Close it; a request under way ends in this error."""
        if self._answer is None:
            self.abort()
        else:
            self._fail(error)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._heard = readiness(transport.get_extra_info("socket").fileno())
        self._on_made(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._parser is None:
            self.abort()
            return
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            pass
        except HttpParserError:
            # Its text quotes the answer, which may be anything, so it is left out.
            self._failure = self._failure or BadAnswer("the answer is not HTTP")
        if self._failure is not None:
            self._fail(self._failure)
        elif self._is_complete:
            self._finish()
        elif self._quiet > _LONGEST_HEAD:
            self._fail(BadAnswer("more than 64 KB came without a byte of a body"))

    def eof_received(self) -> None:
        self._hung_up(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hung_up(exc)
        self._parser = None  # they refer to each other
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # What httptools calls

    def on_message_begin(self) -> None:
        if self._is_complete:
            self._is_followed = True
        else:
            # What came before was an interim answer (1xx).
            self._headers = {}
            self._is_in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers, the headers after the last chunk, are ignored.
        if self._is_in_head:
            self._headers[name.decode("latin-1").lower()] = value.decode("utf-8", "surrogateescape")

    def on_headers_complete(self) -> None:
        if self._is_complete or self._parser is None:
            return
        self._quiet = 0
        self._is_in_head = False
        status = self._parser.get_status_code()
        if status < _OK and status != _SWITCHING:
            return
        self._status = status
        headers = self._headers
        length = headers.get("content-length")
        if headers.get("content-encoding", "identity") != "identity":
            self._failure = BadAnswer("the answer is compressed, though uncompressed was asked for")
        elif length is None:
            self._has_end = "transfer-encoding" in headers
        elif int(length) > self._max_body:
            self._failure = self._too_large()

    def on_body(self, body: bytes) -> None:
        if self._is_complete or self._failure is not None:
            return
        self._quiet = 0
        if not self._body:
            self._body = body
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += body
        if len(self._body) > self._max_body:
            self._failure = self._too_large()

    def on_message_complete(self) -> None:
        if self._status and not self._is_complete and self._parser is not None:
            self._is_complete = True
            self._is_kept = self._status != _SWITCHING and self._parser.should_keep_alive()

    # The end of an exchange

    def _hung_up(self, error: Exception | None) -> None:
        if self._answer is None:
            self.abort()
        elif error is None and self._status and not self._has_end:
            self._finish()
        elif error is not None:
            text = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            self._fail(Disconnected(f"the connection broke: {text}"))
        elif self._status:
            self._fail(Disconnected("the answer ended too early"))
        else:
            self._fail(Disconnected("the server closed the connection without an answer"))

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the answer is larger than {self._max_body} bytes")

    def _finish(self) -> None:
        response = Response(self._status, self._headers, bytes(self._body))
        transport = self._transport
        is_free = (
            self._is_kept
            and not self._is_followed
            and transport is not None
            # A server may answer before it has read the whole request.
            and self._outgoing is None
            and transport.get_write_buffer_size() == 0
            and not transport.is_closing()
        )
        answer = self._end()
        if not answer.done():
            answer.set_result(response)
        if is_free:
            self._on_free(self)
        else:
            self.abort()

    def _fail(self, error: TransportError) -> None:
        answer = self._end()
        if not answer.done():
            answer.set_exception(error)
        self.abort()

    def _end(self) -> asyncio.Future[Response]:
        answer = cast("asyncio.Future[Response]", self._answer)
        self._deadlines.remove(self)
        self._answer = None
        if self._outgoing is not None:
            self._outgoing.cancel()
            self._outgoing = None
        self._reset()
        return answer
