"""A file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path

__all__ = ["replacing", "sync_directory"]


@contextlib.contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A place beside `path` to write to. When the block ends well, what was written there takes the name `path`.

    On any error `path` is as it was. A `kill -9` may leave the file beside it, which the next attempt replaces.
    """
    # Behind a link it is the file that is replaced, not the link.
    target = path.resolve()
    place = target.with_name(target.name + ".part")
    try:
        yield place
        if target.exists():
            shutil.copymode(target, place)
        with place.open("r+b") as file:
            os.fsync(file.fileno())
        place.replace(target)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def sync_directory(path: Path) -> None:
    """Make the names in it safe from a power cut, where that can be done at all: Windows cannot, and some need not."""
    with contextlib.suppress(OSError):
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
