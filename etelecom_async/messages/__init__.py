"""Words for people, in one place for the command line and the reports: what programs read stays as it is.

Files, JSON and logs name a failure by its class (`InvalidPhone`); what a person reads comes from here.
"""

from __future__ import annotations

from .english import FAILURES, OTHER_FAILURE
from .reason import Reason

__all__ = ["Reason", "failure_name", "hint"]


def failure_name(failure: str) -> str:
    """What a person reads in place of a failure's class: "not a phone number" for `InvalidPhone`.

    Args:
        failure: as in the output's column `failure`: the name of an error's class, or a state that settles nothing.
    """
    reason = FAILURES.get(failure)
    return f"{OTHER_FAILURE.name} ({failure})" if reason is None else reason.name


def hint(failure: str, *, can_retry: bool) -> str:
    """What to do about it, in a few sentences; `...` marks what is to be typed.

    Args:
        failure: as for `failure_name`.
        can_retry: say how the command is repeated for what failed. Not every command can be.
    """
    reason = FAILURES.get(failure, OTHER_FAILURE)
    return f"{reason.hint} {reason.retry}" if can_retry else reason.hint
