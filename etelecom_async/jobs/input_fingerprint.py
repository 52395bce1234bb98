"""What one look through an input file tells: which file it is, about how long, and later whether it was changed."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from ..errors import ConfigError, JobStopped
from ..tables import files_of
from ..tables.input import cannot_read, open_file

__all__ = ["InputFingerprint"]

_PIECE = 1024 * 1024
# Some disks keep times by the second or two: a change so soon after the last one may not show in them.
_TRUSTED_AFTER = 2_000_000_000


@frozen
class _Stamp:
    """What shows a change of a file without reading it: as good as sure, once it has been left alone for a moment."""

    name: str
    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, path: Path, state: os.stat_result) -> _Stamp:
        return cls(path.name, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


@frozen(kw_only=True)
class InputFingerprint:
    """The fingerprint and the size of a file, or of a folder of files.

    Attributes:
        sha256: of all its bytes, in hex; of a folder that of its files' names and theirs; empty after a `glance`.
        lines: line breaks in it; about its rows, where lines are rows.
        files: how many files it is.
        stamps: of each of them.
        is_settled: had they been left alone for a while? Only then does an equal stamp show an equal file.
    """

    sha256: str
    lines: int
    files: int = 1
    stamps: tuple[_Stamp, ...] = ()
    is_settled: bool = False

    @classmethod
    def of(cls, path: Path, *, now: Callable[[], int] = time.time_ns) -> InputFingerprint:
        """Read the whole of it once.

        Args:
            path: the file or the folder.
            now: the time in nanoseconds since the epoch; for tests.

        Raises:
            ConfigError: it cannot be read, or another program is writing it.
        """
        if path.is_dir():
            return cls._of_folder(path, now)
        digest = hashlib.sha256()
        lines = 0
        with open_file(path) as file:
            began, stamp = now(), _Stamp.of(path, os.fstat(file.fileno()))
            try:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    lines += piece.count(b"\n")
            except OSError as error:
                raise cannot_read(str(path), error) from None
            if _Stamp.of(path, os.fstat(file.fileno())).size != stamp.size:
                raise ConfigError(f"{path} is being written by another program: wait until it is complete.")
        is_settled = max(stamp.modified, stamp.changed) + _TRUSTED_AFTER < began
        return cls(sha256=digest.hexdigest(), lines=lines, stamps=(stamp,), is_settled=is_settled)

    @classmethod
    def _of_folder(cls, folder: Path, now: Callable[[], int]) -> InputFingerprint:
        files = {path.name: cls.of(path, now=now) for path in files_of(folder)}
        digest = hashlib.sha256(json.dumps({name: file.sha256 for name, file in files.items()}).encode())
        return cls(
            sha256=digest.hexdigest(),
            lines=sum(file.lines for file in files.values()),
            files=len(files),
            stamps=tuple(stamp for file in files.values() for stamp in file.stamps),
            is_settled=all(file.is_settled for file in files.values()),
        )

    @classmethod
    def glance(cls, path: Path) -> InputFingerprint:
        """What shows without reading it.

        Raises:
            ConfigError: it is not there.
        """
        try:
            return cls(sha256="", lines=0, stamps=_stamps(path), is_settled=True)
        except OSError as error:
            raise cannot_read(str(path), error) from None

    def check(self, path: Path) -> None:
        """See that the input is still the same, by its stamps where these are proof, or else by its fingerprint.

        Args:
            path: as it was surveyed.

        Raises:
            JobStopped: it was changed, or cannot be read any more.
        """
        try:
            is_same = self.is_settled and self.stamps == _stamps(path)
            if not is_same and self.sha256:
                is_same = InputFingerprint.of(path).sha256 == self.sha256
        except (ConfigError, OSError):
            is_same = False
        if not is_same:
            raise JobStopped(
                f"{path} was changed during the run: rows may have been left out, or be of the old or the new content."
                " Look at it before you go on."
            )


def _stamps(path: Path) -> tuple[_Stamp, ...]:
    places = files_of(path) if path.is_dir() else (path,)
    return tuple(_Stamp.of(place, place.stat()) for place in places)
