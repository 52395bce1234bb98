"""A rate that other processes share, as a throttle uses it."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Protocol, cast

from ..clock import seconds
from ..errors import QueueTimeout

__all__ = ["Shared", "SharedRate"]

_log = logging.getLogger("etelecom_async")

_ALIKE = 0.1
"""Seconds by which a pause has to be longer than the one that the others were told of."""


class SharedRate(Protocol):
    """A rate that other processes share, such as `RedisRate`."""

    async def acquire(self) -> None:
        """Wait for one permit. A cancelled wait costs no permit."""
        ...


class _CanPause(Protocol):
    async def pause(self, seconds: float, /) -> None: ...


class Shared:
    """A `SharedRate`, and what the others were told through it."""

    def __init__(self, rate: SharedRate) -> None:
        self._rate = rate
        self._can_pause = cast("_CanPause", rate) if callable(getattr(rate, "pause", None)) else None
        self._told_until = -math.inf

    async def acquire(self, limit: float | None) -> None:
        """Wait for a permit, so many seconds at most.

        Raises:
            QueueTimeout: it took longer.
        """
        try:
            async with asyncio.timeout(limit):
                await self._rate.acquire()
        except TimeoutError:
            if limit is None:
                raise
            raise QueueTimeout(f"No permit of the shared rate came within {limit:g} s.") from None

    async def pause(self, until: float) -> None:
        """Tell the others that no request may go before then, in seconds of `clock`."""
        pause = until - seconds()
        if self._can_pause is None or pause <= 0 or until <= self._told_until + _ALIKE:
            return
        self._told_until = until
        try:
            await self._can_pause.pause(pause)
        except Exception as error:  # noqa: BLE001 - it may be anything, and is not the call's own error
            _log.warning("The shared rate could not be told of a pause (%s).", type(error).__name__)
