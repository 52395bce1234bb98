"""Numbers, times and received text as the page shows them, ready to stand in its HTML."""

from __future__ import annotations

from datetime import date, datetime
from html import escape

__all__ = ["day", "duration", "html_text", "moment", "printable", "rate", "share"]

_NBSP = "\N{NO-BREAK SPACE}"


def printable(text: str) -> str:
    """Received text without control characters, direction marks and lone surrogates. It is not escaped."""
    return "".join(c if c.isprintable() else " " for c in text).strip() or "(no name)"


def html_text(text: str) -> str:
    """`printable` text, escaped for HTML."""
    return escape(printable(text))


def share(part: int, whole: int) -> str:
    """A percentage, which rounds neither to 0 nor to 100 what is not exactly that; a dash if `whole` is 0."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:  # noqa: PLR2004
        words = "< 0.1"
    elif 99.9 < percent < 100:  # noqa: PLR2004
        words = "> 99.9"
    else:
        words = f"{percent:.0f}" if percent in {0, 100} else f"{percent:.1f}"
    return f"{words} %".replace(" ", _NBSP)


def rate(per_second: float) -> str:
    """Rows per second, with decimals only below 10."""
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2g}"  # noqa: PLR2004


def duration(seconds: float) -> str:
    """Hours and minutes, or minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        words = f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"
    elif minutes:
        words = f"{minutes} min {rest} s" if rest else f"{minutes} min"
    else:
        words = f"{rest} s"
    return words.replace(" ", _NBSP)


def day(date_: date) -> str:
    """Day and month: `9 Dec`."""
    return f"{date_.day} {date_:%b}"


def moment(time: datetime) -> str:
    """A date and time as HTML."""
    return f"<time>{time:%Y-%m-%d %H:%M}</time>"
