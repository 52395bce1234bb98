"""Texts for users, shared by the command line and the reports.

Files, JSON and logs name a failure by its class (`InvalidPhone`); people read these texts.
"""

from __future__ import annotations

from .english import FAILURES, OTHER_FAILURE
from .reason import Reason

__all__ = ["Reason", "failure_name", "hint"]


def failure_name(failure: str) -> str:
    """The name of a failure for people: "not a phone number" for `InvalidPhone`.

    Args:
        failure: as in the output's column `failure`: the class of an error, or an inconclusive state.
    """
    reason = FAILURES.get(failure)
    return f"{OTHER_FAILURE.name} ({failure})" if reason is None else reason.name


def hint(failure: str, *, can_retry: bool) -> str:
    """What to do about a failure, in a few sentences; `...` marks what to type.

    Args:
        failure: as for `failure_name`.
        can_retry: add how to repeat the command for what failed. Not every command can be repeated.
    """
    reason = FAILURES.get(failure, OTHER_FAILURE)
    return f"{reason.hint} {reason.retry}" if can_retry else reason.hint
