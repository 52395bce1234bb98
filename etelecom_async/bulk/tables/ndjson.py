"""NDJSON: one JSON object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NoReturn, cast

from ...errors import ConfigError
from .base import Row
from .cells import Exponential
from .encoding import detect
from .input import HEAD, Input, cannot_read
from .reading import JUDGED, Reading

__all__ = ["NdjsonSource"]

_MAX_KEYS = 1000
_NO_OBJECT = "the line is not a JSON object"


class NdjsonSource:
    """The rows of an NDJSON file. Its columns are the keys of the first object; other keys are a row's `extra`.

    Lines without any text are no rows. A line that is no JSON object, or has a key twice, is a row with a problem.

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

    def __init__(self, source: Input, *, reading: Reading = JUDGED, columns: tuple[str, ...] = ()) -> None:
        self._input = source
        self.reading = reading
        self._is_closed = bool(columns)
        self._encoding = detect(source.head)
        self._strict = json.JSONDecoder(parse_constant=_refuse, parse_float=_number, object_pairs_hook=_unambiguous)
        self._lenient = json.JSONDecoder(parse_constant=_refuse, parse_float=_number)
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
                    record, problem = self._object(line)
                    if record is None:
                        yield Row(number, (None,) * len(columns), problem)
                    elif tuple(record) == columns:
                        yield Row(number, tuple(record.values()), problem)
                    else:
                        cells = tuple(record.pop(column, None) for column in columns)
                        yield Row(number, cells, problem or self._surplus(record), record)
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
        return NdjsonSource(self._input, reading=self.reading, columns=tuple(keys))

    def _object(self, line: str) -> tuple[dict[str, object] | None, str]:
        """The object of a line, and why the row cannot be used; nothing or of two values one where it cannot."""
        problem = ""
        try:
            try:
                value: object = self._strict.decode(line)
            except _TwiceError as error:
                problem = str(error)
                value = self._lenient.decode(line)
        except (ValueError, RecursionError):
            return None, _NO_OBJECT
        return (cast("dict[str, object]", value), problem) if isinstance(value, dict) else (None, _NO_OBJECT)

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
        return filter(None, (self._object(line)[0] for line in lines))

    def _first_keys(self) -> tuple[str, ...]:
        for record in self._head_objects():
            return tuple(record)
        head = self._input.head
        if not head.strip():
            raise ConfigError(f"{self._input.name} is empty: it needs one JSON object a line.")
        if self._encoding.decode(head[:100]).lstrip().startswith("["):
            raise ConfigError(f"{self._input.name} is a JSON array: put one object on a line, as jq -c '.[]' does.")
        raise ConfigError(f"{self._input.name} has no JSON object among its first lines: it needs one a line.")


class _TwiceError(ValueError):
    """An object has two values of one name, so that what it says depends on the reader."""


def _unambiguous(members: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(members)
    if len(value) < len(members):
        names = Counter(name for name, _ in members)
        raise _TwiceError(f"the key {names.most_common(1)[0][0]!r} stands in the line twice: leave one of its values")
    return value


def _number(text: str) -> float:
    return Exponential(text) if "e" in text or "E" in text else float(text)


def _refuse(constant: str) -> NoReturn:
    # NaN and Infinity are no JSON, and could not be written again.
    raise ValueError(constant)
