"""What is printed of an answer: the JSON as it came, without its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import define, field

from ..endpoint import JSON
from .call_fields import Field, fields_of

__all__ = ["Hiding"]

_HIDDEN = "***"
_LIKE_A_SECRET = re.compile(r"(?i)secret|passw|token|credential|(api|shop|private|access)_?key")
"""Names of fields whose texts are hidden where nothing is known of them: in methods that are not typed, and in fields
that are newer than this package."""


@define
class Hiding:
    """Hides the secrets of answers: fields that are typed so, those whose name says it, and the caller's own keys.

    Attributes:
        keys: texts to hide wherever they stand.
        has_hidden: whether there was something to hide.
    """

    keys: tuple[str, ...] = field(default=(), repr=False)
    has_hidden: bool = False

    def shown(self, value: JSON, model: type[object] | None = None) -> JSON:
        """The value without its secrets; `model` is the class that it has, as far as that is known."""
        match value:
            case dict():
                known = _by_name(model)
                return {name: self._member(name, item, known.get(name)) for name, item in value.items()}
            case list():
                return [self.shown(item, model) for item in value]
            case str() if any(key in value for key in self.keys):
                return self._hidden(value)
            case _:
                return value

    def _member(self, name: str, value: JSON, it: Field | None) -> JSON:
        if it is None:
            is_secret = _LIKE_A_SECRET.search(name) is not None and isinstance(value, str | list | dict)
            return self._hidden(value) if is_secret else self.shown(value)
        return self._hidden(value) if it.is_secret else self.shown(value, it.model)

    def _hidden(self, value: JSON) -> JSON:
        if not value:
            return value  # nothing is there
        self.has_hidden = True
        return _HIDDEN


def _by_name(model: type[object] | None) -> Mapping[str, Field]:
    fields = () if model is None else fields_of(model)
    return {name: it for it in fields for name in (it.name, it.second_name) if name is not None}
