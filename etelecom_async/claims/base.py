"""What keeps claims, and the one that keeps them in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from .. import clock

__all__ = ["Claims", "MemoryClaims", "Turns"]


class Claims(Protocol):
    """Keeps claims. Both methods may be called at once for any number of customers.

    They raise `ClaimsError` where it cannot be told whether there is a claim: then no request is made.
    """

    async def claim(self, customer: str, /, *, owner: str, seconds: float) -> float:
        """Hold the claim of this customer for so many seconds from now, in one step with the look whether it is free.

        Args:
            customer: a text that stands for them; it holds their phone number.
            owner: a text that is different for each attempt. The owner's own claim is prolonged.
            seconds: above 0.

        Returns:
            0.0 if it is held now by this owner; otherwise the seconds after which another's claim runs out, above 0.
        """
        ...

    async def release(self, customer: str, /, *, owner: str) -> None:
        """Give up this owner's claim, since nothing was sent. Without one this does nothing."""
        ...


class MemoryClaims:
    """Claims for one process, until it ends."""

    def __init__(self) -> None:
        # In the order in which they were last taken, so that those that ran out are found at the front.
        self._held: dict[str, tuple[str, float]] = {}

    async def claim(self, customer: str, /, *, owner: str, seconds: float) -> float:
        """Hold the claim, as `Claims.claim` says."""
        now = clock.seconds()
        self._forget(now)
        holder, until = self._held.get(customer, (owner, now))
        if holder != owner and until > now:
            return until - now
        self._held.pop(customer, None)
        self._held[customer] = owner, now + seconds
        return 0.0

    async def release(self, customer: str, /, *, owner: str) -> None:
        """Give the claim up, as `Claims.release` says."""
        if self._held.get(customer, ("", 0.0))[0] == owner:
            del self._held[customer]

    def _forget(self, now: float) -> None:
        while self._held:
            first = next(iter(self._held))
            if self._held[first][1] > now:
                return
            del self._held[first]


class Turns:
    """Lets one caller of this process at a time be at a customer; the others wait in line."""

    def __init__(self) -> None:
        self._lines: dict[tuple[asyncio.AbstractEventLoop, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, customer: str) -> AsyncGenerator[None]:
        """Wait for the turn, and have it until the block ends."""
        key = asyncio.get_running_loop(), customer
        lock, users = self._lines.get(key, (None, 0))
        lock = asyncio.Lock() if lock is None else lock
        self._lines[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            users = self._lines[key][1] - 1
            if users:
                self._lines[key] = lock, users
            else:
                del self._lines[key]
