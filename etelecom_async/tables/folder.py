"""A folder of files as one table, as data lakes store it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..errors import ConfigError
from .base import Row, Source
from .input import cannot_read
from .reading import OPTIONS, Reading

__all__ = ["FolderSource", "files_of"]


def files_of(folder: Path) -> tuple[Path, ...]:
    """The data files of a folder, sorted by name, without names such as `_SUCCESS` or `.tmp`.

    Raises:
        ConfigError: there are none, there is a folder among them, or it cannot be read.
    """
    return _contents(folder)[0]


def _contents(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The data files, and the pipes and devices that are skipped, since reading them may never end."""
    try:
        found = sorted(place for place in folder.iterdir() if not place.name.startswith(("_", ".")))
        # A broken link is missing data: it is kept, so that opening it fails.
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
    """The rows of all files of a folder, in the order of their names, numbered across files.

    The files must have the same kind, form and columns, in any order; NDJSON objects may lack keys.

    Args:
        folder: where the files are.
        open_file: opens one of them.
        reading: what the user says about them.
        columns: the headings, if they are known.

    Raises:
        Undecided: a file can be read in several ways.
        ConfigError: there are no files, one cannot be read, or they differ. The message names the file.
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
        # A source holds the start of its file, and there may be thousands of files: sources are not kept.
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
        rows = "" if length is None else f", {length:,} {'row' if length == 1 else 'rows'}"
        names = ", ".join(place.name for place in skipped)
        skipped_files = f"; skipped pipes, sockets or devices: {names}" if skipped else ""
        form = first.description if first.length is None else first.description.partition(", ")[0]
        self.description = f"{files}, {form}{rows}{skipped_files}"

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

    def first_rows(self) -> Iterator[Row]:
        return self.rows()

    def as_table(self, *, is_read_once: bool) -> FolderSource:
        found = dict.fromkeys(self.columns)
        for path in self._files:
            found.update(dict.fromkeys(self._open(path, self.reading).as_table(is_read_once=is_read_once).columns))
        return FolderSource(self._folder, self._open, reading=self.reading, columns=tuple(found))

    def _arranged(self, row: Row, columns: Sequence[str]) -> tuple[tuple[object, ...], dict[str, object]]:
        """The cells of a file's row in the order of the folder's columns, and the cells under other keys."""
        held = {**dict(zip(columns, row.cells, strict=True)), **row.extra}
        return tuple(held.pop(column, None) for column in self.columns), held


def _either(kind: str, other: str) -> str:
    """The type, or `int64 | string` if files differ, which is no Arrow type but shows what there is."""
    return kind if other in kind.split(" | ") else f"{kind} | {other}"


def _check_alike(source: Source, path: Path, first: Source, first_path: Path) -> None:
    if source.kind != first.kind:
        raise ConfigError(f"{path} is {source.kind}, {first_path} is {first.kind}: name a folder of one kind.")
    for name, option in OPTIONS.items():
        here, there = getattr(source.reading, name), getattr(first.reading, name)
        if here != there:
            raise ConfigError(
                f"{path} is read with {name} {here!r}, {first_path} with {there!r}: save them alike, or give {option}"
                " for all of them."
            )
    if source.kind != "ndjson" and set(source.columns) != set(first.columns):
        raise ConfigError(f"{path} has other columns than {first_path}: give every file the same.")
