"""What every table of the input is: named columns and a stream of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from attrs import field

from .._record import record
from .dialect import Dialect
from .reading import Reading

__all__ = ["Row", "Source", "unique_names"]


@record
class Row:
    """One record of the input.

    Attributes:
        number: its place among the records, from 1; the header and blank lines are not counted.
        cells: as many as the source has columns: `str` from CSV, JSON values from NDJSON, Python values from Parquet
            and Excel.
        problem: one sentence why the row cannot be used; empty for a good one.
        extra: what an NDJSON object holds under other keys than the columns.
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
        dialect: how a CSV file should be written that belongs beside it; None for what is no CSV.
        reading: how it is read: every field that matters for its kind is settled.
        types: the Arrow types of its columns by their headings; empty for what has none.
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
        """Every row, from the first. A file can be read again; a stream only once.

        Raises:
            ConfigError: from here on the input cannot be read. The sentence names the line.
        """
        ...

    def as_table(self, *, is_read_once: bool) -> Source:
        """The same with everything it holds in columns, for an output that has a fixed number of them.

        Args:
            is_read_once: it cannot be read through to find them.

        Raises:
            ConfigError: it cannot be read, or has too many.
        """
        ...


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The headings with each name once: the second `name` is `name_2`, and an empty third one `column3`."""
    wanted = [name.strip() or f"column{place}" for place, name in enumerate(names, 1)]
    # A name that stands there as it is goes before one that would be made up: `name, name, name_2` keeps its third.
    taken = set(wanted)
    counts: dict[str, int] = {}
    seen: set[str] = set()
    unique: list[str] = []
    for name in wanted:
        free = name
        if name in seen:
            # From the last number on: a heading that is there a thousand times is counted up once.
            count = counts.get(name, 1) + 1
            while (free := f"{name}_{count}") in taken or free in seen:
                count += 1
            counts[name] = count
        seen.add(free)
        unique.append(free)
    return tuple(unique)
