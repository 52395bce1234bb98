"""Times as text."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

__all__ = ["utc_text"]


def utc_text(moment: datetime, *, timespec: str = "auto") -> str:
    """An aware time as the API writes it: RFC 3339 in UTC, such as `2030-01-01T00:00:00Z`.

    `timespec` is that of `datetime.isoformat`.

    The end of the year 9999, as some write "never", lies beyond Python's calendar in UTC if its offset is negative (so
    does the beginning of the year 1 if it is positive). Such a time is written in the offset that it has.
    """
    with contextlib.suppress(OverflowError):
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
