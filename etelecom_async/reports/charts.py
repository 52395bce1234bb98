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
from ..messages.translation import Translator

__all__ = ["Bar", "area", "columns", "ranking", "require"]

_TEXT = 13
_SMALL = 12
_ROW = 42
_HEIGHT = 230
_WIDE = 900
_OWN_COLOR: JSON = {"field": "color", "type": "nominal", "scale": None}


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


def ranking(bars: Sequence[Bar], *, width: int, summary: str, texts: Translator) -> str:
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
    value: dict[str, JSON] = {**length, "field": "count", "stack": None}
    name: dict[str, JSON] = {**line, "x": 0, "align": "left", "color": "var(--ink)", "limit": width - words_room}
    spec: dict[str, JSON] = {
        "height": {"step": _ROW},
        "encoding": {
            "y": {"field": "row", "type": "ordinal", "axis": None, "scale": {"padding": 0}},
            "description": {"field": "tip"},
        },
        "layer": [
            _layer({**mark, "color": "var(--track)"}, {"x": {**length, "datum": 0}, "x2": {"datum": longest}}),
            _layer(mark, {"x": value, "color": _OWN_COLOR}),
            _layer(name, {"text": {"field": "label"}}),
            _layer({**line, "x": "width", "align": "right", "color": "var(--muted)"}, {"text": {"field": "words"}}),
        ],
    }
    return _draw(spec, rows, width=width, summary=summary, texts=texts)


def columns(days: Sequence[Bar], *, width: int, summary: str, texts: Translator) -> str:
    """Bars side by side, one a day."""
    rows: list[JSON] = [{"day": bar.label, "count": bar.count, "color": bar.color, "tip": _tip(bar)} for bar in days]
    is_wide = width >= _WIDE
    shown: list[JSON] = [bar.label for bar in days[:: 3 if is_wide else 7]]
    bar: dict[str, JSON] = {"type": "bar", "cornerRadiusEnd": 3, "width": {"band": 0.72}}
    layers = [_layer(bar, {"color": _OWN_COLOR})]
    if is_wide:
        number: dict[str, JSON] = {"type": "text", "dy": -8, "fontSize": 11, "color": "var(--muted)"}
        text: JSON = {"field": "count", "type": "quantitative", "format": _short(days)}
        layers.append(_layer(number, {"text": text}))
    axis: JSON = {"format": ",d", "tickMinStep": 1, "tickCount": 4}
    spec: dict[str, JSON] = {
        "height": _HEIGHT,
        "encoding": {
            "x": {"field": "day", "type": "ordinal", "sort": None, "axis": {"values": shown, "labelAngle": 0}},
            "y": {"field": "count", "type": "quantitative", "stack": None, "axis": axis},
            "description": {"field": "tip"},
        },
        "layer": layers,
    }
    return _draw(spec, rows, width=width, summary=summary, texts=texts)


def area(points: Sequence[tuple[datetime, float]], *, mean: float, width: int, summary: str, texts: Translator) -> str:
    """A quantity over time, with its mean as a dashed line. Times are shown in their own zone."""
    # The library shows times only in UTC or in this machine's zone, so the reader's local time is passed as UTC.
    rows: list[JSON] = [{"at": at.replace(tzinfo=UTC).isoformat(), "rate": rate} for at, rate in points]
    line: JSON = {"color": "var(--accent)", "strokeWidth": 1.75}
    under: dict[str, JSON] = {"type": "area", "color": "var(--accent)", "fillOpacity": 0.16, "line": line}
    dashes: dict[str, JSON] = {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.25, "color": "var(--muted)"}
    clock = _clock(points[-1][0] - points[0][0], texts)
    axis: JSON = {"format": clock, "grid": False, "tickCount": 8 if width >= _WIDE else 4, "labelFlush": True}
    time: JSON = {"field": "at", "type": "temporal", "scale": {"type": "utc", "nice": False}, "axis": axis}
    value: JSON = {"field": "rate", "type": "quantitative", "axis": {"format": ",f", "tickCount": 4}}
    layers: list[JSON] = [
        _layer(under, {"x": time, "y": value}),
        # Data of its own, so that there is one line and not one for each point.
        {"data": {"values": [{}]}, "mark": dashes, "encoding": {"y": {"datum": mean}}},
    ]
    return _draw({"height": _HEIGHT, "layer": layers}, rows, width=width, summary=summary, texts=texts)


def _layer(mark: dict[str, JSON], encoding: dict[str, JSON]) -> JSON:
    return {"mark": mark, "encoding": encoding}


def _tip(bar: Bar) -> str:
    return f"{bar.label}: {bar.words}"


def _short(days: Sequence[Bar]) -> str:
    """A number format that fits above the narrow bar of one day."""
    return "," if max(bar.count for bar in days) < 10_000 else ".2~s"  # noqa: PLR2004 - more digits overlap


def _clock(span: timedelta, texts: Translator) -> str:
    if span < timedelta(minutes=8):
        return "%H:%M:%S"
    if span < timedelta(days=1):
        return "%H:%M"
    return "%-d/%-m %H:%M" if texts.lang == "vi" else "%-d %b %H:%M"


def _draw(spec: dict[str, JSON], rows: list[JSON], *, width: int, summary: str, texts: Translator) -> str:
    axis: JSON = {
        "title": None,
        "labelFontSize": _SMALL,
        "labelColor": "var(--muted)",
        "labelPadding": 6,
        "gridColor": "var(--line)",
        "domain": False,
        "ticks": False,
    }
    numbers: JSON = {
        "decimal": texts.separated("."),
        "thousands": texts.separated(","),
        "grouping": [3],
        "currency": ["", ""],
    }
    whole: JSON = {
        **spec,
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "top": 6, "right": 0, "bottom": 2},
        "background": None,
        "data": {"values": rows},
        "config": {"font": "inherit", "view": {"stroke": None}, "axis": axis, "locale": {"number": numbers}},
    }
    return _inline(require()(json.dumps(whole)), summary=summary)


def _inline(svg: str, *, summary: str) -> str:
    """The drawing as a part of an HTML page: one image to a screen reader, as wide as its container, with tooltips."""
    root = ET.fromstring(svg)  # noqa: S314 - made by the library out of our own specification
    for element in root.iter():
        # HTML needs no namespace for `svg`, and it would be the only URL of the page.
        element.tag = element.tag.rpartition("}")[2]
        tip = element.attrib.pop("aria-label", "")
        for name in ("role", "aria-roledescription", "aria-hidden", "class"):
            element.attrib.pop(name, None)
        if tip and element.get("fill") and element.tag == "path":
            ET.SubElement(element, "title").text = tip
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": summary}
    return ET.tostring(root, encoding="unicode")
