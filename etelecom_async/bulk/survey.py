"""What one look through an input file tells: which file it is, and about how long."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from attrs import frozen

from .tables import files_of
from .tables.input import open_file

__all__ = ["Survey"]

_PIECE = 1024 * 1024


@frozen(kw_only=True)
class Survey:
    """The fingerprint and the size of a file, or of a folder of files.

    Attributes:
        sha256: of all its bytes, in hex; of a folder that of its files' names and theirs.
        lines: line breaks in it; about its rows, where lines are rows.
        files: how many files it is.
    """

    sha256: str
    lines: int
    files: int = 1

    @classmethod
    def of(cls, path: Path) -> Survey:
        """Read the whole of it once.

        Raises:
            ConfigError: it cannot be read.
        """
        if path.is_dir():
            return cls._of_folder(path)
        digest = hashlib.sha256()
        lines = 0
        with open_file(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                lines += piece.count(b"\n")
        return cls(sha256=digest.hexdigest(), lines=lines)

    @classmethod
    def _of_folder(cls, folder: Path) -> Survey:
        files = {path.name: cls.of(path) for path in files_of(folder)}
        digest = hashlib.sha256(json.dumps({name: file.sha256 for name, file in files.items()}).encode())
        return cls(sha256=digest.hexdigest(), lines=sum(file.lines for file in files.values()), files=len(files))
