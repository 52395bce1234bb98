"""Every way in which a command can end early: one sentence on stderr, and one exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import cast

import click

from ..errors import EtelecomError, JobStopped
from .exit_codes import ExitCode

__all__ = ["code_of", "end", "os_sentence"]

_WEIGHT = (ExitCode.BUG, ExitCode.IN_DOUBT, ExitCode.STOPPED, ExitCode.USAGE)
"""Of a group of errors the first of these counts; before all of them what the user did: Ctrl-C, a closed pipe."""


def end(error: BaseException) -> ExitCode:
    """Say what ended the command, and give its exit code.

    Args:
        error: anything. Of a group, what is most serious counts.
    """
    whole = error
    error = min(_leaves(error), key=_weight)
    code = code_of(error)
    match error:
        case click.ClickException():
            error.show()
        case EtelecomError():
            _say(str(error))
        case OSError() if code is ExitCode.STOPPED:
            _say(f"{os_sentence(error)}.")
        case MemoryError():
            _say("There is too little memory.")
        case _ if code is ExitCode.BUG:
            _say(_bug(error, whole))
        case _:
            pass  # an interrupt or a closed pipe: the user knows
    return code


def code_of(error: BaseException) -> ExitCode:
    """The exit code of a command that this error ends."""
    match error:
        case click.ClickException(exit_code=number):
            return ExitCode(number)
        case click.Abort() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case BrokenPipeError():
            return ExitCode.BROKEN_PIPE
        case EtelecomError():
            return ExitCode.STOPPED if error.transient or isinstance(error, JobStopped) else ExitCode.USAGE
        case OSError() | MemoryError():
            return ExitCode.STOPPED
        case _:
            return ExitCode.BUG


def os_sentence(error: OSError) -> str:
    """What the system says, and about which file."""
    reason = error.strerror or type(error).__name__
    return reason if error.filename is None else f"{error.filename}: {reason}"


def _say(sentence: str) -> None:
    click.echo(f"Error: {sentence}", err=True)


def _bug(error: BaseException, whole: BaseException) -> str:
    from .bug_report import describe, write_bug_report  # noqa: PLC0415 - hardly ever needed

    file = write_bug_report(whole, arguments=sys.argv[1:])
    traceback = "no file could be written for its traceback" if file is None else f"its traceback is in {file}"
    return (
        f"This is a bug in etelecom, not in what you did ({type(error).__name__}). Please report it: "
        f"{describe(sys.argv[1:])}; {traceback}, without keys and whole phone numbers."
    )


def _weight(error: BaseException) -> int:
    code = code_of(error)
    return _WEIGHT.index(code) if code in _WEIGHT else -1


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(part)
    else:
        yield error
