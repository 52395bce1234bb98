"""The language of a run: `--lang`, or what the environment says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..messages.translation import Translator

__all__ = ["LANG_OPTION", "LanguageChoice", "texts_of"]

_VARIABLES = ("ETELECOM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is not empty counts."""


class LanguageChoice:
    """The language of one run of the command: that of the environment until `--lang` is read."""

    def __init__(self) -> None:
        self.tag = next(filter(None, map(os.environ.get, _VARIABLES)), "en")

    @property
    def texts(self) -> Translator:
        from ..messages.translation import translator  # noqa: PLC0415 - a help and a version need none

        return translator(self.tag)


def texts_of(context: click.Context) -> Translator:
    """The texts in the language of this run."""
    return _choice(context).texts


def _choose(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        _choice(context).tag = value


def _choice(context: click.Context) -> LanguageChoice:
    return context.find_root().ensure_object(LanguageChoice)


LANG_OPTION = click.Option(
    ["--lang"],
    type=click.Choice(["en", "vi"]),
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help="English or Vietnamese, for people.  [default: ETELECOM_LANG, LC_ALL, LC_MESSAGES, LANG]",
)
"""Before the command or behind it; it counts for the whole run."""
