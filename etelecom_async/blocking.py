"""One session for threads and synchronous programs: Django under WSGI, Flask, Celery's threads, scripts."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, Self, TypeVar

from . import _checks
from .errors import ConfigError, DeadlineExceeded, Phase, SessionClosed
from .session import Session

__all__ = ["Blocking"]

T = TypeVar("T")

_GRACE = 5.0
"""Seconds that `close` waits for the loop to end: a coroutine may block the loop."""


class _LoopThread:
    """An event loop in a daemon thread, from now until `close`, with a session that is open all the time."""

    def __init__(self, session: Session) -> None:
        self.is_closed = False
        self._futures: set[Future[Any]] = set()
        self._pid = os.getpid()
        self._stop = asyncio.Event()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._main, args=(session,), name="etelecom_async", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[object, object, T]) -> Future[T]:
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            raise SessionClosed("The event loop of this Blocking has ended.") from None
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        if self.is_closed:
            future.cancel()
        return future

    def discard(self, coroutine: Coroutine[object, object, object]) -> None:
        """Close a coroutine that the loop never started, which would warn; one that it did start is the loop's."""
        if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            self._thread.join(_GRACE)  # until then the loop may start it
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED and not self._thread.is_alive():
                coroutine.close()

    def close(self) -> None:
        if self._pid != os.getpid():  # a forked child, which does not have the thread
            return
        self.is_closed = True
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self._thread:
            self._thread.join(_GRACE)

    def _main(self, session: Session) -> None:
        try:
            with self._runner:
                self._runner.run(self._serve(session))
        except RuntimeError:
            # To end its executor asyncio starts a thread, which Python 3.12 refuses when the program ends. The loop is
            # closed even so.
            if threading.main_thread().is_alive():
                raise
        finally:
            self.is_closed = True
            for future in self._futures.copy():  # what came too late for the loop to start
                future.cancel()

    async def _serve(self, session: Session) -> None:
        async with session:
            await self._stop.wait()


class Blocking:
    """Runs the coroutines of one session for any number of threads, in one event loop in one daemon thread.

        blocking = Blocking(Session.from_env())
        consent = blocking.run(blocking.session.zalo.check_consent(oa_id=oa_id, phone=phone))

    Make one for the whole program, at import if you like: loop and thread start with the first `run`. After `os.fork`
    the child starts new ones with its next `run`. They end, and the session is closed, with `close`, `with`, or the
    program. From now on use the session only through this object.

    Raises:
        ConfigError: session is not a `Session`.
    """

    def __init__(self, session: Session, /) -> None:
        self.session = _checks.instance("Blocking.session", session, Session, "a Session, such as Session.from_env()")
        self._is_closed = False
        self._lock = threading.Lock()
        self._thread: _LoopThread | None = None
        self._inherited: list[_LoopThread] = []
        _call_in_children(self._begin_in_child)

    def run(self, coroutine: Awaitable[T], /, *, timeout: float | None = None) -> T:
        """Wait for a coroutine's result. KeyboardInterrupt cancels the coroutine, and so does the end of `timeout`.

        Args:
            coroutine: such as `session.zalo.check_consent(...)`, not awaited yet.
            timeout: seconds to wait; None where the session's own time limits are enough.

        Raises:
            ConfigError: this thread has a running event loop, or an argument is of a wrong type.
            DeadlineExceeded: there is no result after `timeout`; the request may have been carried out.
            SessionClosed: this object is closed. With phase UNKNOWN: it was closed while the coroutine ran.
            Exception: what the coroutine raises.
        """
        work = _as_coroutine(coroutine)
        try:
            _check(coroutine, timeout)
            thread = self._thread or self._start()
            future = thread.submit(work)
        except BaseException:
            work.close()  # a coroutine that never runs warns
            raise
        try:
            return future.result(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        except TimeoutError:
            if not future.cancel():  # the coroutine's own error, or it has just ended
                return future.result()
            raise DeadlineExceeded(f"no result within the {timeout:g} s of Blocking.run") from None
        except CancelledError:
            if not thread.is_closed:
                raise
            thread.discard(work)
            raise SessionClosed("Blocking was closed while this call ran.", phase=Phase.UNKNOWN) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Cancel what runs, close the session and end the loop. Calling it again does nothing."""
        with self._lock:
            self._is_closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> _LoopThread:
        with self._lock:
            if self._is_closed:
                raise SessionClosed("This Blocking is closed: make a new one, with a new session.")
            if self._thread is None:
                self._thread = _LoopThread(self.session)
                weakref.finalize(self, self._thread.close)  # when the program ends too
            return self._thread

    def _begin_in_child(self) -> None:
        self._lock = threading.Lock()
        if self._thread is not None:
            self._inherited.append(self._thread)  # the loop is the parent's: keep it, and do not close it
            self._thread = None


def _as_coroutine(awaitable: Awaitable[T]) -> Coroutine[object, object, T]:
    """A coroutine, which a loop can start and which can be closed before that."""

    async def wait() -> T:
        return await awaitable

    return awaitable if inspect.iscoroutine(awaitable) else wait()


def _call_in_children(method: Callable[[], None]) -> None:
    """Call a method in each process that is forked from this one, as long as its object lives."""
    if hasattr(os, "register_at_fork"):  # not on Windows
        weak = weakref.WeakMethod(method)
        os.register_at_fork(after_in_child=lambda: call() if (call := weak()) else None)


def _check(coroutine: object, timeout: float | None) -> None:
    if not isinstance(coroutine, Awaitable):
        raise _checks.refused("Blocking.run: coroutine", "one such as session.zalo.check_consent(...)", coroutine)
    if timeout is not None:
        _checks.number("Blocking.run: timeout", timeout, above=0, unit="a number of seconds", otherwise=", or None")
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise ConfigError("Blocking.run would stop the event loop of this thread: await the coroutine instead.")
