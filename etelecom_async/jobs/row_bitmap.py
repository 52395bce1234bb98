"""A set of row numbers as a bitmap."""

from __future__ import annotations

__all__ = ["RowBitmap"]


class RowBitmap:
    """A set of row numbers; it takes one bit for each row up to the highest number in it."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._count = 0

    def add(self, number: int) -> None:
        """Add a row's number, from 1."""
        index, bit = divmod(number, 8)
        if index >= len(self._bits):
            self._bits.extend(bytes(index + 1 - len(self._bits)))
        mask = 1 << bit
        self._count += not self._bits[index] & mask
        self._bits[index] |= mask

    def __contains__(self, number: int) -> bool:
        index, bit = divmod(number, 8)
        return index < len(self._bits) and bool(self._bits[index] >> bit & 1)

    def __len__(self) -> int:
        return self._count
