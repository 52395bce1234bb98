"""A file that only one process writes: private to its owner, never opened through a link, locked by its descriptor."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Generator
from io import FileIO
from pathlib import Path
from typing import Self

from ..errors import ConfigError, JobStopped

try:
    import fcntl
except ImportError:  # Windows has no such locks: there the user starts one job at a time
    fcntl = None  # type: ignore[assignment]

__all__ = ["OwnFile", "cannot_write", "sync_directory"]

# Windows lacks this flag: `_opened` looks for a link before it opens the file.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_PRIVATE = 0o600
_FULL = frozenset({errno.ENOSPC, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)})


class OwnFile:
    """An open file to read and append to. Make one with `create` or `open`.

    Its lock ends with `close`, or with the process however it ends. The lock is on the file, not on its name.
    """

    def __init__(self, file: FileIO, *, path: Path) -> None:
        self.path = path
        self._file = file

    @classmethod
    def create(cls, path: Path, *, mode: int = _PRIVATE) -> Self:
        """A new file, with `mode` before the umask; by default only its owner may read and write it.

        Raises:
            ConfigError: the name exists, also if another process was faster, or the file cannot be written.
        """
        try:
            # "x" refuses any name that exists, even that of a broken link.
            file = _opened(path, "xb+", mode=mode)
        except FileExistsError:
            raise ConfigError(f"{path} exists: choose another name.") from None
        except OSError as error:
            raise cannot_write(path, error) from None
        try:
            with _closed_on_error(file):
                _lock(file, path)
        except ConfigError as error:
            if not isinstance(error.__cause__, BlockingIOError):  # no other process holds it
                path.unlink()
            raise
        return cls(file, path=path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing file.

        Raises:
            ConfigError: another process holds it, its file system has no locks, it is a link or not a file, or it
                cannot be written.
        """
        while True:
            try:
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise ConfigError(f"{path} is not a file, or is a link: remove it, or choose another name.")
                file = _opened(path, "rb+")
            except OSError as error:
                raise cannot_write(path, error) from None
            with _closed_on_error(file):
                _lock(file, path)
            own = cls(file, path=path)
            # The process that held it before may have replaced it.
            if own.is_in_place:
                return own
            own.close()

    @property
    def is_in_place(self) -> bool:
        """Whether `path` still names this file."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            return False

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def check(self, size: int) -> None:
        """Check that no other program changed the file; writes to a removed one would succeed, and be lost.

        Args:
            size: the bytes that this process left in it.

        Raises:
            JobStopped: it was removed, renamed, replaced, cut or appended to.
        """
        if not self.is_in_place:
            raise JobStopped(
                f"Cannot write {self.path}: it was removed, renamed or replaced during the run. Put it back before"
                " you resume."
            )
        found = self.size
        if found != size:
            what = "cut it" if found < size else "wrote to it"
            raise JobStopped(
                f"{self.path} was changed during the run: another program {what} ({found:,} bytes where there were"
                f" {size:,}). Stop that program first."
            )

    def write(self, data: bytes) -> None:
        """Append all of the data, or nothing. Raises OSError."""
        size = self.size
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except BaseException:
            # A partial group would be damage in the middle once the next one followed it.
            with contextlib.suppress(OSError):
                self._file.truncate(size)
            raise

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes if it is longer. Raises OSError."""
        if self.size > size:
            self._file.truncate(size)

    def sync(self) -> None:
        """Make the file safe from a power cut. Raises OSError."""
        os.fsync(self._file.fileno())

    def replace(self, path: Path, *, held: OwnFile | None = None) -> None:
        """Take the name `path` atomically, with the mode and the owner of the file that has it now.

        Args:
            path: an existing file of the same folder, or a free name.
            held: the open file of that name, if there is one. It is closed.

        Raises:
            OSError: it cannot be renamed. `path` is unchanged.
        """
        self._take_mode(path)
        self.sync()
        if fcntl is not None:
            self.path.replace(path)
            if held is not None:
                held.close()
        else:
            # Windows cannot rename an open file, and there is no lock to lose.
            for file in (self, *([held] if held else [])):
                file.close()
            self.path.replace(path)
            self._file = _opened(path, "rb+")
        self.path = path
        sync_directory(path.parent)

    def _take_mode(self, path: Path) -> None:
        try:
            there = path.stat()
        except FileNotFoundError:
            return
        mode = stat.S_IMODE(there.st_mode)
        number = self._file.fileno()
        mine = os.fstat(number)
        if (there.st_uid, there.st_gid) != (mine.st_uid, mine.st_gid) and hasattr(os, "fchown"):
            try:
                os.fchown(number, there.st_uid, there.st_gid)
            except OSError:
                mode &= ~stat.S_IRWXG  # its group stays another one, which may not read it
        os.chmod(number if os.chmod in os.supports_fd else self.path, mode)  # noqa: PTH101 - of the open file

    def close(self) -> None:
        """Close the file and release its lock. Closing it again does nothing."""
        self._file.close()

    def remove(self) -> None:
        """Delete the file, if `path` still names it, and close it."""
        with contextlib.suppress(OSError):
            if self.is_in_place:
                if fcntl is None:
                    self.close()  # Windows cannot delete an open file
                self.path.unlink()
        self.close()


def _opened(path: Path, how: str, *, mode: int = _PRIVATE) -> FileIO:
    if not _NO_FOLLOW and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_APPEND | _NO_FOLLOW, mode)

    return FileIO(str(path), how, opener=opener)


def _lock(file: FileIO, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(f"Another process is writing {path}: wait for it, or stop it first.") from error
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"Cannot lock {path}: {why}. Write it to a disk of this machine.") from error


@contextlib.contextmanager
def _closed_on_error(file: FileIO) -> Generator[None]:
    try:
        yield
    except BaseException:
        file.close()
        raise


def sync_directory(path: Path) -> None:
    """Make the names in a directory safe from a power cut, where the system can: Windows cannot."""
    with contextlib.suppress(OSError):
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def cannot_write(path: Path, error: OSError) -> ConfigError | JobStopped:
    """The error of an output that the system does not let the process write, before the first call.

    A full disk is no wrong argument, so it is the error that it is later too.
    """
    kind = JobStopped if error.errno in _FULL else ConfigError
    return kind(f"Cannot write {path}: {error.strerror or error}.")
