"""How a command ends early: its errors, one message on stderr, and one exit code."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, ClassVar, cast

import click

from ..errors import EtelecomError, InternalError, JobStopped
from .exit_codes import ExitCode
from .interrupts import begin_line
from .language import LanguageChoice

if TYPE_CHECKING:
    from ..messages.translation import Translator

__all__ = [
    "OutputClosed",
    "StoppedByFault",
    "WrongUsage",
    "code_of",
    "error_line",
    "os_message",
    "print_bug",
    "printable",
    "report",
]

_MOST_SERIOUS_FIRST = (ExitCode.BUG, ExitCode.IN_DOUBT, ExitCode.STOPPED, ExitCode.USAGE)
"""Of a group of errors the first of these counts; before all of them Ctrl-C and a closed pipe."""


_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what moves the cursor, turns the text round, or is no character."""


class WrongUsage(click.ClickException):
    """One sentence on stderr that says what to do."""

    exit_code: ClassVar[int] = ExitCode.USAGE

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class StoppedByFault(WrongUsage):
    """A fault, and not the usage, stopped the command."""

    exit_code: ClassVar[int] = ExitCode.STOPPED


class OutputClosed(click.ClickException):
    """The program that read stdout has ended. Nothing is printed, as in the shell's tools."""

    exit_code: ClassVar[int] = ExitCode.BROKEN_PIPE

    def __init__(self) -> None:
        super().__init__("")

    def show(self, file: IO[str] | None = None) -> None: ...


def report(error: BaseException, language: LanguageChoice) -> ExitCode:
    """Print why the command ended, and return its exit code. Of a group, the most serious error counts."""
    whole = error
    error = min(_leaves(error), key=_weight)
    code = code_of(error)
    match error:
        case OutputClosed():
            pass
        case WrongUsage():
            _print(error.message, language.texts)
        case click.ClickException():
            vars(error)["message"] = printable(error.message)  # typed as final
            error.show()
        case InternalError():
            print_bug(error.__cause__ or error, language.texts)
        case EtelecomError():
            _print(str(error), language.texts)
        case OSError() if code is ExitCode.STOPPED:
            _print(f"{os_message(error)}.", language.texts)
        case MemoryError():
            _print(language.texts.gettext("There is too little memory."), language.texts)
        case _ if code is ExitCode.BUG:
            print_bug(error, language.texts, whole=whole)
        case _ if code is ExitCode.INTERRUPTED:
            begin_line()
        case _:
            pass  # a closed pipe needs no message
    return code


def code_of(error: BaseException) -> ExitCode:  # noqa: PLR0911 - one for each kind of error
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


def os_message(error: OSError) -> str:
    """The system's message, with the file if there is one."""
    reason = error.strerror or type(error).__name__
    return reason if error.filename is None else f"{error.filename}: {reason}"


def printable(text: str) -> str:
    """A sentence for one line: the control characters that a file's name can have are escaped."""
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _CONTROLS else letter
        for letter in text
    )


def error_line(sentence: str, *, texts: Translator) -> str:
    """The line of an error, as `click` prints its own."""
    return texts.gettext("Error: {sentence}").format(sentence=printable(sentence))


def _print(sentence: str, texts: Translator) -> None:
    click.echo(error_line(sentence, texts=texts), err=True)


def print_bug(error: BaseException, texts: Translator, *, whole: BaseException | None = None) -> None:
    """Print that this is a bug, what to report, and where the traceback is; `whole` is the group, if there is one."""
    from .bug_report import describe, write_bug_report  # noqa: PLC0415 - rarely needed

    file = write_bug_report(whole or error, arguments=sys.argv[1:])
    _ = texts.gettext
    no_file = _("no file could be written for its traceback")
    traceback = no_file if file is None else _("its traceback is in {file}").format(file=file)
    _print(
        _(
            "This is a bug in etelecom, not in what you did ({name}). Please report it: {versions}; {traceback}, "
            "without keys and whole phone numbers."
        ).format(name=type(error).__name__, versions=describe(sys.argv[1:]), traceback=traceback),
        texts,
    )


def _weight(error: BaseException) -> int:
    code = code_of(error)
    return _MOST_SERIOUS_FIRST.index(code) if code in _MOST_SERIOUS_FIRST else -1


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(part)
    else:
        yield error
