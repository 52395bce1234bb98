"""What one look through an input file tells: which file it is, and about how long."""

from __future__ import annotations

import hashlib
from pathlib import Path

from attrs import frozen

from .tables.input import open_file

__all__ = ["Survey"]

_PIECE = 1024 * 1024


@frozen(kw_only=True)
class Survey:
    """A file's fingerprint and size.

    Attributes:
        sha256: of all its bytes, in hex.
        lines: line breaks in it; about its rows, where lines are rows.
    """

    sha256: str
    lines: int

    @classmethod
    def of(cls, path: Path) -> Survey:
        """Read the whole file once.

        Raises:
            ConfigError: it cannot be read.
        """
        digest = hashlib.sha256()
        lines = 0
        with open_file(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                lines += piece.count(b"\n")
        return cls(sha256=digest.hexdigest(), lines=lines)
