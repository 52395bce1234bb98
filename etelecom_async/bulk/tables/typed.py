"""Columns with Arrow types: the job's own as they are documented, the input's as they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

from ...errors import ConfigError
from .arrow import Array, Arrow
from .values import json_encoder

__all__ = ["TypedColumn", "typed_columns"]

_UTC = "timestamp[us, tz=UTC]"
_OWN = {"row": "int64", "granted": "bool", "error": "int64", "expired_time": _UTC, "checked_at": _UTC}
_TIMESTAMP = re.compile(r"timestamp\[(?:s|ms|us|ns)(?:, tz=(.+))?\]")
_EASY = re.compile(r"u?int(?:8|16|32|64)|float|double|bool|date32\[day\]|" + _TIMESTAMP.pattern)

_Reading: TypeAlias = Callable[[object], object]


class TypedColumn:
    """A column of an output.

    Attributes:
        field: its name and Arrow type.
    """

    def __init__(self, arrow: Arrow, name: str, kind: str) -> None:
        zone = _TIMESTAMP.fullmatch(kind)
        self.field = arrow.field(name, arrow.timestamp("us", zone[1]) if zone else arrow.type_for_alias(kind))
        self._arrow = arrow
        self._read = _reading(kind)

    def array(self, values: Iterable[object]) -> Array:
        """The column of these values, which are as JSON has them.

        Raises:
            ConfigError: one of them is not of the column's type.
        """
        try:
            return self._arrow.array([self._read(value) for value in values], type=self.field.type)
        except (ValueError, TypeError, OverflowError, self._arrow.ArrowException):
            name, kind = self.field.name, self.field.type
            raise ConfigError(f"Column {name!r} of the journal holds something else than {kind}: look at it.") from None


def typed_columns(
    arrow: Arrow, names: Sequence[str], *, types: Mapping[str, str] | None = None
) -> tuple[TypedColumn, ...]:
    """The columns of these names, of several with one name the last.

    `row` and `error` are int64, `granted` is bool, `expired_time` and `checked_at` are timestamps in UTC; all else is
    text, lists and objects as JSON.

    Args:
        arrow: pyarrow.
        names: those of the output.
        types: Arrow types of the input's columns. Numbers, booleans, dates and timestamps are kept; others are text.
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
        return _as_moment if zone[1] else lambda value: datetime.fromisoformat(str(value)) if value else None
    return lambda value: value


def _as_moment(value: object) -> object:
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_string() -> _Reading:
    encode = json_encoder()
    return lambda value: value if value is None or isinstance(value, str) else encode(value)
