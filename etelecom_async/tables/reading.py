"""How a table is read: what the user says, and what was detected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import attrs
from attrs import field, frozen

from .. import _checks
from ..errors import ConfigError
from .encoding import named

__all__ = ["DETECT_ALL", "OPTIONS", "Reading", "Undecided"]


OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "encoding": "--encoding",
        "header": "--header or --no-header",
        "skip_rows": "--skip-rows",
        "delimiter": "--delimiter",
        "sheet": "--sheet",
    }
)
"""The option of the command line for each attribute of a `Reading`."""


_MOST_SKIPPED = 1_048_576
"""As many rows as a sheet has, so that a file is soon found to be too short."""


def _encoding(value: str | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        raise _checks.refused("encoding", "the name of one, such as 'utf-8'", value)
    return named(value).key


def _delimiter(value: str | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        given = {"tab": "\t", "\\t": "\t"}.get(value, value)
        if len(given) == 1 and given.isascii() and not given.isalnum() and given not in '"\r\n\0':
            return given
    wanted = "one ASCII character that is no letter, digit, quote or line end, or 'tab'"
    raise _checks.refused("delimiter", wanted, value)


def _header(value: bool | None) -> bool | None:  # noqa: FBT001 - a converter
    if value is not None and type(value) is not bool:
        raise _checks.refused("header", "True, False or None", value)
    return value


def _skip_rows(value: int | None) -> int | None:
    return None if value is None else _checks.whole("skip_rows", value, least=0, most=_MOST_SKIPPED)


def _sheet(value: str | None) -> str | None:
    return (
        None if value is None else _checks.line("sheet", value, wanted="a name or a number from 1, as a str, or None")
    )


@frozen(kw_only=True)
class Reading:
    """How a table is read; None lets the content decide.

    Attributes:
        encoding: of a text file: a name that Python knows, or `tcvn3` or `vni`; stored as Python's name for it.
        header: whether the first record of a text file or sheet holds the headings.
        skip_rows: lines of a text file, or rows of a sheet, before the header or the first record.
        delimiter: between the fields of a CSV file: one ASCII character, or `tab`.
        sheet: the sheet of a workbook: its name, or its number from 1.

    Raises:
        ConfigError: a value is invalid. The message begins with the attribute's name.
    """

    encoding: str | None = field(default=None, converter=_encoding)
    header: bool | None = field(default=None, converter=_header)
    skip_rows: int | None = field(default=None, converter=_skip_rows)
    delimiter: str | None = field(default=None, converter=_delimiter)
    sheet: str | None = field(default=None, converter=_sheet)

    def resumed(self, earlier: Reading) -> Reading:
        """The reading of an earlier run, completed by this one.

        Raises:
            ConfigError: this one differs from the earlier one.
        """
        for name, option in OPTIONS.items():
            said, before = getattr(self, name), getattr(earlier, name)
            if said is not None and before is not None and said != before:
                raise ConfigError(
                    f"The output belongs to an input that was read with {name} {before!r}, and {option} says"
                    f" {said!r}: leave it out, or write to another file."
                )
        given = {name: getattr(self, name) for name in OPTIONS if getattr(self, name) is not None}
        return attrs.evolve(earlier, **given)

    def refuse_others(self, *used: str, what: str) -> None:
        """Refuse what has no meaning for a kind of table: every attribute that is given but not `used`.

        Raises:
            ConfigError: there is one. The message calls the table `what`.
        """
        for name, option in OPTIONS.items():
            if name not in used and getattr(self, name) is not None:
                raise ConfigError(f"{what} takes no {option}: leave it out.")


DETECT_ALL = Reading()
"""Nothing is given: all is detected from the content."""


class Undecided(ConfigError):
    """The content does not show how to read a table. The message names the option to give.

    Attributes:
        field: the attribute of `Reading` to give.
        question: what to ask a person.
        choices: the answers: the attribute's value and a label for each.
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
