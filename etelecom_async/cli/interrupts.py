"""Ctrl-C, SIGTERM and SIGHUP while no job runs. Imports neither click nor rich."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from types import FrameType
from typing import TypeAlias

from .exit_codes import ExitCode

__all__ = ["INTERRUPTS", "begin_line", "interrupted_by_any_signal", "leave_at_once", "leaving_at_once"]

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
"""A terminal that closes sends SIGHUP, which Windows does not have."""

_Handler: TypeAlias = Callable[[int, FrameType | None], object]


def begin_line() -> None:
    """On a terminal, end the line on which `^C` stands, so that the prompt gets one of its own."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\n")


def interrupted_by_any_signal() -> None:
    """From now on SIGTERM and SIGHUP do what Ctrl-C does, and have its exit code."""
    _handle(_interrupt, replaced=[signal.SIG_DFL])


def leave_at_once() -> None:
    """From now on these signals end this process at once, unless it ignores them or has handlers of its own.

    For imports and the interpreter's shutdown, where a KeyboardInterrupt would show a traceback or another error.
    """
    _handle(_leave, replaced=[signal.default_int_handler, signal.SIG_DFL, _interrupt])


@contextlib.contextmanager
def leaving_at_once() -> Generator[None]:
    """`leave_at_once` until the block ends."""
    before = {number: signal.getsignal(number) for number in INTERRUPTS}
    leave_at_once()
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is _leave:
                _set(number, handler)


def _handle(handler: _Handler, *, replaced: Sequence[object]) -> None:
    for number in dict.fromkeys(INTERRUPTS):
        if signal.getsignal(number) in replaced:
            _set(number, handler)


def _set(number: int, handler: _Handler | int | signal.Handlers | None) -> None:
    # ValueError: this is not the main thread.
    with contextlib.suppress(ValueError):
        signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # An event loop has a handler of its own for Ctrl-C, which cancels what it runs.
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        _leave(number, frame)


def _leave(_number: int, _frame: FrameType | None) -> None:
    begin_line()
    os._exit(ExitCode.INTERRUPTED)
