"""Text and JSON for values that CSV or JSON cannot hold directly."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TypeAlias, cast

from .moments import duration_text

__all__ = ["as_text", "bytes_of", "json_encoder", "utf8"]

_STRAY = re.compile("[\ud800-\udfff]")
_STRAY_BUT_ESCAPED = re.compile("[\ud800-\udc7f\udd00-\udfff]")

Encode: TypeAlias = Callable[[object], str]


def json_encoder() -> Encode:
    """A function from a value to compact JSON, with Vietnamese letters unescaped.

    JSON has no NaN and Infinity: they become the strings `NaN`, `Infinity` and `-Infinity`.
    """
    strict = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=as_text).encode

    def encode(value: object) -> str:
        try:
            return strict(value)
        except ValueError:
            return strict(_finite(value))

    return encode


def as_text(value: object) -> str:
    """The text of a value from Parquet or Excel, from which the value can be read back.

    ISO 8601 for times and durations, JSON for lists and structs, UTF-8 for bytes. Bytes that are not UTF-8, contain a
    NUL or begin with `0x` become `0x` and their hex digits.
    """
    if isinstance(value, timedelta):
        return duration_text(value // timedelta(microseconds=1), unit="us")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return _bytes_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict | list):
        return json_encoder()(cast("object", value))
    return str(_finite(value) if isinstance(value, float) else value)


def utf8(text: str, *, keep_escaped_bytes: bool) -> bytes:
    """The text as UTF-8. Escaped bytes become the bytes they were, if kept; other lone surrogates become `\ufffd`."""
    errors = "surrogateescape" if keep_escaped_bytes else "strict"
    try:
        return text.encode(errors=errors)
    except UnicodeEncodeError:
        stray = _STRAY_BUT_ESCAPED if keep_escaped_bytes else _STRAY
        return stray.sub("\ufffd", text).encode(errors=errors)


def bytes_of(text: str) -> bytes:
    """The bytes of a text from `as_text`. Raises ValueError if `0x` is not followed by hex digits."""
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def _bytes_text(value: bytes) -> str:
    if not value.startswith(b"0x") and b"\0" not in value:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return "0x" + value.hex()


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[object]", value)]
    return value
