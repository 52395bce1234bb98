"""Which paths a job may write: new files and its own files, never its input. Checked before the first call."""

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
"""By which our reports are recognised. It stands in the first 200 bytes."""

_MARK_WITHIN = 200
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_output(output: Path, *, source: Path | None) -> None:
    """Check that a job may write `output` and the files beside it. An output of a job passes: a resume needs it.

    Args:
        output: a file.
        source: the input, a file or a folder; None for a stream.

    Raises:
        ConfigError: one of them is the input, lies in its folder, is no file, or exists and was not made by a job.
    """
    _check_kind(_Resolved.of(output))
    _check_name(output)
    written = _written(output)
    for beside in written[1:]:
        resolved = _Resolved.of(beside)  # first, since it refuses a name that is too long
        if beside.is_symlink():
            raise ConfigError(f"{beside} is a link, and {output} needs that name: remove it, or choose another output.")
        _check_kind(resolved)
    _check_apart(written, source)
    job = Manifest.path(output)
    if job.exists() and not _is_job(output):
        raise ConfigError(
            f"{job} is no job file or is damaged, so {output} cannot be resumed or begun: choose another output."
        )


def check_report(report: Path, *, output: Path, source: Path | None) -> None:
    """Check that a job's report may be written: to a new file, or over an older report.

    Args:
        report: the page.
        output: the output that it describes.
        source: the input, a file or a folder; None for a stream.

    Raises:
        ConfigError: it may not, or cannot, be written.
    """
    target = _Resolved.of(report)
    _check_kind(target)
    _check_apart([*_written(output), report], source)
    if target.state is not None and not _is_report(target.real):
        raise ConfigError(f"{report} exists and is not a report of this program: choose another name for the report.")
    if not os.access(target.real.parent, os.W_OK):
        raise ConfigError(f"Cannot write {report}: its folder is not writable.")


def check_stream(descriptor: int, *, source: Path) -> None:
    """Check that an output stream is not the input, as in `etelecom bulk a.csv -o - >> a.csv`.

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
class _Resolved:
    """A path resolved: links, `..`, another case or another Unicode form can lead to one file.

    Attributes:
        path: as given.
        real: without links. The file need not exist.
        state: of the file; None if it does not exist.
        folder: of its folder.
    """

    path: Path
    real: Path
    state: os.stat_result | None
    folder: os.stat_result

    @classmethod
    def of(cls, path: Path) -> _Resolved:
        try:
            # A broken link leads to the file that writing through it would make.
            real = Path(os.path.realpath(path))
            return cls(path, real, _state(real), real.parent.stat())
        except FileNotFoundError:
            raise ConfigError(f"Cannot write {path}: its folder is missing.") from None
        except (OSError, ValueError) as error:  # a name may hold a NUL
            raise ConfigError(f"Cannot write {path}: {getattr(error, 'strerror', None) or error}.") from None

    def is_same(self, other: _Resolved) -> bool:
        if self.state is not None and other.state is not None:
            return os.path.samestat(self.state, other.state)
        # Before the files exist, nothing shows whether this disk distinguishes "a.csv" and "A.CSV".
        return os.path.samestat(self.folder, other.folder) and _folded(self.real) == _folded(other.real)

    def is_in(self, folder: os.stat_result) -> bool:
        for parent in self.real.parents:
            with contextlib.suppress(OSError):
                if os.path.samestat(parent.stat(), folder):
                    return True
        return False


def _written(output: Path) -> list[Path]:
    """The output, then the files beside it."""
    return list(dict.fromkeys((output, Manifest.path(output), journal_of(output))))


def _check_kind(target: _Resolved) -> None:
    """Only a regular file can be read back and replaced."""
    for is_kind, what in _KINDS:
        if target.state is not None and is_kind(target.state.st_mode):
            raise ConfigError(f"{target.path} is {what}: name a file.")


def _check_name(output: Path) -> None:
    """No output may have the name of a file that lies beside another output."""
    owner = output.with_suffix("")
    if output.suffix == ".job":
        raise ConfigError(f"{output} has the name of a job file: choose another output.")
    if owner != output and journal_of(owner) == output and (owner.exists() or Manifest.path(owner).exists()):
        raise ConfigError(f"{output} has the name of the journal of {owner}: choose another output.")


def _check_apart(written: Sequence[Path], source: Path | None) -> None:
    resolved = [_Resolved.of(path) for path in written]
    if source is not None:
        folder = source.stat() if source.is_dir() else None
        inputs = list(_files(source))
        for target in resolved:
            if target.state is not None and _is_one_of(target.state, inputs):
                raise ConfigError(f"{target.path} is the input itself: name another file.")
            if folder is not None and target.is_in(folder):
                raise ConfigError(f"{target.path} lies in the input's folder: choose another folder.")
    for at, target in enumerate(resolved):
        for other in resolved[:at]:
            if target.is_same(other):
                raise ConfigError(f"{target.path} and {other.path} would be one file: choose another name.")


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
    """The input, and the files in it if it is a folder."""
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
    """A name on a disk that distinguishes neither case nor Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path.name).casefold())
