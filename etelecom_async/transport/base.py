"""What goes through a transport, and what a transport promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable

import attrs
from attrs import define, field
from yarl import URL

from .. import codec
from .._record import record
from ..endpoint import JSON, AnyEndpoint
from ..timeout import Timeout

__all__ = ["CallNext", "ChecksUrl", "Pooled", "Request", "Response", "StreamedBody", "Transport"]


class StreamedBody(Protocol):
    """A body that is read while it is sent, so that no file has to be in memory: `async for piece in body`.

    `len` is its size, which goes out as `Content-Length`. Each attempt iterates over it anew.
    It may raise an `EtelecomError` where a file cannot be read; what a transport makes of that does not matter, as long
    as it sends no more and does not use the connection again: the call ends with that error.
    """

    def __len__(self) -> int:
        """Bytes."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Read it from the beginning."""
        ...


@record(eq=False)
class Request:
    """One attempt of one call: a POST.

    Attributes:
        endpoint: the method that is called.
        url: where it goes.
        headers: what to send with it, complete. The key is in here only below the auth layer, hidden from repr.
        body: what to send: bytes, or for an upload a `StreamedBody`.
        timeout: the time limits; `attempt` is the one that a transport keeps.
        attempt: which attempt of its call this is, from 1.
    """

    endpoint: AnyEndpoint = field(repr=lambda endpoint: endpoint.name)
    url: URL
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | StreamedBody = field(repr=lambda body: f"<{len(body)} bytes>")
    timeout: Timeout
    attempt: int = 1

    async def read_body(self) -> bytes:
        """The body in memory; raises what a `StreamedBody` raises."""
        return self.body if isinstance(self.body, bytes) else b"".join([piece async for piece in self.body])

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """The same attempt with these headers and no others."""
        return Request(self.endpoint, self.url, headers, self.body, self.timeout, self.attempt)

    def with_body(self, body: bytes | StreamedBody) -> Request:
        """The same attempt with another body."""
        return Request(self.endpoint, self.url, self.headers, body, self.timeout, self.attempt)

    def with_timeout(self, timeout: Timeout) -> Request:
        """The same request under other time limits."""
        return Request(self.endpoint, self.url, self.headers, self.body, timeout, self.attempt)


@define(eq=False)
class Response:
    """What the server answered, read whole.

    Attributes:
        status: the HTTP status.
        headers: by their names in lower case; of a repeated header, the last.
        body: the bytes.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=lambda body: f"<{len(body)} bytes>")
    _parsed: tuple[JSON] | None = field(default=None, init=False, repr=False)

    def json(self) -> JSON:
        """The body parsed, once however often it is asked for.

        Raises:
            DecodeError: it is not JSON, or has a name twice in one object.
        """
        if self._parsed is None:
            self._parsed = (codec.loads(self.body),)
        return self._parsed[0]

    def with_body(self, headers: Mapping[str, str], body: bytes) -> Response:
        """The same status with other headers and another body."""
        return attrs.evolve(self, headers=headers, body=body)


CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]
"""What a request is handed on to: the next layer or, at the end, a transport's `send`."""


class Transport(Protocol):
    """Carries one request to the server and its answer back. Two methods; no base class is needed.

    `send`:

    - sends `request.body` as a POST to `request.url` with exactly the headers of `request.headers` (HTTP's own framing
      headers come on top); a `StreamedBody` as it is read, with its `len` as the `Content-Length`;
    - returns a `Response` for every HTTP status: judging it is not a transport's work;
    - reads the body whole and bounded, and raises `BodyTooLarge` rather than hold more;
    - follows no redirect, because a Bearer key must not travel, and keeps no cookies;
    - gives up after `request.timeout.attempt` seconds with `AttemptTimeout`;
    - raises nothing but `TransportError`s, each with its `phase`, and with no other exception as context or cause:
      those of HTTP libraries hold the request, and with it the key (misuse, say by a second loop, is `ConfigError`);
    - lets cancellation through, and then leaves nothing behind.

    `aclose` releases everything; calling it again does nothing; a later `send` opens anew.

    `etelecom_async.testing.TransportContract` is this text as a test suite.
    """

    async def send(self, request: Request, /) -> Response:
        """Carry one request; see the class for what this promises."""
        ...

    async def aclose(self) -> None:
        """Release everything that is held."""
        ...


@runtime_checkable
class Pooled(Protocol):
    """A transport with fewer connections than it may be given requests says so, and the session checks it."""

    @property
    def pool_size(self) -> int | None:
        """How many requests it carries at once; None for any number."""
        ...


@runtime_checkable
class ChecksUrl(Protocol):
    """A transport that cannot carry requests to every URL says so beforehand, and the session asks it once."""

    def check_url(self, url: URL, /) -> None:
        """Look whether requests to this URL can be carried: its proxy and the certificates that are trusted.

        Raises:
            ConfigError: they cannot; the sentence says what to change.
        """
        ...
