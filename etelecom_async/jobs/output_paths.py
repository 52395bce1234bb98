"""Which paths may be written: new files and files of ours, and never an input. Decided before the first call."""

from __future__ import annotations

import contextlib
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from ..errors import ConfigError
from ..tables import journal_of
from .manifest import Manifest

__all__ = ["REPORT_MARK", "check_output", "check_report", "check_stream"]

REPORT_MARK = '<meta name="generator" content="etelecom bulk --report">'
"""What tells a report of ours from every other page. It stands in the first 200 bytes."""

_MARK_WITHIN = 200
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_output(output: Path, *, source: Path | None) -> None:
    """See that a job may write `output` and the files beside it. An output of a job is not judged: a resume wants it.

    Args:
        output: a file.
        source: the input, a file or a folder; None for a stream.

    Raises:
        ConfigError: one of them is the input, lies in its folder, is no file, or is there and was not made by a job.
    """
    _check_kind(_Place.of(output))
    _check_name(output)
    written = _written(output)
    for beside in written[1:]:
        if beside.is_symlink():
            raise ConfigError(f"{beside} is a link, and {output} needs that name: remove it, or choose another output.")
        _check_kind(_Place.of(beside))
    _check_apart(written, source)
    job = Manifest.place(output)
    if job.exists() and not _is_job(output):
        raise ConfigError(
            f"{job} is no job file or is damaged, so {output} cannot be resumed or begun: choose another output."
        )


def check_report(report: Path, *, output: Path, source: Path | None) -> None:
    """See that a job's report may be written: to a new file, or over a report.

    Args:
        report: the page.
        output: the output that it tells of.
        source: the input, a file or a folder; None for a stream.

    Raises:
        ConfigError: it may not, or cannot.
    """
    place = _Place.of(report)
    _check_kind(place)
    _check_apart([*_written(output), report], source)
    if place.state is not None and not _is_report(place.real):
        raise ConfigError(f"{report} exists and is no report of ours: choose another name for the report.")
    if not os.access(place.real.parent, os.W_OK):
        raise ConfigError(f"Cannot write {report}: its folder may not be written to.")


def check_stream(descriptor: int, *, source: Path) -> None:
    """See that an output stream is not the input, as in `etelecom bulk a.csv -o - >> a.csv`.

    Args:
        descriptor: of the stream.
        source: the input, a file or a folder.

    Raises:
        ConfigError: it is.
    """
    state = os.fstat(descriptor)
    if stat.S_ISREG(state.st_mode) and _is_one_of(state, _files(source)):
        raise ConfigError("Standard output is the input itself: write to another file.")


@frozen
class _Place:
    """Where a path leads, whatever it is called: links, `..`, another case, another Unicode form.

    Attributes:
        path: as it was given.
        real: the same without links. The file need not be there.
        state: of the file; None where there is none.
        folder: of its folder.
    """

    path: Path
    real: Path
    state: os.stat_result | None
    folder: os.stat_result

    @classmethod
    def of(cls, path: Path) -> _Place:
        try:
            # A link that leads nowhere leads to the file that would be made.
            real = Path(os.path.realpath(path))
            return cls(path, real, _state(real), real.parent.stat())
        except FileNotFoundError:
            raise ConfigError(f"Cannot write {path}: its folder is missing.") from None
        except (OSError, ValueError) as error:  # a name may hold a NUL
            raise ConfigError(f"Cannot write {path}: {getattr(error, 'strerror', None) or error}.") from None

    def is_same(self, other: _Place) -> bool:
        if self.state is not None and other.state is not None:
            return os.path.samestat(self.state, other.state)
        # Of files that are not there yet it cannot be seen whether the disk tells "a.csv" from "A.CSV".
        return os.path.samestat(self.folder, other.folder) and _folded(self.real) == _folded(other.real)

    def is_in(self, folder: os.stat_result) -> bool:
        for parent in self.real.parents:
            with contextlib.suppress(OSError):
                if os.path.samestat(parent.stat(), folder):
                    return True
        return False


def _written(output: Path) -> list[Path]:
    """The output first, then what lies beside it."""
    return list(dict.fromkeys((output, Manifest.place(output), journal_of(output))))


def _check_kind(place: _Place) -> None:
    """Only a regular file can be read back, and replaced."""
    for is_kind, what in _KINDS:
        if place.state is not None and is_kind(place.state.st_mode):
            raise ConfigError(f"{place.path} is {what}: name a file.")


def _check_name(output: Path) -> None:
    """The files beside an output have names of their own, which no other output may take."""
    owner = output.with_suffix("")
    if output.suffix == ".job":
        raise ConfigError(f"{output} has the name of a job file: choose another output.")
    if owner != output and journal_of(owner) == output and (owner.exists() or Manifest.place(owner).exists()):
        raise ConfigError(f"{output} has the name of the journal of {owner}: choose another output.")


def _check_apart(written: Sequence[Path], source: Path | None) -> None:
    places = [_Place.of(path) for path in written]
    if source is not None:
        folder = source.stat() if source.is_dir() else None
        inputs = list(_files(source))
        for place in places:
            if place.state is not None and _is_one_of(place.state, inputs):
                raise ConfigError(f"{place.path} is the input itself: name another file.")
            if folder is not None and place.is_in(folder):
                raise ConfigError(f"{place.path} lies in the input's folder: write it to another one.")
    for at, place in enumerate(places):
        for other in places[:at]:
            if place.is_same(other):
                raise ConfigError(f"{place.path} and {other.path} would be one file: choose another name.")


def _is_job(output: Path) -> bool:
    try:
        Manifest.load(output)
    except ConfigError:
        return False
    return True


def _is_report(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return REPORT_MARK.encode() in file.read(_MARK_WITHIN)
    except OSError:
        return False


def _files(source: Path) -> Iterator[os.stat_result]:
    """The input, and what is in it where it is a folder."""
    with contextlib.suppress(OSError):
        for path in (source, *(source.iterdir() if source.is_dir() else ())):
            with contextlib.suppress(OSError):
                yield path.stat()


def _is_one_of(state: os.stat_result, files: Iterable[os.stat_result]) -> bool:
    return any(os.path.samestat(state, file) for file in files)


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _folded(path: Path) -> str:
    """A name as a disk sees it that minds neither case nor Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path.name).casefold())
