"""How values are written in answers."""

from __future__ import annotations

import re
from datetime import datetime

from .._times import utc_text

__all__ = ["ZERO_TIME", "phone_text", "seconds"]

ZERO_TIME = "0001-01-01T00:00:00Z"
"""How the server writes in some places that there is no time."""


def seconds(moment: datetime | None) -> str | None:
    """A time in whole seconds, or null."""
    return None if moment is None else utc_text(moment, timespec="seconds")


def phone_text(phone: str, *, is_wire: bool) -> str:
    """A phone `84...` as it is, or as the operator writes it: `0...`."""
    return phone if is_wire else re.sub("^84", "0", phone)
