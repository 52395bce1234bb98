"""A folder of files as one table, which is how a data lake keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..errors import ConfigError
from .base import Row, Source
from .input import cannot_read
from .reading import OPTIONS, Reading

__all__ = ["FolderSource", "files_of"]


def files_of(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that are its data, by name: what begins with `_` or `.` is a writer's own, as `_SUCCESS`.

    Raises:
        ConfigError: there are none, there is a folder among them, or it cannot be read.
    """
    return _contents(folder)[0]


def _contents(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The data, and what is passed over: a pipe would be waited for without end, and a device has none."""
    try:
        found = sorted(place for place in folder.iterdir() if not place.name.startswith(("_", ".")))
        # A link that leads nowhere is data that is missing: it is kept, and opening it says so.
        skipped = [place for place in found if place.exists() and not place.is_file() and not place.is_dir()]
    except OSError as error:
        raise cannot_read(str(folder), error) from None
    inner = next((place for place in found if place.is_dir()), None)
    if inner is not None:
        raise ConfigError(f"{folder} has folders in it ({inner.name}): name one that has only files.")
    files = tuple(place for place in found if place not in skipped)
    if not files:
        raise ConfigError(f"{folder} is a directory without files: name a file, or a folder of them.")
    return files, tuple(skipped)


class FolderSource:
    """The rows of all files of a folder, one file after another by their names; a row's number counts through all.

    The files are of one kind, are read alike and have the same columns, in any order; objects of NDJSON may lack keys.

    Args:
        folder: what holds the files.
        open_file: opens one of them, with what is known of how it is read.
        reading: what the user says of it.
        columns: the headings, if they are known.

    Raises:
        Undecided: one can be read in several ways.
        ConfigError: there are no files, one cannot be read, or they do not go together. The sentence names it.
    """

    def __init__(
        self,
        folder: Path,
        open_file: Callable[[Path, Reading], Source],
        *,
        reading: Reading,
        columns: tuple[str, ...] = (),
    ) -> None:
        self._folder = folder
        self._open = open_file
        self._files, skipped = _contents(folder)
        # A source holds the beginning of its file, and there may be thousands: only what it told is kept.
        first = open_file(self._files[0], reading)
        found = dict.fromkeys(first.columns)
        types, length = dict(first.types), first.length
        for path in self._files[1:]:
            source = open_file(path, reading)
            _check_alike(source, path, first, self._files[0])
            found.update(dict.fromkeys(source.columns))
            types = {name: _either(kind, source.types.get(name, "")) for name, kind in types.items()}
            length = None if length is None or source.length is None else length + source.length
        self.kind = first.kind
        self.dialect = first.dialect
        self.reading = first.reading
        self.columns = columns or tuple(found)
        self.types = types
        self.length = length
        files = "1 file" if len(self._files) == 1 else f"{len(self._files):,} files"
        rows = "" if length is None else f", {length:,} rows"
        names = ", ".join(place.name for place in skipped)
        passed_over = f"; passed over, since they are pipes, sockets or devices: {names}" if skipped else ""
        form = first.description if first.length is None else first.description.partition(", ")[0]
        self.description = f"{files}, {form}{rows}{passed_over}"

    def rows(self) -> Iterator[Row]:
        before = 0
        for path in self._files:
            source = self._open(path, self.reading)
            is_alike = source.columns == self.columns
            number = 0
            for row in source.rows():
                number = row.number
                cells, extra = (row.cells, row.extra) if is_alike else self._arranged(row, source.columns)
                yield Row(before + number, cells, row.problem, extra)
            before += number

    def as_table(self, *, is_read_once: bool) -> FolderSource:
        """The same with every key of every file a column.

        Raises:
            ConfigError: a file cannot be read, or has too many keys.
        """
        found = dict.fromkeys(self.columns)
        for path in self._files:
            found.update(dict.fromkeys(self._open(path, self.reading).as_table(is_read_once=is_read_once).columns))
        return FolderSource(self._folder, self._open, reading=self.reading, columns=tuple(found))

    def _arranged(self, row: Row, columns: Sequence[str]) -> tuple[tuple[object, ...], dict[str, object]]:
        """A row of a file with other columns, or in another order: its cells under those of the folder."""
        held = {**dict(zip(columns, row.cells, strict=True)), **row.extra}
        return tuple(held.pop(column, None) for column in self.columns), held


def _either(kind: str, other: str) -> str:
    """One type, or `int64 | string` of files that differ: no Arrow type, and yet it tells which there are."""
    return kind if other in kind.split(" | ") else f"{kind} | {other}"


def _check_alike(source: Source, path: Path, first: Source, first_path: Path) -> None:
    if source.kind != first.kind:
        raise ConfigError(f"{path} is {source.kind}, {first_path} is {first.kind}: name a folder of one kind.")
    for name, option in OPTIONS.items():
        here, there = getattr(source.reading, name), getattr(first.reading, name)
        if here != there:
            raise ConfigError(
                f"{path} is read with {name} {here!r}, {first_path} with {there!r}: save them alike, or say {option}"
                " for all of them."
            )
    if source.kind != "ndjson" and set(source.columns) != set(first.columns):
        raise ConfigError(f"{path} has other columns than {first_path}: give every file the same.")
