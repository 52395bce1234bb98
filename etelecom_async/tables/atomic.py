"""Files that are written whole or not at all."""

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
    """A new file beside `path`, with a unique name. It is removed on any error of the block.

    After a `kill -9` it stays until `remove_drafts`.

    Raises:
        ConfigError: it cannot be created.
    """
    draft = OwnFile.create(path.with_name(f".{_short(path.name)}.{secrets.token_hex(4)}.part"), mode=mode)
    try:
        yield draft
    except BaseException:
        draft.remove()
        raise


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Generator[OwnFile]:
    """A new file that replaces `path` when the block ends without an error; otherwise `path` is unchanged.

    Args:
        path: a file, whose mode is kept, or a free name; not a link.
        mode: for a free name, before the umask.

    Raises:
        ConfigError: the new file cannot be created.
        OSError: it cannot replace `path`.
    """
    with draft_of(path, mode=mode) as draft:
        yield draft
        draft.replace(path)
        draft.close()


def remove_drafts(path: Path) -> None:
    """Remove the drafts that killed processes left beside `path`. Only for the process that holds `path`."""
    ours = re.compile(rf"\.{re.escape(_short(path.name))}\.[0-9a-f]{{8}}\.part")
    with contextlib.suppress(OSError):
        for place in path.parent.iterdir():
            if ours.fullmatch(place.name) and stat.S_ISREG(place.lstat().st_mode):
                place.unlink()


def _short(name: str) -> str:
    """The name, or a hash of one that is too long to be extended."""
    data = os.fsencode(name)
    return name if len(data) <= _ROOM else hashlib.sha256(data).hexdigest()[:16]
