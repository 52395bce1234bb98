"""NDJSON: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NoReturn, cast

from ...errors import ConfigError
from .base import Row
from .encoding import detect
from .input import HEAD, Input, cannot_read

__all__ = ["NdjsonSource"]

_MAX_KEYS = 1000
_NO_OBJECT = "the line is not a JSON object"


class NdjsonSource:
    """The rows of an NDJSON file. Its columns are the keys of the first object; other keys are a row's `extra`.

    Lines without any text are no rows; a line that is no JSON object is a row with a problem.

    Args:
        source: the bytes.
        columns: the keys, if they are known: an object with others is then a row with a problem.

    Raises:
        ConfigError: there is no JSON object in its first 256 KiB.
    """

    kind = "ndjson"
    dialect = None
    types: Mapping[str, str] = MappingProxyType({})
    length = None

    def __init__(self, source: Input, *, columns: tuple[str, ...] = ()) -> None:
        self._input = source
        self._is_closed = bool(columns)
        self._encoding = detect(source.head)
        self._decode = json.JSONDecoder(parse_constant=_refuse).decode
        self.columns = columns or self._first_keys()
        self.description = f"NDJSON, {self._encoding.name}"

    def rows(self) -> Iterator[Row]:
        columns = self.columns
        number = 0
        with self._encoding.open(self._input.open(), newline="\n") as text:
            try:
                for line in self._encoding.lines(text):
                    if line.isspace():
                        continue
                    number += 1
                    record = self._object(line)
                    if record is None:
                        yield Row(number, (None,) * len(columns), _NO_OBJECT)
                    elif tuple(record) == columns:
                        yield Row(number, tuple(record.values()))
                    else:
                        cells = tuple(record.pop(column, None) for column in columns)
                        yield Row(number, cells, self._surplus(record), record)
            except OSError as error:
                raise cannot_read(self._input.name, error) from None

    def as_table(self, *, is_read_once: bool) -> NdjsonSource:
        """The same with every key a column, for an output that has a fixed number of them.

        The whole input is read for it. One that can be read only once gives the keys of its first 256 KiB, and an
        object with another one is a row with a problem: a key is never dropped in silence.

        Raises:
            ConfigError: it cannot be read, or has more than a thousand keys.
        """
        keys = dict.fromkeys(self.columns)
        for record in self._head_objects() if is_read_once else (row.extra for row in self.rows()):
            keys.update(dict.fromkeys(record))
            if len(keys) > _MAX_KEYS:
                raise ConfigError(f"{self._input.name} has over {_MAX_KEYS:,} keys: write .ndjson, which takes them.")
        return NdjsonSource(self._input, columns=tuple(keys))

    def _object(self, line: str) -> dict[str, object] | None:
        try:
            value: object = self._decode(line)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, object]", value) if isinstance(value, dict) else None

    def _surplus(self, further: dict[str, object]) -> str:
        """Why an object cannot be used that has other keys than there are columns for."""
        if not (self._is_closed and further):
            return ""
        return f"the key {next(iter(further))!r} is in none of the first objects: read from a file, or write .ndjson"

    def _head_objects(self) -> Iterator[dict[str, object]]:
        head = self._input.head
        lines = self._encoding.decode(head).split("\n")
        if len(head) >= HEAD:
            lines.pop()
        return filter(None, map(self._object, lines))

    def _first_keys(self) -> tuple[str, ...]:
        for record in self._head_objects():
            return tuple(record)
        head = self._input.head
        if not head.strip():
            raise ConfigError(f"{self._input.name} is empty: it needs one JSON object a line.")
        if self._encoding.decode(head[:100]).lstrip().startswith("["):
            raise ConfigError(f"{self._input.name} is a JSON array: put one object on a line, as jq -c '.[]' does.")
        raise ConfigError(f"{self._input.name} has no JSON object among its first lines: it needs one a line.")


def _refuse(constant: str) -> NoReturn:
    # NaN and Infinity are no JSON, and could not be written again.
    raise ValueError(constant)
