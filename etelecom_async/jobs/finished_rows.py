"""The rows that earlier runs of a job finished."""

from __future__ import annotations

from attrs import define, field

from .row_bitmap import RowBitmap

__all__ = ["FinishedRows"]


@define
class FinishedRows:
    """Filled while the output of the earlier runs is read back.

    Attributes:
        rows: their numbers.
        failed: how many of them could not be checked.
        read_half: rows that were removed to be asked again, since an earlier run read them before they were whole.
        witness: the phone of an answered row; empty if there is none.
    """

    rows: RowBitmap = field(factory=RowBitmap)
    failed: int = 0
    read_half: int = 0
    witness: str = ""

    def add(self, number: int, has_failed: bool) -> None:  # noqa: FBT001 - as the journal calls it
        """Count a row."""
        self.rows.add(number)
        self.failed += has_failed
