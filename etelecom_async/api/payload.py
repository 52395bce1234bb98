"""The fields of payloads: each value is judged where it is given, by the type of its field.

    @frozen(kw_only=True, field_transformer=judged)
    class GetTemplate:
        oa_id: Id = field(converter=an_id)
        template_id: Digits = field(converter=a_number)
        type: TemplateType | None = field(default=None, converter=optional(TemplateType))
        is_charged: bool | None = None

A converter here is what type checkers go by: it says which other types are taken. What does the work is the judge of
the field's type, which puts the field's name into its errors. Only the converter of a `str` is used itself.

A field whose default is None is not written where it is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_args, get_origin, get_type_hints

from .. import _checks
from .._file import File, a_file
from .._secret import Secret, hidden
from ..codec import Digits, Id, Text, TextMap, left_out
from ..enums import OpenEnum
from ..errors import ConfigError, InvalidId
from ..ids import MAX_ID, to_id
from ..phone import national, normalize

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = [
    "a_file",
    "a_number",
    "a_secret",
    "a_text",
    "a_user_id",
    "an_id",
    "ids",
    "judged",
    "phone_filter",
    "several",
    "user_ids",
]

Judge: TypeAlias = Callable[[str, Any], object]
"""Takes the argument's name and its value; returns the value or raises."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_USER_ID = re.compile(r"[\x21-\x7e]{1,64}")


def an_id(value: int | str, name: str = "An id") -> int:
    """An id as `to_id` takes it."""
    return to_id(value, name=name)


def ids(values: Iterable[int | str], name: str = "The ids") -> tuple[int, ...]:
    """Several of them."""
    return tuple(an_id(value, f"{name}[{at}]") for at, value in enumerate(_checks.iterable(name, values)))


def a_user_id(value: int | str, name: str = "An id") -> str:
    """An id that is a text, such as a Zalo user's: it may be longer than others, or no number."""
    if type(value) is int and value > 0:
        value = str(value)
    if isinstance(value, str) and _USER_ID.fullmatch(value):
        return value
    raise InvalidId(f"{name} is an id: a whole number, or a str of 1 to 64 characters; got {_checks.shown(value)}.")


def user_ids(values: Iterable[int | str], name: str = "The ids") -> tuple[str, ...]:
    """Several of them."""
    return tuple(a_user_id(value, f"{name}[{at}]") for at, value in enumerate(_checks.iterable(name, values)))


def a_number(value: int | str, name: str = "A number") -> str:
    """A whole number that is kept as its digits."""
    text = str(value) if type(value) is int and 0 <= value < 10**18 else value
    if isinstance(text, str) and _NUMBER.fullmatch(text):
        return text
    wanted = "a whole number of up to 18 digits, as int or str, without a zero in front"
    raise InvalidId(f"{name} is {wanted}; got {_checks.shown(value)}.")


def a_text(value: str, name: str = "A text") -> str:
    """A text that is not blank, of any number of lines."""
    text = _checks.instance(name, value, str, "a str that is not blank")
    if text.strip() and "\0" not in text:
        return text
    raise _checks.refused(name, "a str that is not blank", value)


def several(values: Iterable[str], name: str = "The texts") -> tuple[str, ...]:
    """Texts that are not blank."""
    return tuple(a_text(value, f"{name}[{at}]") for at, value in enumerate(_checks.iterable(name, values)))


def a_secret(value: str | Secret, name: str = "A secret") -> Secret:
    """A text of one line that is not shown from here on."""
    secret = hidden(value)
    # From here on this frame does not hold the text, so no traceback can print it.
    del value
    if not (isinstance(secret.reveal(), str) and secret.reveal().strip() and secret.reveal().isprintable()):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"{name} is a str of one line that is not empty, or a Secret of it; this is none.")
    return secret


def phone_filter(phone: str) -> str:
    """A phone by which a list is filtered: `0987654321` as it is, since the server may want that form, and every other
    writing as `84987654321`.
    """
    return phone if phone == national(phone) else normalize(phone)


def judged(_model: type, fields: list[Attribute[Any]]) -> list[Attribute[Any]]:
    """For attrs: the fields of a payload, each with its judge.

    Raises:
        TypeError: there is no judge for a field's type.
    """
    types = get_type_hints(_model, include_extras=True)
    return [_judged(it, types[it.name]) for it in fields]


def _judged(it: Attribute[Any], kind: object) -> Attribute[Any]:
    is_optional = it.default is None
    if is_optional:
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
    judge = partial(_judge(kind), it.name)
    own = cast("partial[object] | None", it.converter)
    if kind is str and own is not None:
        judge = own
    metadata = {**it.metadata, **left_out()} if is_optional else it.metadata
    return it.evolve(converter=_or_none(judge) if is_optional else judge, metadata=metadata)


def _or_none(judge: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda value: None if value is None else judge(value)


def _judge(kind: Any) -> Judge:  # noqa: ANN401 - what stands in an annotation has no common type
    for known, judge in _JUDGES:
        if kind == known:
            return judge
    if get_origin(kind) is tuple:
        each = _judge(get_args(kind)[0])
        return lambda name, values: tuple(
            each(f"{name}[{at}]", value) for at, value in enumerate(_checks.iterable(name, values))
        )
    if not isinstance(kind, type):
        raise TypeError(f"no judge for {kind}")
    if issubclass(kind, OpenEnum):
        wanted = f"a {kind.__name__}, or its text such as {next(iter(kind)).value!r}"
        return partial(_checks.member, kind=kind, wanted=wanted)
    return partial(_checks.instance, kind=kind, wanted=f"a {kind.__name__}")


def _text_map(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _checks.refused(name, "a dict of str to str", value)
    texts = dict(cast("Mapping[object, object]", value))
    for key, text in texts.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise _checks.refused(name, "a dict of str to str", key if isinstance(text, str) else text)
    return cast("dict[str, str]", texts)


def _turned(judge: Callable[[Any, str], object]) -> Judge:
    return lambda name, value: judge(value, name)


_JUDGES: tuple[tuple[object, Judge], ...] = (
    (Id, _turned(an_id)),
    (Text, _turned(a_user_id)),
    (Digits, _turned(a_number)),
    (TextMap, _text_map),
    (Secret, _turned(a_secret)),
    (File, _turned(a_file)),
    (str, _turned(a_text)),
    (bool, _checks.flag),
    (int, partial(_checks.whole, least=0, most=MAX_ID)),
    (datetime, _checks.aware),
)
