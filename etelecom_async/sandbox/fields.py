"""The fields of a request as the server reads them: what it tolerates, and what it calls malformed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar, cast

from attrs import frozen

from .. import codec
from .._file import File
from ..endpoint import JSON
from ..enums import OpenEnum
from ..errors import DecodeError, InvalidArgument
from ..pipeline.multipart import parsed

__all__ = [
    "Fields",
    "flag_in",
    "form_in",
    "id_in",
    "ids_in",
    "known_in",
    "list_of",
    "needed_id",
    "needed_text",
    "number_text_in",
    "number_texts_in",
    "object_in",
    "object_of",
    "operators_form",
    "text_in",
    "text_map_in",
    "texts_in",
    "time_in",
    "whole_in",
]

Value = TypeVar("Value", bound=OpenEnum)
Fields = Mapping[str, JSON]

_DIGITS = re.compile(r"-?[0-9]{1,19}")
_NINE_DIGITS = re.compile(r"[0-9]{9}")
_INT64 = range(-(2**63), 2**63)


def _malformed(name: str) -> InvalidArgument:
    return InvalidArgument(f"Trường {name} không hợp lệ", code="malformed")


def object_in(body: bytes) -> dict[str, JSON]:
    """The JSON object that a body is."""
    try:
        asked = codec.loads(body)
    except DecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise InvalidArgument("Nội dung không phải là một đối tượng JSON", code="malformed")
    return asked


def form_in(content_type: str, body: bytes) -> dict[str, JSON]:
    """The fields of a form as an object; in place of a file stand its name and its size."""
    try:
        form = parsed(content_type, body)
    except DecodeError:
        form = None
    if form is None:
        raise InvalidArgument("Nội dung không phải là một biểu mẫu", code="malformed")
    return {name: _shown(value) for name, value in form.items()}


def _shown(value: str | File) -> JSON:
    return value if isinstance(value, str) else {"filename": value.filename, "size": len(cast("bytes", value.file))}


def id_in(fields: Fields, name: str) -> int:
    """An int64 given as a number or as decimal digits; 0 for null."""
    value = fields.get(name)
    if value is None:
        return 0
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is not int or value not in _INT64:
        raise _malformed(name)
    return value


def text_in(fields: Fields, name: str) -> str:
    """A text; empty for null."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed(name)
    return value


def number_text_in(fields: Fields, name: str) -> str:
    """A text, or a number as its digits; empty for null."""
    value = fields.get(name)
    return str(value) if type(value) is int else text_in(fields, name)


def list_of(fields: Fields, name: str) -> list[JSON]:
    """A list; empty for null."""
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _malformed(name)
    return value


def number_texts_in(fields: Fields, name: str) -> list[str]:
    """A list of texts, or of numbers as their digits; empty for null."""
    return [number_text_in({name: value}, name) for value in list_of(fields, name)]


def text_map_in(fields: Fields, name: str) -> dict[str, str]:
    """An object of texts; empty for null."""
    given = object_of(fields, name)
    return {key: text_in(given, key) for key in given}


def known_in(fields: Fields, name: str, kind: type[Value]) -> Value | None:
    """One of an enum's values; None for null."""
    text = text_in(fields, name)
    if text and not kind(text).is_known:
        raise _malformed(name)
    return kind(text) if text else None


def time_in(fields: Fields, name: str) -> datetime | None:
    """An RFC 3339 time; None for null and for the zero time."""
    try:
        return codec.decode({"at": fields.get(name)}, _Time).at
    except DecodeError:
        raise _malformed(name) from None


def object_of(fields: Fields, name: str) -> dict[str, JSON]:
    """An object; empty for null."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _malformed(name)
    return value


def flag_in(fields: Fields, name: str) -> bool | None:
    """True or false; None for null."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise _malformed(name)
    return value


def ids_in(fields: Fields, name: str) -> list[int]:
    """Several ids; empty for null."""
    return [id_in({name: it}, name) for it in list_of(fields, name)]


def texts_in(fields: Fields, name: str) -> list[str]:
    """Several texts; empty for null."""
    return [text_in({name: it}, name) for it in list_of(fields, name)]


def whole_in(fields: Fields, name: str) -> int | None:
    """A whole number that is no text; None for null."""
    value = fields.get(name)
    if value is not None and (type(value) is not int or value not in _INT64):
        raise _malformed(name)
    return value


def needed_id(fields: Fields, name: str) -> int:
    """An id that has to be there."""
    number = id_in(fields, name)
    if not number:
        raise InvalidArgument(f"Thiếu {name}")
    return number


def needed_text(fields: Fields, name: str) -> str:
    """A text that has to be there."""
    text = text_in(fields, name)
    if not text.strip():
        raise InvalidArgument(f"Thiếu {name}")
    return text


@frozen
class _Time:
    at: datetime | None = None


def operators_form(phone: str) -> str:
    """A phone as the operator understands it: `0...`, `84...`, `+84...` and nine digits.

    It does not refuse other writings, such as `0084...`: they are numbers that no customer has.
    """
    if _NINE_DIGITS.fullmatch(phone):
        return "84" + phone
    for prefix in ("+84", "84", "0"):
        if phone.startswith(prefix):
            return "84" + phone.removeprefix(prefix)
    return phone
