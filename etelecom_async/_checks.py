"""Checks of arguments: what does not fit is a `ConfigError` of one sentence that names it, before anything is done.

Each check takes the argument's name as the caller writes it, such as `Throttle.rate`, and gives the value back. What
was given is shown only where it is a number, True, False or None: any other value may hold a key or a phone number.
"""

from __future__ import annotations

import math
import operator
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from datetime import datetime
from numbers import Real
from typing import Any, SupportsIndex, TypeVar, cast

from attrs import Attribute

from .errors import ConfigError

__all__ = [
    "aware",
    "checked",
    "flag",
    "function",
    "functions",
    "instance",
    "items",
    "line",
    "methods",
    "number",
    "shown",
    "whole",
]

T = TypeVar("T")

_SHOWN = 10**20
"""Numbers beyond it are named by their type: Python refuses to write out very long ones."""


def shown(value: object) -> str:
    """A value as a sentence may show it."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, bool | float) or (type(value) is int and abs(value) < _SHOWN):
        return repr(value)
    kind = type(value).__name__
    return f"an {kind}" if kind[0].lower() in "aeiou" else f"a {kind}"


def refused(name: str, wanted: str, value: object) -> ConfigError:
    """The error for a value that does not fit: `name` is `wanted`."""
    return ConfigError(f"{name} is {wanted}; got {shown(value)}.")


def whole(name: str, value: object, *, least: int = 1, most: int | None = None, otherwise: str = "") -> int:
    """A whole number in this range, of any integral type but bool.

    Args:
        name: of the argument.
        value: what was given.
        least: the smallest that fits.
        most: the largest that fits; None for no bound.
        otherwise: what else could be given, as `, or None for ...`; it is only said, not taken.
    """
    if not isinstance(value, bool) and isinstance(value, SupportsIndex):
        try:
            count = operator.index(value)
        except TypeError:  # an array has `__index__`, and most have none to give
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
    """A finite number in this range, of any real type but bool, as a float.

    Args:
        name: of the argument.
        value: what was given.
        least: the smallest that fits.
        above: what it has to be greater than.
        unit: what it counts, such as `a number of seconds`.
        otherwise: what else could be given, as `, or None for no limit`; it is only said, not taken.
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
    """True or False, and nothing that is merely true or false in an `if`: the text 'no' is true there."""
    if isinstance(value, bool):
        return value
    raise refused(name, "True or False", value)


def line(name: str, value: object, *, wanted: str = "a str of one line that is not empty") -> str:
    """One line of text with something in it."""
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    raise refused(name, wanted, value)


def instance(name: str, value: object, kind: type[T] | tuple[type[T], ...], wanted: str) -> T:
    """An instance of this class.

    Args:
        name: of the argument.
        value: what was given.
        kind: the class, or several.
        wanted: what to write, such as `a Retry: write Retry(attempts=3)`.
    """
    if isinstance(value, kind):
        return value
    raise refused(name, wanted, value)


def function(name: str, value: T, *, wanted: str = "a function") -> T:
    """Something that can be called."""
    if callable(value):
        return value
    raise refused(name, wanted, value)


def functions(name: str, values: Iterable[T]) -> tuple[T, ...]:
    """Several things that can be called, in a list or another iterable."""
    if callable(values) or not isinstance(cast("object", values), Iterable):
        raise refused(name, "a list of functions: write [function] for a single one", values)
    several = tuple(values)
    for at, value in enumerate(several):
        if not callable(value):
            raise refused(f"{name}[{at}]", "a function", value)
    return several


def methods(name: str, value: T, *names: str, wanted: str) -> T:
    """An object, and not a class, that has these methods.

    Args:
        name: of the argument.
        value: what was given.
        names: of the methods.
        wanted: what to write.
    """
    if not isinstance(value, type) and all(callable(getattr(value, method, None)) for method in names):
        return value
    raise refused(name, wanted, value)


def items(
    name: str, values: Iterable[T] | AsyncIterable[T], *, example: str = "[item]"
) -> Iterable[T] | AsyncIterable[T]:
    """An iterable, sync or async, whose items are what a caller means: not the characters of a text.

    Args:
        name: of the argument.
        values: what was given.
        example: how a single item is written.
    """
    given = cast("object", values)
    if isinstance(given, str | bytes | bytearray | memoryview):
        raise refused(name, f"an iterable of them, such as a list: write {example} for a single one", values)
    if isinstance(given, Mapping):
        raise refused(name, "an iterable of them, such as a list: write its .keys() or .values()", values)
    if isinstance(given, type) or not isinstance(given, Iterable | AsyncIterable):
        raise refused(name, "a sync or async iterable, such as a list", given)
    return values


def aware(name: str, value: object, *, otherwise: str = "") -> datetime:
    """A datetime with a time zone."""
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    if isinstance(value, datetime):
        raise ConfigError(f"{name} has no time zone: write datetime(..., tzinfo=UTC).")
    raise refused(name, f"an aware datetime, such as datetime.now(UTC){otherwise}", value)


def checked(
    check: Callable[[str, Any], object], *, or_none: bool = False
) -> Callable[[object, Attribute[Any], Any], None]:
    """A check as an attrs validator; the name is the class's and the attribute's.

    Args:
        check: what values are held to.
        or_none: take None too.
    """

    def validator(owner: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - of any attribute
        if value is None and or_none:
            return
        check(f"{type(owner).__name__}.{attribute.alias or attribute.name}", value)

    return validator
