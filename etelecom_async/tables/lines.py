"""The lines of a text, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TextIO

from .bounds import MAX_RECORD

__all__ = ["Lines", "RecordTooLongError"]


class RecordTooLongError(Exception):
    """A record of several lines is longer than `MAX_RECORD`, so its end is not known."""


class Lines:
    """The lines of a text with their ends, without NULs and without byte order marks before the first.

    A line of more than `MAX_RECORD` characters is cut: its rest is read and dropped.

    Args:
        text: opened with the `newline` that separates its lines.
        convert: applied to the text of each line.
        ends: the last characters of a whole line.
        is_quoted: whether a quote that is opened in one line can be closed in another, as in CSV.

    Attributes:
        size: characters since the caller last set it to 0.
        is_cut: whether a line was cut since the caller last set it to False.
        is_ended: whether the last line was read.
        last: the line that was read last.
    """

    def __init__(
        self,
        text: TextIO,
        *,
        convert: Callable[[str], str] | None = None,
        ends: str = "\r\n",
        is_quoted: bool = True,
    ) -> None:
        self._text = text
        self._convert = convert
        self._ends = ends
        self._is_quoted = is_quoted
        self.size = 0
        self.is_cut = False
        self.is_ended = False
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        """Read the lines, once.

        Raises:
            RecordTooLongError: several lines since `size` was 0 have more than `MAX_RECORD` characters, or a line that
                was cut leaves a quote open.
        """
        convert = self._convert
        read = partial(self._text.readline, MAX_RECORD)
        is_first = True
        for line in iter(read, ""):
            if len(line) == MAX_RECORD and line[-1] not in self._ends:
                line = self._cut(line, read)  # noqa: PLW2901 - the same line, shortened
            # Padding of fixed-width fields, or a page that a crash left empty.
            if "\0" in line:
                line = line.replace("\0", "")  # noqa: PLW2901
            if convert is not None:
                line = convert(line)  # noqa: PLW2901
            if is_first:
                line = line.lstrip("\ufeff")  # noqa: PLW2901 - joined files have a mark each
                is_first = False
            self.size += len(line)
            if self.size > MAX_RECORD and self.size > len(line):
                raise RecordTooLongError
            self.last = line
            yield line
        self.is_ended = True

    def _cut(self, line: str, read: Callable[[], str]) -> str:
        """The line without its rest; a quote that is open at the cut is closed if it is closed in the rest."""
        kept, rest_quotes = line.replace("\0", ""), 0
        for piece in iter(read, ""):
            text = piece.replace("\0", "")
            room = MAX_RECORD - len(kept)
            kept += text[:room]
            rest_quotes += text.count('"', room)
            self.is_cut |= bool(text[room:].strip(self._ends))
            if piece[-1] in self._ends:
                break
        is_open = self._is_quoted and kept.count('"') % 2 == 1
        if self._is_quoted and self.is_cut and is_open != (rest_quotes % 2 == 1):
            raise RecordTooLongError
        return kept + '"\n' if self.is_cut and is_open else kept + "\n"
