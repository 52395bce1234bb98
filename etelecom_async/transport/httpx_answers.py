"""What httpx's answers and errors mean. Its errors do not leave the transport: they hold the request and the key."""

from __future__ import annotations

import ssl
from operator import attrgetter

import httpx
from yarl import URL

from ..errors import AttemptTimeout, BadAnswer, ConfigError, ConnectError, Disconnected, Phase, TransportError
from .connecting import not_connected, proxy_refused, system_message
from .proxies import Proxy

__all__ = ["check_head", "not_sent", "surplus", "unanswered"]

_buffer = attrgetter("stream._httpcore_stream._stream._connection._h11_state.trailing_data")
_CLOSED = ("Server disconnected without", "peer closed connection without")
"""How the two messages begin that httpcore and h11 have for an answer that ended too early."""


def check_head(answer: httpx.Response) -> None:
    """A BadAnswer for what h11 accepts: a version of HTTP that does not exist, two framings at once, compression."""
    if answer.extensions["http_version"] not in (b"HTTP/1.0", b"HTTP/1.1"):
        raise BadAnswer("the answer is not HTTP")
    if {"content-length", "transfer-encoding"} <= answer.headers.keys():
        raise BadAnswer("the answer has a length and chunks at once")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise BadAnswer("the answer is compressed, though uncompressed was asked for")


def surplus(answer: httpx.Response) -> bytes | None:
    """What came behind an answer that was read whole; None if that cannot be told.

    A connection on which there is some would take it for the answer to the next request. What still lies in the kernel
    httpcore looks for itself, before it uses a connection again; what it has read it shows nowhere, so this looks into
    attributes that it does not promise. Without them no connection is used again: slow, and right. The tests run with
    the lowest and the newest httpx that are allowed (`make test-lowest`).
    """
    try:
        behind: bytes = _buffer(answer)[0]
        tls: ssl.SSLObject | None = answer.extensions["network_stream"].get_extra_info("ssl_object")
        return behind if behind or tls is None else tls.read(64) or None
    except ssl.SSLWantReadError:
        return b""
    except (AttributeError, ssl.SSLError):
        return None


def not_sent(  # noqa: PLR0911 - a table, one row a line
    error: Exception, url: URL, proxy: Proxy | None, *, has_connected: bool
) -> Exception:
    """The error of a request of which nothing was written; `has_connected` is as in `not_connected`."""
    cause = _cause(error)
    match error:
        case ExceptionGroup():  # anyio's, of what is no error of the system: an event loop without sockets raises it
            return cause
        case TimeoutError():
            return AttemptTimeout("no connection within the attempt's time", phase=Phase.NOT_SENT)
        case httpx.ConnectTimeout():
            return ConnectError("no connection within the time for connecting")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return ConfigError("The URL of the request is not an http or https URL with a host.")
        case httpx.ProxyError() if proxy is not None and str(error)[:3].isdecimal():
            return proxy_refused(int(str(error)[:3]), proxy)
        case httpx.ConnectError() | OSError() | UnicodeError():
            if not isinstance(cause, OSError | UnicodeError):
                cause = ssl.SSLEOFError()  # anyio tells of an end during the handshake without a cause
            if proxy is None or isinstance(cause, ssl.SSLError):
                return not_connected(cause, url.host or "", url.port, has_connected=has_connected)
            failure = not_connected(cause, proxy.url.host or "", proxy.url.port, has_connected=has_connected)
            return type(failure)(f"the proxy {proxy} was not reached: {failure.message}")
        case httpx.HTTPError() if proxy is not None:
            return ConnectError(f"the proxy {proxy} did not answer as an HTTP proxy does")
        case _:
            return ConnectError(f"the request could not be made: {type(error).__name__}")


def unanswered(error: Exception) -> TransportError:
    """The error of a request that was written, at least in part."""
    match error:
        case TimeoutError():
            return AttemptTimeout("no answer within the attempt's time")
        case httpx.RemoteProtocolError() if not str(error).startswith(_CLOSED):
            return BadAnswer("the answer is not HTTP")  # its text quotes the answer, which may be anything
        case httpx.RemoteProtocolError():
            return Disconnected("the server closed the connection without a whole answer")
        case httpx.NetworkError() | OSError():
            cause = _cause(error)
            return Disconnected(system_message(cause) if isinstance(cause, OSError) else "the connection was closed")
        case _:
            return TransportError(type(error).__name__)


def _cause(error: Exception) -> Exception:
    """The system's error below it, else what lies at the bottom; of several the first."""
    while not (isinstance(error, AssertionError) or (isinstance(error, OSError) and error.errno is not None)):
        # Of a group its first; httpcore cuts the cause off and leaves the context.
        below: object = getattr(error, "exceptions", [error.__cause__ or error.__context__])[0]
        if not isinstance(below, Exception):
            break
        error = below
    return error
