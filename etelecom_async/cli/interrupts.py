"""Ctrl-C while there is nothing to clean up. Imports neither click nor rich."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Generator
from types import FrameType

from .exit_codes import ExitCode

__all__ = ["leave_at_once", "leaving_at_once"]


def leave_at_once() -> None:
    """From now on Ctrl-C ends this process at once, unless the process ignores Ctrl-C or has its own handler.

    For imports and the interpreter's shutdown, where a KeyboardInterrupt would show a traceback or another error.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _handle(_leave)


@contextlib.contextmanager
def leaving_at_once() -> Generator[None]:
    """`leave_at_once` until the block ends."""
    before = signal.getsignal(signal.SIGINT)
    leave_at_once()
    try:
        yield
    finally:
        if before is signal.default_int_handler:
            _handle(signal.default_int_handler)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    # ValueError: this is not the main thread.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(ExitCode.INTERRUPTED)
