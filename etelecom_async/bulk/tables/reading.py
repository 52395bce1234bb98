"""How a table is read: what the user says about it, and what was settled."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from ...errors import ConfigError

__all__ = ["JUDGED", "Reading", "Undecided"]


@frozen(kw_only=True)
class Reading:
    """How a table is read; None leaves it to be judged by the content.

    Attributes:
        encoding: of a text file, by a name that Python knows.
        header: whether the first record of a text file or sheet holds the headings.
        skip_rows: lines of a text file, or rows of a sheet, before the header or the first record.
        delimiter: what stands between the fields of a CSV file: one ASCII character.
        sheet: the sheet of a workbook, by its name or its number from 1.
    """

    encoding: str | None = None
    header: bool | None = None
    skip_rows: int | None = None
    delimiter: str | None = None
    sheet: str | None = None


JUDGED = Reading()
"""Nothing is said: all is judged by the content."""


class Undecided(ConfigError):
    """The content does not tell how a table is to be read. The sentence names the option that settles it.

    Attributes:
        field: the attribute of `Reading` that settles it.
        question: what to ask a person.
        choices: the answers: for each the attribute's value and a label for people.
    """

    def __init__(
        self,
        message: str = "",
        *,
        field: str = "",
        question: str = "",
        choices: Sequence[tuple[str | bool | int, str]] = (),
    ) -> None:
        super().__init__(message)
        self.field = field
        self.question = question
        self.choices = tuple(choices)
