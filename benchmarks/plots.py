"""Plots for the documentation: SVG that is legible on a light and on a dark page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import vl_convert

_COLOURS = ("#2f7ed8", "#d9822b", "#3a9a5b", "#9b59b6", "#888888")
_GREY = "#888888"


def lines(series: Mapping[str, Sequence[float]], *, title: str) -> str:
    """Quantities per second over time, a line for each."""
    rows = [
        {"second": second, "value": value, "name": name}
        for name, values in series.items()
        for second, value in enumerate(values)
    ]
    names = list(series)
    axis = {
        "labelColor": _GREY,
        "titleColor": _GREY,
        "gridColor": "#88888840",
        "domainColor": _GREY,
        "tickColor": _GREY,
    }
    spec = {
        "width": 720,
        "height": 260,
        "background": None,
        "title": {"text": title, "color": _GREY, "anchor": "start", "fontSize": 13},
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 1.75, "interpolate": "step-after"},
        "encoding": {
            "x": {"field": "second", "type": "quantitative", "title": "seconds", "axis": {"grid": False}},
            "y": {"field": "value", "type": "quantitative", "title": None},
            "color": {
                "field": "name",
                "scale": {"domain": names, "range": list(_COLOURS[: len(names)])},
                "legend": {"title": None, "labelColor": _GREY, "orient": "bottom"},
            },
        },
        "config": {"axis": axis, "view": {"stroke": None}, "font": "sans-serif"},
    }
    return vl_convert.vegalite_to_svg(json.dumps(spec), allowed_base_urls=[])
