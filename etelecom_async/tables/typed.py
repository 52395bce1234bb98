"""Columns with Arrow types: those that the job adds as documented, the input's as they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import ModuleType
from typing import TypeAlias

from ..errors import ConfigError
from .arrow import Array, ArrowField, DataType
from .moments import day_of, moment_of
from .values import bytes_of, json_encoder, utf8

__all__ = ["DoesNotFit", "TypedColumn", "typed_columns"]

_UTC = "timestamp[us, tz=UTC]"
_OWN = {"row": "int64", "granted": "bool", "error": "int64", "expired_time": _UTC, "checked_at": _UTC}
_TIMESTAMP = re.compile(r"timestamp\[(?P<unit>s|ms|us|ns)(?:, tz=(?P<zone>.+))?\]")
_KEPT = re.compile(r"u?int(?:8|16|32|64)|float|double|bool|date32\[day\]|(?:large_)?binary|" + _TIMESTAMP.pattern)

_Reading: TypeAlias = Callable[[object], object]


class DoesNotFit(ConfigError):
    """A value is not of its column's type.

    Attributes:
        column: its heading.
    """

    def __init__(self, message: str = "", *, column: str = "") -> None:
        super().__init__(message)
        self.column = column


class TypedColumn:
    """A column of an output.

    Attributes:
        field: its name and Arrow type.
    """

    def __init__(self, arrow: ModuleType, name: str, kind: str) -> None:
        moment = _TIMESTAMP.fullmatch(kind)
        self._type: DataType = arrow.timestamp(moment["unit"], moment["zone"]) if moment else arrow.type_for_alias(kind)
        self.field: ArrowField = arrow.field(name, self._type)
        self._arrow = arrow
        self._read = _reading(kind)
        self._count = _counting(kind)

    def array(self, values: Iterable[object]) -> Array:
        """The column of these values, which are as JSON has them.

        Raises:
            DoesNotFit: one of them is not of the column's type.
        """
        values = list(values)
        errors = (ValueError, TypeError, OverflowError, self._arrow.ArrowException)
        array: Array
        try:
            array = self._arrow.array([self._read(value) for value in values], type=self._type)
        except errors:
            try:
                array = self._counted(values)
            except errors:
                name = self.field.name
                raise DoesNotFit(
                    f"Column {name!r} of the journal has a value that is not {self._type}: check it.", column=name
                ) from None
        return array

    def _counted(self, values: Iterable[object]) -> Array:
        """The column by the numbers that Arrow stores, for years that Python's dates do not reach."""
        if self._count is None:
            raise ValueError(self.field.name)
        count, width = self._count
        counts = [None if value is None or value == "" else count(str(value)) for value in values]
        whole: Array = self._arrow.array(counts, type=self._arrow.type_for_alias(width))
        return whole.cast(self._type, safe=True)


def typed_columns(
    arrow: ModuleType, names: Sequence[str], *, types: Mapping[str, str] | None = None
) -> tuple[TypedColumn, ...]:
    """The columns of these names; of several with the same name, the last.

    `row` and `error` are int64, `granted` is bool, `expired_time` and `checked_at` are timestamps in UTC. All others
    are text, with lists and objects as JSON. Names are written as in the journal, in UTF-8.

    Args:
        arrow: pyarrow.
        names: the output's columns.
        types: Arrow types of the input's columns. Numbers, booleans, dates, timestamps and bytes keep their type;
            others become text.
    """
    written = dict.fromkeys(utf8(name, keep_escaped_bytes=False).decode() for name in names)
    return tuple(TypedColumn(arrow, name, _type_of(name, types or {})) for name in written)


def _type_of(name: str, types: Mapping[str, str]) -> str:
    if name in _OWN:
        return _OWN[name]
    kind = types.get(name, "")
    # The values were read as Python's times, which end at microseconds.
    return kind.replace("[ns", "[us") if _KEPT.fullmatch(kind) else "string"


def _reading(kind: str) -> _Reading:
    """A function from a JSON value to what Arrow takes for a column of this type."""
    if kind == "string":
        encode = json_encoder()
        return lambda value: value if value is None or isinstance(value, str) else encode(value)
    if kind.startswith("date"):
        return lambda value: value and date.fromisoformat(str(value))
    if zone := _TIMESTAMP.fullmatch(kind):
        return _as_moment if zone["zone"] else lambda value: datetime.fromisoformat(str(value)) if value else None
    if kind in {"float", "double"}:
        # NaN and Infinity are texts in JSON.
        return lambda value: float(value) if isinstance(value, str) else value
    if kind.endswith("binary"):
        return lambda value: None if value is None else bytes_of(str(value))
    return lambda value: value


def _counting(kind: str) -> tuple[Callable[[str], int], str] | None:
    """A function from a text to the number that Arrow stores for it, and the type of that."""
    if kind.startswith("date"):
        return day_of, "int32"
    if moment := _TIMESTAMP.fullmatch(kind):
        unit = moment["unit"]
        return lambda text: moment_of(text, unit=unit), "int64"
    return None


def _as_moment(value: object) -> object:
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
