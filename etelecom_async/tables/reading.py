"""How a table is read: what the user says about it, and what was settled."""

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


def _is_flag(_reading: object, attribute: attrs.Attribute[bool | None], value: bool | None) -> None:  # noqa: FBT001 - as attrs tells it
    if value is not None and type(value) is not bool:
        raise _checks.refused(attribute.name, "True, False or None", value)


_MOST_SKIPPED = 1_048_576
"""As many rows as a sheet has; more of them would be counted through before a file is found to be too short."""


def _is_count(_reading: object, attribute: attrs.Attribute[int | None], value: int | None) -> None:
    if value is not None:
        _checks.whole(attribute.name, value, least=0, most=_MOST_SKIPPED)


def _is_name(_reading: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None:
        _checks.line(attribute.name, value, wanted="a name or a number from 1, as a str, or None")


@frozen(kw_only=True)
class Reading:
    """How a table is read; None leaves it to be judged by the content.

    Attributes:
        encoding: of a text file, by a name that Python knows, or `tcvn3` or `vni`; kept as Python's own name for it.
        header: whether the first record of a text file or sheet holds the headings.
        skip_rows: lines of a text file, or rows of a sheet, before the header or the first record.
        delimiter: what stands between the fields of a CSV file: one ASCII character, or `tab`.
        sheet: the sheet of a workbook, by its name or its number from 1.

    Raises:
        ConfigError: a value cannot be one. The sentence begins with the attribute's name.
    """

    encoding: str | None = field(default=None, converter=_encoding)
    header: bool | None = field(default=None, validator=_is_flag)
    skip_rows: int | None = field(default=None, validator=_is_count)
    delimiter: str | None = field(default=None, converter=_delimiter)
    sheet: str | None = field(default=None, validator=_is_name)

    def resumed(self, settled: Reading) -> Reading:
        """How a resume reads what an earlier run settled.

        Raises:
            ConfigError: it was settled otherwise than is said now.
        """
        for name, option in OPTIONS.items():
            said, before = getattr(self, name), getattr(settled, name)
            if said is not None and before is not None and said != before:
                raise ConfigError(
                    f"The output belongs to an input that was read with {name} {before!r}, and {option} says"
                    f" {said!r}: leave it out, or write to another file."
                )
        given = {name: getattr(self, name) for name in OPTIONS if getattr(self, name) is not None}
        return attrs.evolve(settled, **given)

    def refuse_others(self, *used: str, what: str) -> None:
        """See that nothing is said that has no meaning for a kind of table.

        Args:
            used: the attributes that have one.
            what: the table, for people.

        Raises:
            ConfigError: something else is said.
        """
        for name, option in OPTIONS.items():
            if name not in used and getattr(self, name) is not None:
                raise ConfigError(f"{what} takes no {option}: leave it out.")


DETECT_ALL = Reading()
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
