"""What a transport holds open: under one event loop at a time, and in the process that opened it."""

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
    """A set of connections."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        ...

    async def close(self) -> None:
        """Close it. Where its event loop is gone, this waits for nothing."""
        ...


Held = TypeVar("Held", bound=Closable)


class Lifetime(Generic[Held]):
    """Opens what a transport needs at its first use, anew under a new event loop, and closes it at a loop's end.

    Args:
        is_borrowed: what is held costs nothing when it is dropped open, so nobody is told.
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
        """What is open under the running loop."""
        held = self._held
        return held if held is not None and self._loop is asyncio.get_running_loop() and not held.closed else None

    async def open(self, make: Callable[[], Held]) -> Held:
        """What is open under the running loop, made if need be.

        Raises:
            ConfigError: it is open under another loop that is still alive.
            ConnectError: it was closed in the meantime.
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
        # Let every task of a big gather begin before the first connection's time runs: they begin in one turn of the
        # loop, which can take longer than a connection may.
        closings = self._closings
        await asyncio.sleep(0)
        if closings != self._closings:
            raise ConnectError("the transport was closed while it opened")
        if self._held is not None and not self._held.closed:
            return self._held
        self._loop, self._pid = loop, os.getpid()
        self._held = held = make()
        # An async generator that has begun is closed by its loop at the loop's end. That closes the connections of a
        # session that outlives its loop, as a module-level one does under asyncio.run.
        self._generator = _until_closed(held)
        await anext(self._generator)
        return held

    async def aclose(self) -> None:
        """Close what is open."""
        self._closings += 1
        held, generator = self._held, self._generator
        self._held = self._generator = None
        if held is None or generator is None:
            return
        if self._is_forked():
            # Closing it would reach into the parent's event loop, and so would its finalizer, so both are kept.
            self._inherited.append(generator)
            return
        await held.close()
        if not self._is_orphaned():
            # Its loop may be closing it in this very moment, and then it cannot be closed twice.
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
        """What is open was opened by the process that this one was forked from."""
        return self._pid != os.getpid()

    def _is_orphaned(self) -> bool:
        """What is open belongs to an event loop that is gone."""
        return self._loop is not None and self._loop.is_closed()


async def _until_closed(held: Closable) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await held.close()


def _caller() -> str:
    """The first line outside of this package on the way here: where it was made."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return "an unknown place" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
