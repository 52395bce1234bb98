"""Failures that may not be the item's own: a dead key, an untrusted certificate, a wrong Official Account or URL.

One such answer proves nothing, since a proxy may have given it for one item of thousands. So these failures are held
back until it is known whether every item meets them, or the items before and behind them are answered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
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
"""The names of those classes, but for that of bugs."""
_AT_FIRST = 3
"""Different items that fail so before any is answered: the fault is common."""
_LATER = 20
"""Different items that fail so in a row, after some were answered."""


def may_be_common(error: EtelecomError) -> bool:
    """Is this a failure that every other item may meet too?"""
    return isinstance(error, _COMMON)


@frozen
class HeldBack(Generic[Item]):
    """An item that met such a failure."""

    index: int
    item: Item
    error: EtelecomError


class CommonFault(Generic[Item]):
    """Decides whether the failures that are held back are the items' own.

    Args:
        key: what makes two items the same question; None where each item is another.
    """

    def __init__(self, *, key: Callable[[Item], Hashable] | None) -> None:
        self._key = key
        self._held: list[HeldBack[Item]] = []
        self._different: set[Hashable] = set()
        self._is_answered = False
        self.is_suspected = False
        """Have so many items met the fault that it counts as common?"""
        self.is_watching = True
        """False while nothing is held back and an item was answered: there is nothing to tell of an answer."""

    def hold(self, index: int, item: Item, error: EtelecomError) -> bool:
        """Hold one back. True where the fault is now known to be common."""
        self.is_watching = True
        self._held.append(HeldBack(index, item, error))
        self._different.add(index if self._key is None else self._key(item))
        most = _LATER if self._is_answered else _AT_FIRST
        self.is_suspected = self.is_suspected or len(self._different) >= most
        return self.is_suspected

    def answered(self) -> list[HeldBack[Item]]:
        """An item was answered: gives those that were held back, which failed for reasons of their own.

        None of them, once the fault is known to be common: answers to what was under way come after that.
        """
        if self.is_suspected:
            return []
        self._is_answered = True
        self.is_watching = False
        self._different.clear()
        held, self._held = self._held, []
        return held

    def refuted(self) -> list[HeldBack[Item]]:
        """What cannot fail for a reason of its own was answered: as `answered`, even where the fault seemed common."""
        self.is_suspected = False
        return self.answered()

    def ended(self) -> list[HeldBack[Item]]:
        """The items are at their end: gives those whose failure is their own.

        Raises:
            EtelecomError: no item was answered, and each met the fault.
        """
        if self._is_answered or not self._held:
            return self.answered()
        self.is_suspected = True
        raise self._held[0].error
