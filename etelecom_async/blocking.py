"""One session for threads and synchronous programs: Django under WSGI, Flask, Celery's threads, scripts."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Awaitable
from concurrent.futures import CancelledError
from typing import Self, TypeVar

from . import _checks
from ._loop_thread import LoopThread, as_coroutine, call_in_children
from .errors import ConfigError, DeadlineExceeded, Phase, SessionClosed
from .session import Session

__all__ = ["Blocking"]

T = TypeVar("T")


class Blocking:
    """Runs the coroutines of one session for any number of threads, in one event loop in one daemon thread.

        blocking = Blocking(Session.from_env())
        consent = blocking.run(blocking.session.zalo.check_consent(oa_id=oa_id, phone=phone))

    Make one for the whole program, at import if you like: loop and thread start at the first `run`. After `os.fork` the
    child starts its own at its next `run`. They end, and the session is closed, with `close`, `with`, or the program.
    From now on the session is used through this object alone.

    Raises:
        ConfigError: session is no `Session`.
    """

    def __init__(self, session: Session, /) -> None:
        self.session = _checks.instance("Blocking.session", session, Session, "a Session, such as Session.from_env()")
        self._is_closed = False
        self._lock = threading.Lock()
        self._thread: LoopThread | None = None
        self._inherited: list[LoopThread] = []
        call_in_children(self._begin_in_child)

    def run(self, coroutine: Awaitable[T], /, *, timeout: float | None = None) -> T:
        """Wait for a coroutine's result. KeyboardInterrupt cancels the coroutine, and so does the end of `timeout`.

        Args:
            coroutine: such as `session.zalo.check_consent(...)`, not awaited yet.
            timeout: seconds to wait; None where the session's own time limits are enough.

        Raises:
            ConfigError: called inside a running event loop, which it would stop; or an argument of a wrong kind.
            DeadlineExceeded: no result came within `timeout`; the request may have been carried out.
            SessionClosed: this object is closed. With phase UNKNOWN: it was closed while the coroutine ran.
            Exception: what the coroutine raises.
        """
        work = as_coroutine(coroutine)
        try:
            _check(coroutine, timeout)
            thread = self._thread or self._start()
            future = thread.submit(work)
        except BaseException:
            work.close()  # a coroutine that never runs warns of that
            raise
        try:
            return future.result(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        except TimeoutError:
            if not future.cancel():  # the coroutine's own error, or it ended in this very moment
                return future.result()
            raise DeadlineExceeded(f"no result within the {timeout:g} s of Blocking.run") from None
        except CancelledError:
            if not thread.is_closed:
                raise
            work.close()
            raise SessionClosed("Blocking was closed while this call ran.", phase=Phase.UNKNOWN) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """End the loop and close the session. What runs is cancelled. Calling it again does nothing."""
        with self._lock:
            self._is_closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> LoopThread:
        with self._lock:
            if self._is_closed:
                raise SessionClosed("This Blocking is closed: make a new one, with a new session.")
            if self._thread is None:
                self._thread = LoopThread(self.session)
                weakref.finalize(self, self._thread.close)  # at the program's end too
            return self._thread

    def _begin_in_child(self) -> None:
        self._lock = threading.Lock()
        if self._thread is not None:
            self._inherited.append(self._thread)  # its loop is the parent's: not closed, and not dropped open
            self._thread = None


def _check(coroutine: object, timeout: float | None) -> None:
    if not isinstance(coroutine, Awaitable):
        raise _checks.refused("Blocking.run: coroutine", "one such as session.zalo.check_consent(...)", coroutine)
    if timeout is not None:
        _checks.number("Blocking.run: timeout", timeout, above=0, unit="a number of seconds", otherwise=", or None")
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise ConfigError("Blocking.run would stop the event loop of this thread: await the coroutine instead.")
