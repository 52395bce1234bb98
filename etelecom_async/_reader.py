"""Turns an attrs class into the function that reads its instances from JSON objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar, cast

import attrs
from cattrs import AttributeValidationNote, ClassValidationError

if TYPE_CHECKING:
    from .endpoint import JSON

__all__ = ["VALID_AS_READ", "FieldRead", "Misfit", "Read", "reader"]

VALID_AS_READ = "valid as read"
"""In the metadata of a field: its validator takes whatever the field's reading gives, so it is not asked again."""

T = TypeVar("T")

Read: TypeAlias = Callable[[object, object], object]
"""Makes a value of JSON, given its type too; raises what says why it does not fit."""

_Put: TypeAlias = Callable[[object, object], None]

_KINDS: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


class Misfit(TypeError):
    """A JSON value that does not fit, said without the value."""

    @classmethod
    def of(cls, expected: str, got: object) -> Misfit:
        """That something else was expected than what is there."""
        return cls(f"expected {expected}, got {_KINDS.get(type(got), 'something else')}")


class FieldRead(NamedTuple):
    """How a field is read.

    Attributes:
        read: the function.
        kind: the type that it is given.
        ready: an expression of `item`, the value: where it is true, the value is taken as it is.
        also: a second name that is read where the first is absent.
    """

    read: Read
    kind: object
    ready: str
    also: str | None


def reader(
    model: type[T], reads: Mapping[str, FieldRead], *, refuse: Callable[[ClassValidationError | Misfit], Exception]
) -> Callable[..., T]:
    """The function that makes a `model` of a JSON object. `null` is absent, and what is absent takes its default.

    Args:
        model: an attrs class.
        reads: how each field that its constructor takes is read.
        refuse: what is raised for a `Misfit`, which is no object at all, and for a `ClassValidationError`, which holds
            every reason, each with the name of its field.
    """
    fields = [field for field in attrs.fields(cast("type[attrs.AttrsInstance]", model)) if field.init]
    is_plain = _is_plain(model)

    def no_object(value: object) -> Exception:
        return refuse(Misfit.of("an object", value))

    def misfits(wrong: list[Exception]) -> Exception:
        title = f"While structuring {model.__qualname__}"
        return refuse(ClassValidationError(title, wrong, model))  # pyright: ignore[reportCallIssue] - it has *args

    names: dict[str, object] = {
        "begin": object.__new__ if is_plain else _arguments,
        "model": model,
        "no_object": no_object,
        "agreed": _agreed,
        "noted": partial(_noted, model.__qualname__),
        "misfits": misfits,
    }
    lines = _HEAD
    for at, field in enumerate(fields):
        it = reads[field.name]
        put = _slot(model, field) if is_plain else _entry(field)
        absent = _absent(field, put, is_plain=is_plain)
        values = {"read": it.read, "kind": it.kind, "put": put, "absent": absent}
        names |= {f"{name}_{at}": value for name, value in values.items()}
        second = "" if it.also is None else _SECOND.format(name=field.name, also=it.also)
        lines += _FIELD.format(name=field.name, at=at, second=second, ready=it.ready)
    # What is compiled comes from the names of attributes, their second names and `ready`, and from nowhere else.
    exec(compile(lines + (_PLAIN_TAIL if is_plain else _TAIL), f"<{model.__qualname__} from JSON>", "exec"), names)  # noqa: S102
    return cast("Callable[..., T]", names["read"])


# Compiled, as attrs and cattrs do it: a loop over the fields takes a third longer, and one runs for every answer.
_HEAD = """\
def read(value, _=None):
    if type(value) is not dict:
        raise no_object(value)
    get = value.get
    made = begin(model)
    wrong = None
"""
_FIELD = """\
    try:
        item = get({name!r})
{second}\
        if item is None:
            absent_{at}(made)
        else:
            put_{at}(made, item if {ready} else read_{at}(item, kind_{at}))
    except Exception as error:
        wrong = noted(wrong, error, {name!r}, kind_{at})
"""
_SECOND = """\
        other = get({also!r})
        if other is not None:
            item = agreed({name!r}, item, {also!r}, other)
"""
_PLAIN_TAIL = """\
    if wrong is None:
        return made
    made = None  # half of one can be shown in no traceback
    raise misfits(wrong)
"""
_TAIL = """\
    if wrong is None:
        try:
            return model(**made)
        except Exception as error:
            wrong = [error]
    raise misfits(wrong)
"""


def _noted(model: str, wrong: list[Exception] | None, error: Exception, name: str, kind: object) -> list[Exception]:
    """What was wrong so far, and this too: whatever is raised means that it does not fit."""
    error.add_note(AttributeValidationNote(f"Structuring class {model} @ attribute {name}", name, kind))
    return [*(wrong or ()), error]


def _is_plain(model: type[object]) -> bool:
    """Does its constructor put what was read into slots and no more? Then the reader does that itself, much faster."""
    hooks = ("__attrs_init__", "__attrs_pre_init__", "__attrs_post_init__", "_attrs_cached_hash")
    return not any(hasattr(model, hook) for hook in hooks) and all(
        field.init
        and field.converter is None
        and (field.validator is None or VALID_AS_READ in field.metadata)
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
