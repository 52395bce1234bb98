"""JSON Schemas of payloads and results: what the codec writes, and what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType, NoneType, UnionType
from typing import TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import attrs

from .._file import File
from .._secret import Secret
from ..codec import Digits, EpochMillis, Id, Milliseconds, Plain, Seconds, Text, TextMap
from ..endpoint import JSON
from ..enums import OpenEnum
from .docstrings import words_of

__all__ = ["Schema", "Schemas"]

Schema: TypeAlias = "dict[str, JSON]"

_ID: Schema = {"type": "string", "pattern": "^[0-9]{1,19}$"}
_DIGITS: Schema = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 0}
_TEXT: Schema = {"type": ["string", "integer"]}

_WRITTEN: tuple[tuple[object, Schema], ...] = (
    (Id, {**_ID, "description": "An id of 64 bits, as a decimal string."}),
    (Text, {"type": "string"}),
    (Digits, {"type": "integer", "minimum": 0}),
    (EpochMillis, {"type": "integer", "description": "Milliseconds since 1970."}),
    (Milliseconds, {"type": "integer", "minimum": 0, "description": "Milliseconds."}),
    (Seconds, {"type": "integer", "minimum": 0, "description": "Seconds."}),
    (TextMap, {"type": "object", "additionalProperties": {"type": "string"}}),
    (Plain, {"type": "object"}),
    (Secret, {"type": "string", "format": "password"}),
    (File, {"type": "string", "format": "binary", "minLength": 1}),
    (datetime, {"type": "string", "format": "date-time"}),
    (str, {"type": "string"}),
    (bool, {"type": "boolean"}),
    (int, {"type": "integer", "format": "int64"}),
    (float, {"type": "number"}),
    (object, {}),
)
"""What the codec writes for a type."""
_READ: tuple[tuple[object, Schema], ...] = (
    (Id, {"type": ["string", "integer"], "pattern": "^[0-9]{1,19}$", "description": "An id of 64 bits."}),
    (Text, {**_TEXT, "description": "A string in some places, a number in others."}),
    (Digits, {**_TEXT, "description": "A string in some places, a number in others."}),
    (EpochMillis, {**_DIGITS, "description": "Milliseconds since 1970, or 0 for unset."}),
    (Milliseconds, {**_DIGITS, "description": "Milliseconds."}),
    (Seconds, {**_DIGITS, "description": "Seconds."}),
    (TextMap, {"type": "object", "additionalProperties": {"type": ["string", "integer", "null"]}}),
)
"""What it reads, where that is more."""


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Schemas:
    """The schemas of classes, collected as they are asked for.

    Attributes:
        components: by the names of the classes.
    """

    def __init__(self) -> None:
        self.components: dict[str, JSON] = {}
        self._owners: dict[str, tuple[type, bool]] = {}

    def of(self, kind: object, *, is_read: bool, said: Mapping[str, str] = _NOTHING) -> Schema:
        """The schema of a type.

        Args:
            kind: a type as it stands in an annotation of a payload or a result.
            is_read: as the server sends it; otherwise as it is sent to it.
            said: what is said of fields elsewhere than in their class, by their names.

        Raises:
            TypeError: the codec has no such type, or two classes have one name.
        """
        for known, schema in (*(_READ if is_read else ()), *_WRITTEN):
            if kind == known:
                return dict(schema)
        if get_origin(kind) is tuple:
            return {"type": "array", "items": self.of(get_args(kind)[0], is_read=is_read, said=said)}
        if get_origin(kind) in (Union, UnionType):
            (rest,) = (part for part in get_args(kind) if part is not NoneType)
            return self.of(rest, is_read=is_read, said=said)
        if isinstance(kind, type) and issubclass(kind, OpenEnum):
            return _enum(kind)
        if isinstance(kind, type) and attrs.has(kind):
            return self._model(kind, is_read=is_read, said=said)
        raise TypeError(f"no schema for {kind}")

    def _model(self, model: type, *, is_read: bool, said: Mapping[str, str]) -> Schema:
        name, owner = model.__name__, (model, is_read)
        if self._owners.setdefault(name, owner) != owner:
            raise TypeError(f"two schemas have the name {name}")
        if name not in self.components:
            self.components[name] = {}  # it may hold itself
            self.components[name] = self._object(model, is_read=is_read, said=said)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, model: type, *, is_read: bool, said: Mapping[str, str]) -> Schema:
        words, hints = words_of(model), get_type_hints(model, include_extras=True)
        properties: Schema = {}
        for it in attrs.fields(cast("type[attrs.AttrsInstance]", model)):
            schema = self.of(hints[it.name], is_read=is_read, said=said)
            if is_read or (it.default is None and "left out" not in it.metadata):
                schema = _or_null(schema)
            sentence = words.of.get(it.name) or said.get(it.name)
            if sentence and "$ref" not in schema:
                schema["description"] = f"{sentence[:1].upper()}{sentence[1:]} {schema.get('description', '')}".strip()
            properties[it.name] = schema
            if second := it.metadata.get("also"):
                properties[second] = {**schema, "description": f"Another name of `{it.name}`."}
        made: Schema = {"type": "object", "description": words.text, "properties": properties}
        required: list[JSON] = [it.name for it in attrs.fields(model) if it.default is attrs.NOTHING and not is_read]
        return {**made, "required": required} if required else made


def _enum(kind: type[OpenEnum]) -> Schema:
    """Not `enum`: the server may send values that are newer."""
    known: list[JSON] = [member.value for member in kind]
    listed = ", ".join(f"`{value}`" for value in known)
    meaning = words_of(kind).text.partition("\n\n")[0].replace("\n", " ")
    return {
        "type": "string",
        "description": f"{meaning} Known values: {listed}; there may be others.",
        "examples": known,
    }


def _or_null(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    kind = schema.get("type")
    if kind is None:
        return schema
    return {**schema, "type": [*(kind if isinstance(kind, list) else [kind]), "null"]}
