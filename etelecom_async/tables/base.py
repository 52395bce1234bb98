"""The interface of every table: named columns and a stream of rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from attrs import field

from .._record import record
from .dialect import Dialect
from .reading import Reading

__all__ = ["Row", "Source", "by_name", "matching", "unique_names"]


@record
class Row:
    """One record of the input.

    Attributes:
        number: its place among the records, from 1; the header and blank lines do not count.
        cells: one for each column: `str` from CSV, JSON values from NDJSON, Python values from Parquet and Excel.
        problem: one sentence why the row cannot be used; empty for a good one.
        extra: an NDJSON object's keys that are not columns.
    """

    number: int
    cells: tuple[object, ...]
    problem: str = ""
    extra: dict[str, object] = field(factory=dict)


class Source(Protocol):
    """A table that is read as a stream.

    Attributes:
        kind: `csv`, `excel`, `ndjson` or `parquet`.
        columns: the headings, each once.
        description: the form of the table in words, such as `CSV, delimiter ';', UTF-16`.
        dialect: for a CSV file written next to this one; None if this is not CSV or Excel.
        reading: how it is read, with every field that matters for its kind.
        types: the Arrow types of its columns by their headings; empty for other kinds than Parquet.
        length: how many rows there are, if that is known without reading them.
    """

    @property
    def kind(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def description(self) -> str: ...
    @property
    def dialect(self) -> Dialect | None: ...
    @property
    def reading(self) -> Reading: ...
    @property
    def types(self) -> Mapping[str, str]: ...
    @property
    def length(self) -> int | None: ...

    def rows(self) -> Iterator[Row]:
        """Every row. A file can be read again; a stream only once.

        Raises:
            ConfigError: the input cannot be read on. The message names the line.
        """
        ...

    def first_rows(self) -> Iterator[Row]:
        """The rows that can be looked at before `rows`: of a stream those of its beginning, else all."""
        ...

    def as_table(self, *, is_read_once: bool) -> Source:
        """The same table with every key of the input a column, for an output with a fixed number of columns.

        Args:
            is_read_once: whether the input is a stream, which cannot be read through to find the keys.

        Raises:
            ConfigError: it cannot be read, or has too many keys.
        """
        ...


def matching(names: Sequence[str], wanted: str) -> list[int]:
    """The indexes of the names that a user means: `by_name`, else of this number from 1."""
    if found := by_name(names, wanted):
        return found
    number = wanted.strip()
    return [int(number) - 1] if number.isascii() and number.isdigit() and 1 <= int(number) <= len(names) else []


def by_name(names: Sequence[str], wanted: str) -> list[int]:
    """The indexes of the names that are this one, or else this one in another case."""
    for is_exact in (True, False):
        folded = [
            unicodedata.normalize("NFC", name if is_exact else name.strip().casefold()) for name in (wanted, *names)
        ]
        if found := [at for at, name in enumerate(folded[1:]) if name == folded[0]]:
            return found
    return []


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The headings with each name once: a second `name` becomes `name_2`, an empty third heading `column3`."""
    wanted = [name.strip() or f"column{place}" for place, name in enumerate(names, 1)]
    # A given name comes before a made-up one: `name, name, name_2` keeps its third.
    taken = set(wanted)
    counts: dict[str, int] = {}
    seen: set[str] = set()
    unique: list[str] = []
    for name in wanted:
        free = name
        if name in seen:
            # Counted on from the last number, so that a thousand equal headings take one pass.
            count = counts.get(name, 1) + 1
            while (free := f"{name}_{count}") in taken or free in seen:
                count += 1
            counts[name] = count
        seen.add(free)
        unique.append(free)
    return tuple(unique)
