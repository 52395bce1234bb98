"""The bytes of the input: a first piece to look at, and all of them from the start, even where nothing can seek."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Protocol

from ...errors import ConfigError

__all__ = ["HEAD", "FileInput", "Input", "StreamInput", "cannot_read", "open_file"]

HEAD = 256 * 1024
"""How many bytes are looked at before the first row is read."""


class Input(Protocol):
    """Bytes to read.

    Attributes:
        name: what messages call it.
        head: its first `HEAD` bytes; all of them, if it has no more.
    """

    @property
    def name(self) -> str: ...

    @property
    def head(self) -> bytes: ...

    def open(self) -> BinaryIO:
        """All the bytes, from the first. The caller closes it."""
        ...


class FileInput:
    """A file, which can be read any number of times.

    Raises:
        ConfigError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
        with self.open() as file:
            self.head = _read(file, HEAD)

    def open(self) -> BinaryIO:
        return open_file(self._path)


class StreamInput:
    """A pipe, a terminal or a socket, which can be read once.

    Waits until `HEAD` bytes have come or the stream has ended, since what it holds is told from them.

    Args:
        stream: blocking and binary.
        name: what messages call it.
        is_ours: close the stream when it has been read.

    Raises:
        ConfigError: it cannot be read.
    """

    def __init__(self, stream: BinaryIO, *, name: str, is_ours: bool = False) -> None:
        self.name = name
        self._stream = stream
        self._is_ours = is_ours
        self._is_open = False
        try:
            self.head = _read(stream, HEAD)
        except OSError as error:
            raise cannot_read(name, error) from None

    def open(self) -> BinaryIO:
        if self._is_open:
            raise ConfigError(f"{self.name} can be read only once: save it as a file and name that.")
        self._is_open = True
        return io.BufferedReader(_Rejoined(self.head, self._stream, is_ours=self._is_ours))


class _Rejoined(io.RawIOBase):
    """A stream with what was taken from it put back."""

    def __init__(self, head: bytes, stream: BinaryIO, *, is_ours: bool) -> None:
        self._head = memoryview(head)
        self._stream = stream
        self._is_ours = is_ours

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        piece = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if self._is_ours:
            self._stream.close()
        super().close()


def open_file(path: Path) -> BinaryIO:
    """A file to read.

    Raises:
        ConfigError: it cannot be opened.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a directory: name a file.")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: check the name.") from None
    except OSError as error:
        raise cannot_read(str(path), error) from None


def _read(file: BinaryIO, size: int) -> bytes:
    # An unbuffered pipe gives less than it is asked for.
    pieces = bytearray()
    while len(pieces) < size and (piece := file.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def cannot_read(name: str, error: OSError) -> ConfigError:
    """The error of an input that the system does not let us read."""
    return ConfigError(f"Cannot read {name}: {error.strerror or error}.")
