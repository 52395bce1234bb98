"""attrs classes to JSON bytes and back, through one cattrs converter.

Reading is strict about types and lenient about presence: `null` means absent, absent means the default, unknown
fields are ignored, and nothing is coerced (cattrs alone would read `None` as the text 'None' and 'false' as True).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar, cast

import attrs
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from .endpoint import JSON
from .errors import DecodeError

__all__ = ["Id", "also", "decode", "encode", "loads"]

T = TypeVar("T")

Id: TypeAlias = Annotated[int, "etelecom id"]
"""A 64-bit id: an `int` here, a decimal string on the wire, read from either."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ALSO = "also"
_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_ZERO_TIME = ("0001-01-01T", "0000-12-31T")
_OPTIONAL_TIME = datetime | None


def also(name: str) -> dict[str, str]:
    """Metadata for an attrs field: a second name that is read where the first is absent."""
    return {_ALSO: name}


def loads(body: bytes) -> JSON:
    """Parse JSON bytes; anything else is `DecodeError`."""
    try:
        return cast("JSON", json.loads(body))
    except (ValueError, RecursionError):
        # The parser's own error quotes nothing but holds the document, phone numbers and all.
        failure = DecodeError(f"The body is not JSON ({len(body)} bytes).")
    raise failure


def encode(payload: object) -> bytes:
    """The JSON bytes of an attrs instance or of plain JSON values."""
    return _dumps(_converter.unstructure(payload)).encode()


def decode(value: JSON, into: type[T]) -> T:
    """Build `into` from parsed JSON; what does not fit is `DecodeError` with JSON paths, never a wrong value."""
    try:
        return _converter.structure(value, into)
    except Exception as error:  # noqa: BLE001 - whatever a hook raises means one thing: it does not fit
        problems = _problems(error, into)
    raise DecodeError(problems)


def _problems(error: Exception, into: type[object]) -> str:
    if isinstance(error, ClassValidationError):
        return "; ".join(transform_error(error, path="$", format_exception=_sentence))
    return f"{_sentence(error, into)} @ $"


def _sentence(error: BaseException, _: object) -> str:
    if isinstance(error, _Misfit):
        return str(error)
    if isinstance(error, KeyError):
        return "required field missing"
    return "invalid value"


class _Misfit(TypeError):
    """A JSON value that does not fit, said without the value."""


def _expected(what: str, got: object) -> _Misfit:
    return _Misfit(f"expected {what}, got {_KINDS.get(type(got), 'something else')}")


_KINDS: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a fraction",
    bool: "a boolean",
    type(None): "null",
}


def _exactly(kind: type, expected: str) -> Callable[[object, type], object]:
    def hook(value: object, target: type) -> object:
        if type(value) is not kind:
            raise _expected(expected, value)
        # A hook for `str` is also asked for str-enums and other subclasses.
        return value if target is kind else target(value)

    return hook


def _read_id(value: object, _: object) -> int:
    if type(value) is int:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(2**63)):
        return int(value)
    raise _expected("an id (a decimal string)", value)


def _read_time(value: object, _: object) -> datetime:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise _expected("an RFC 3339 time", value)
    return datetime.fromisoformat(value.upper())


def _write_time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _read_optional_time(value: object, _: object) -> datetime | None:
    # Go's zero time, in whatever offset, is how this server spells "unset" where it does not send null.
    if isinstance(value, str) and value.startswith(_ZERO_TIME) and _TIME.fullmatch(value):
        return None
    return _read_time(value, _)


def _read_model(model: type[attrs.AttrsInstance]) -> Callable[[object, object], attrs.AttrsInstance]:
    structure = make_dict_structure_fn(model, _converter)
    aliases = {f.metadata[_ALSO]: f.name for f in attrs.fields(model) if _ALSO in f.metadata}

    def hook(value: object, _: object) -> attrs.AttrsInstance:
        if not isinstance(value, dict):
            raise _expected("an object", value)
        present: dict[str, JSON] = cast("dict[str, JSON]", value)
        if None in present.values():
            present = {name: item for name, item in present.items() if item is not None}
        if not aliases.keys().isdisjoint(present):
            present = _by_first_name(present, aliases)
        return structure(present, model)

    return hook


def _by_first_name(present: dict[str, JSON], aliases: dict[str, str]) -> dict[str, JSON]:
    present = dict(present)
    for alias, name in aliases.items():
        if alias in present and not _same(present.setdefault(name, present[alias]), present[alias]):
            raise _Misfit(f"{name} and {alias} contradict each other")
    return present


def _same(one: JSON, other: JSON) -> bool:
    return type(one) is type(other) and one == other


def _write_model(model: type[attrs.AttrsInstance]) -> Callable[[attrs.AttrsInstance], dict[str, JSON]]:
    return make_dict_unstructure_fn(model, _converter)


def _is_id(kind: object) -> bool:
    return kind is Id


def _is_optional_time(kind: object) -> bool:
    return kind == _OPTIONAL_TIME


def _is_object(kind: object) -> bool:
    return kind is object


def _as_is(value: object, _: object) -> object:
    return value


_converter = Converter()
_converter.register_structure_hook_func(_is_object, _as_is)
_converter.register_structure_hook(str, _exactly(str, "a string"))
_converter.register_structure_hook(int, _exactly(int, "a whole number"))
_converter.register_structure_hook(bool, _exactly(bool, "true or false"))
_converter.register_structure_hook_func(_is_id, _read_id)
_converter.register_unstructure_hook_func(_is_id, str)
_converter.register_structure_hook(datetime, _read_time)
_converter.register_structure_hook_func(_is_optional_time, _read_optional_time)
_converter.register_unstructure_hook(datetime, _write_time)
_converter.register_structure_hook_factory(attrs.has, _read_model)
_converter.register_unstructure_hook_factory(attrs.has, _write_model)
