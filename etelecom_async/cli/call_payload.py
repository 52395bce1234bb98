"""From the JSON of `--data` to a payload: every field is checked, and what does not fit is one sentence."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import cast

import attrs

from ..codec import TextMap, decode, loads
from ..endpoint import JSON
from ..errors import ConfigError, DecodeError, InvalidId, InvalidPhone
from . import call_texts as texts
from .call_fields import Field, fields_of, leaves
from .exits import WrongUsage

__all__ = ["near", "payload_of", "read_data"]


def read_data(data: str | None) -> dict[str, JSON]:
    """The object of `--data`: JSON as it stands, `@file` or `-`.

    Raises:
        WrongUsage: it cannot be read, or is no JSON object.
    """
    if data is None:
        return {}
    raw = _bytes_of(data)
    # Windows' tools write UTF-16 with a byte order mark, and UTF-8 with one.
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        value = loads(raw.decode(encoding).encode())
    except (UnicodeError, DecodeError):
        raise WrongUsage(texts.DATA_NOT_JSON.format(reason=_reason(raw, encoding))) from None
    if not isinstance(value, dict):
        raise WrongUsage(texts.DATA_NO_OBJECT.format(got=_kind(value)))
    return value


def _bytes_of(data: str) -> bytes:
    if data != "-" and not data.startswith("@"):
        return data.encode(errors="surrogateescape")
    if data == "@":
        raise WrongUsage(texts.NO_FILE)
    try:
        return sys.stdin.buffer.read() if data == "-" else Path(data[1:]).read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        source = texts.STDIN if data == "-" else data[1:]
        raise WrongUsage(texts.DATA_NOT_READ.format(source=source, reason=reason)) from None


def _reason(raw: bytes, encoding: str) -> str:
    """What is wrong and where, without the text, which may hold a secret."""
    try:
        json.loads(raw.decode(encoding))
    except json.JSONDecodeError as error:
        return f"{error.msg} in line {error.lineno}, column {error.colno}."
    except UnicodeError:
        return "it is no text in UTF-8."
    except (ValueError, RecursionError):
        return "it is nested too deeply, or has a number that is too long."
    return "a name stands twice in one object."


def payload_of(model: type[object], data: Mapping[str, JSON], *, method: str) -> object:
    """The payload of a typed method.

    Raises:
        WrongUsage: a field is missing, unknown, or not of its type; the sentence names it.
    """
    if not attrs.has(model):
        return dict(data)  # no field is documented
    return _object(model, data, method, "")


def near(name: str, known: Iterable[str]) -> str | None:
    """The name that is most like this one, if one is."""
    by_fold = {it.casefold(): it for it in known}
    found = get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.7)
    return by_fold[found[0]] if found else None


def _object(model: type[attrs.AttrsInstance], data: Mapping[str, JSON], method: str, path: str) -> object:
    fields = {it.name: it for it in fields_of(model)}
    for name in data:
        if name not in fields:
            raise _unknown(model, name, method, path)
    values: dict[str, object] = {}
    for it in fields.values():
        value, here = data.get(it.name), f"{path}{it.name}"
        if value is not None:
            values[it.name] = _value(it, value, method, here)
            _judge(model, it, values[it.name], here)
        elif it.is_required:
            raise WrongUsage(texts.MISSING.format(method=method, path=here, kind=it.words))
    try:
        return model(**values)
    except (ConfigError, InvalidId, InvalidPhone) as error:
        # A validator names the class: `Paging.limit is ...`.
        raise WrongUsage(error.message.replace(f"{model.__name__}.", path)) from None


def _unknown(model: type[object], name: str, method: str, path: str) -> WrongUsage:
    paths = {at.replace("[]", ""): it.name for at, it in leaves(model)}
    found = next((at for at, leaf in paths.items() if leaf == name), None) or near(name, paths)
    if found is None and (leaf := near(name, paths.values())):
        found = next(at for at, known in paths.items() if known == leaf)
    if found is not None:
        hint = texts.MEANT.format(near=f"{path}{found}")
        return WrongUsage(texts.NO_FIELD.format(method=method, path=f"{path}{name}", near=hint).removesuffix("."))
    names = ", ".join(it.name for it in fields_of(model))
    hint = texts.IT_HAS.format(names=names) if names else texts.IT_HAS_NONE
    return WrongUsage(texts.NO_FIELD.format(method=method, path=f"{path}{name}", near=hint))


def _value(it: Field, value: JSON, method: str, here: str) -> object:
    """The value as the class takes it."""
    if not it.is_list:
        return _item(it, value, method, here)
    if not isinstance(value, list):
        raise _wrong(here, it.words, value)
    return tuple(_item(it, item, method, f"{here}[{at}]") for at, item in enumerate(value))


def _item(it: Field, value: JSON, method: str, here: str) -> object:
    words = texts.one_of(it.values) if it.values else it.kind
    if it.json and type(value) not in it.json:
        raise _wrong(here, words, value)
    if it.model is not None:
        return _object(it.model, cast("dict[str, JSON]", value), method, f"{here}.")
    if it.values and value not in it.values:
        found = near(cast("str", value), it.values)
        hint = "" if found is None else texts.PERHAPS.format(near=found)
        raise WrongUsage(texts.NONE_OF.format(path=here, kind=words, near=hint))
    if it.type is datetime:
        try:
            return decode(value, datetime)
        except DecodeError:
            raise _wrong(here, words, value) from None
    if it.type == TextMap:
        for name, text in cast("dict[str, JSON]", value).items():
            if not isinstance(text, str):
                raise _wrong(f"{here}.{name}", texts.TEXT, text)
    return value


def _judge(model: type[attrs.AttrsInstance], it: Field, value: object, here: str) -> None:
    """Ask the field's own judge, so that its sentence can have the whole path in front."""
    judge = cast("Callable[[object], object] | None", getattr(attrs.fields(model), it.name).converter)
    if judge is None or it.model is not None:
        return
    try:
        judge(value)
    except (ConfigError, InvalidId, InvalidPhone) as error:
        own = error.message.startswith((f"{it.name} ", f"{it.name}["))
        rest = error.message.removeprefix(it.name)
        raise WrongUsage(f"{here}{rest}" if own else texts.NOT_SAID.format(path=here, reason=error.message)) from None


def _wrong(path: str, kind: str, value: JSON) -> WrongUsage:
    return WrongUsage(texts.WRONG_KIND.format(path=path, kind=kind, got=_kind(value)))


def _kind(value: JSON) -> str:
    return "null" if value is None else texts.JSON_KINDS[type(value)]
