"""The exit codes of the command: one table for every command, its help and the docs."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from types import MappingProxyType

__all__ = ["MEANINGS", "ExitCode", "most_serious"]


class ExitCode(enum.IntEnum):
    DONE = 0
    NOT_GRANTED = 1
    USAGE = 2
    NOT_CHECKED = 3
    STOPPED = 4
    IN_DOUBT = 5
    BUG = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANINGS = MappingProxyType(
    {
        ExitCode.DONE: (
            "done; for check and ensure: all have granted permission; for sandbox: it was ended by Ctrl-C or a signal"
        ),
        ExitCode.NOT_GRANTED: "check and ensure alone: some have not granted permission",
        ExitCode.USAGE: (
            "wrong usage: a wrong option, file, key or setting, or a missing extra; for call: refused by the service"
        ),
        ExitCode.NOT_CHECKED: (
            "done, but some could not be checked or requested: nothing is known about those; for "
            "call: the answer says that it was not done, or cannot be read"
        ),
        ExitCode.STOPPED: ("a fault stopped it, such as a full disk or no network: run it again, bulk with --resume"),
        ExitCode.IN_DOUBT: (
            "a call that changes something or costs money is in doubt, or was made and could not be printed: "
            "look before you repeat it"
        ),
        ExitCode.BUG: "a bug in this program: the last lines on stderr say what to report",
        ExitCode.INTERRUPTED: "interrupted by Ctrl-C or a signal: run it again, bulk with --resume",
        ExitCode.BROKEN_PIPE: "the program that read the output has ended",
    }
)

# Most serious first. The codes that are not here end a command at once.
_BY_WEIGHT = (ExitCode.BUG, ExitCode.IN_DOUBT, ExitCode.STOPPED, ExitCode.NOT_CHECKED, ExitCode.NOT_GRANTED)


def most_serious(codes: Iterable[ExitCode]) -> ExitCode:
    """The code of a command in which several of these things happened; `DONE` if none did."""
    found = set(codes)
    return next((code for code in _BY_WEIGHT if code in found), ExitCode.DONE)
