"""A journal in NDJSON: one JSON object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, cast

from ..errors import ConfigError
from .input import first_bytes
from .journal import Finished, damaged, own_column
from .values import json_encoder, utf8

__all__ = ["NdjsonLayout"]

_DECODER = json.JSONDecoder()
_TEXT = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_VALUE = f"(?:{_TEXT}|{_NUMBER}|true|false|null)"
_NO_FAILURE = ("null", '""')


class NdjsonLayout:
    """Records as JSON objects.

    An object has each key once: of columns with the same name only the last is written, which is that of the job. A row
    may have one cell more than there are columns: a mapping of further keys (`Row.extra`).

    Args:
        columns: the keys. The last `row` and the last `failure` are those of the job.

    Raises:
        ConfigError: `row` or `failure` is missing.
    """

    header = b""

    def __init__(self, *, columns: Sequence[str]) -> None:
        own_column(columns, "row")
        own_column(columns, "failure")
        # As they will be read back: JSON cannot hold a stray byte of a heading.
        columns = [utf8(name, keep_escaped_bytes=False).decode() for name in columns]
        self._columns = tuple(columns)
        self._keys = frozenset(columns)
        self._flat = _flat(columns)
        self._encode = json_encoder()

    def encode(self, rows: Iterable[Sequence[object]]) -> bytes:
        encode = self._encode
        lines = "".join([encode(self._record(row)) + "\n" for row in rows])
        return utf8(lines, keep_escaped_bytes=False)

    def _record(self, row: Sequence[object]) -> dict[str, object]:
        if len(row) == len(self._columns):
            return dict(zip(self._columns, row, strict=True))
        further = row[-1] if len(row) == len(self._columns) + 1 else None
        if not isinstance(further, Mapping):
            raise ValueError(f"a row of {len(row)} cells under {len(self._columns)} columns")  # noqa: TRY004 - its length
        further = cast("Mapping[str, object]", further)
        record = dict(zip(self._columns, row[:-1], strict=True))
        return record | {key: value for key, value in further.items() if key not in self._keys}

    def scan(self, file: BinaryIO, *, size: int, name: str) -> Iterator[Finished]:
        end = 0
        for place, line in enumerate(first_bytes(file, size), 1):
            after = end + len(line)
            if not line.endswith(b"\n"):
                return
            finished = self._finished(line, is_first=end == 0, name=name)
            if finished is None:
                # A cut group ends without a line break or has a page of NULs; anything else, another program wrote.
                if after < size or b"\0" not in line:
                    raise damaged(name, place)
                return
            end = after
            yield *finished, end

    def _finished(self, line: bytes, *, is_first: bool, name: str) -> tuple[int, bool, str] | None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return None
        if flat := self._flat.fullmatch(text):
            return int(flat["row"]), flat["failure"] not in _NO_FAILURE, flat["phone"].strip('"')
        record = _object(text)
        finished = None if record is None else _finished_of(record)
        if record is not None and finished is not None and is_first and self._keys - record.keys():
            raise ConfigError(f"{name} has other columns than this job would write: choose another output.")
        return finished


def _flat(columns: Iterable[str]) -> re.Pattern[str]:
    """A pattern for the usual line, without objects and lists in it, which reads it in half the time of JSON."""
    columns = tuple(dict.fromkeys(columns))
    own = {
        "row": "(?P<row>[1-9][0-9]{0,17}+)",
        "failure": f"(?P<failure>{_TEXT}|null)",
        "phone_normalized": '(?P<phone>"[0-9]*+")',
    }
    end = r"\}\n" if "phone_normalized" in columns else r"\}\n(?P<phone>)"
    fields = (re.escape(json.dumps(key, ensure_ascii=False)) + ":" + own.get(key, _VALUE) for key in columns)
    return re.compile(r"\{" + ",".join(fields) + end)


def _object(text: str) -> dict[str, object] | None:
    try:
        value: object = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _finished_of(record: Mapping[str, object]) -> tuple[int, bool, str] | None:
    number = record.get("row")
    if type(number) is not int or number < 1 or "failure" not in record:
        return None
    return number, bool(record["failure"]), str(record.get("phone_normalized") or "")
