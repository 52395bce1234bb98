"""The catalogue of texts for people: what failures mean and what to do, and what the command line and reports say.

Files, JSON and logs stay as they are: they name a failure by its class.
"""

from __future__ import annotations

from ..errors import ErrorCategory
from .english import FAILURES, OTHER_FAILURE
from .explanation import Explanation, explain
from .translation import ENGLISH, Translator

__all__ = ["Explanation", "explain"]


def failure_name(failure: str, *, texts: Translator = ENGLISH) -> str:
    """Such as "not a phone number" for `InvalidPhone`; `failure` is as in the output's column of that name."""
    reason = FAILURES.get(failure)
    name = texts.gettext((reason or OTHER_FAILURE).name)
    return f"{name} ({failure})" if reason is None else name


def category_name(category: ErrorCategory, *, texts: Translator = ENGLISH) -> str:
    """Such as "recipient"."""
    return texts.gettext(category.value)


def hint(failure: str, *, can_retry: bool, texts: Translator = ENGLISH) -> str:
    """What to do about a failure, in a few sentences; `can_retry` adds how to repeat the command for what failed."""
    reason = FAILURES.get(failure, OTHER_FAILURE)
    what_to_do = texts.gettext(reason.hint)
    return f"{what_to_do} {texts.gettext(reason.retry)}" if can_retry else what_to_do
