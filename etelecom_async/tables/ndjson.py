"""NDJSON: one JSON object a line."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, NoReturn, TextIO, cast

from ..errors import ConfigError
from .base import Row
from .bounds import MAX_CELL, MAX_COLUMNS, MAX_RECORD, too_many_columns
from .cells import Exponential
from .detection import detect
from .input import Input, cannot_read
from .lines import Lines
from .reading import DETECT_ALL, Reading

__all__ = ["NdjsonSource"]

_MAX_KEYS = 1000
_MAX_DEPTH = 100
_FIRST_LINES = 1000
_NO_OBJECT = "the line is not a JSON object"


class NdjsonSource:
    """The rows of an NDJSON file. Its columns are the keys of the first object; other keys are a row's `extra`.

    Lines without text are skipped. A line that is not a JSON object, or has a key twice, is a row with a problem. A
    number that a float cannot hold stays text.

    Args:
        source: the bytes.
        reading: the encoding, if the user names it.
        columns: the keys, if they are known: an object with others is then a row with a problem.

    Raises:
        Undecided: its encoding cannot be detected.
        ConfigError: there is no JSON object in its first thousand lines, or the first has too many keys.
    """

    kind = "ndjson"
    dialect = None
    types: Mapping[str, str] = MappingProxyType({})
    length = None

    def __init__(self, source: Input, *, reading: Reading = DETECT_ALL, columns: tuple[str, ...] = ()) -> None:
        reading.refuse_others("encoding", what=f"{source.name}, an NDJSON file,")
        self._input = source
        self._is_closed = bool(columns)
        detected = detect(source, said=reading.encoding)
        self._encoding = detected.encoding
        self.reading = Reading(encoding=self._encoding.key)
        self._strict = json.JSONDecoder(parse_constant=_refuse, parse_float=_number, object_pairs_hook=_unambiguous)
        self._lenient = json.JSONDecoder(parse_constant=_refuse, parse_float=_number)
        self.columns = columns or self._first_keys()
        if len(self.columns) > MAX_COLUMNS:
            raise too_many_columns(source.name, len(self.columns))
        self.description = f"NDJSON, {detected.description}"

    def rows(self) -> Iterator[Row]:
        return self._rows(self._input.open)

    def first_rows(self) -> Iterator[Row]:
        return self._rows(self._input.look)

    def _rows(self, opened: Callable[[], BinaryIO]) -> Iterator[Row]:
        columns = self.columns
        with self._encoding.open(opened(), newline="\n") as text:
            for number, (record, problem) in enumerate(self._objects(text), 1):
                if record is None:
                    yield Row(number, (None,) * len(columns), problem)
                elif tuple(record) == columns:
                    yield Row(number, tuple(record.values()), problem)
                else:
                    cells = tuple(record.pop(column, None) for column in columns)
                    yield Row(number, cells, problem or self._surplus(record), record)

    def as_table(self, *, is_read_once: bool) -> NdjsonSource:
        """The same with every key a column.

        A file is read through for that. A stream gives the keys of its first 256 KiB, and an object with another one is
        a row with a problem, so that no key is silently dropped.
        """
        keys = dict.fromkeys(self.columns)
        for record in self._head_objects() if is_read_once else (row.extra for row in self.rows()):
            keys.update(dict.fromkeys(record))
            if len(keys) > _MAX_KEYS:
                raise ConfigError(f"{self._input.name} has over {_MAX_KEYS:,} keys: write .ndjson, which takes them.")
        return NdjsonSource(self._input, reading=self.reading, columns=tuple(keys))

    def _objects(self, text: TextIO) -> Iterator[tuple[dict[str, object] | None, str]]:
        """The object of each line with text and what is wrong with it; None where there is no object."""
        lines = Lines(text, convert=self._encoding.convert, ends="\n", is_quoted=False)
        try:
            for line in lines:
                lines.size = 0
                is_cut, lines.is_cut = lines.is_cut, False
                if not line or line.isspace():
                    continue
                if is_cut:
                    yield None, f"the line is longer than {MAX_RECORD:,} characters"
                else:
                    yield self._object(line)
        except UnicodeDecodeError:
            what = f"is not {self._encoding.name} throughout: name another --encoding"
            raise ConfigError(f"{self._input.name} {what}.") from None
        except OSError as error:
            raise cannot_read(self._input.name, error) from None

    def _object(self, line: str) -> tuple[dict[str, object] | None, str]:
        """The object of a line, as far as it can be used, and why the row cannot be; an empty text where it can."""
        # Deeper values can be read, but not written and read back everywhere.
        if line.count("[") + line.count("{") > _MAX_DEPTH and _depth(line) > _MAX_DEPTH:
            return None, f"the line is nested deeper than {_MAX_DEPTH} levels"
        problem = ""
        try:
            try:
                value: object = self._strict.decode(line)
            except _RepeatedKeyError as error:
                problem = str(error)
                value = self._lenient.decode(line)
        except _NotFiniteError as error:
            return None, f"{_NO_OBJECT}: JSON has no {error}"
        except (ValueError, RecursionError):
            return None, _NO_OBJECT
        if not isinstance(value, dict):
            return None, _NO_OBJECT
        record = cast("dict[str, object]", value)
        if len(line) > MAX_CELL and (size := max(map(_size, record.values()), default=0)) > MAX_CELL:
            record = {key: None if _size(value) > MAX_CELL else value for key, value in record.items()}
            problem = f"a value has {size:,} characters, more than the limit of {MAX_CELL:,}"
        return record, problem

    def _surplus(self, further: dict[str, object]) -> str:
        """Why an object with other keys than the columns cannot be used."""
        if not (self._is_closed and further):
            return ""
        return f"the key {next(iter(further))!r} is in none of the first objects: read from a file, or write .ndjson"

    def _head_objects(self) -> Iterator[dict[str, object]]:
        with self._encoding.open(self._input.look(), newline="\n") as text:
            for record, _ in self._objects(text):
                if record is not None:
                    yield record

    def _first_keys(self) -> tuple[str, ...]:
        with self._encoding.open(self._input.look(), newline="\n") as text:
            for number, (record, _) in enumerate(self._objects(text), 1):
                if record is not None:
                    return tuple(record)
                if number == _FIRST_LINES:
                    break
        head = self._input.head
        if not head.strip():
            raise ConfigError(f"{self._input.name} is empty: it needs one JSON object a line.")
        if self._encoding.decode(head[:100]).lstrip("\ufeff \t\r\n").startswith("["):
            raise ConfigError(f"{self._input.name} is a JSON array: put one object on a line, as jq -c '.[]' does.")
        raise ConfigError(f"{self._input.name} has no JSON object among its first lines: it needs one a line.")


class _RepeatedKeyError(ValueError):
    """An object has a key twice, so that its value depends on the reader."""


def _unambiguous(members: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(members)
    if len(value) < len(members):
        names = Counter(name for name, _ in members)
        raise _RepeatedKeyError(f"the key {names.most_common(1)[0][0]!r} is in the line twice: keep one of its values")
    return value


class _NotFiniteError(ValueError):
    """NaN or Infinity, which are not JSON and could not be written back."""


def _refuse(constant: str) -> NoReturn:
    raise _NotFiniteError(constant)


def _number(text: str) -> float | str:
    number = Exponential(text) if "e" in text or "E" in text else float(text)
    return number if math.isfinite(number) else text


def _depth(line: str) -> int:
    """The most lists and objects that are open at once, outside strings."""
    depth = deepest = 0
    is_text = is_escaped = False
    for letter in line:
        if is_escaped:
            is_escaped = False
        elif is_text:
            is_escaped = letter == "\\"
            is_text = letter != '"'
        elif letter == '"':
            is_text = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return len(json.dumps(value)) if isinstance(value, dict | list) else 0
