"""How a command ends that cannot do its work, or cannot finish it."""

from __future__ import annotations

from typing import IO, ClassVar

import click

from .exit_codes import ExitCode

__all__ = ["OutputClosed", "Stop", "Stopped"]


class Stop(click.ClickException):
    """The command cannot work as it was given: one sentence on stderr that says what to do."""

    exit_code: ClassVar[int] = ExitCode.USAGE


class Stopped(Stop):
    """A fault stopped the command on its way: one sentence on stderr."""

    exit_code: ClassVar[int] = ExitCode.STOPPED


class OutputClosed(click.ClickException):
    """The program that read stdout has ended. Nothing is said, as by a shell's own tools."""

    exit_code: ClassVar[int] = ExitCode.BROKEN_PIPE

    def __init__(self) -> None:
        super().__init__("")

    def show(self, file: IO[str] | None = None) -> None:
        del file
