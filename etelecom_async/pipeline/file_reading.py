"""The bytes of a file, piece by piece, read in a thread: a slow disk holds up no event loop."""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, TypeVar

from attrs import frozen

from .._file import File, check_size
from .._loop import running_loop
from ..errors import ConfigError

__all__ = ["Content", "content_of"]

T = TypeVar("T")

_PIECE = 2**18
_CHANGED = "The file has changed while it was sent."


@frozen(kw_only=True)
class Content:
    """What there is to send of a file: its size as it was found, and its bytes.

    Attributes:
        size: bytes.
        kind: the media type that its name stands for.
        read: gives so many bytes (the second number) from there on (the first). It blocks.
    """

    size: int
    kind: str
    read: Callable[[int, int], bytes]

    async def piece(self, offset: int) -> bytes:
        """What follows these many bytes; nothing is held open or kept from one piece to the next.

        Raises:
            ConfigError: the file cannot be read, or is another one by now.
        """
        count = min(_PIECE, self.size - offset)
        piece = await _in_thread(partial(self.read, offset, count))
        if not piece or len(piece) > count:
            raise ConfigError(_CHANGED)
        return piece


async def content_of(file: File) -> Content:
    """Look at a file.

    Raises:
        ConfigError: it is none, cannot be read, is empty, or is larger than it may be.
    """
    return await _in_thread(partial(_content_of, file))


async def _in_thread(function: Callable[[], T]) -> T:
    why = "it is closed or cannot seek"
    try:
        return await running_loop().run_in_executor(None, function)
    except ConfigError:
        raise
    except OSError as error:
        why = error.strerror or type(error).__name__
    except ValueError:  # what a closed file raises
        pass
    # Here, so that it has no context: that may name folders of the user.
    raise ConfigError(f"The file cannot be read: {why}.")


def _content_of(file: File) -> Content:
    source = file.file
    if isinstance(source, bytes):
        size, read = len(source), partial(_of_bytes, source)
    elif isinstance(source, str):
        found = os.stat(source)  # noqa: PTH116
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError("The file is a folder or a device, and no file that could be sent.")
        size, read = found.st_size, partial(_of_path, source, _identity(found))
    else:
        start = source.tell()
        size = source.seek(0, os.SEEK_END) - start
        source.seek(start)
        read = partial(_of_open_file, source, start)
    check_size(size, file.max_size)
    kind = mimetypes.guess_type(file.filename)[0] or "application/octet-stream"
    return Content(size=size, kind=kind, read=read)


def _of_bytes(data: bytes, offset: int, count: int) -> bytes:
    return data[offset : offset + count]


def _of_path(path: str, identity: tuple[int, ...], offset: int, count: int) -> bytes:
    # Opened for each piece: a file that is held open could not be closed while a thread reads it.
    with open(path, "rb") as opened:  # noqa: PTH123
        if _identity(os.fstat(opened.fileno())) != identity:
            raise ConfigError(_CHANGED)
        opened.seek(offset)
        return opened.read(count)


def _of_open_file(opened: BinaryIO, start: int, offset: int, count: int) -> bytes:
    opened.seek(start + offset)
    return opened.read(count)


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
