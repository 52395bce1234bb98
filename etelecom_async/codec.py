"""attrs classes to JSON bytes and back, through one cattrs converter.

Reading is strict about types and lenient about presence: `null` means absent, absent means the default, unknown
fields are ignored, and nothing is coerced (cattrs alone would read `None` as the text 'None' and 'false' as True).

A payload or a result is a plain frozen attrs class, with nothing to register. A field has the name that it has on the
wire, and its type says how it is read and written:

    @frozen(kw_only=True)
    class Message:
        id: Id                                                       # required; the wire has a string
        owner_id: Id | None = field(default=None, metadata=also("onwer_id"))  # a second name, where the first is absent
        status: MessageStatus | None = None                          # an `OpenEnum`: unknown values are kept
        template_id: Text = ""  # a string here, a string or a number on the wire; `Digits` are written as a number
        template_data: TextMap = field(factory=dict)                 # texts by any names; a `Secret` is a text too
        sent_at: datetime | None = None                              # aware; null and Go's zero time are None
        called_at: EpochMillis | None = None                         # aware; null and 0 are None
        talk_time: Milliseconds | None = None                        # a timedelta; `Seconds` are another
        latest: Plain = field(factory=dict)                          # an object, as it is
        buttons: tuple[Button, ...] = ()                             # objects of another such class

A field of a payload with `default=None, metadata=left_out()` is not written where it is None; other fields are null.

Every field of a result that the server may leave out has a default. A new kind of value gets a type beside `Id` and
`Text`, and its hook at the end of this module.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import NoneType, UnionType
from typing import Annotated, TypeAlias, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import Converter, transform_error
from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from . import _json
from ._file import File
from ._secret import Secret
from .endpoint import JSON
from .errors import ConfigError, DecodeError

__all__ = [
    "Digits",
    "EpochMillis",
    "Id",
    "Milliseconds",
    "Plain",
    "Seconds",
    "Text",
    "TextMap",
    "also",
    "decode",
    "encode",
    "left_out",
    "loads",
    "loads_certain",
    "plain",
    "reading",
    "writing",
]

T = TypeVar("T")

Id: TypeAlias = Annotated[int, "etelecom id"]
"""A 64-bit id: an `int` here, a decimal string on the wire, read from either."""
Text: TypeAlias = Annotated[str, "text or number"]
"""A text that the server writes as a string in one place and as a whole number in another: read from either."""
EpochMillis: TypeAlias = Annotated[datetime, "epoch milliseconds"]
"""An aware datetime here, epoch milliseconds on the wire, as a number or its digits in a string; 0 is unset."""
Milliseconds: TypeAlias = Annotated[timedelta, "milliseconds"]
"""A timedelta here, a whole number of milliseconds on the wire, as a number or its digits in a string."""
Seconds: TypeAlias = Annotated[timedelta, "seconds"]
"""A timedelta here, a whole number of seconds on the wire, as a number or its digits in a string."""
Plain: TypeAlias = Annotated[dict[str, object], "plain JSON"]
"""An object of any shape, as it is."""
Digits: TypeAlias = Annotated[str, "text, a number on the wire"]
"""A `Text` that the server wants as a number."""
TextMap: TypeAlias = Annotated[Mapping[str, str], "object of texts"]
"""An object whose names are not known beforehand, with a `Text` for each."""

Read: TypeAlias = Callable[[JSON, object], object]
"""A cattrs hook: makes a value of JSON, given its type too; raises what says why it does not fit."""

_ALSO, _LEFT_OUT = "also", "left out"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ZERO_TIMES, _AFTER_ZERO = ("0001-01-01", "0000-12-31"), "0001-01-02"
_USUAL_LENGTH = len("2030-01-01T00:00:00Z")
_ID, _IDS = re.compile(r"[0-9]{1,19}"), range(2**63)
_LEAST, _MOST = -(2**63), 2**64 - 1
_EPOCH, _MILLISECOND, _SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1), timedelta(seconds=1)
_LEAST_MILLIS, _MOST_MILLIS = 10**11, (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""From 1973 to the end of Python's calendar. A smaller number is more likely one of seconds."""
_KINDS: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    NoneType: "null",
}


def also(name: str) -> dict[str, str]:
    """Metadata for an attrs field: a second name that is read where the first is absent."""
    return {_ALSO: name}


def left_out() -> dict[str, str]:
    """Metadata for an attrs field of a payload: it is not written where it is None."""
    return {_LEFT_OUT: ""}


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


def writing(kind: type[object]) -> Callable[[object], str]:
    """The function that writes values of this class as JSON text: to be asked for once and kept."""
    unstructure = _converter.get_unstructure_hook(kind)

    def write(value: object) -> str:
        try:
            return _json.dumps(unstructure(value))
        except (TypeError, ValueError, RecursionError):
            pass  # it quotes what it met, which is for no traceback
        raise ConfigError(
            "The payload has something in it that JSON does not have, such as bytes, a set, NaN, a cycle."
        )

    return write


def plain(kind: type[object]) -> Callable[[object], dict[str, object]]:
    """The function that makes the fields of a payload of this class what they are on the wire; files stay as they are.

    It is for bodies that are not JSON.
    """
    return cast("Callable[[object], dict[str, object]]", _converter.get_unstructure_hook(kind))


def reading(into: type[T]) -> Callable[[JSON], T]:
    """The function that is `decode` for this class: to be asked for once and kept."""
    hook = cast("Callable[[JSON, type[T]], T]", _converter.get_structure_hook(into))

    def read(value: JSON) -> T:
        try:
            return hook(value, into)
        except Exception as error:  # noqa: BLE001 - whatever a hook raises means one thing: it does not fit
            problems = "; ".join(transform_error(error, format_exception=_sentence))
        raise DecodeError(problems)

    return read


class Misfit(TypeError):
    """A JSON value that does not fit, said without the value."""

    @classmethod
    def of(cls, expected: str, got: object) -> Misfit:
        """That something else was expected than what is there."""
        return cls(f"expected {expected}, got {_KINDS.get(type(got), 'something else')}")


def _sentence(error: BaseException, _: object = None) -> str:
    if isinstance(error, Misfit):
        return str(error)
    if isinstance(error, KeyError):
        return "required field missing"
    return "invalid value"


def _read_model(model: type[attrs.AttrsInstance], converter: Converter) -> Read:
    """The function that cattrs makes for an attrs class, given what is there: no null, each field by its first name."""
    read = make_dict_structure_fn(model, converter)
    names = [(field.name, field.metadata[_ALSO]) for field in attrs.fields(model) if _ALSO in field.metadata]

    def hook(value: JSON, _: object) -> object:
        if type(value) is not dict:
            raise Misfit.of("an object", value)
        if None in value.values():
            value = {name: item for name, item in value.items() if item is not None}
        for name, second in names:
            if second in value:
                item, other = value.get(name), value[second]
                if item is not None and not (type(item) is type(other) and item == other):
                    raise Misfit(f"{name} and {second} contradict each other")
                value = {**value, name: other}
        return read(value, model)

    return hook


def _read_array(kind: object, converter: Converter) -> Read:
    """Those that cattrs makes for lists and tuples take whatever can be iterated over: a text and an object too."""
    array = cast("type", kind)
    factory = list_structure_factory if get_origin(kind) is list else homogenous_tuple_structure_factory
    read = factory(array, converter)

    def hook(value: JSON, _: object) -> object:
        if type(value) is not list:
            raise Misfit.of("an array", value)
        return read(value, array)

    return hook


def _read_optional(kind: object, converter: Converter) -> Read:
    (rest,) = (part for part in get_args(kind) if part is not NoneType)
    read = cast("Read", converter.get_structure_hook(rest))
    return lambda value, _: None if value is None else read(value, rest)


def _exactly(kind: type, expected: str) -> Read:
    def hook(value: JSON, target: object) -> object:
        if type(value) is not kind:
            raise Misfit.of(expected, value)
        # A hook for `str` is also asked for str-enums and other subclasses, and made for `Secret`.
        return value if target is kind else cast("type", target)(value)

    return hook


def _read_int(value: JSON, target: object) -> object:
    if type(value) is not int or not _LEAST <= value <= _MOST:
        raise Misfit.of("a whole number of 64 bits", value)
    return value if target is int else cast("type", target)(value)


def _read_float(value: JSON, _: object) -> float:
    if (type(value) is not float and type(value) is not int) or not math.isfinite(value):
        raise Misfit.of("a finite number", value)
    return float(value)


def _read_id(value: JSON, _: object) -> int:
    if type(value) is int and value in _IDS:
        return value
    if isinstance(value, str) and _ID.fullmatch(value):
        return int(value)
    raise Misfit.of("an id (a decimal string)", value)


def _read_text(value: JSON, _: object) -> str:
    if type(value) is int and _LEAST <= value <= _MOST:
        return str(value)
    if type(value) is str:
        return value
    raise Misfit.of("a string or a whole number", value)


def _read_text_map(value: JSON, _: object) -> dict[str, str]:
    if type(value) is not dict:
        raise Misfit.of("an object", value)
    return {name: _read_text(item, str) for name, item in value.items() if item is not None}


def _read_time(value: JSON, kind: object) -> datetime | None:
    if type(value) is not str:
        raise Misfit.of("an RFC 3339 time", value)
    # As this server writes them: what stands between the digits is at every third place. All else is looked at closely.
    if value[4::3] == "--T::Z" and len(value) == _USUAL_LENGTH and value > _AFTER_ZERO:
        return datetime.fromisoformat(value)
    if not _TIME.fullmatch(value):
        raise Misfit.of("an RFC 3339 time", value)
    # Go's zero time, in whatever offset, is how this server spells "unset" where it does not send null.
    if kind is not datetime and value.startswith(_ZERO_TIMES):
        return None
    return datetime.fromisoformat(value.upper())


def _write_time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _read_count(value: JSON) -> int | None:
    """A whole number, at least 0, that is sometimes in quotes; None for anything else."""
    if type(value) is int and value >= 0:
        return value
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= len(str(_MOST)):
        return int(value)
    return None


def _read_epoch(value: JSON, kind: object) -> datetime | None:
    if value is None and kind is not EpochMillis:
        return None
    count = _read_count(value)
    if count == 0 and kind is not EpochMillis:
        return None
    if count is None or not _LEAST_MILLIS <= count <= _MOST_MILLIS:
        raise Misfit.of("epoch milliseconds", value)
    return _EPOCH + count * _MILLISECOND


def _reads_duration(unit: timedelta, expected: str) -> Read:
    def hook(value: JSON, _: object) -> timedelta:
        count = _read_count(value)
        if count is None or count > timedelta.max // unit:
            raise Misfit.of(expected, value)
        return count * unit

    return hook


def _read_plain(value: JSON, _: object) -> JSON:
    if type(value) is not dict:
        raise Misfit.of("an object", value)
    return value


def _write_digits(value: str) -> int | str:
    return int(value) if value.isdecimal() and str(int(value)) == value else value  # "007" would come back as "7"


def _write_any(value: object) -> object:
    # It is asked for fields of any type, and for a bare `object()`, which would come here again without end.
    if type(value) is object:
        raise TypeError
    return cast("object", _converter.unstructure(value))


def _has_left_out(kind: object) -> bool:
    return isinstance(kind, type) and attrs.has(kind) and any(_LEFT_OUT in it.metadata for it in attrs.fields(kind))


def _write_model(model: type[attrs.AttrsInstance], converter: Converter) -> Callable[[object], dict[str, object]]:
    """The function that cattrs makes, without the fields that are `left_out`."""
    write = make_dict_unstructure_fn(model, converter)
    names = [it.name for it in attrs.fields(model) if _LEFT_OUT in it.metadata]

    def hook(value: object) -> dict[str, object]:
        written = write(cast("attrs.AttrsInstance", value))
        for name in names:
            if written[name] is None:
                del written[name]
        return written

    return hook


def _read_file(value: object, _: object) -> object:
    if not isinstance(value, File):
        raise Misfit.of("a file", value)
    return value


def _as_is(value: JSON, _: object) -> object:
    return value


def _is(kind: object) -> Callable[[object], bool]:
    return lambda it: it == kind


def _is_optional(kind: object) -> bool:
    return get_origin(kind) in (Union, UnionType) and len(get_args(kind)) == 2 and NoneType in get_args(kind)  # noqa: PLR2004


def _is_array(kind: object) -> bool:
    return get_origin(kind) is list or (get_origin(kind) is tuple and get_args(kind)[1:] == (...,))


_converter = Converter()
_converter.register_structure_hook(str, _exactly(str, "a string"))
_converter.register_structure_hook(bool, _exactly(bool, "true or false"))
_converter.register_structure_hook(int, _read_int)
_converter.register_structure_hook(float, _read_float)
_converter.register_structure_hook(datetime, _read_time)
_converter.register_unstructure_hook(datetime, _write_time)
_converter.register_structure_hook_factory(_is_optional, _read_optional)
_converter.register_structure_hook_func(_is(datetime | None), _read_time)
_converter.register_structure_hook_func(_is(Id), _read_id)
_converter.register_unstructure_hook_func(_is(Id), str)
_converter.register_structure_hook_func(_is(Text), _read_text)
_converter.register_structure_hook_func(_is(EpochMillis), _read_epoch)
_converter.register_structure_hook_func(_is(EpochMillis | None), _read_epoch)
_converter.register_unstructure_hook_func(_is(EpochMillis), lambda value: (value - _EPOCH) // _MILLISECOND)
_converter.register_structure_hook_func(_is(Milliseconds), _reads_duration(_MILLISECOND, "milliseconds"))
_converter.register_unstructure_hook_func(_is(Milliseconds), lambda value: value // _MILLISECOND)
_converter.register_structure_hook_func(_is(Seconds), _reads_duration(_SECOND, "seconds"))
_converter.register_unstructure_hook_func(_is(Seconds), lambda value: value // _SECOND)
_converter.register_structure_hook_func(_is(Plain), _read_plain)
_converter.register_unstructure_hook_func(_is(Plain), lambda value: value)
_converter.register_structure_hook_func(_is(Digits), _read_text)
_converter.register_unstructure_hook_func(_is(Digits), _write_digits)
_converter.register_structure_hook_func(_is(TextMap), _read_text_map)
_converter.register_structure_hook(Secret, _exactly(str, "a string"))
_converter.register_unstructure_hook(Secret, Secret.reveal)
_converter.register_structure_hook(File, _read_file)
_converter.register_unstructure_hook(File, lambda value: value)
_converter.register_structure_hook_func(_is(object), _as_is)
_converter.register_unstructure_hook_func(_is(object), _write_any)
_converter.register_structure_hook_factory(attrs.has, _read_model)
_converter.register_unstructure_hook_factory(_has_left_out, _write_model)
_converter.register_structure_hook_factory(_is_array, _read_array)
