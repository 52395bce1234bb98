"""The fingerprint of an input, which shows whether the input has changed, and its size, from reading it once."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import field, frozen

from ..errors import ConfigError, JobStopped
from ..tables import files_of
from ..tables.input import cannot_read, open_file

__all__ = ["Ending", "InputFingerprint", "ending_of"]

_PIECE = 1024 * 1024
# Some file systems store times to two seconds: a change so soon after another may not show.
_TRUSTED_AFTER = 2_000_000_000


@frozen
class _Stamp:
    """The metadata of a file. They show a change without reading it, unless it was changed moments before."""

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
class Ending:
    """How a text file ends, which shows later whether its last line was whole.

    Attributes:
        lines: line breaks in it.
        last: hash of what follows the last of them; empty if nothing does.
    """

    lines: int
    last: str


def ending_of(line: bytes) -> str:
    """The hash of a line without its end, of one that is very long of its last mebibyte; empty of an empty line."""
    text = line.strip(b"\0\r\n")[-_PIECE:]
    return hashlib.sha256(text).hexdigest()[:16] if text else ""


@frozen(kw_only=True)
class InputFingerprint:
    """The fingerprint and the size of a file, or of a folder of files.

    Attributes:
        sha256: of all its bytes, in hex; of a folder: of its files' names and SHA-256; empty after a `glance`.
        lines: line breaks in it; about as many as rows, if lines are rows.
        files: how many files it consists of.
        endings: how each of them ends, by name; empty after a `glance`.
        stamps: of each of them.
        is_settled: whether they had not been changed for some seconds. Only then do equal stamps prove equal files.
    """

    sha256: str
    lines: int
    files: int = 1
    endings: Mapping[str, Ending] = field(factory=dict[str, Ending])
    stamps: tuple[_Stamp, ...] = ()
    is_settled: bool = False

    @classmethod
    def of(cls, path: Path, *, now: Callable[[], int] = time.time_ns) -> InputFingerprint:
        """Read the whole file or folder once.

        Args:
            path: the file or the folder.
            now: the time in nanoseconds since the epoch; for tests.

        Raises:
            ConfigError: it cannot be read, or another program is writing it.
        """
        if path.is_dir():
            return cls._of_folder(path, now)
        digest = hashlib.sha256()
        lines, last = 0, b""
        with open_file(path) as file:
            began, stamp = now(), _Stamp.of(path, os.fstat(file.fileno()))
            try:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    lines += piece.count(b"\n")
                    last = piece[piece.rfind(b"\n") + 1 :] if b"\n" in piece else (last + piece)[-2 * _PIECE :]
            except OSError as error:
                raise cannot_read(str(path), error) from None
            if _Stamp.of(path, os.fstat(file.fileno())).size != stamp.size:
                raise ConfigError(f"{path} is being written by another program: wait until it is complete.")
        is_settled = max(stamp.modified, stamp.changed) + _TRUSTED_AFTER < began
        endings = {path.name: Ending(lines=lines, last=ending_of(last))}
        return cls(sha256=digest.hexdigest(), lines=lines, endings=endings, stamps=(stamp,), is_settled=is_settled)

    @classmethod
    def _of_folder(cls, folder: Path, now: Callable[[], int]) -> InputFingerprint:
        files = {path.name: cls.of(path, now=now) for path in files_of(folder)}
        digest = hashlib.sha256(json.dumps({name: file.sha256 for name, file in files.items()}).encode())
        return cls(
            sha256=digest.hexdigest(),
            lines=sum(file.lines for file in files.values()),
            files=len(files),
            endings={name: ending for file in files.values() for name, ending in file.endings.items()},
            stamps=tuple(stamp for file in files.values() for stamp in file.stamps),
            is_settled=all(file.is_settled for file in files.values()),
        )

    @classmethod
    def glance(cls, path: Path) -> InputFingerprint:
        """The stamps alone, without reading the file.

        Raises:
            ConfigError: it does not exist.
        """
        try:
            return cls(sha256="", lines=0, stamps=_stamps(path), is_settled=True)
        except OSError as error:
            raise cannot_read(str(path), error) from None

    def check(self, path: Path) -> None:
        """Check that the input is unchanged, by its stamps if these are proof, or else by its SHA-256.

        Args:
            path: as given to `of` or `glance`.

        Raises:
            JobStopped: it was changed, or can no longer be read.
        """
        try:
            is_same = self.is_settled and self.stamps == _stamps(path)
            if not is_same and self.sha256:
                is_same = InputFingerprint.of(path).sha256 == self.sha256
        except (ConfigError, OSError):
            is_same = False
        if not is_same:
            raise JobStopped(
                f"{path} was changed during the run: rows may be missing, or come from the old or the new content."
                " Check it before you go on."
            )


def _stamps(path: Path) -> tuple[_Stamp, ...]:
    paths = files_of(path) if path.is_dir() else (path,)
    return tuple(_Stamp.of(file, file.stat()) for file in paths)
