"""The bytes of the input: a first piece to look at, then all from the start, even of a stream that cannot seek."""

from __future__ import annotations

import gzip
import io
import math
import os
import select
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import ConfigError

__all__ = [
    "HEAD",
    "FileInput",
    "Input",
    "RawStream",
    "StreamInput",
    "cannot_read",
    "first_bytes",
    "is_packed",
    "open_file",
]

HEAD = 256 * 1024
"""Bytes of a stream that are looked at before the first row is read."""

_EXCERPT = 64 * 1024
_BUFFER = 256 * 1024
_GZIP = b"\x1f\x8b"
_LINE_SECONDS, _LINES_SECONDS = 5.0, 1.0
"""How long the beginning of a stream is waited for after its first line, and after its second."""


class Input(Protocol):
    """Bytes to read, decompressed if they were gzip.

    Attributes:
        name: its name in messages.
        head: its first `HEAD` bytes; all of them, if it has no more; of a slow stream what has come.
        is_seen_whole: whether `look` gives all of it.
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
        """The bytes that can be looked at before the first row is read. The caller closes it."""
        ...

    def excerpts(self) -> tuple[bytes, ...]:
        """Pieces from the middle and the end of a long file, cut anywhere; none of a stream."""
        ...


class FileInput:
    """A file, which can be read any number of times, or the first `size` bytes of one.

    Raises:
        ConfigError: it cannot be read.
    """

    is_seen_whole = True

    def __init__(self, path: Path, *, size: int | None = None) -> None:
        self._path = path
        self._size = size
        self.name = str(path)
        self._is_packed = is_packed(path)
        try:
            with self.open() as file:
                self.head = _read(file, HEAD)
        except OSError as error:
            raise cannot_read(self.name, error) from None

    def open(self) -> BinaryIO:
        file = open_file(self._path)
        if self._size is not None:
            file = first_bytes(file, self._size, closes=(file,))
        return _unpacked(file) if self._is_packed else file

    def look(self) -> BinaryIO:
        return self.open()

    def excerpts(self) -> tuple[bytes, ...]:
        if self._is_packed or self._size is not None:
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

    The format is detected from its first `HEAD` bytes, or fewer if it has no more. A slow stream does not hold up its
    first rows: what comes within a second after the second line, or within five after the first, is enough. Gzip, and a
    stream whose system cannot say whether there is more (a pipe of Windows), are waited for.

    Args:
        stream: blocking and binary.
        name: its name in messages.
        is_ours: close the stream when it has been read.

    Raises:
        ConfigError: it cannot be read.
    """

    def __init__(self, stream: BinaryIO, *, name: str, is_ours: bool = False) -> None:
        self.name = name
        self._is_open = False
        try:
            self.head, self.is_seen_whole = _beginning(stream)
            self._rest: BinaryIO = io.BytesIO() if self.is_seen_whole and not is_ours else stream
            self._is_ours = is_ours
            if self.head.startswith(_GZIP):
                self._rest, self._is_ours = _unpacked(_rejoined(self.head, self._rest, is_ours=is_ours)), True
                self.head = _read(self._rest, HEAD)
                self.is_seen_whole = len(self.head) < HEAD
        except OSError as error:
            raise cannot_read(name, error) from None

    def open(self) -> BinaryIO:
        if self._is_open:
            raise ConfigError(f"{self.name} can be read only once: save it as a file and name that.")
        self._is_open = True
        return _rejoined(self.head, self._rest, is_ours=self._is_ours)

    def look(self) -> BinaryIO:
        return io.BytesIO(self.head)

    def excerpts(self) -> tuple[bytes, ...]:
        return ()


def _unpacked(file: BinaryIO) -> BinaryIO:
    """The content of a gzip file, decompressed while it is read, so that its size does not matter."""
    unpacked = gzip.GzipFile(fileobj=file)

    def read(size: int) -> bytes:
        try:
            return unpacked.read1(size)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise OSError("the gzip data in it is damaged; decompress what can be saved") from None

    return io.BufferedReader(RawStream(read, closes=(unpacked, file)), _EXCERPT)


def _beginning(stream: BinaryIO) -> tuple[bytes, bool]:
    """The first `HEAD` bytes of a stream, or those that come in time; and whether they are all that it has."""
    read_on = _reader(stream)
    head = bytearray()
    lines, until = 0, math.inf
    while len(head) < HEAD:
        # What a buffered stream holds already is in its first piece, and no system call tells of it.
        if lines and not _has_more(stream, until - time.monotonic()):
            return bytes(head), False
        piece = read_on(HEAD - len(head))
        if not piece:
            return bytes(head), True
        head += piece
        if lines <= 1:
            before, lines = lines, head.lstrip().count(b"\n")
            if lines > before:
                until = min(until, time.monotonic() + (_LINE_SECONDS if lines == 1 else _LINES_SECONDS))
    return bytes(head), False


def _has_more(stream: BinaryIO, seconds: float) -> bool:
    """Wait until a stream has bytes or an end to read. True where that cannot be told."""
    try:
        return bool(select.select([stream], [], [], max(0.0, seconds))[0])
    except (OSError, ValueError, TypeError):  # no descriptor, one above the limit of `select`, or Windows
        return True


def _reader(stream: BinaryIO) -> Callable[[int], bytes]:
    """Reads what there is. `read` of a buffered stream waits until a slow sender has filled it."""
    return stream.read1 if isinstance(stream, io.BufferedReader) else stream.read


def _rejoined(head: bytes, stream: BinaryIO, *, is_ours: bool) -> BinaryIO:
    """A stream with the bytes that were taken from it put back."""
    closes = (stream,) * is_ours
    read_on = _reader(stream)
    start = io.BytesIO(head)
    return io.BufferedReader(RawStream(lambda size: start.read(size) or read_on(size), closes=closes))


def first_bytes(file: BinaryIO, size: int, *, closes: Sequence[Closeable] = ()) -> io.BufferedReader:
    """The next `size` bytes of a file, as a file. Closing it closes what is in `closes`."""
    left = size

    def read(wanted: int) -> bytes:
        nonlocal left
        piece = file.read(min(wanted, left))
        left -= len(piece)
        return piece

    return io.BufferedReader(RawStream(read, closes=closes), _BUFFER)


class Closeable(Protocol):
    def close(self) -> None: ...


class RawStream(io.RawIOBase):
    """A raw stream of what `read` returns for a size: at most so many bytes, none at the end."""

    def __init__(self, read: Callable[[int], bytes], *, closes: Sequence[Closeable] = ()) -> None:
        self._read = read
        self._closes = closes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        piece = self._read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        for stream in self._closes:
            stream.close()
        super().close()


def open_file(path: Path) -> BinaryIO:
    """Open a file to read. Raises ConfigError if it cannot be opened."""
    if path.is_dir():
        raise ConfigError(f"{path} is a directory: name a file.")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: check the name.") from None
    except OSError as error:
        raise cannot_read(str(path), error) from None


def is_packed(path: Path) -> bool:
    """Is the file, or one in the folder, compressed with gzip?"""
    if path.is_dir():
        return any(map(is_packed, path.iterdir()))
    if not path.is_file():
        return False
    with open_file(path) as file:
        return _read(file, len(_GZIP)) == _GZIP


def _read(file: BinaryIO, size: int) -> bytes:
    # An unbuffered pipe returns less than requested.
    pieces = bytearray()
    while len(pieces) < size and (piece := file.read(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def cannot_read(name: str, error: OSError) -> ConfigError:
    """The error of an input that the system does not let the process read."""
    return ConfigError(f"Cannot read {name}: {error.strerror or error}.")
