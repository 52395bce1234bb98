"""The files of one output, open and locked for as long as a job works on them."""

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
    """An output and its journal. Two jobs at once would write every row twice, so whichever exist are locked.

    Entering it raises `ConfigError` where another process holds one of them, one cannot be written, or their file
    system has no locks.

    Args:
        output: a file, or a link to one.

    Attributes:
        name: the output, as it was given.
        output: the file that the name of the output leads to.
        place: where the journal is: the output itself, but for Parquet a file beside it.
        finished: the Parquet file of an earlier run; None where there is none, and for other kinds.
        journal: what is appended to; None where there is none yet.
    """

    def __init__(self, output: Path) -> None:
        beside = journal_of(output)
        self.name = output
        self.output = output.resolve() if output.is_symlink() else output
        self.place = self.output if beside == output else beside
        self.finished: OwnFile | None = None
        self.journal: OwnFile | None = None

    def __enter__(self) -> Self:
        try:
            if self.output != self.place and self.output.exists():
                self.finished = OwnFile.open(self.output)
            if self.place.exists():
                self.journal = OwnFile.open(self.place)
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
        """The journal, empty; it is made if it is not there.

        Raises:
            ConfigError: it cannot be made.
        """
        if self.journal is None:
            self.journal = OwnFile.create(self.place)
        self._remove_drafts()
        return self.journal

    def clear(self) -> None:
        """Empty it, as if no run had been here.

        Raises:
            ConfigError: the system does not let it.
        """
        if self.finished is not None:
            self.finished.remove()
            self.finished = None
        if self.journal is not None:
            try:
                self.journal.truncate(0)
            except OSError as error:
                raise cannot_write(self.place, error) from None

    def discard(self) -> None:
        """Remove a journal in which there is nothing."""
        if self.journal is not None and not self.journal.size:
            self.journal.remove()
            self.journal = None

    def finish(self, make: Callable[[], None]) -> None:
        """Make the Parquet file, and remove the journal.

        Args:
            make: makes it at once, of the whole journal; a file that is there is replaced.

        Raises:
            JobStopped: it cannot be made. A file of another program that has taken the name is not replaced.
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
        for path in (self.output, self.place, Manifest.place(self.name)):
            remove_drafts(path)
