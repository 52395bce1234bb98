"""A file that one process alone writes: made for its owner, opened through no link, locked by its own descriptor."""

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
except ImportError:  # Windows has no advisory locks of this kind: there the user starts one job at a time
    fcntl = None  # type: ignore[assignment]

__all__ = ["OwnFile", "cannot_write", "sync_directory"]

# Windows has no such flag, and links there need a right of their own: it is looked for before the file is opened.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_PRIVATE = 0o600


class OwnFile:
    """An open file that is read and appended to. Its lock ends when it is closed, and with the process however it ends.

    The lock is on the file itself, so it holds whatever name the file is opened by. Make one with `create` or `open`.

    Attributes:
        path: its name.
    """

    def __init__(self, file: FileIO, *, path: Path) -> None:
        self.path = path
        self._file = file

    @classmethod
    def create(cls, path: Path, *, mode: int = _PRIVATE) -> Self:
        """A new file.

        Args:
            path: its name, which is not taken.
            mode: who may read and write it, before the umask; by default its owner alone.

        Raises:
            ConfigError: there is something of that name, another process was faster, or it cannot be written.
        """
        try:
            # "x" takes no name that is there, not even that of a link that leads nowhere.
            file = _opened(path, "xb+", mode=mode)
        except FileExistsError:
            raise ConfigError(f"{path} exists: choose another name.") from None
        except OSError as error:
            raise cannot_write(path, error) from None
        try:
            with _closed_on_error(file):
                _lock(file, path)
        except ConfigError as error:
            if not isinstance(error.__cause__, BlockingIOError):  # no other process has it
                path.unlink()
            raise
        return cls(file, path=path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A file that is there, as it is.

        Raises:
            ConfigError: another process holds it, its file system has no locks, it is a link or no file, or it cannot
                be written.
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
            # The process that held it before may have put another file in its place.
            if own.is_in_place:
                return own
            own.close()

    @property
    def is_in_place(self) -> bool:
        """Is it this file that has the name?"""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            return False

    @property
    def size(self) -> int:
        """Its bytes."""
        return os.fstat(self._file.fileno()).st_size

    def check(self, size: int) -> None:
        """See that nothing else has changed it: it takes writes as before after it was removed, and none is ever read.

        Args:
            size: how many bytes this process left in it.

        Raises:
            JobStopped: it was removed, renamed, replaced, cut or added to.
        """
        if not self.is_in_place:
            raise JobStopped(f"Cannot write {self.path}: it was removed, renamed or replaced during the run.")
        found = self.size
        if found != size:
            what = "cut it" if found < size else "wrote to it"
            raise JobStopped(
                f"{self.path} was changed during the run: another program {what} ({found:,} bytes where there were"
                f" {size:,}). Stop that program first."
            )

    def write(self, data: bytes) -> None:
        """Append all of it, or, if that fails, nothing.

        Raises:
            OSError: the system does not take it.
        """
        size = self.size
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except BaseException:
            # Half a group would be damage in the middle once the next one stood behind it.
            with contextlib.suppress(OSError):
                self._file.truncate(size)
            raise

    def truncate(self, size: int) -> None:
        """Cut what lies behind the first `size` bytes.

        Raises:
            OSError: the system does not let it.
        """
        if self.size > size:
            self._file.truncate(size)

    def sync(self) -> None:
        """Make it safe from a power cut.

        Raises:
            OSError: the disk does not take it.
        """
        os.fsync(self._file.fileno())

    def replace(self, path: Path, *, held: OwnFile | None = None) -> None:
        """Take the name `path`, in one step, and the mode and the owner of the file that has it now.

        Args:
            path: a file of the same folder, or a name that is free.
            held: the file that has that name, where it is open here. It is closed.

        Raises:
            OSError: the system does not let it. What has the name keeps it.
        """
        self._take_mode(path)
        self.sync()
        if fcntl is not None:
            self.path.replace(path)
            if held is not None:
                held.close()
        else:
            # Windows renames no open file, and there is no lock to lose.
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
                mode &= ~stat.S_IRWXG  # the group is another one, which may not read it
        os.chmod(number if os.chmod in os.supports_fd else self.path, mode)  # noqa: PTH101 - of the open file

    def close(self) -> None:
        """Close it, which gives the lock back. A second time does nothing."""
        self._file.close()

    def remove(self) -> None:
        """Take its name away, if it still has it; then close it."""
        with contextlib.suppress(OSError):
            if self.is_in_place:
                if fcntl is None:
                    self.close()  # Windows removes no open file
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
    """Make the names in it safe from a power cut, where that can be done at all: Windows cannot, and some need not."""
    with contextlib.suppress(OSError):
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def cannot_write(path: Path, error: OSError) -> ConfigError:
    """The error of a file that the system does not let us write, before the first call."""
    return ConfigError(f"Cannot write {path}: {error.strerror or error}.")
