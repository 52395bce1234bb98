"""An HTTP/1.1 request without its body, as bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from typing import NamedTuple

from yarl import URL

from ...errors import ConfigError

__all__ = ["Head", "Origin"]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAK = re.compile(r"[\0\r\n]")
_FRAMING = {"connection", "content-length", "expect", "transfer-encoding", "upgrade"}


class Origin(NamedTuple):
    host: str
    port: int
    is_tls: bool


class Head:
    """Made once for all requests to a URL with the same headers. It holds the key, so its repr shows nothing of it."""

    __slots__ = ("_bytes", "origin")

    def __init__(self, url: URL, headers: Mapping[str, str]) -> None:
        if url.raw_host is None or url.port is None:
            raise ConfigError("The URL of the request is not an http or https URL with a host.")
        self.origin = Origin(url.raw_host, url.port, url.scheme == "https")
        lines = [f"POST {url.raw_path_qs} HTTP/1.1"]
        if "host" not in {name.lower() for name in headers}:
            lines.append(f"Host: {url.host_port_subcomponent}")
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or _BREAK.search(value):
                raise ConfigError("A header has a name or a value that HTTP does not allow.")
            if name.lower() in _FRAMING:
                raise ConfigError(f"The header {name} is for the transport to set.")
            lines.append(f"{name}: {value}")
        self._bytes = "\r\n".join([*lines, "Content-Length: "]).encode()

    def with_body(self, body: bytes) -> bytes:
        return b"%b%d\r\n\r\n%b" % (self._bytes, len(body), body)

    def before(self, body: Sized) -> bytes:
        return b"%b%d\r\n\r\n" % (self._bytes, len(body))
