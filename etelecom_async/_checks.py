"""Checks of arguments: a value that does not fit is a `ConfigError` that names the argument, before anything is done.

Each check takes the argument's name as the caller writes it, such as `Throttle.rate`, and returns the value. Messages
show only numbers, True, False and None: any other value may hold a key or a phone number. `wanted` says what to write,
`otherwise` what is possible besides (`, or None for no limit`); both are only for the message.
"""

from __future__ import annotations

import enum
import math
import operator
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from datetime import datetime
from numbers import Real
from typing import Any, SupportsIndex, TypeVar, cast

from attrs import Attribute

from .errors import ConfigError

T = TypeVar("T")
Member = TypeVar("Member", bound=enum.StrEnum)

_SHOWN = 10**20
"""Larger numbers are named by their type: Python refuses to write out very long ones."""


def shown(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, bool | float) or (type(value) is int and abs(value) < _SHOWN):
        return repr(value)
    if isinstance(value, str) and not value.strip():
        return "an empty str"
    kind = type(value).__name__
    return f"an {kind}" if kind[0].lower() in "aeiou" else f"a {kind}"


def refused(name: str, wanted: str, value: object) -> ConfigError:
    return ConfigError(f"{name} is {wanted}; got {shown(value)}.")


def whole(name: str, value: object, *, least: int = 1, most: int | None = None, otherwise: str = "") -> int:
    """A whole number from `least` to `most`, of any integral type but bool."""
    if not isinstance(value, bool) and isinstance(value, SupportsIndex):
        try:
            count = operator.index(value)
        except TypeError:  # an array has `__index__`, and most raise in it
            count = least - 1
        if count >= least and (most is None or count <= most):
            return count
    bounds = f"from {least} to {most}" if most is not None else "above 0" if least == 1 else f"of at least {least}"
    raise refused(name, f"a whole number {bounds}{otherwise}", value)


def number(
    name: str,
    value: object,
    *,
    least: float | None = None,
    above: float | None = None,
    unit: str = "a number",
    otherwise: str = "",
) -> float:
    """A finite number of at least `least` or above `above`, of any real type but bool, as a float.

    `unit` is what it counts, such as `a number of seconds`.
    """
    if not isinstance(value, bool) and isinstance(value, Real):
        try:
            size = float(value)
        except OverflowError:  # a whole number that no float can hold
            size = math.inf
        if math.isfinite(size) and (least is None or size >= least) and (above is None or size > above):
            return size
    bounds = f" of at least {least:g}" if least is not None else "" if above is None else f" above {above:g}"
    raise refused(name, f"{unit}{bounds}{otherwise}", value)


def flag(name: str, value: object) -> bool:
    """True or False, and nothing else: as a condition, the text 'no' is true."""
    if isinstance(value, bool):
        return value
    raise refused(name, "True or False", value)


def line(name: str, value: object, *, wanted: str = "a str of one line that is not empty") -> str:
    """One line of text that is not blank."""
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    raise refused(name, wanted, value)


def member(name: str, value: object, kind: type[Member], *, wanted: str) -> Member:
    """A member of an open enum, or its text of one line.

    A member of another enum is refused although it may be a text: the same text can mean something else there.
    """
    if not isinstance(value, str) or (isinstance(value, enum.Enum) and not isinstance(value, kind)):
        raise refused(name, wanted, value)
    # The bare text of a subclass of str, which an enum does not look up.
    return kind(line(name, str.__str__(value), wanted=wanted))


def instance(name: str, value: object, kind: type[T] | tuple[type[T], ...], wanted: str) -> T:
    if isinstance(value, kind):
        return value
    raise refused(name, wanted, value)


def function(name: str, value: T, *, wanted: str = "a function") -> T:
    if callable(value):
        return value
    raise refused(name, wanted, value)


def functions(name: str, values: Iterable[T]) -> tuple[T, ...]:
    if callable(values) or not isinstance(cast("object", values), Iterable):
        raise refused(name, "a list of functions: write [function] for a single one", values)
    several = tuple(values)
    for at, value in enumerate(several):
        if not callable(value):
            raise refused(f"{name}[{at}]", "a function", value)
    return several


def methods(name: str, value: T, *names: str, wanted: str) -> T:
    """An object, and not a class, with these methods."""
    if not isinstance(value, type) and all(callable(getattr(value, method, None)) for method in names):
        return value
    raise refused(name, wanted, value)


def items(
    name: str, values: Iterable[T] | AsyncIterable[T], *, example: str = "[item]"
) -> Iterable[T] | AsyncIterable[T]:
    """An iterable, sync or async, but not a text, whose items are characters. `example` shows a single item."""
    given = cast("object", values)
    if isinstance(given, str | bytes | bytearray | memoryview):
        raise refused(name, f"an iterable of them, such as a list: write {example} for a single one", values)
    if isinstance(given, Mapping):
        raise refused(name, "an iterable of them, such as a list: write its .keys() or .values()", values)
    if isinstance(given, type) or not isinstance(given, Iterable | AsyncIterable):
        raise refused(name, "a sync or async iterable, such as a list", given)
    return values


def iterable(name: str, values: Iterable[T], *, wanted: str = "an iterable of them, such as a list") -> Iterable[T]:
    """An iterable, but not a text, a mapping or a class."""
    given = cast("object", values)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | bytearray | memoryview | Mapping | type):
        return values
    raise refused(name, wanted, values)


def aware(name: str, value: object, *, otherwise: str = "") -> datetime:
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    if isinstance(value, datetime):
        raise ConfigError(f"{name} has no time zone: write datetime(..., tzinfo=UTC).")
    raise refused(name, f"an aware datetime, such as datetime.now(UTC){otherwise}", value)


def checked(
    check: Callable[[str, Any], object], *, or_none: bool = False
) -> Callable[[object, Attribute[Any], Any], None]:
    """A check as an attrs validator, which names the class and the attribute; `or_none` accepts None too."""

    def validator(owner: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - of any attribute
        if value is None and or_none:
            return
        check(f"{type(owner).__name__}.{attribute.alias or attribute.name}", value)

    return validator
