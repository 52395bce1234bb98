"""JSON bytes to values and back, by the standard library.

JSON is UTF-8 (RFC 8259), so other encodings and a byte order mark are refused. An object with two values of one name
is refused too: which of them holds depends on the reader, and of `{"error": 3, "error": 0}` the last is a permission.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.scanner import make_scanner
from typing import TYPE_CHECKING, cast

from .errors import DecodeError

if TYPE_CHECKING:
    from .endpoint import JSON

__all__ = ["dumps", "loads", "loads_certain"]

_BLANKS = " \t\n\r"
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def dumps(value: object) -> str:
    """The JSON of plain values, without blanks and in ASCII.

    Raises:
        ValueError, TypeError: there is something in it that JSON does not have.
    """
    return _encode(value)


def loads(body: bytes) -> JSON:
    """Parse JSON, numbers exactly.

    Raises:
        DecodeError: it is no JSON, is nested too deeply, or has a name twice in one object.
    """
    # Each further member needs a comma. So where there are no more of them than the object has names, no name stands
    # twice, in it or in an object within it. That is far cheaper than to look at each member; all else is read again.
    try:
        text = body.decode()
        value, end = _scan(text, 0)
        if end == len(text) and type(value) is dict and text.count(",") < len(value):
            return value
    except (ValueError, StopIteration, RecursionError):
        pass
    return _read(body, _scan_unambiguous)


def loads_certain(body: bytes) -> JSON:
    """Parse JSON without the members of which an object has two different values: what is certain in it.

    Raises:
        DecodeError: it is no JSON, or is nested too deeply.
    """
    return _read(body, _scan_certain)


class _TwiceError(Exception):
    """An object has two values of one name."""


def _unambiguous(members: list[tuple[str, JSON]]) -> JSON:
    value = dict(members)
    if len(value) < len(members):
        raise _TwiceError
    return value


def _certain(members: list[tuple[str, JSON]]) -> JSON:
    value = dict(members)
    if len(value) < len(members):
        # By their texts: 1, 1.0 and true are equal in Python.
        for name, other in members:
            if name in value and repr(value[name]) != repr(other):
                del value[name]
    return value


def _scanner(hook: Callable[[list[tuple[str, JSON]]], JSON] | None) -> Callable[[str, int], tuple[JSON, int]]:
    # typeshed takes a decoder for the argument of the scanner that it returns.
    scan = make_scanner(cast("make_scanner", json.JSONDecoder(object_pairs_hook=hook)))
    return cast("Callable[[str, int], tuple[JSON, int]]", scan)


_scan, _scan_unambiguous, _scan_certain = _scanner(None), _scanner(_unambiguous), _scanner(_certain)


def _read(body: bytes, scan: Callable[[str, int], tuple[JSON, int]]) -> JSON:
    problem = "is not JSON"
    try:
        text = body.decode()
        try:
            value, end = scan(text, 0)
        except StopIteration:  # there is no value at once, but there may be one after blanks
            text = text.lstrip(_BLANKS)
            value, end = scan(text, 0)
        if end == len(text) or not text[end:].strip(_BLANKS):
            return value
    except _TwiceError:
        problem = "has a name twice in one object"
    except (ValueError, StopIteration, RecursionError):
        pass  # it quotes nothing but holds the document, phone numbers and all, so it is not even a context
    raise DecodeError(f"The body {problem} ({len(body)} bytes).")
