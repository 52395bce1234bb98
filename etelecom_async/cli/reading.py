"""How to read the input: the options, and the questions on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
import click

from ..errors import ConfigError
from ..messages.translation import Translator
from ..tables import Reading, Undecided, open_source
from .exits import WrongUsage, printable
from .options import Whole, as_text

__all__ = ["asked_reading", "reading_of", "reading_options"]

_Command = TypeVar("_Command", bound=Callable[..., object])

_KEY = "etelecom.reading"


def reading_options(command: _Command) -> _Command:
    """Add the options for reading the input; `reading_of` returns their values."""
    options = (
        click.option("--encoding", metavar="NAME", help="INPUT's encoding, such as utf-8, cp1258, tcvn3 or vni."),
        click.option("--header/--no-header", default=None, help="Whether INPUT's first record holds the headings."),
        click.option("--skip-rows", metavar="N", type=Whole(), help="Lines, or rows of a sheet, before the header."),
        click.option("--delimiter", metavar="CHAR", help="What separates the fields of INPUT, such as ; or tab."),
        click.option("--sheet", metavar="NAME", help="The sheet of a workbook, by its name or its number from 1."),
    )
    for option in reversed(options):
        command = option(command)
    # They become one `Reading`, and not parameters of the command, which has many.
    for parameter in cast("list[click.Option]", getattr(command, "__click_params__", [])):
        if parameter.name in attrs.fields_dict(Reading):
            parameter.callback = _collect
            parameter.expose_value = False
    return command


def reading_of(context: click.Context) -> Reading:
    """The values of a command's reading options."""
    return cast("Reading", context.meta.get(_KEY, Reading()))


def asked_reading(source: Path, reading: Reading, *, texts: Translator, column: str | None = None) -> Reading:
    """The reading with the user's answers to what the input leaves open, or a ConfigError if it cannot be read.

    Without a terminal, and for an input that can be read only once, nothing is asked: the job names the missing option.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or not (source.is_file() or source.is_dir()):
        return reading
    while True:
        try:
            open_source(source, reading=reading, column=column)
        except Undecided as question:
            reading = _answered(question, reading, texts)
        else:
            return reading


def _answered(question: Undecided, reading: Reading, texts: Translator) -> Reading:
    if not question.choices:
        raise question
    click.echo(printable(question.question), err=True)
    for number, (_, label) in enumerate(question.choices, 1):
        click.echo(f"  {number}  {printable(label)}", err=True)
    chosen = Whole(1, len(question.choices))
    value, _ = question.choices[click.prompt(texts.gettext("Number"), type=chosen, err=True) - 1]
    return _with(reading, question.field, value)


def _collect(context: click.Context, parameter: click.Parameter, value: str | bool | int | None) -> None:  # noqa: FBT001 - as click calls it
    if value is None or not parameter.name:
        return
    if isinstance(value, str):
        as_text(context, parameter, value)
    try:
        context.meta[_KEY] = _with(reading_of(context), parameter.name, value)
    except ConfigError as error:
        raise WrongUsage(f"{parameter.opts[0]}: {error}") from None


def _with(reading: Reading, name: str, value: Any) -> Reading:  # noqa: ANN401 - of the attribute's type, which it checks
    return attrs.evolve(reading, **{name: value})
