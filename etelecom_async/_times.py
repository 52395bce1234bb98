"""Times as text."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

__all__ = ["offset", "utc_text"]


def offset(moment: datetime) -> str:
    """The time zone of an aware time: `UTC+07:00`."""
    sign = f"{moment:%z}"
    return f"UTC{sign[:3]}:{sign[3:5]}"


def utc_text(moment: datetime, *, timespec: str = "auto") -> str:
    """An aware time as the API writes it: RFC 3339 in UTC, such as `2030-01-01T00:00:00Z`.

    `timespec` is that of `datetime.isoformat`.
    """
    # The first and the last hours of Python's calendar may lie outside of it in UTC: those keep their offset.
    with contextlib.suppress(OverflowError):
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
