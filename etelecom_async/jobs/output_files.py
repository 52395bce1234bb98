"""The files of one output, open and locked while a job works on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ConfigError, JobStopped
from ..tables import OwnFile, journal_of
from ..tables.atomic import remove_drafts
from ..tables.own_file import cannot_write
from .manifest import Manifest

__all__ = ["OutputFiles"]


class OutputFiles:
    """An output and its journal. Those that exist are locked: two jobs at once would write every row twice.

    Entering it raises `ConfigError` if another process holds one of them, one cannot be written, or their file system
    has no locks.

    Args:
        output: a file, or a link to one.

    Attributes:
        name: the output, as given.
        output: the file that the name of the output leads to.
        journal_path: of the journal: the output itself, or for Parquet a file beside it.
        finished: the Parquet file of an earlier run; None if there is none, and for other kinds.
        journal: the file that is appended to; None until it exists.
    """

    def __init__(self, output: Path) -> None:
        beside = journal_of(output)
        self.name = output
        self.output = output.resolve() if output.is_symlink() else output
        self.journal_path = self.output if beside == output else beside
        self.finished: OwnFile | None = None
        self.journal: OwnFile | None = None

    def __enter__(self) -> Self:
        try:
            if self.output != self.journal_path and self.output.exists():
                self.finished = OwnFile.open(self.output)
            if self.journal_path.exists():
                self.journal = OwnFile.open(self.journal_path)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del kind, error, traceback
        for file in (self.journal, self.finished):
            if file is not None:
                file.close()

    @property
    def exists(self) -> bool:
        """Has something been written here, and is it still there?"""
        return any(file is not None and file.is_in_place and file.size for file in (self.journal, self.finished))

    @property
    def is_only_finished(self) -> bool:
        """Is there a finished Parquet file, and no journal?"""
        return self.finished is not None and self.finished.size > 0 and (self.journal is None or not self.journal.size)

    def begin(self) -> OwnFile:
        """The journal; an empty one is created if there is none.

        Raises:
            ConfigError: it cannot be created.
        """
        if self.journal is None:
            self.journal = OwnFile.create(self.journal_path)
        self._remove_drafts()
        return self.journal

    def clear(self) -> None:
        """Remove what earlier runs wrote.

        Raises:
            ConfigError: the system refuses it.
        """
        if self.finished is not None:
            self.finished.remove()
            self.finished = None
        if self.journal is not None:
            try:
                self.journal.truncate(0)
            except OSError as error:
                raise cannot_write(self.journal_path, error) from None

    def discard(self) -> None:
        """Remove an empty journal."""
        if self.journal is not None and not self.journal.size:
            self.journal.remove()
            self.journal = None

    def finish(self, make: Callable[[], None]) -> None:
        """Make the Parquet file, and remove the journal.

        Args:
            make: makes it from the whole journal, replacing an older file atomically.

        Raises:
            JobStopped: it cannot be made, or another program has created a file of that name, which is not replaced.
        """
        is_ours = not self.output.exists() if self.finished is None else self.finished.is_in_place
        if not is_ours:
            raise JobStopped(f"{self.output} appeared during the run and was not written by it: rename it first.")
        if self.finished is not None:
            self.finished.close()  # the journal is still locked, and Windows replaces no open file
            self.finished = None
        try:
            make()
        except ConfigError as error:
            raise JobStopped(error.message) from error
        if self.journal is not None:
            self.journal.remove()
            self.journal = None

    def _remove_drafts(self) -> None:
        for path in (self.output, self.journal_path, Manifest.path(self.name)):
            remove_drafts(path)
