"""The bytes of the input: a first piece to look at, and all of them from the start, even where nothing can seek."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import ConfigError

__all__ = ["HEAD", "FileInput", "Input", "StreamInput", "cannot_read", "is_packed", "open_file"]

HEAD = 256 * 1024
"""How many bytes of a stream are looked at before the first row is read."""

_EXCERPT = 64 * 1024
_GZIP = b"\x1f\x8b"


class Input(Protocol):
    """Bytes to read, unpacked where they were packed by gzip.

    Attributes:
        name: what messages call it.
        head: its first `HEAD` bytes; all of them, if it has no more.
        is_seen_whole: does `look` give all of it?
    """

    @property
    def name(self) -> str: ...

    @property
    def head(self) -> bytes: ...

    @property
    def is_seen_whole(self) -> bool: ...

    def open(self) -> BinaryIO:
        """All the bytes, from the first. The caller closes it."""
        ...

    def look(self) -> BinaryIO:
        """The bytes that can be looked at before the first row is read, from the first. The caller closes it."""
        ...

    def excerpts(self) -> tuple[bytes, ...]:
        """Pieces from the middle and the end, where they can be had and are not in `head`; cut anywhere."""
        ...


class FileInput:
    """A file, which can be read any number of times.

    Raises:
        ConfigError: it cannot be read.
    """

    is_seen_whole = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)
        self._is_packed = is_packed(path)
        try:
            with self.open() as file:
                self.head = _read(file, HEAD)
        except OSError as error:
            raise cannot_read(self.name, error) from None

    def open(self) -> BinaryIO:
        file = open_file(self._path)
        return _unpacked(file) if self._is_packed else file

    def look(self) -> BinaryIO:
        return self.open()

    def excerpts(self) -> tuple[bytes, ...]:
        if self._is_packed:
            return ()
        with self.open() as file:
            size = file.seek(0, os.SEEK_END)
            if size < HEAD + 2 * _EXCERPT:
                return ()
            pieces: list[bytes] = []
            for start in (size // 2, size - _EXCERPT):
                file.seek(start)
                pieces.append(_read(file, _EXCERPT))
        return tuple(pieces)


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
        self._is_open = False
        try:
            start = _read(stream, len(_GZIP))
            self._rest = _rejoined(start, stream, is_ours=is_ours)
            if start == _GZIP:
                self._rest = _unpacked(self._rest)
            self.head = _read(self._rest, HEAD)
        except OSError as error:
            raise cannot_read(name, error) from None

    @property
    def is_seen_whole(self) -> bool:
        return len(self.head) < HEAD

    def open(self) -> BinaryIO:
        if self._is_open:
            raise ConfigError(f"{self.name} can be read only once: save it as a file and name that.")
        self._is_open = True
        return _rejoined(self.head, self._rest, is_ours=True)

    def look(self) -> BinaryIO:
        return io.BytesIO(self.head)

    def excerpts(self) -> tuple[bytes, ...]:
        return ()


def _rejoined(head: bytes, stream: BinaryIO, *, is_ours: bool) -> BinaryIO:
    return io.BufferedReader(_Rejoined(head, stream, is_ours=is_ours))


def _unpacked(file: BinaryIO) -> BinaryIO:
    """What a file of gzip holds, unpacked as it is read, so that the size of the whole does not matter."""
    return io.BufferedReader(_Unpacked(file), _EXCERPT)


class _Unpacked(io.RawIOBase):
    """A file of gzip, unpacked. Closes the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacked = gzip.GzipFile(fileobj=file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        try:
            piece = self._unpacked.read1(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise OSError("what it holds is packed by gzip, and damaged; unpack what can be saved") from None
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._unpacked.close()
        self._file.close()
        super().close()


class _Rejoined(io.RawIOBase):
    """A stream with what was taken from it put back."""

    def __init__(self, head: bytes, stream: BinaryIO, *, is_ours: bool) -> None:
        self._head = memoryview(head)
        self._stream = stream
        # What has come is enough: `read` of a buffered stream would wait for the rest of a slow one.
        self._read = stream.read1 if isinstance(stream, io.BufferedReader) else stream.read
        self._is_ours = is_ours

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        piece = self._head[: len(buffer)] or self._read(len(buffer))
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


def is_packed(path: Path) -> bool:
    """Is a file packed by gzip, or one in a folder of files?"""
    if path.is_dir():
        return any(map(is_packed, path.iterdir()))
    if not path.is_file():
        return False
    with open_file(path) as file:
        return _read(file, len(_GZIP)) == _GZIP


def _read(file: BinaryIO, size: int) -> bytes:
    # An unbuffered pipe gives less than it is asked for.
    pieces = bytearray()
    while len(pieces) < size and (piece := file.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def cannot_read(name: str, error: OSError) -> ConfigError:
    """The error of an input that the system does not let us read."""
    return ConfigError(f"Cannot read {name}: {error.strerror or error}.")
