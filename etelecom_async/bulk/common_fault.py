"""Failures that every item may meet: a dead key, an untrusted certificate, a wrong Official Account or URL.

One such answer proves nothing, since a proxy may give it for one item of thousands. So these failures are held back
until another item is answered, or enough different items have met them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from attrs import frozen

from ..errors import (
    AccountClosed,
    EtelecomError,
    InternalError,
    NotFound,
    PermissionDenied,
    ProxyError,
    TlsError,
    Unauthenticated,
    UnknownHost,
)

__all__ = ["COMMON_FAULTS", "CommonFault", "HeldBack", "may_be_common"]

Item = TypeVar("Item")

_COMMON = (
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AccountClosed,
    ProxyError,
    TlsError,
    UnknownHost,
    InternalError,
)
COMMON_FAULTS = frozenset({"BadRoute", *(kind.__name__ for kind in _COMMON if kind is not InternalError)})
"""The names of those classes, without `InternalError`, which is a bug."""
_AT_FIRST = 3
"""The fault is common when so many different items meet it before any is answered."""
_LATER = 20
"""The same after some were answered: so many different items in a row."""


def may_be_common(error: EtelecomError) -> bool:
    """Whether every other item may meet this failure too."""
    return isinstance(error, _COMMON)


@frozen
class HeldBack(Generic[Item]):
    """An item that met such a failure."""

    index: int
    item: Item
    error: EtelecomError


class CommonFault(Generic[Item]):
    """Decides whether failures are common to all items, and holds them back until that is known.

    Args:
        key: equal for items that ask the same question; None if all items differ.
        witness: asks what was answered before the run; None if there is no such thing.
    """

    def __init__(
        self, *, key: Callable[[Item], Hashable] | None, witness: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        self._key = key
        self._hearing = asyncio.Lock()
        self.witness = witness
        self._held: list[HeldBack[Item]] = []
        self._different: set[Hashable] = set()
        self._is_answered = False
        self.is_suspected = False
        """Have so many items met the fault that it counts as common?"""
        self.is_watching = True
        """False while `answered` need not be called: an item was answered, and nothing is held back since."""

    def hold(self, index: int, item: Item, error: EtelecomError) -> bool:
        """Hold a failure back. True if the fault is now known to be common."""
        self.is_watching = True
        self._held.append(HeldBack(index, item, error))
        self._different.add(index if self._key is None else self._key(item))
        most = _LATER if self._is_answered else _AT_FIRST
        self.is_suspected = self.is_suspected or len(self._different) >= most
        return self.is_suspected

    def answered(self) -> list[HeldBack[Item]]:
        """Called when an item was answered: returns what was held back, as these failures are not common.

        Nothing, once the fault is known to be common: calls that were under way may still be answered then.
        """
        if self.is_suspected:
            return []
        self._is_answered = True
        self.is_watching = False
        self._different.clear()
        held, self._held = self._held, []
        return held

    async def refuted(self) -> list[HeldBack[Item]] | None:
        """Is what was answered before answered still? Then these failures are not common: returns them, else None."""
        async with self._hearing:
            if not self.is_suspected:
                return []
            if self.witness is None:
                return None
            try:
                await self.witness()
            except EtelecomError:
                self.witness = None  # asked once in vain: the run ends
                return None
            self.is_suspected = False
            return self.answered()

    def ended(self) -> list[HeldBack[Item]]:
        """Called after the last item: returns what was held back, if the fault is not common.

        Raises:
            EtelecomError: no item was answered, and each met the fault.
        """
        if self._is_answered or not self._held:
            return self.answered()
        self.is_suspected = True
        raise self._held[0].error
