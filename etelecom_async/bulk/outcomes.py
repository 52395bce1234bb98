"""What comes of the items of a run."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import frozen

from ..errors import EtelecomError

__all__ = ["Done", "NotDone"]

Item = TypeVar("Item")
Value = TypeVar("Value")


@frozen
class Done(Generic[Item, Value]):
    """An item that was done: its index in the input, the item, and the value."""

    index: int
    item: Item
    value: Value


@frozen
class NotDone(Generic[Item]):
    """An item that could not be done: its index in the input, the item, and the error."""

    index: int
    item: Item
    error: EtelecomError
