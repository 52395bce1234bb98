"""Which rows of an input are finished, in one bit a row."""

from __future__ import annotations

__all__ = ["RowBitmap"]


class RowBitmap:
    """A set of row numbers that costs one bit for each row up to the highest in it."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._count = 0

    def add(self, number: int) -> None:
        """Mark a row, counted from 1."""
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
