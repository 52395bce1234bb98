"""JSON bytes to values and back: by orjson where it is installed, else by the standard library, with the same results.

JSON is UTF-8 (RFC 8259), so other encodings and a byte order mark are refused. Whatever orjson refuses, the standard
library judges: it takes lone surrogates and infinities. Of what orjson accepts, two kinds are read otherwise by the
standard library: whole numbers beyond 64 bits, which orjson makes floats of, and very deep nesting.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.scanner import make_scanner
from typing import TYPE_CHECKING, cast

from .errors import DecodeError

if TYPE_CHECKING:
    from .endpoint import JSON

__all__ = ["by_orjson", "by_the_standard_library", "dumps", "is_exact", "loads", "scan"]

_BLANKS = " \t\n\r"
_scan_once = make_scanner(cast("make_scanner", json.JSONDecoder()))  # typeshed takes it for its own argument
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

# Only digits and minus signs become zeros, so twenty zeros are what a number beyond 64 bits needs at least.
_DIGITS = bytes(ord("0") if character in b"-0123456789" else ord(" ") for character in range(256))
_TOO_MANY = b"0" * 20
_SHORT, _SHALLOW = 1000, 400
"""Bytes, and brackets, up to which the standard library's parser does not run out of stack."""


def dumps(value: object) -> str:
    """The JSON of plain values, without blanks and in ASCII.

    Raises:
        ValueError, TypeError: there is something in it that JSON does not have.
    """
    return _encode(value)


def by_the_standard_library(body: bytes) -> JSON:
    """Parse with the standard library alone; raises as `loads`."""
    value: JSON
    try:
        text = body.decode()
        try:
            value, end = _scan_once(text, 0)
        except StopIteration:  # there is no value at once, but there may be one after blanks
            text = text.lstrip(_BLANKS)
            value, end = _scan_once(text, 0)
        if end == len(text) or not text[end:].strip(_BLANKS):
            return value
    except (ValueError, StopIteration, RecursionError):
        pass  # it quotes nothing but holds the document, phone numbers and all, so it is not even a context
    raise DecodeError(f"The body is not JSON ({len(body)} bytes).")


def by_orjson(parse: Callable[[bytes], JSON]) -> Callable[[bytes], JSON]:
    def scan(body: bytes) -> JSON:
        if len(body) < _SHORT or body.count(b"[") + body.count(b"{") < _SHALLOW:
            try:
                return parse(body)
            except ValueError:
                pass
        return by_the_standard_library(body)

    return scan


def _scanner() -> Callable[[bytes], JSON]:
    try:
        import orjson  # noqa: PLC0415 - an extra
    except ImportError:
        return by_the_standard_library
    return by_orjson(orjson.loads)


scan = _scanner()
"""`loads`, but a whole number beyond 64 bits may come as a float: for readers that refuse both."""


def is_exact(body: bytes) -> bool:
    """Does `scan` give what `loads` gives?"""
    return _TOO_MANY not in body.translate(_DIGITS)


def loads(body: bytes) -> JSON:
    """Parse JSON, numbers exactly.

    Raises:
        DecodeError: it is no JSON, or is nested too deeply.
    """
    return scan(body) if is_exact(body) else by_the_standard_library(body)
