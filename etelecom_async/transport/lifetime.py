"""The connections of a transport: under one event loop at a time, in the process that opened them."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import warnings
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from ..errors import ConfigError, ConnectError

__all__ = ["Closable", "Lifetime"]

_PACKAGE = str(Path(__file__).parent.parent)


class Closable(Protocol):
    """A set of connections. `close` waits for nothing if the event loop is closed."""

    @property
    def closed(self) -> bool: ...
    async def close(self) -> None: ...


Held = TypeVar("Held", bound=Closable)


class Lifetime(Generic[Held]):
    """Opens connections at the first use, again under a new event loop, and closes them when the loop ends.

    With `is_borrowed` it does not warn when it is dropped open: the connections belong to the caller.
    """

    def __init__(self, *, is_borrowed: bool = False) -> None:
        self._held: Held | None = None
        self._is_borrowed = is_borrowed
        self._origin = _caller()
        self._generator: AsyncGenerator[None] | None = None
        self._closings = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._inherited: list[AsyncGenerator[None]] = []

    def current(self) -> Held | None:
        held = self._held
        return held if held is not None and self._loop is asyncio.get_running_loop() and not held.closed else None

    async def open(self, make: Callable[[], Held]) -> Held:
        """The connections of the running loop, made if there are none.

        Raises:
            ConfigError: they are open under another loop that is still alive.
            ConnectError: the transport was closed meanwhile.
        """
        loop = asyncio.get_running_loop()
        if self._held is not None and not self._held.closed:
            if not self._is_forked() and not self._is_orphaned():
                raise ConfigError(
                    f"The session or transport made at {self._origin} is open in another event loop that is still"
                    " alive: make one per loop, aclose() it there first, or let all threads use one through"
                    " etelecom_async.blocking.Blocking.",
                )
            await self.aclose()
        # The tasks of a big gather all start in one turn of the loop, which can take longer than a connection may. So
        # the first connection's time begins after it.
        closings = self._closings
        await asyncio.sleep(0)
        if closings != self._closings:
            raise ConnectError("the transport was closed while it opened")
        if self._held is not None and not self._held.closed:
            return self._held
        self._loop, self._pid = loop, os.getpid()
        self._held = held = make()
        # A loop closes the async generators that have started when it ends. That closes the connections of a session
        # that outlives its loop, such as a global one under asyncio.run.
        self._generator = _until_closed(held)
        await anext(self._generator)
        return held

    async def aclose(self) -> None:
        self._closings += 1
        held, generator = self._held, self._generator
        self._held = self._generator = None
        if held is None or generator is None:
            return
        if self._is_forked():
            # Closing or finalizing it would reach into the parent's event loop, so it is kept.
            self._inherited.append(generator)
            return
        await held.close()
        if not self._is_orphaned():
            # The loop may be closing it at this moment.
            with contextlib.suppress(RuntimeError):
                await generator.aclose()

    def __del__(self) -> None:
        if self._held is not None and not self._held.closed and not self._is_borrowed and not self._is_forked():
            message = (
                f"The session or transport made at {self._origin} was dropped open:"
                " use 'async with', or await its aclose()."
            )
            warnings.warn(message, ResourceWarning, source=self, stacklevel=1)

    def _is_forked(self) -> bool:
        return self._pid != os.getpid()

    def _is_orphaned(self) -> bool:
        return self._loop is not None and self._loop.is_closed()


async def _until_closed(held: Closable) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await held.close()


def _caller() -> str:
    """The line of the caller's code that made the session or transport."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return "an unknown place" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
