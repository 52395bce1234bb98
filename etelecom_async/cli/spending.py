"""What the commands that spend money have in common: they ask before, and never lose what was spent."""

from __future__ import annotations

import sys
from typing import Protocol

import click

from ..messages.translation import Translator
from .descriptors import was_closed
from .exit_codes import ExitCode
from .exits import OutputClosed, StoppedByFault, WrongUsage, error_line
from .render import write

__all__ = ["Rows", "confirm", "print_rows"]


class Rows(Protocol):
    """Prints what was done and charged."""

    def __call__(self, *, err: bool) -> None:
        """On stderr, or on stdout."""
        ...


def confirm(
    question: str, *, yes: bool, texts: Translator, no_terminal: str | None = None, nothing_done: str | None = None
) -> None:
    """Ask before money is spent, or something is changed.

    Args:
        question: on the terminal.
        yes: it is answered already.
        texts: of the words.
        no_terminal: what is said where there is no terminal, if not that it costs money.
        nothing_done: what is said after a no, if not that nothing was spent.

    Raises:
        WrongUsage: there is no terminal to ask on, and --yes was not given.
        click.Abort: the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WrongUsage(
            no_terminal or texts.gettext("This costs money, and there is no terminal to ask on: give --yes.")
        )
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort:
        write(nothing_done or texts.gettext("Nothing was spent."), err=True)
        raise


def print_rows(rows: Rows, *, is_spent: bool, texts: Translator, look: str | None = None) -> None:
    """Print on stdout; where that fails after money was, or may have been, spent: on stderr, with where to look.

    Raises:
        click.exceptions.Exit: with 5, after it was printed on stderr.
        OutputClosed, StoppedByFault: stdout cannot be written, and nothing was spent.
    """
    if is_spent and was_closed(sys.stdout):
        why = texts.gettext("Standard output is closed.")
    else:
        try:
            rows(err=False)
        except (OutputClosed, StoppedByFault) as error:
            if not is_spent:
                raise
            why = error.message or texts.gettext("The program that read the output has ended.")
        else:
            return
    rows(err=True)
    advice = look or texts.gettext(
        "What was charged stands above. Look at list_request_consent for the customer before you run this again: "
        "each request is billed."
    )
    write(error_line(f"{why} {advice}", texts=texts), err=True)
    raise click.exceptions.Exit(ExitCode.IN_DOUBT)
