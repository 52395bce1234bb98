"""`multipart/form-data` (RFC 7578): fields and files as the body of a request, and such a body read again."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Self, TypeAlias, final

from .. import codec
from .._file import File
from ..errors import ConfigError, DecodeError
from ..transport.base import StreamedBody
from ..transport.headers import HEADERS
from .file_reading import Content, content_of

__all__ = ["parsed", "writing"]

Encoded: TypeAlias = tuple[Mapping[str, str], StreamedBody]

_TYPE = "multipart/form-data"
_BOUNDARY = re.compile(
    rf"\s*{_TYPE}\s*;(?:.*;)?\s*boundary=(?:\"([^\"]{{1,70}})\"|([^\s;\"]{{1,70}}))\s*(?:;.*)?", re.IGNORECASE
)
_DISPOSITION = re.compile(
    rb'^content-disposition: *form-data; *name="([^"\r\n]*)"(?:; *filename="((?:[^"\\\r\n]|\\.)*)")? *$',
    re.IGNORECASE | re.MULTILINE,
)
_ESCAPED = re.compile(r"\\(.)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def writing(kind: type[object]) -> Callable[[object], Awaitable[Encoded]]:
    """The function that makes headers and body of a payload of this class.

    Raises (when called):
        ConfigError: a file cannot be read or is too large, or a field is no text, number, flag or file.
    """
    fields_of = codec.plain(kind)

    async def write(payload: object) -> Encoded:
        boundary = secrets.token_hex(16)  # that no file can have in it by chance or on purpose
        parts: list[bytes | Content] = []
        for name, value in fields_of(payload).items():
            if not _NAME.fullmatch(name):
                raise ConfigError("The name of a form's field has letters, digits, '_', '.' and '-'.")
            if isinstance(value, File):
                content = await content_of(value)
                parts += [_head(boundary, name, value.filename, content.kind), content, b"\r\n"]
            elif value is not None:
                parts.append(_head(boundary, name) + _text(name, value) + b"\r\n")
        parts.append(f"--{boundary}--\r\n".encode())
        return {**HEADERS, "Content-Type": f"{_TYPE}; boundary={boundary}"}, _Body(parts)

    return write


def _text(name: str, value: object) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, str | int):
        return str(value).encode()
    raise ConfigError(f"The field {name} of a form is a text, a number, True, False or a File.")


def _head(boundary: str, name: str, filename: str | None = None, kind: str | None = None) -> bytes:
    # Quotes as HTTP and Go escape them, which the server is believed to be written in; a browser would write %22.
    escaped = "" if filename is None else re.sub(r'(["\\])', r"\\\1", filename)
    lines = [
        f"--{boundary}",
        f'Content-Disposition: form-data; name="{name}"' + ("" if filename is None else f'; filename="{escaped}"'),
        *([] if kind is None else [f"Content-Type: {kind}"]),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@final
class _Body:
    """A `StreamedBody` of bytes and files."""

    def __init__(self, parts: Sequence[bytes | Content]) -> None:
        self._parts = parts
        self._size = sum(len(part) if isinstance(part, bytes) else part.size for part in parts)

    def __len__(self) -> int:
        return self._size

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Pieces(self._parts)


@final
class _Pieces:
    """One reading of a body. No generator, which would have to be closed where it is not read to its end."""

    def __init__(self, parts: Sequence[bytes | Content]) -> None:
        self._parts = list(reversed(parts))
        self._offset = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._parts:
            raise StopAsyncIteration
        part = self._parts[-1]
        if isinstance(part, bytes):
            self._parts.pop()
            return part
        piece = await part.piece(self._offset)
        self._offset += len(piece)
        if self._offset == part.size:
            self._parts.pop()
            self._offset = 0
        return piece


def parsed(content_type: str, body: bytes) -> dict[str, str | File]:
    """The fields of a form, files with their bytes in memory: for mocks and the sandbox.

    Raises:
        DecodeError: it is no such form.
    """
    found = _BOUNDARY.fullmatch(content_type)
    if found is None:
        raise DecodeError("the content type is no multipart/form-data with a boundary")
    delimiter = b"\r\n--" + (found[1] or found[2]).encode()
    before, *parts = (b"\r\n" + body).split(delimiter)
    if before or not parts or parts.pop().strip() != b"--":
        raise DecodeError("the form does not begin or end with its boundary")
    return dict(map(_part, parts))


def _part(part: bytes) -> tuple[str, str | File]:
    head, blank, data = part.partition(b"\r\n\r\n")
    found = _DISPOSITION.search(head.replace(b"\r\n", b"\n"))
    if not blank or found is None:
        raise DecodeError("a part of the form has no name")
    try:
        name = found[1].decode()
        if found[2] is None:
            return name, data.decode()
        return name, File(data, filename=_ESCAPED.sub(r"\1", found[2].decode()), max_size=len(data) or 1)
    except (UnicodeDecodeError, ConfigError):
        pass
    raise DecodeError("a part of the form is no text, or its file has no name or no bytes")
