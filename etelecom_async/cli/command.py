"""Commands that are imported when they run, with their exit codes in the help."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import click

from .exit_codes import MEANINGS, ExitCode
from .interrupts import leaving_at_once
from .language import LANG_OPTION

__all__ = ["Command", "CommandGroup", "exits_with"]

_EVERY_COMMAND = (ExitCode.DONE, ExitCode.USAGE, ExitCode.BUG, ExitCode.INTERRUPTED, ExitCode.BROKEN_PIPE)


class Command(click.Command):
    """A command whose help ends with its exit codes: see `exits_with`."""

    exit_codes: tuple[ExitCode, ...] = _EVERY_COMMAND

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [LANG_OPTION, *super().get_params(ctx)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        _write_exit_codes(formatter, self.exit_codes)


def exits_with(*codes: ExitCode) -> Callable[[Command], Command]:
    """Add the exit codes of a command to those of every command."""

    def name(command: Command) -> Command:
        command.exit_codes = tuple(code for code in MEANINGS if code in (*_EVERY_COMMAND, *codes))
        return command

    return name


class CommandGroup(click.Group):
    """Commands that are imported only when they run: `etelecom --version` does not wait for an HTTP client.

    `modules` has the commands' names, each with its line in the help. The command `name` is the attribute `name` of the
    module `name` in this package.
    """

    modules: Mapping[str, str] = MappingProxyType({})

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [LANG_OPTION, *super().get_params(ctx)]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        with leaving_at_once():
            command = getattr(importlib.import_module(f"{__package__}.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self.modules.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        _write_exit_codes(formatter, MEANINGS)


def _write_exit_codes(formatter: click.HelpFormatter, codes: Iterable[ExitCode]) -> None:
    with formatter.section("Exit code"):
        formatter.write_dl([(str(code.value), MEANINGS[code]) for code in codes])
