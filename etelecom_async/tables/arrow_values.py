"""The values of an Arrow column as Python objects; as text or bytes where Python has no type for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, cast

from .arrow import Array, ArrowField
from .base import unique_names
from .moments import day_text, duration_text, moment_text

__all__ = ["listed_bytes", "values_of"]


class _Type(Protocol):
    """A type, of which only some have each attribute."""

    unit: str
    tz: str | None
    num_fields: int

    def field(self, at: int, /) -> ArrowField: ...


class _Scalar(Protocol):
    """A value of a column, of which only some have each attribute."""

    type: _Type
    is_valid: bool
    value: int
    values: _Nested

    def as_py(self) -> object: ...
    def as_buffer(self) -> _Buffer: ...
    def __getitem__(self, at: int) -> _Scalar: ...


class _Buffer(Protocol):
    def to_pybytes(self) -> bytes: ...


class _Nested(Array, Protocol):
    """An array, of which only some have each attribute."""

    dictionary: Array
    indices: Array

    def flatten(self) -> object: ...


_LISTS = frozenset({"list", "large_list", "fixed_size_list", "list_view", "large_list_view"})
_NESTED = _LISTS | {"map", "struct"}
_OBJECT = 56
"""Bytes of a small Python object and its slot in a list."""
_SMALL = 1024 * 1024
_UNREADABLE = (ValueError, OverflowError, ArithmeticError, KeyError, TypeError, NotImplementedError)


def values_of(column: Array) -> list[object]:
    """Every value of a column.

    Times and durations that Python's types cannot hold, or finer than microseconds, are text in ISO 8601. Text that is
    not UTF-8 becomes bytes. Where two fields of a struct have one name, the second becomes `name_2`.
    """
    try:
        return column.to_pylist()
    except _UNREADABLE:
        # Value by value, so that a single bad one does not change the others.
        return [_value(scalar) for scalar in _scalars(column)]


def listed_bytes(column: Array) -> int:
    """About how many bytes the values take as Python objects if the column has lists or structs; 0 if it has none."""
    return _held(cast("_Nested", column)) if _name(column.type) in _NESTED else 0


def _held(array: _Nested) -> int:
    name = _name(array.type)
    if name == "struct":
        return sum(map(_held, cast("list[_Nested]", array.flatten())))
    if name == "map":
        # pyarrow cannot flatten a part of a column of maps.
        return sum(_held(scalar.values) for scalar in _scalars(array) if scalar.is_valid)
    if name in _LISTS:
        return _held(cast("_Nested", array.flatten()))
    size = array.nbytes + _OBJECT * len(array)
    if name != "dictionary":
        return size
    if len(array) * array.dictionary.nbytes <= _SMALL:
        return size + len(array) * array.dictionary.nbytes
    lengths = [len(cast("str | bytes", entry)) for entry in values_of(array.dictionary)]
    return size + sum(lengths[at] for at in cast("list[int | None]", array.indices.to_pylist()) if at is not None)


def _scalars(array: Array) -> Iterator[_Scalar]:
    return cast("Iterator[_Scalar]", iter(array))


def _name(kind: object) -> str:
    return str(kind).partition("<")[0].partition("[")[0]


def _value(scalar: _Scalar) -> object:
    if not scalar.is_valid:
        return None
    try:
        return scalar.as_py()
    except _UNREADABLE:
        return _as_text_or_bytes(scalar)


def _as_text_or_bytes(scalar: _Scalar) -> object:
    """A value that Python has no type for."""
    kind = scalar.type
    name = _name(kind)
    if name in {"string", "large_string", "string_view"}:
        return scalar.as_buffer().to_pybytes()
    if name == "map":
        return [(_value(item[0]), _value(item[1])) for item in _scalars(scalar.values)]
    if name in _LISTS:
        return [_value(item) for item in _scalars(scalar.values)]
    if name == "struct":
        names = unique_names(kind.field(at).name for at in range(kind.num_fields))
        return {name: _value(scalar[at]) for at, name in enumerate(names)}
    return _time_text(scalar, name)


def _time_text(scalar: _Scalar, name: str) -> str:
    kind = scalar.type
    match name:
        case "timestamp":
            return moment_text(scalar.value, unit=kind.unit, is_utc=kind.tz is not None)
        case "date32":
            return day_text(scalar.value)
        case "date64":
            return day_text(scalar.value // 86_400_000)
        case "time32" | "time64":
            return moment_text(scalar.value, unit=kind.unit, is_utc=False).partition("T")[2]
        case "duration":
            return duration_text(scalar.value, unit=kind.unit)
        case _:
            return str(scalar)
