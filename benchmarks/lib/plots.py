"""Plots for the documentation: SVG that is legible on a light and on a dark page."""

from __future__ import annotations

import json
from collections.abc import Sequence

import vl_convert
from attrs import asdict, frozen

_COLOURS = ("#2f7ed8", "#d9822b")
_GREY = "#888888"
_TICKS = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 30, 50]
_AXIS = {"labelColor": _GREY, "titleColor": _GREY, "gridColor": "#88888840", "domainColor": _GREY, "tickColor": _GREY}
_CONFIG = {"axis": _AXIS, "view": {"stroke": None}, "font": "sans-serif"}


@frozen(kw_only=True)
class Mark:
    """A named value with its range, and whether it is of the things that the plot is about."""

    name: str
    low: float
    value: float
    high: float
    is_ours: bool


def marks(values: Sequence[Mark], *, title: str, axis: str, log: bool = False) -> str:
    """Values with their ranges, one a line, the smallest on top; from 0, or on a logarithmic scale."""
    rows = [{**asdict(it), "kind": "ours" if it.is_ours else "others", "label": f"{it.value:.2f}"} for it in values]
    scale = {"type": "log", "nice": False, "padding": 12} if log else {"zero": True}
    ticks = {"values": _TICKS, "format": "~g"} if log else {}
    x = {"type": "quantitative", "scale": scale, "title": axis, "axis": ticks}
    y = {
        "field": "name",
        "type": "nominal",
        "sort": {"field": "value"},
        "title": None,
        "axis": {"grid": True, "ticks": False, "domain": False, "labelLimit": 320, "labelPadding": 8},
    }
    color = {
        "field": "kind",
        "scale": {"domain": ["ours", "others"], "range": [_COLOURS[0], _COLOURS[1]]},
        "legend": None,
    }
    spec = {
        "width": 420,
        "height": {"step": 19},
        "background": None,
        "title": {"text": title, "color": _GREY, "anchor": "start", "fontSize": 13},
        "data": {"values": rows},
        "encoding": {"y": y, "color": color},
        "padding": {"left": 40, "right": 40, "top": 5, "bottom": 5},  # fonts differ in their widths
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"x": {**x, "field": "value"}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 10},
                "encoding": {"x": {**x, "field": "high"}, "text": {"field": "label"}, "color": {"value": _GREY}},
            },
        ],
        "config": _CONFIG,
    }
    return vl_convert.vegalite_to_svg(json.dumps(spec), allowed_base_urls=[])
