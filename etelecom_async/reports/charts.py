"""The charts of a report: Vega-Lite drawings rendered to SVG, so that the page needs no scripts and no network.

Colours are the page's CSS variables, so that a chart follows the reader's light or dark theme.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from attrs import frozen

from ..endpoint import JSON
from ..errors import ConfigError

__all__ = ["Bar", "area", "columns", "ranking", "require"]

_TEXT = 13
_SMALL = 12
_ROW = 42
_HEIGHT = 230
_WIDE = 900


@frozen(kw_only=True)
class Bar:
    """One bar: its label, its length, that length in words, and its colour as CSS."""

    label: str
    count: int
    words: str
    color: str


def require() -> Callable[[str], str]:
    """The renderer of Vega-Lite specifications (JSON) to SVG. Call it early to find out whether it is installed.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415 - an extra, imported when used
    except ImportError:
        raise ConfigError("A report needs an extra for its charts: pip install 'etelecom-async[report]'.") from None
    # No chart here names a URL; the empty list guarantees that none is fetched.
    return lambda spec: vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def ranking(bars: Sequence[Bar], *, width: int, summary: str) -> str:
    """Bars below one another in the order given, each under a line with its label and its words."""
    longest = max(bar.count for bar in bars)
    rows: list[JSON] = [
        {"row": row, "label": bar.label, "count": bar.count, "words": bar.words, "color": bar.color, "tip": _tip(bar)}
        for row, bar in enumerate(bars)
    ]
    length: dict[str, JSON] = {"type": "quantitative", "scale": {"domain": [0, longest], "nice": False}, "axis": None}
    mark: dict[str, JSON] = {"type": "bar", "height": 9, "yOffset": 8, "cornerRadius": 3}
    line: dict[str, JSON] = {"type": "text", "baseline": "bottom", "fontSize": _TEXT}
    words_room = 8 * max(len(bar.words) for bar in bars)
    spec: dict[str, JSON] = {
        "height": {"step": _ROW},
        "encoding": {
            "y": {"field": "row", "type": "ordinal", "axis": None, "scale": {"padding": 0}},
            "description": {"field": "tip"},
        },
        "layer": [
            {
                "mark": {**mark, "color": "var(--track)"},
                "encoding": {"x": {**length, "datum": 0}, "x2": {"datum": longest}},
            },
            {
                "mark": mark,
                "encoding": {
                    "x": {**length, "field": "count", "stack": None},
                    "color": {"field": "color", "type": "nominal", "scale": None},
                },
            },
            {
                "mark": {**line, "x": 0, "align": "left", "color": "var(--ink)", "limit": width - words_room},
                "encoding": {"text": {"field": "label"}},
            },
            {
                "mark": {**line, "x": "width", "align": "right", "color": "var(--muted)"},
                "encoding": {"text": {"field": "words"}},
            },
        ],
    }
    return _draw(spec, rows, width=width, summary=summary)


def columns(days: Sequence[Bar], *, width: int, summary: str) -> str:
    """Bars beside one another, one a day."""
    rows: list[JSON] = [{"day": bar.label, "count": bar.count, "color": bar.color, "tip": _tip(bar)} for bar in days]
    is_wide = width >= _WIDE
    shown: list[JSON] = [bar.label for bar in days[:: 3 if is_wide else 7]]
    layers: list[JSON] = [
        {
            "mark": {"type": "bar", "cornerRadiusEnd": 3, "width": {"band": 0.72}},
            "encoding": {"color": {"field": "color", "type": "nominal", "scale": None}},
        }
    ]
    if is_wide:
        layers.append(
            {
                "mark": {"type": "text", "dy": -8, "fontSize": 11, "color": "var(--muted)"},
                "encoding": {"text": {"field": "count", "type": "quantitative", "format": _short(days)}},
            }
        )
    spec: dict[str, JSON] = {
        "height": _HEIGHT,
        "encoding": {
            "x": {"field": "day", "type": "ordinal", "sort": None, "axis": {"values": shown, "labelAngle": 0}},
            "y": {
                "field": "count",
                "type": "quantitative",
                "stack": None,
                "axis": {"format": ",d", "tickMinStep": 1, "tickCount": 4},
            },
            "description": {"field": "tip"},
        },
        "layer": layers,
    }
    return _draw(spec, rows, width=width, summary=summary)


def area(points: Sequence[tuple[datetime, float]], *, mean: float, width: int, summary: str) -> str:
    """A quantity over time, with its mean as a dashed line. Times are shown in their own zone."""
    # The library shows times in UTC or in the zone of this machine, and neither is the reader's.
    rows: list[JSON] = [{"at": at.replace(tzinfo=UTC).isoformat(), "rate": rate} for at, rate in points]
    spec: dict[str, JSON] = {
        "height": _HEIGHT,
        "layer": [
            {
                "mark": {
                    "type": "area",
                    "color": "var(--accent)",
                    "fillOpacity": 0.16,
                    "line": {"color": "var(--accent)", "strokeWidth": 1.75},
                },
                "encoding": {
                    "x": {
                        "field": "at",
                        "type": "temporal",
                        "scale": {"type": "utc", "nice": False},
                        "axis": {
                            "format": _clock(points[-1][0] - points[0][0]),
                            "grid": False,
                            "tickCount": 8 if width >= _WIDE else 4,
                            "labelFlush": True,
                        },
                    },
                    "y": {"field": "rate", "type": "quantitative", "axis": {"format": ",f", "tickCount": 4}},
                },
            },
            {
                # One line, not one for each of the points.
                "data": {"values": [{}]},
                "mark": {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.25, "color": "var(--muted)"},
                "encoding": {"y": {"datum": mean}},
            },
        ],
    }
    return _draw(spec, rows, width=width, summary=summary)


def _tip(bar: Bar) -> str:
    return f"{bar.label}: {bar.words}"


def _short(days: Sequence[Bar]) -> str:
    """A number format that fits above the narrow bar of one day."""
    return "," if max(bar.count for bar in days) < 10_000 else ".2~s"  # noqa: PLR2004 - more digits overlap


def _clock(span: timedelta) -> str:
    if span < timedelta(minutes=8):
        return "%H:%M:%S"
    return "%H:%M" if span < timedelta(days=1) else "%-d %b %H:%M"


def _draw(spec: dict[str, JSON], rows: list[JSON], *, width: int, summary: str) -> str:
    axis: JSON = {
        "title": None,
        "labelFontSize": _SMALL,
        "labelColor": "var(--muted)",
        "labelPadding": 6,
        "gridColor": "var(--line)",
        "domain": False,
        "ticks": False,
    }
    whole: JSON = {
        **spec,
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "top": 6, "right": 0, "bottom": 2},
        "background": None,
        "data": {"values": rows},
        "config": {"font": "inherit", "view": {"stroke": None}, "axis": axis},
    }
    return _inline(require()(json.dumps(whole)), summary=summary)


def _inline(svg: str, *, summary: str) -> str:
    """The drawing as a part of an HTML page: one image to a screen reader, as wide as its container, with tooltips."""
    root = ET.fromstring(svg)  # noqa: S314 - made by the library out of our own specification
    for element in root.iter():
        # HTML knows what `svg` is; its namespace would be the only URL of the page.
        element.tag = element.tag.rpartition("}")[2]
        tip = element.attrib.pop("aria-label", "")
        for name in ("role", "aria-roledescription", "aria-hidden", "class"):
            element.attrib.pop(name, None)
        if tip and element.get("fill") and element.tag == "path":
            ET.SubElement(element, "title").text = tip
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": summary}
    return ET.tostring(root, encoding="unicode")
