"""Columns with Arrow types: the job's own as they are documented, the input's as they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

from ..errors import ConfigError
from .arrow import Array, Arrow, DataType
from .moments import day_of, moment_of
from .values import bytes_of, json_encoder

__all__ = ["DoesNotFit", "TypedColumn", "typed_columns"]

_UTC = "timestamp[us, tz=UTC]"
_OWN = {"row": "int64", "granted": "bool", "error": "int64", "expired_time": _UTC, "checked_at": _UTC}
_TIMESTAMP = re.compile(r"timestamp\[(?P<unit>s|ms|us|ns)(?:, tz=(?P<zone>.+))?\]")
_EASY = re.compile(r"u?int(?:8|16|32|64)|float|double|bool|date32\[day\]|(?:large_)?binary|" + _TIMESTAMP.pattern)

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

    def __init__(self, arrow: Arrow, name: str, kind: str) -> None:
        moment = _TIMESTAMP.fullmatch(kind)
        self.field = arrow.field(
            name, arrow.timestamp(moment["unit"], moment["zone"]) if moment else arrow.type_for_alias(kind)
        )
        self._arrow = arrow
        self._read = _reading(kind)
        self._count = _counting(kind)

    def array(self, values: Iterable[object]) -> Array:
        """The column of these values, which are as JSON has them.

        Raises:
            DoesNotFit: one of them is not of the column's type.
        """
        values = list(values)
        trouble = (ValueError, TypeError, OverflowError, self._arrow.ArrowException)
        try:
            return self._arrow.array([self._read(value) for value in values], type=self.field.type)
        except trouble:
            pass
        try:
            # Years that Python has no dates for, as the numbers that they are.
            return self._counted(values)
        except trouble:
            name, kind = self.field.name, self.field.type
            raise DoesNotFit(
                f"Column {name!r} of the journal holds something else than {kind}: look at it.", column=name
            ) from None

    def _counted(self, values: Iterable[object]) -> Array:
        if self._count is None:
            raise ValueError(self.field.name)
        count, width = self._count
        counts = [None if value is None or value == "" else count(str(value)) for value in values]
        whole: DataType = self._arrow.type_for_alias(width)
        return self._arrow.array(counts, type=whole).cast(self.field.type, safe=True)


def typed_columns(
    arrow: Arrow, names: Sequence[str], *, types: Mapping[str, str] | None = None
) -> tuple[TypedColumn, ...]:
    """The columns of these names, of several with one name the last.

    `row` and `error` are int64, `granted` is bool, `expired_time` and `checked_at` are timestamps in UTC; all else is
    text, lists and objects as JSON.

    Args:
        arrow: pyarrow.
        names: those of the output.
        types: Arrow types of the input's columns. Numbers, booleans, dates, timestamps and bytes are kept; others are
            text.
    """
    kinds = {name: _type_of(name, types or {}) for name in names}
    return tuple(TypedColumn(arrow, name, kind) for name, kind in kinds.items())


def _type_of(name: str, types: Mapping[str, str]) -> str:
    if name in _OWN:
        return _OWN[name]
    kind = types.get(name, "")
    # Python's times, through which they came, are no finer than microseconds.
    return kind.replace("[ns", "[us") if _EASY.fullmatch(kind) else "string"


def _reading(kind: str) -> _Reading:
    """A function from a JSON value to what Arrow takes for a column of this type."""
    if kind == "string":
        return _as_string()
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


def _as_string() -> _Reading:
    encode = json_encoder()
    return lambda value: value if value is None or isinstance(value, str) else encode(value)
