"""The three standard streams, made safe before anything else is opened. Imports neither click nor rich."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["prepare_standard_streams", "redirect_stdout_to_null", "was_closed"]


class _BestEffort(io.RawIOBase):
    """What cannot be shown is dropped: a full disk or a closed pipe behind stderr is no reason to stop the work."""

    def __init__(self, stream: TextIO) -> None:
        # Kept, since a stream that is dropped closes its descriptor.
        self._stream = stream
        # Python started with `-u` has no buffer in between.
        self._file: io.RawIOBase | BinaryIO = getattr(stream.buffer, "raw", stream.buffer)

    def write(self, data: ReadableBuffer, /) -> int:
        size = memoryview(data).nbytes
        try:
            written = self._file.write(data)
        except OSError:
            return size
        # None where a descriptor that does not block takes no more, which a buffer would make an error.
        return size if written is None else written

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()


def prepare_standard_streams() -> None:
    """Make stdin, stdout and stderr usable, however this process was started.

    What was closed (`2>&-`) is opened on the null device: the next socket would get its number, and libuv ends the
    whole process (SIGABRT) when such a socket is closed. What is shown on stderr is best effort from here on.
    """
    # In the order of their numbers, since a file gets the lowest number that is free. Python has None for closed ones.
    sys.stdin = sys.stdin or _null("r")
    sys.stdout = sys.stdout or _null("w")
    stderr = sys.stderr or _null("w")
    for stream in (sys.stdin, sys.stdout):
        # A character that the terminal or the pipe cannot carry is worth a question mark, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_BestEffort(stderr)),
        encoding=stderr.encoding,
        errors="replace",
        line_buffering=True,
    )


def was_closed(stream: IO[str]) -> bool:
    """Was this standard stream closed when the process started, so that there is nothing behind it now?"""
    return getattr(stream, "name", None) == os.devnull


def redirect_stdout_to_null() -> None:
    """For a stdout that failed: what is buffered for it would fail again, loudly, when Python flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _null(mode: Literal["r", "w"]) -> TextIO:
    stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open to the end
    # Children get it too: they have the same trouble with a number that is free.
    os.set_inheritable(stream.fileno(), True)
    return stream
