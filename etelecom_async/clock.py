"""The one clock of the SDK: seconds for waits and time limits, the date for what expires.

In a thread with an `etelecom_async.testing.VirtualTimeLoop` both come from that loop. So a test that moves the loop's
time moves everything: limits, pauses, rates, permissions that end.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import get_ident
from time import monotonic
from typing import Protocol

__all__ = ["Clock", "governed_by", "now", "seconds"]


class Clock(Protocol):
    """Monotonic seconds, and the date as an aware datetime."""

    def time(self) -> float: ...
    def now(self) -> datetime: ...


_by_thread: dict[int, Clock] = {}
"""The clocks of threads that have another one than the system's: empty but in tests, so that it costs calls nothing."""


def seconds() -> float:
    """Seconds, monotonic."""
    if _by_thread and (clock := _by_thread.get(get_ident())) is not None:
        return clock.time()
    return monotonic()


def now() -> datetime:
    """The present as an aware datetime."""
    clock = _by_thread.get(get_ident())
    return datetime.now(UTC) if clock is None else clock.now()


@contextmanager
def governed_by(clock: Clock) -> Generator[None]:
    """Use this clock in this thread until the block ends."""
    thread = get_ident()
    before = _by_thread.get(thread)
    _by_thread[thread] = clock
    try:
        yield
    finally:
        if before is None:
            del _by_thread[thread]
        else:
            _by_thread[thread] = before
