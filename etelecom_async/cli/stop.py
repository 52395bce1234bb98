"""How a command ends that cannot do its work, or cannot finish it."""

from __future__ import annotations

from typing import IO

import click

from .exit_codes import ExitCode

__all__ = ["OutputClosed", "Stop"]


class Stop(click.ClickException):
    """One sentence on stderr, and an exit code.

    Args:
        message: the sentence: what is wrong, and what to do about it.
        code: what the command exits with.
    """

    def __init__(self, message: str, *, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.exit_code = code


class OutputClosed(click.ClickException):
    """The program that read stdout has ended. Nothing is said, as by a shell's own tools."""

    exit_code = ExitCode.BROKEN_PIPE

    def __init__(self) -> None:
        super().__init__("")

    def show(self, file: IO[str] | None = None) -> None:
        del file
