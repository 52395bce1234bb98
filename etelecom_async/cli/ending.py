"""Every way in which a command can end early: one message on stderr, and one exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import cast

import click

from ..errors import EtelecomError, InternalError, JobStopped
from .exit_codes import ExitCode

__all__ = ["code_of", "end", "os_sentence", "print_bug"]

_SERIOUS_FIRST = (ExitCode.BUG, ExitCode.IN_DOUBT, ExitCode.STOPPED, ExitCode.USAGE)
"""Of a group of errors the first of these counts; before all of them Ctrl-C and a closed pipe."""


def end(error: BaseException) -> ExitCode:
    """Print what ended the command, and return its exit code.

    Args:
        error: any exception. Of a group, the most serious one counts.
    """
    whole = error
    error = min(_leaves(error), key=_weight)
    code = code_of(error)
    match error:
        case click.ClickException():
            error.show()
        case InternalError():
            print_bug(error.__cause__ or error)
        case EtelecomError():
            _print(str(error))
        case OSError() if code is ExitCode.STOPPED:
            _print(f"{os_sentence(error)}.")
        case MemoryError():
            _print("There is too little memory.")
        case _ if code is ExitCode.BUG:
            print_bug(error, whole=whole)
        case _:
            pass  # an interrupt or a closed pipe needs no message
    return code


def code_of(error: BaseException) -> ExitCode:  # noqa: PLR0911 - one for each way to end
    """The exit code of a command that this error ends."""
    match error:
        case click.ClickException(exit_code=number):
            return ExitCode(number)
        case click.Abort() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case BrokenPipeError():
            return ExitCode.BROKEN_PIPE
        case InternalError():
            return ExitCode.BUG
        case EtelecomError():
            return ExitCode.STOPPED if error.transient or isinstance(error, JobStopped) else ExitCode.USAGE
        case OSError() | MemoryError():
            return ExitCode.STOPPED
        case _:
            return ExitCode.BUG


def os_sentence(error: OSError) -> str:
    """The system's message, with the file that it is about."""
    reason = error.strerror or type(error).__name__
    return reason if error.filename is None else f"{error.filename}: {reason}"


def _print(sentence: str) -> None:
    click.echo(f"Error: {sentence}", err=True)


def print_bug(error: BaseException, *, whole: BaseException | None = None) -> None:
    """Print that this is a bug, what to report, and where its traceback is.

    Args:
        error: the bug.
        whole: the group that it was raised in, if any.
    """
    from .bug_report import describe, write_bug_report  # noqa: PLC0415 - rarely needed

    file = write_bug_report(whole or error, arguments=sys.argv[1:])
    traceback = "no file could be written for its traceback" if file is None else f"its traceback is in {file}"
    _print(
        f"This is a bug in etelecom, not in what you did ({type(error).__name__}). Please report it: "
        f"{describe(sys.argv[1:])}; {traceback}, without keys and whole phone numbers."
    )


def _weight(error: BaseException) -> int:
    code = code_of(error)
    return _SERIOUS_FIRST.index(code) if code in _SERIOUS_FIRST else -1


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(part)
    else:
        yield error
