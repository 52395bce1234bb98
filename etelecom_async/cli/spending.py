"""What the commands that spend money have in common: they ask before, and never lose what was spent."""

from __future__ import annotations

import sys
from typing import Protocol

import click

from .exit_codes import ExitCode
from .exits import OutputClosed, StoppedByFault, WrongUsage
from .render import write

__all__ = ["Rows", "confirm", "print_rows"]


_LOOK = (
    "What was charged stands above. Look at list_request_consent for the customer before you run this again: each"
    " request is billed."
)


class Rows(Protocol):
    """Prints what was done and charged."""

    def __call__(self, *, err: bool) -> None:
        """On stderr, or on stdout."""
        ...


def confirm(
    question: str,
    *,
    yes: bool,
    no_terminal: str = "This costs money, and there is no terminal to ask on: give --yes.",
    nothing_done: str = "Nothing was spent.",
) -> None:
    """Ask before money is spent, or something is changed.

    Raises:
        WrongUsage: there is no terminal to ask on, and --yes was not given.
        click.Abort: the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WrongUsage(no_terminal)
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort:
        write(nothing_done, err=True)
        raise


def print_rows(rows: Rows, *, is_spent: bool, look: str = _LOOK) -> None:
    """Print on stdout; where that fails after money was, or may have been, spent: on stderr.

    Raises:
        click.exceptions.Exit: with 5, after it was printed on stderr.
        OutputClosed, StoppedByFault: stdout cannot be written, and nothing was spent.
    """
    try:
        rows(err=False)
    except (OutputClosed, StoppedByFault) as error:
        if not is_spent:
            raise
        rows(err=True)
        why = error.message or "The program that read the output has ended."
        write(
            f"Error: {why} {look}",
            err=True,
        )
        raise click.exceptions.Exit(ExitCode.IN_DOUBT) from None
