"""Numbers, times and received text as the page shows them, ready to stand in its HTML."""

from __future__ import annotations

from datetime import date, datetime
from html import escape

from ..messages.translation import Translator

__all__ = ["day", "duration", "html_text", "moment", "printable", "rate", "share", "weekday"]

_NBSP = "\N{NO-BREAK SPACE}"


def printable(text: str) -> str:
    """Received text without control characters, direction marks and lone surrogates. It is not escaped."""
    return "".join(c if c.isprintable() else " " for c in text).strip() or "(no name)"


def html_text(text: str) -> str:
    """`printable` text, escaped for HTML."""
    return escape(printable(text))


def share(part: int, whole: int, *, texts: Translator) -> str:
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
    return f"{texts.separated(words)} %".replace(" ", _NBSP)


def rate(per_second: float, *, texts: Translator) -> str:
    """Rows per second, with decimals only below 10."""
    return texts.separated(f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2g}")  # noqa: PLR2004


def duration(seconds: float, *, texts: Translator) -> str:
    """Hours and minutes, or minutes and seconds."""
    _ = texts.gettext
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [_("{count} h").format(count=texts.number(hours))] if hours else []
    if minutes:
        parts.append(_("{count} min").format(count=minutes))
    if not hours and (rest or not minutes):
        parts.append(_("{count} s").format(count=rest))
    return " ".join(parts).replace(" ", _NBSP)


def day(date_: date, *, texts: Translator) -> str:
    """Day and month: `9 Dec`, and `9/12` in Vietnamese."""
    return f"{date_.day}/{date_.month}" if texts.lang == "vi" else f"{date_.day} {date_:%b}"


def weekday(date_: date, *, texts: Translator) -> str:
    """The short name of a day."""
    _ = texts.gettext
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))[date_.weekday()]


def moment(time: datetime) -> str:
    """A date and time as HTML."""
    return f"<time>{time:%Y-%m-%d %H:%M}</time>"
