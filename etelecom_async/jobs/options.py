"""The options of a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from ..account import Account
from ..tables import Reading

__all__ = ["JobOptions"]


@frozen(kw_only=True)
class JobOptions:
    """The checked arguments of a `ConsentJob`, as far as its input and output depend on them.

    Attributes:
        account: the eTelecom account that the job belongs to.
        source, output, oa_id, column, reading, excel, retry_failed, now: as given.
        resume: go on with an earlier output; `retry_failed` includes it.
    """

    account: Account
    source: Path | BinaryIO
    output: Path | BinaryIO
    oa_id: int
    column: str | None
    reading: Reading
    excel: bool
    resume: bool
    retry_failed: bool
    now: Callable[[], datetime]

    @property
    def input_path(self) -> Path | None:
        """The input, if it is a file or folder, which can be read again.

        None for a stream and for the path of one: /dev/stdin, or what a shell makes of `<(...)`.
        """
        path = self.source
        if not isinstance(path, Path):
            return None
        try:
            return path if path.is_file() or path.is_dir() or not path.exists() else None
        except OSError:  # a name that is too long
            return path
