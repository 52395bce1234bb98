"""The one clock of the SDK: seconds for waits and time limits, the date for what expires.

In a thread with an `etelecom_async.testing.VirtualTimeLoop` both come from that loop. So a test that moves the loop's
time moves everything: limits, pauses, rates, permissions that end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "governed_by", "now", "seconds"]


class Clock(Protocol):
    """Monotonic seconds, and the date as an aware datetime."""

    def time(self) -> float: ...
    def now(self) -> datetime: ...


class _Thread(threading.local):
    clock: Clock | None = None


_thread = _Thread()


def seconds() -> float:
    """Seconds, monotonic."""
    clock = _thread.clock
    return time.monotonic() if clock is None else clock.time()


def now() -> datetime:
    """The present as an aware datetime."""
    clock = _thread.clock
    return datetime.now(UTC) if clock is None else clock.now()


@contextmanager
def governed_by(clock: Clock) -> Generator[None]:
    """Use this clock in this thread until the block ends."""
    before, _thread.clock = _thread.clock, clock
    try:
        yield
    finally:
        _thread.clock = before
