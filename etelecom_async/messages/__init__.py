"""Texts for people, on the command line and in reports. Files, JSON and logs name a failure by its class."""

from __future__ import annotations

from .english import FAILURES, OTHER_FAILURE, Reason

__all__ = ["Reason", "failure_name", "hint"]


def failure_name(failure: str) -> str:
    """Such as "not a phone number" for `InvalidPhone`; `failure` is as in the output's column of that name."""
    reason = FAILURES.get(failure)
    return f"{OTHER_FAILURE.name} ({failure})" if reason is None else reason.name


def hint(failure: str, *, can_retry: bool) -> str:
    """What to do about a failure, in a few sentences; `can_retry` adds how to repeat the command for what failed."""
    reason = FAILURES.get(failure, OTHER_FAILURE)
    return f"{reason.hint} {reason.retry}" if can_retry else reason.hint
