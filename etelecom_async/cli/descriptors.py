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


class _BestEffort(io.BufferedIOBase):
    """Drops what cannot be written: a full disk or a closed pipe at stderr must not stop the work.

    It keeps nothing: what a buffer holds when Ctrl-C interrupts its flush would be written twice.
    """

    name = "<stderr>"

    def __init__(self, stream: TextIO) -> None:
        # Keeps the stream alive: without a reference it would close its descriptor.
        self._stream = stream
        # With `python -u` there is no buffer in between.
        self._file: io.RawIOBase | BinaryIO = getattr(stream.buffer, "raw", stream.buffer)

    def write(self, data: ReadableBuffer, /) -> int:
        left = memoryview(data).cast("B")
        size = left.nbytes
        with contextlib.suppress(OSError):
            # None is from a non-blocking descriptor that is full.
            while left and (written := self._file.write(left)):
                left = left[written:]
        return size

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()


def prepare_standard_streams() -> None:
    """Make stdin, stdout and stderr usable, even if they were closed when this process started.

    A closed one (`2>&-`) is opened on the null device: otherwise the next socket gets its number, and libuv aborts the
    process (SIGABRT) when it closes that socket. From here on, output on stderr is best effort.
    """
    # In the order of their numbers: a file gets the lowest free number. A closed one is None in Python.
    sys.stdin = sys.stdin or _null("r")
    sys.stdout = sys.stdout or _null("w")
    stderr = sys.stderr or _null("w")
    for stream in (sys.stdin, sys.stdout):
        # A character that the terminal or pipe cannot encode becomes a question mark, not an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.stderr = io.TextIOWrapper(
        _BestEffort(stderr),
        encoding=stderr.encoding,
        errors="replace",
        line_buffering=True,
        write_through=True,
    )


def was_closed(stream: IO[str]) -> bool:
    """Whether this standard stream was closed when the process started."""
    return getattr(stream, "name", None) == os.devnull


def redirect_stdout_to_null() -> None:
    """Discard what a failed stdout has buffered: Python's flush at exit would fail again with a traceback."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _null(mode: Literal["r", "w"]) -> TextIO:
    stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - it stays open to the end
    # Child processes inherit it, so that the number is not free there either.
    os.set_inheritable(stream.fileno(), True)
    return stream
