"""Turns an attrs class into the function that reads its instances from JSON objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import attrs
from attrs import frozen
from cattrs import AttributeValidationNote, ClassValidationError

if TYPE_CHECKING:
    from .endpoint import JSON

__all__ = ["FieldRead", "Misfit", "Read", "reader"]

T = TypeVar("T")

Read: TypeAlias = Callable[[object, object], object]
"""Makes a value of JSON, given its type too; raises what says why it does not fit."""

_Put: TypeAlias = Callable[[object, object], None]

_KINDS: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",  # of a fraction and of a number beyond 64 bits not every parser tells which it was
    bool: "a boolean",
    type(None): "null",
}


class Misfit(TypeError):
    """A JSON value that does not fit, said without the value."""

    @classmethod
    def of(cls, expected: str, got: object) -> Misfit:
        """That something else was expected than what is there."""
        return cls(f"expected {expected}, got {_KINDS.get(type(got), 'something else')}")


@frozen
class FieldRead:
    """How a field is read: the function, the type that it is given, and a second name for where the first is absent."""

    read: Read
    kind: object
    also: str | None


def reader(model: type[T], reads: Mapping[str, FieldRead]) -> Callable[[object, object], T]:
    """The function that makes a `model` of a JSON object. `null` is absent, and what is absent takes its default.

    Args:
        model: an attrs class.
        reads: how each field that its constructor takes is read.

    Raises (when called):
        Misfit: it is no object.
        ClassValidationError: it does not fit; holds every reason, each with the name of its field.
    """
    fields = [field for field in attrs.fields(cast("type[attrs.AttrsInstance]", model)) if field.init]
    is_plain = _is_plain(model)
    # Tuples, since they are unpacked at once: this loop runs for every answer.
    parts = [
        (field.name, it.also, it.read, it.kind, put, _absent(field, put, is_plain=is_plain))
        for field in fields
        for it in (reads[field.name],)
        for put in (_slot(model, field) if is_plain else _entry(field),)
    ]
    make = cast("Callable[..., T]", model)
    begin: Callable[[type[object]], object] = object.__new__ if is_plain else _arguments

    def read(value: object, _: object) -> T:
        if type(value) is not dict:
            raise Misfit.of("an object", value)
        get = cast("dict[str, JSON]", value).get
        made = begin(model)
        wrong: list[Exception] | None = None
        for name, also, read_item, kind, put, absent in parts:
            item = get(name)
            try:
                if also is not None and (other := get(also)) is not None:
                    item = _agreed(name, item, also, other)
                if item is None:
                    absent(made)
                else:
                    put(made, read_item(item, kind))
            except Exception as error:  # noqa: BLE001 - whatever is raised means that it does not fit
                place = f"Structuring class {model.__qualname__} @ attribute {name}"
                error.add_note(AttributeValidationNote(place, name, kind))
                wrong = [*(wrong or ()), error]
        if wrong is not None:
            raise ClassValidationError(f"While structuring {model.__qualname__}", wrong, model)
        return cast("T", made) if is_plain else make(**cast("dict[str, object]", made))

    return read


def _is_plain(model: type[object]) -> bool:
    """Does its constructor put values into slots and no more? Then the reader does that itself, much faster."""
    hooks = ("__attrs_init__", "__attrs_pre_init__", "__attrs_post_init__", "_attrs_cached_hash")
    return not any(hasattr(model, hook) for hook in hooks) and all(
        field.init
        and field.converter is None
        and field.validator is None
        and not getattr(field.default, "takes_self", False)
        and inspect.ismemberdescriptor(getattr(model, field.name, None))
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", model))
    )


def _slot(model: type[object], field: attrs.Attribute[object]) -> _Put:
    # What makes a class frozen is its __setattr__, and the slot itself does not go through that.
    return cast("_Put", getattr(model, field.name).__set__)


def _arguments(_: object) -> dict[str, object]:
    return {}


def _entry(field: attrs.Attribute[object]) -> _Put:
    name = field.alias or field.name

    def put(arguments: object, value: object) -> None:
        cast("dict[str, object]", arguments)[name] = value

    return put


def _absent(field: attrs.Attribute[object], put: _Put, *, is_plain: bool) -> Callable[[object], None]:
    """What is done where the object has nothing for a field."""
    default = field.default

    def refuse(_: object) -> None:
        raise KeyError(field.name)

    if default is attrs.NOTHING:
        return refuse
    if not is_plain:
        return lambda _: None  # the constructor knows its defaults
    factory = cast("Callable[[], object] | None", getattr(default, "factory", None))
    if factory is not None:
        return lambda made: put(made, factory())
    return lambda made: put(made, default)


def _agreed(name: str, item: JSON, also: str, other: JSON) -> JSON:
    if item is not None and not (type(item) is type(other) and item == other):
        raise Misfit(f"{name} and {also} contradict each other")
    return other
