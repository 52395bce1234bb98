"""JSON bytes to values and back, by the standard library.

JSON is UTF-8 (RFC 8259), so other encodings and a byte order mark are refused. An object with two values of one name
is refused too: which of them holds depends on the reader, and of `{"error": 3, "error": 0}` the last is a permission.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json import encoder
from typing import TYPE_CHECKING, TypeAlias, cast

from .errors import DecodeError

if TYPE_CHECKING:
    from .endpoint import JSON

__all__ = ["dumps", "loads", "loads_certain"]

_BLANKS = " \t\n\r"


# `json.JSONEncoder.encode` makes this anew for each value, which is half of what it takes to write a payload. It has
# no function for what JSON does not have: the attempt to call that is the TypeError.
_make_encoder = cast("Callable[..., Callable[[object, int], tuple[str, ...]]]", vars(encoder)["c_make_encoder"])
_encode = _make_encoder(None, None, encoder.encode_basestring_ascii, None, ":", ",", False, False, False)


def dumps(value: object) -> str:
    """The JSON of plain values, without blanks and in ASCII.

    Raises:
        ValueError, TypeError, RecursionError: there is something in it that JSON does not have.
    """
    return "".join(_encode(value, 0))


def loads(body: bytes) -> JSON:
    """Parse JSON, numbers exactly.

    Raises:
        DecodeError: it is no JSON, is nested too deeply, or has a name twice in one object.
    """
    # Each further member needs a comma. So where there are no more of them than the object has names, no name stands
    # twice, in it or in an object within it: that costs a quarter less than to look at the members of each object.
    try:
        text = body.decode()
        value, end = _plain(text, 0)
        if end == len(text) and type(value) is dict and text.count(",") < len(value):
            return value
    except (StopIteration, ValueError, RecursionError):
        pass  # it is looked at once more
    return _read(body, _unambiguous)


def loads_certain(body: bytes) -> JSON:
    """Parse JSON without the members of which an object has two different values: what is certain in it.

    Raises:
        DecodeError: it is no JSON, or is nested too deeply.
    """
    return _read(body, _certain)


class _RepeatedNameError(Exception):
    """An object has two values of one name."""


def _once(members: list[tuple[str, JSON]]) -> JSON:
    value = dict(members)
    if len(value) < len(members):
        raise _RepeatedNameError
    return value


def _agreed(members: list[tuple[str, JSON]]) -> JSON:
    value = dict(members)
    if len(value) < len(members):
        # By their texts: 1, 1.0 and true are equal in Python.
        for name, other in members:
            if name in value and repr(value[name]) != repr(other):
                del value[name]
    return value


_Parse: TypeAlias = Callable[[str], tuple["JSON", int]]
# What `raw_decode` calls. It ends in StopIteration where no value begins.
_plain = cast("Callable[[str, int], tuple[JSON, int]]", vars(json.JSONDecoder())["scan_once"])
_unambiguous: _Parse = json.JSONDecoder(object_pairs_hook=_once).raw_decode
_certain: _Parse = json.JSONDecoder(object_pairs_hook=_agreed).raw_decode


def _read(body: bytes, parse: _Parse) -> JSON:
    problem = "is not JSON"
    try:
        text = body.decode().strip(_BLANKS)
        value, end = parse(text)
    except _RepeatedNameError:
        problem = "has a name twice in one object"
    except (ValueError, RecursionError):
        pass  # it quotes nothing but holds the document, phone numbers and all, so it is not even a context
    else:
        if end == len(text):
            return value
    raise DecodeError(f"The body {problem} ({len(body)} bytes).")
