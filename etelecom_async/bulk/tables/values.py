"""What becomes of values that CSV or JSON cannot hold as they are."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, time
from typing import TypeAlias, cast

__all__ = ["as_text", "json_encoder", "utf8"]

_STRAY = re.compile("[\ud800-\udfff]")
_STRAY_BUT_ESCAPED = re.compile("[\ud800-\udc7f\udd00-\udfff]")

Encode: TypeAlias = Callable[[object], str]


def json_encoder() -> Encode:
    """A function from a value to its JSON: compact, Vietnamese left readable, NaN and Infinity as null."""
    strict = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=as_text).encode

    def encode(value: object) -> str:
        try:
            return strict(value)
        except ValueError:
            return strict(_finite(value))

    return encode


def as_text(value: object) -> str:
    """The text of a value that came from Parquet: ISO 8601 for times, JSON for lists and structs, else Python's."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict | list):
        return json_encoder()(cast("object", value))
    return str(value)


def utf8(text: str, *, keep_strange_bytes: bool) -> bytes:
    """UTF-8. Bytes that were no text come out as they went in, if they are to be kept; all else is a `\ufffd`."""
    errors = "surrogateescape" if keep_strange_bytes else "strict"
    try:
        return text.encode(errors=errors)
    except UnicodeEncodeError:
        stray = _STRAY_BUT_ESCAPED if keep_strange_bytes else _STRAY
        return stray.sub("\ufffd", text).encode(errors=errors)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[object]", value)]
    return value
