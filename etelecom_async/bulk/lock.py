"""One job at a time per output: two at once would write every row twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from io import FileIO
from pathlib import Path

from ..errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind, and there the user sees to it
    fcntl = None  # type: ignore[assignment]

__all__ = ["exclusively"]


@contextlib.contextmanager
def exclusively(output: Path) -> Generator[None]:
    """Hold an output's lock, a file beside it that the system frees when the process ends, however it ends.

    Raises:
        ConfigError: another process holds it, the folder cannot be written, or its file system has no locks.
    """
    place = output.with_name(output.name + ".lock")
    with _locked(place, output):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # left behind it does no harm: nobody holds it
                place.unlink()


def _locked(place: Path, output: Path) -> FileIO:
    while True:
        try:
            file = FileIO(place, "w")
        except OSError as error:
            raise ConfigError(f"Cannot write {output}: {error.strerror or error}.") from None
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise ConfigError(f"Another process is writing {output}: wait for it, or stop it first.") from None
        except OSError as error:
            file.close()
            why = error.strerror or error
            raise ConfigError(f"Cannot lock {output}: {why}. Write it to a disk of this machine.") from None
        # It locks nothing any more where whoever held it before has just removed it.
        with contextlib.suppress(OSError):
            if os.path.samestat(place.stat(), os.fstat(file.fileno())):
                return file
        file.close()
