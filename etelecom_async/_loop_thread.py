"""An event loop in a daemon thread, to which any thread gives coroutines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from .errors import SessionClosed

__all__ = ["LoopThread", "as_coroutine", "call_in_children"]

T = TypeVar("T")

_GRACE = 5.0
"""Seconds that closing waits for the loop to end; a coroutine that blocks the loop can hold that up."""


class LoopThread:
    """Begins at once and ends with `close`. What is held is entered in the loop first and left there at its end.

    Attributes:
        is_closed: it ends or has ended: what it was given is cancelled.
    """

    def __init__(self, held: AbstractAsyncContextManager[object]) -> None:
        self.is_closed = False
        self._futures: set[Future[Any]] = set()
        self._pid = os.getpid()
        self._stop = asyncio.Event()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._main, args=(held,), name="etelecom_async", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[object, object, T]) -> Future[T]:
        """Begin a coroutine in the loop.

        Raises:
            SessionClosed: the loop has ended.
        """
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            raise SessionClosed("The event loop of this Blocking has ended.") from None
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        if self.is_closed:
            future.cancel()
        return future

    def close(self) -> None:
        """Cancel what runs and end loop and thread. In a forked child, which has no such thread, it does nothing."""
        if self._pid != os.getpid():
            return
        self.is_closed = True
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self._thread:
            self._thread.join(_GRACE)

    def _main(self, held: AbstractAsyncContextManager[object]) -> None:
        try:
            with self._runner:
                self._runner.run(self._serve(held))
        except RuntimeError:
            # To end its executor asyncio starts a thread, which Python 3.12 refuses at the program's end. The loop is
            # closed all the same.
            if threading.main_thread().is_alive():
                raise
        finally:
            self.is_closed = True
            for future in self._futures.copy():  # what came too late for the loop to begin it
                future.cancel()

    async def _serve(self, held: AbstractAsyncContextManager[object]) -> None:
        async with held:
            await self._stop.wait()


def as_coroutine(awaitable: Awaitable[T]) -> Coroutine[object, object, T]:
    """What a loop can begin and what can be closed unbegun, made of anything that can be awaited."""
    return awaitable if asyncio.iscoroutine(awaitable) else _awaited(awaitable)


def call_in_children(method: Callable[[], None]) -> None:
    """Have a method called in each process that is forked from this one, as long as its object lives."""
    if hasattr(os, "register_at_fork"):  # on Windows nothing forks
        still = weakref.WeakMethod(method)
        os.register_at_fork(after_in_child=lambda: call() if (call := still()) else None)


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable
