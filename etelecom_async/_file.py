"""A file that is to be sent: where its bytes are, and what the server is told of it."""

from __future__ import annotations

import io
import os
import re
from typing import BinaryIO, TypeAlias, cast

from . import _checks
from .errors import ConfigError

__all__ = ["MAX_SIZE", "File", "Source", "a_file"]

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a binary file that is open and can seek."""

MAX_SIZE = 10 * 2**20
"""Bytes that a file has at most, unless another bound is given."""

_WANTED = "a path, bytes, or a binary file that is open and can seek"
_NAME = "a name of up to 255 characters without '/', line breaks and other control characters"
_REFUSED = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/]")
_LONGEST = 255


class File:
    """A file to send. Making one opens and reads nothing.

    Its bytes are read anew for every attempt of a call: a path is opened, and an open file is sought back to where it
    stands at the call, so it has to be left alone meanwhile.

    Args:
        file: a path (a str is one), the bytes themselves, or an open binary file that can seek, which is sent from
            where it stands.
        filename: what the server is told; unless given, the name of the path or of the open file. Bytes have none.
        max_size: bytes that it may have at most; a longer file is a ConfigError before anything is sent.

    Raises:
        ConfigError: an argument cannot work, such as a closed file, or bytes without a name.
    """

    __slots__ = ("file", "filename", "max_size")

    def __init__(self, file: Source, *, filename: str | None = None, max_size: int = MAX_SIZE) -> None:
        self.file = _source(file)
        self.filename = _named(self.file) if filename is None else _name(filename)
        self.max_size = _checks.whole("File.max_size", max_size)
        if isinstance(self.file, bytes):
            check_size(len(self.file), self.max_size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and (self.file, self.filename) == (other.file, other.filename)

    def __hash__(self) -> int:
        return hash((self.file, self.filename))

    def __repr__(self) -> str:
        size = f" of {len(self.file)} bytes" if isinstance(self.file, bytes) else ""
        return f"<File {self.filename!r}{size}>"


def a_file(value: File | Source, name: str = "file") -> File:
    """A file as `File` takes it; raises as that does."""
    if isinstance(value, File):
        return value
    if isinstance(value, bytes):
        raise ConfigError(f"{name} is bytes, which have no name: write File(data, filename='photo.jpg').")
    return File(value)


def check_size(size: int, most: int) -> None:
    """Refuse a file that is too large, or empty."""
    if size > most:
        raise ConfigError(f"The file has {size} bytes, and its max_size is {most}.")
    if not size:
        raise ConfigError("The file is empty.")


def _source(file: object) -> str | bytes | BinaryIO:
    if isinstance(file, bytes):
        return file
    if isinstance(file, os.PathLike) and not isinstance(file, type):
        file = cast("object", cast("os.PathLike[str]", file).__fspath__())
        if not isinstance(file, str):
            raise _checks.refused("File.file", _WANTED, file)
    if isinstance(file, str):
        if not file.strip() or "\0" in file:
            raise _checks.refused("File.file", _WANTED, file)
        return file
    return _open_file(file)


def _open_file(file: object) -> BinaryIO:
    _checks.methods("File.file", file, "read", "seek", "tell", wanted=_WANTED)
    opened = cast("BinaryIO", file)
    if isinstance(file, io.TextIOBase):
        raise ConfigError("File.file is open as text: open it with mode 'rb'.")
    if getattr(opened, "closed", False):
        raise ConfigError("File.file is closed: it is read when it is sent, so keep it open until the call has ended.")
    seekable = getattr(opened, "seekable", None)
    if callable(seekable) and not seekable():
        raise ConfigError("File.file cannot seek, as a pipe cannot: read it, and give its bytes.")
    return opened


def _named(file: str | bytes | BinaryIO) -> str:
    path: object = file if isinstance(file, str) else getattr(file, "name", None)
    if not isinstance(path, str):
        raise ConfigError("File.filename is needed here: bytes and files without a path have no name.")
    return _name(os.path.basename(path))  # noqa: PTH119 - importing pathlib takes longer than all else here


def _name(filename: object) -> str:
    if not isinstance(filename, str) or not filename.strip() or len(filename) > _LONGEST or _REFUSED.search(filename):
        raise _checks.refused("File.filename", _NAME, filename)
    return filename
