"""attrs classes to JSON bytes and back, through one cattrs converter.

Reading is strict about types and lenient about presence: `null` means absent, absent means the default, unknown
fields are ignored, and nothing is coerced (cattrs alone would read `None` as the text 'None' and 'false' as True).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from json.encoder import encode_basestring_ascii
from types import NoneType, UnionType
from typing import Annotated, TypeAlias, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter, transform_error

from . import _json
from ._reader import VALID_AS_READ, FieldRead, Misfit, Read, reader
from ._writer import QUOTED, Write, writer
from .endpoint import JSON
from .errors import ConfigError, DecodeError

__all__ = ["Id", "also", "decode", "encode", "loads", "loads_certain", "reading", "valid_as_read", "writing"]

T = TypeVar("T")
Value = TypeVar("Value", covariant=True)

Id: TypeAlias = Annotated[int, "etelecom id"]
"""A 64-bit id: an `int` here, a decimal string on the wire, read from either."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ALSO = "also"
_ZERO_TIMES = ("0001-01-01", "0000-12-31")
_USUAL_LENGTH, _LAST_ZERO_TIME = len("2030-01-01T00:00:00Z"), "0001-01-02"
_moment = datetime.fromisoformat
_OPTIONAL_TIME = datetime | None
_LEAST, _MOST = -(2**63), 2**64 - 1
_READY: dict[object, str] = {
    str: "type(item) is str",
    bool: "type(item) is bool",
    int: f"type(item) is int and {_LEAST} <= item <= {_MOST}",
}
"""When a field's value needs no reading."""


def also(name: str) -> dict[str, str]:
    """Metadata for an attrs field: a second name that is read where the first is absent."""
    return {_ALSO: name}


def valid_as_read(metadata: Mapping[str, object] | None = None) -> dict[str, object]:
    """Metadata for an attrs field whose validator takes whatever is read from the wire, so that no reading asks it."""
    return {**(metadata or {}), VALID_AS_READ: True}


loads = _json.loads
"""Parse JSON bytes, numbers exactly; anything else, and a name twice in one object, is `DecodeError`."""
loads_certain = _json.loads_certain
"""Parse JSON bytes without the members of which an object has two different values; for the bodies of errors."""


def encode(payload: object) -> bytes:
    """The JSON bytes of an attrs instance or of plain JSON values.

    Raises:
        ConfigError: there is something in it that JSON does not have.
    """
    return writing(type(payload))(payload).encode()


def decode(value: JSON, into: type[T]) -> T:
    """Build `into` from parsed JSON; what does not fit is `DecodeError` with JSON paths, never a wrong value."""
    return reading(into)(value)


def writing(kind: type[object]) -> Write:
    """The function that writes values of this class as JSON text: to be asked for once and kept."""
    if attrs.has(kind):
        return writer(kind.__name__, [(field.name, _write(field.type)) for field in _fields(kind)])
    return _write_anything(kind)


def reading(into: type[T]) -> Callable[[JSON], T]:
    """The function that is `decode` for this class: to be asked for once and kept."""
    if attrs.has(into):
        return _read_model(cast("type[T]", into), refuse=lambda error: DecodeError(_problems(error)))
    hook = cast("Callable[[JSON, type[T]], T]", _converter.get_structure_hook(into))

    def read(value: JSON) -> T:
        try:
            return hook(value, into)
        except Exception as error:  # noqa: BLE001 - whatever a hook raises means one thing: it does not fit
            problems = _problems(error)
        raise DecodeError(problems)

    return read


def _problems(error: Exception) -> str:
    if isinstance(error, ClassValidationError):
        return "; ".join(transform_error(error, format_exception=_sentence))
    return f"{_sentence(error)} @ $"


def _sentence(error: BaseException, _: object = None) -> str:
    if isinstance(error, Misfit):
        return str(error)
    if isinstance(error, KeyError):
        return "required field missing"
    return "invalid value"


def _fields(model: type[attrs.AttrsInstance]) -> tuple[attrs.Attribute[object], ...]:
    """The fields with their annotations as types."""
    return cast("tuple[attrs.Attribute[object], ...]", attrs.fields(attrs.resolve_types(model)))


# Writing


def _write(kind: object) -> Write:
    if kind is str:
        return cast("Write", encode_basestring_ascii)
    if kind is Id:
        return QUOTED
    return _write_anything(kind)


def _write_anything(kind: object) -> Write:
    unstructured_as = None if kind is object else kind

    def write(value: object) -> str:
        try:
            return _json.dumps(_converter.unstructure(value, unstructured_as))
        except (TypeError, ValueError, RecursionError):
            pass  # it quotes what it met, which is for no traceback
        raise ConfigError(
            "The payload has something in it that JSON does not have, such as bytes, a set, NaN, a cycle."
        )

    return write


# Reading


def _exactly(kind: type, expected: str) -> Read:
    def hook(value: object, target: object) -> object:
        if type(value) is not kind:
            raise Misfit.of(expected, value)
        # A hook for `str` is also asked for str-enums and other subclasses.
        return value if target is kind else cast("type", target)(value)

    return hook


def _read_int(value: object, target: object) -> object:
    if type(value) is not int or not _LEAST <= value <= _MOST:
        raise Misfit.of("a whole number of 64 bits", value)
    return value if target is int else cast("type", target)(value)


def _read_id(value: object, _: object) -> int:
    if type(value) is int and _LEAST <= value <= _MOST:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(2**63)):
        return int(value)
    raise Misfit.of("an id (a decimal string)", value)


def _read_time(value: object, kind: object) -> datetime | None:
    if type(value) is not str:
        raise Misfit.of("an RFC 3339 time", value)
    # As this server writes them: what stands between the digits stands at every third place.
    if value[4::3] == "--T::Z" and len(value) == _USUAL_LENGTH and value > _LAST_ZERO_TIME:
        try:
            return _moment(value)
        except ValueError:
            pass  # looked at more closely below
    if not _TIME.fullmatch(value):
        raise Misfit.of("an RFC 3339 time", value)
    # Go's zero time, in whatever offset, is how this server spells "unset" where it does not send null.
    if kind is not datetime and value.startswith(_ZERO_TIMES):
        return None
    return _moment(value.upper())


def _read_model(
    model: type[T], *, refuse: Callable[[ClassValidationError | Misfit], Exception] = lambda error: error
) -> Callable[..., T]:
    fields = _fields(cast("type[attrs.AttrsInstance]", model))
    reads = {field.name: _field_read(field.type, field.metadata.get(_ALSO)) for field in fields if field.init}
    return reader(model, reads, refuse=refuse)


def _field_read(kind: object, second_name: str | None) -> FieldRead:
    # What is null never comes to a field's hook, so that of `X | None` is X's, but for times.
    if kind != _OPTIONAL_TIME and get_origin(kind) in (Union, UnionType):
        rest = [part for part in get_args(kind) if part is not NoneType]
        kind = rest[0] if len(rest) == 1 else kind
    hook = cast("Read", _converter.get_structure_hook(cast("type[object]", kind)))
    return FieldRead(hook, kind, _READY.get(kind, "False"), second_name)


def _write_time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


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
_converter.register_structure_hook(int, _read_int)
_converter.register_structure_hook(bool, _exactly(bool, "true or false"))
_converter.register_structure_hook_func(_is_id, _read_id)
_converter.register_unstructure_hook_func(_is_id, str)
_converter.register_structure_hook(datetime, _read_time)
_converter.register_structure_hook_func(_is_optional_time, _read_time)
_converter.register_unstructure_hook(datetime, _write_time)
_converter.register_structure_hook_factory(attrs.has, _read_model)
