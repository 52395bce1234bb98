"""A journal in NDJSON: one JSON object a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, cast

from ...errors import ConfigError
from .journal import Finished, Span, damaged, own_column
from .values import json_encoder, utf8

__all__ = ["NdjsonLayout"]

_BUFFER = 256 * 1024
_DECODER = json.JSONDecoder()


class NdjsonLayout:
    """Records as JSON objects.

    An object has each key once: of columns with the same name only the last is written, which is the job's own. A row
    may have one cell more than there are columns, a mapping of further keys (`Row.extra`).

    Args:
        columns: the keys. The last `row` and the last `failure` of them are the job's own.

    Raises:
        ConfigError: `row` or `failure` is missing.
    """

    header = b""

    def __init__(self, *, columns: Sequence[str]) -> None:
        own_column(columns, "row")
        own_column(columns, "failure")
        self._columns = tuple(columns)
        self._keys = frozenset(columns)
        self._encode = json_encoder()

    def encode(self, rows: Iterable[Sequence[object]]) -> bytes:
        encode = self._encode
        lines = "".join([encode(self._record(row)) + "\n" for row in rows])
        return utf8(lines, keep_strange_bytes=False)

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
        for place, line in enumerate(io.BufferedReader(Span(file, size), _BUFFER), 1):
            after = end + len(line)
            if not line.endswith(b"\n"):
                return
            record = _object(line)
            finished = None if record is None else _finished(record)
            if record is None or finished is None:
                if after < size:
                    raise damaged(name, place)
                return
            if end == 0 and self._keys - record.keys():
                raise ConfigError(f"{name} has other columns than this job would write: choose another output.")
            end = after
            yield *finished, end


def _object(line: bytes) -> dict[str, object] | None:
    try:
        value: object = _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _finished(record: Mapping[str, object]) -> tuple[int, bool] | None:
    number = record.get("row")
    if type(number) is not int or number < 1 or "failure" not in record:
        return None
    return number, bool(record["failure"])
