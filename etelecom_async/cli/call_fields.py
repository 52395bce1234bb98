"""The fields of a method, read from the classes of its payload and its result: there is no other list of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import datetime, timedelta
from functools import cache
from types import NoneType
from typing import Any, cast, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from .._file import File
from .._secret import Secret
from ..api.paging import Paging
from ..codec import Digits, EpochMillis, Id, Milliseconds, Plain, Seconds, Text, TextMap
from ..endpoint import AnyEndpoint
from ..enums import OpenEnum
from . import call_texts as texts

__all__ = ["Field", "fields_of", "items_of", "leaves", "secrets_of"]

_KINDS: tuple[tuple[object, str, tuple[type, ...]], ...] = (
    (Id, texts.ID, (int, str)),
    (Text, texts.TEXT_OR_NUMBER, (str, int)),
    (Digits, texts.WHOLE_NUMBER, (int, str)),
    (TextMap, texts.OBJECT_OF_TEXTS, (dict,)),
    (Plain, texts.OBJECT, (dict,)),
    (EpochMillis, texts.MILLISECONDS, (int, str)),
    (Milliseconds, texts.MILLISECONDS, (int, str)),
    (Seconds, texts.SECONDS, (int, str)),
    (Secret, texts.TEXT, (str,)),
    (File, texts.FILE, (str,)),
    (str, texts.TEXT, (str,)),
    (bool, texts.TRUE_OR_FALSE, (bool,)),
    (int, texts.WHOLE_NUMBER, (int,)),
    (float, texts.NUMBER, (int, float)),
    (datetime, texts.TIME, (str,)),
    (timedelta, texts.SECONDS, (int,)),
)


@frozen(kw_only=True)
class Field:
    """One field of an object.

    Attributes:
        name: on the wire.
        second_name: another that the server may write, in answers.
        kind: what it holds, in words.
        json: the types of Python that JSON of it has; empty for any.
        values: those of an enum that are documented.
        is_required: whether a request needs it.
        is_secret: whether it is shown only on demand.
        is_list: whether there are several of `kind`.
        model: the class of the object, or of the objects in the list, if it is one.
        type: of one item, as the class has it.
    """

    name: str
    second_name: str | None
    kind: str
    json: tuple[type, ...]
    values: tuple[str, ...]
    is_required: bool
    is_secret: bool
    is_list: bool
    model: type[attrs.AttrsInstance] | None
    type: object

    @property
    def words(self) -> str:
        """What it holds, with its values, for people."""
        words = texts.one_of(self.values) if self.values else self.kind
        return texts.LIST_OF.format(kind=words) if self.is_list else words


def fields_of(model: type[object]) -> tuple[Field, ...]:
    """The fields of a payload or a result; empty for a class without any, such as `object`."""
    return _fields(cast("Hashable", model))


@cache
def _fields(model: Hashable) -> tuple[Field, ...]:
    if not (isinstance(model, type) and attrs.has(model)):
        return ()
    hints = get_type_hints(model, include_extras=True)
    return tuple(_field(it, hints[it.name]) for it in attrs.fields(model))


def leaves(model: type[object], path: str = "") -> Iterator[tuple[str, Field]]:
    """Every field at any depth, with its path, such as `filter.oa_id` or `consents[].phone`."""
    for it in fields_of(model):
        here = f"{path}{it.name}{'[]' if it.is_list else ''}"
        yield here, it
        if it.model is not None:
            yield from leaves(it.model, f"{here}.")


def secrets_of(model: type[object]) -> list[str]:
    """The paths of the secrets."""
    return [path for path, it in leaves(model) if it.is_secret]


def items_of(endpoint: AnyEndpoint) -> Field | None:
    """The field of the answer that has the items of a page; None for a method without pages."""
    if not any(it.model is Paging for it in fields_of(endpoint.payload)):
        return None
    return next((it for it in fields_of(endpoint.result) if it.is_list), None)


def _field(it: attrs.Attribute[Any], hint: object) -> Field:
    if NoneType in get_args(hint):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    is_list = get_origin(hint) in (tuple, list)
    if is_list:
        hint = get_args(hint)[0]
    model, values = _model(hint), _values(hint)
    kind, json = _kind(hint, is_object=model is not None, is_enum=bool(values))
    return Field(
        name=it.name,
        second_name=it.metadata.get("also"),
        kind=kind,
        json=json,
        values=values,
        is_required=it.default is attrs.NOTHING,
        is_secret=hint is Secret,
        is_list=is_list,
        model=model,
        type=hint,
    )


def _model(hint: object) -> type[attrs.AttrsInstance] | None:
    return hint if isinstance(hint, type) and attrs.has(hint) else None


def _values(hint: object) -> tuple[str, ...]:
    is_enum = isinstance(hint, type) and issubclass(hint, OpenEnum)
    return tuple(it.value for it in cast("type[OpenEnum]", hint)) if is_enum else ()


def _kind(hint: object, *, is_object: bool, is_enum: bool) -> tuple[str, tuple[type, ...]]:
    """What a value of this type is, in words, and as JSON."""
    for known, words, json in _KINDS:
        if known == hint:
            return words, json
    if is_object:
        return texts.OBJECT, (dict,)
    return (texts.TEXT, (str,)) if is_enum else (texts.ANYTHING, ())
