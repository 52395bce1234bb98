"""Errors that end a command with a message and an exit code."""

from __future__ import annotations

from typing import IO, ClassVar

import click

from .exit_codes import ExitCode

__all__ = ["OutputClosed", "Stop", "Stopped"]


class Stop(click.ClickException):
    """Wrong usage: one sentence on stderr that says what to do."""

    exit_code: ClassVar[int] = ExitCode.USAGE


class Stopped(Stop):
    """A fault stopped the command: one sentence on stderr."""

    exit_code: ClassVar[int] = ExitCode.STOPPED


class OutputClosed(click.ClickException):
    """The program that read stdout has ended. Nothing is printed, as with the shell's tools."""

    exit_code: ClassVar[int] = ExitCode.BROKEN_PIPE

    def __init__(self) -> None:
        super().__init__("")

    def show(self, file: IO[str] | None = None) -> None:
        del file
