"""The rows of a text file that an earlier run read before they were whole, since a program was still writing them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from ..errors import ConfigError
from ..tables import Reading, files_of, open_source
from ..tables.input import cannot_read, is_packed, open_file
from .input_fingerprint import Ending, ending_of

__all__ = ["rows_read_whole"]


def rows_read_whole(
    path: Path, *, before: Mapping[str, Ending], now: Mapping[str, Ending], reading: Reading
) -> int | None:
    """How many rows stood whole in an input when an earlier run began to read it.

    That run may have read further ones, whose last cells were not written yet.

    Args:
        path: the input now: a text file, or a folder of them.
        before: how each of its files ended then, by name; a file may have another name now.
        now: how they end now.
        reading: how the earlier run read it.

    Returns:
        None if no file has grown since, so that every row was whole.

    Raises:
        ConfigError: it cannot be read.
    """
    if path.is_file():
        before = dict(zip(now, before.values(), strict=False))
    changed = next((name for name, ending in now.items() if _is_grown(before.get(name), ending)), None)
    if changed is None or is_packed(path):
        return None
    rows = 0
    try:
        for place in files_of(path) if path.is_dir() else (path,):
            if place.name == changed:
                return rows + _rows_in(place, _size(place, before[changed]), reading)
            rows += sum(1 for _ in open_source(place, reading=reading).rows())
    except OSError as error:
        raise cannot_read(str(path), error) from None
    return None


def _is_grown(before: Ending | None, now: Ending) -> bool:
    # Without a line break there is no row below a header, or the lines end with carriage returns alone.
    return before is not None and now != before and now.lines >= before.lines > 0


def _size(path: Path, before: Ending) -> int:
    """The bytes of the lines that were whole, and of the last one without an end if it has become no longer."""
    with open_file(path) as file:
        size = sum(map(len, islice(file, before.lines)))
        last = file.readline()
    return size + len(last) if ending_of(last) == before.last else size


def _rows_in(path: Path, size: int, reading: Reading) -> int:
    """The rows that stand whole in the first bytes of a file."""
    rows = 0
    try:
        for row in open_source(path, reading=reading, size=size).rows():
            rows = row.number
    except ConfigError:  # cut within quotes, or within the header
        pass
    return rows
