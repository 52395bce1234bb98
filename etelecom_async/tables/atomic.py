"""A file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Generator
from pathlib import Path

from .own_file import OwnFile

__all__ = ["draft_of", "remove_drafts", "replacing"]


_ROOM = 200


@contextlib.contextmanager
def draft_of(path: Path, *, mode: int = 0o600) -> Generator[OwnFile]:
    """A new file beside `path`, of a name that no other file has. It is removed on any error of the block.

    A `kill -9` may leave it, for `remove_drafts`.

    Raises:
        ConfigError: it cannot be made.
    """
    draft = OwnFile.create(path.with_name(f".{_short(path.name)}.{secrets.token_hex(4)}.part"), mode=mode)
    try:
        yield draft
    except BaseException:
        draft.remove()
        raise


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Generator[OwnFile]:
    """A new file that takes the name `path` when the block ends well, with the mode of a file that is there now.

    On any error `path` is as it was.

    Args:
        path: a file or a name that is free; no link.
        mode: of a file whose name is free, before the umask.

    Raises:
        ConfigError: the new file cannot be made.
        OSError: it cannot take the name.
    """
    with draft_of(path, mode=mode) as draft:
        yield draft
        draft.replace(path)
        draft.close()


def remove_drafts(path: Path) -> None:
    """Remove what killed processes left beside `path`. Only for the one process that may write `path`."""
    ours = re.compile(rf"\.{re.escape(_short(path.name))}\.[0-9a-f]{{8}}\.part")
    with contextlib.suppress(OSError):
        for place in path.parent.iterdir():
            if ours.fullmatch(place.name) and stat.S_ISREG(place.lstat().st_mode):
                place.unlink()


def _short(name: str) -> str:
    """A name, or what stands for one that leaves no room for more."""
    data = os.fsencode(name)
    return name if len(data) <= _ROOM else hashlib.sha256(data).hexdigest()[:16]
