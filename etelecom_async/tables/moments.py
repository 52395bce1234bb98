"""Times as ISO 8601 text, also beyond the years 1 to 9999 of Python's types."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

__all__ = ["day_of", "day_text", "duration_text", "moment_of", "moment_text"]

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86400
# The calendar repeats after 400 years, so every year has an equal one in Python's range.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146097
_EPOCH = date(1970, 1, 1)
_MOMENT = re.compile(
    r"(?P<day>[+-]?[0-9]{4,}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
)
_DAY_TEXT = re.compile(r"([+-]?[0-9]{4,})-([0-9]{2})-([0-9]{2})")


def day_text(days: int) -> str:
    """The text of a day, counted from 1970; years outside 0 to 9999 have a sign: `+10000-01-01`."""
    cycles, day = divmod(days, _CYCLE_DAYS)
    equal = _EPOCH + timedelta(days=day)
    year = equal.year + cycles * _CYCLE_YEARS
    shown = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+06d}"  # noqa: PLR2004 - what four digits hold
    return f"{shown}-{equal.month:02d}-{equal.day:02d}"


def day_of(text: str) -> int:
    """The day of a text from `day_text`. Raises ValueError for any other text."""
    match = _DAY_TEXT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year = int(match[1])
    # Counted from 1600, so that the equal year is in Python's range.
    cycles, place = divmod(year - 1600, _CYCLE_YEARS)
    equal = date(1600 + place, int(match[2]), int(match[3]))
    return (equal - _EPOCH).days + cycles * _CYCLE_DAYS


def moment_text(value: int, *, unit: str, is_utc: bool) -> str:
    """The text of a moment, counted in `s`, `ms`, `us` or `ns` from 1970, with a `Z` if it is UTC."""
    seconds, fraction = divmod(value, _PER_SECOND[unit])
    days, second = divmod(seconds, _DAY)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    rest = _fraction(fraction, unit) if fraction else ""
    return f"{day_text(days)}T{clock}{rest}{'Z' if is_utc else ''}"


def moment_of(text: str, *, unit: str) -> int:
    """The moment of a text, cut to this unit; without an offset it is UTC. Raises ValueError for any other text."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    clock = datetime.fromisoformat(f"2000-01-01T{match['time']}{match['zone'] or 'Z'}")
    seconds = day_of(match["day"]) * _DAY + (clock - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    per_second = _PER_SECOND[unit]
    fraction = int((match["fraction"] or "0")[:9].ljust(9, "0"))
    return seconds * per_second + fraction * per_second // 10**9


def duration_text(value: int, *, unit: str) -> str:
    """The text of a duration, in hours, minutes and seconds: a day is not always 24 hours, so days are not used."""
    per_second = _PER_SECOND[unit]
    seconds, fraction = divmod(abs(value), per_second)
    rest = _fraction(fraction, unit).rstrip("0") if fraction else ""
    hours, minutes, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else ""]
    if second or fraction or not (hours or minutes):
        parts.append(f"{second}{rest}S")
    return ("-" if value < 0 else "") + "PT" + "".join(parts)


def _fraction(value: int, unit: str) -> str:
    return f".{value:0{len(str(_PER_SECOND[unit])) - 1}d}"
