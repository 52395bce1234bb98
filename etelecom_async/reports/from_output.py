"""The statistics of a finished output, read back for its report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ..tables import Reading, kind_of, open_source
from ..tables.journal import own_column
from .statistics import Statistics

__all__ = ["statistics_of"]


def statistics_of(output: Path) -> Statistics:
    """The statistics of all rows of a finished output. Raises ConfigError if it cannot be read."""
    statistics = Statistics(zone=datetime.now().astimezone().tzinfo or UTC)
    # A job wrote it, so the encoding and the header are known.
    is_csv = kind_of(output) == "csv"
    source = open_source(output, reading=Reading(encoding="utf-8", header=True, skip_rows=0) if is_csv else Reading())
    state, granted, expires, failure, checked = (
        own_column(source.columns, name) for name in ("state", "granted", "expired_time", "failure", "checked_at")
    )
    for row in source.rows():
        cells = row.cells
        checked_at = _moment(cells[checked])
        if checked_at is not None:
            statistics.add(
                state=str(cells[state] or ""),
                granted=cells[granted] in (True, "true"),
                expired_time=_expiry(cells[expires]),
                failure=str(cells[failure] or ""),
                checked_at=checked_at,
            )
    return statistics


def _expiry(cell: object) -> datetime | None:
    # The end of 9999 in a zone west of Greenwich is in the year 10000 in UTC, as Parquet stores it.
    return datetime.max.replace(tzinfo=UTC) if str(cell).startswith("+") else _moment(cell)


def _moment(cell: object) -> datetime | None:
    if isinstance(cell, datetime):
        return cell
    return datetime.fromisoformat(str(cell)) if cell else None
