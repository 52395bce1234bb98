"""What an error means and what to do, for people, in their language."""

from __future__ import annotations

from attrs import frozen

from .. import _checks
from ..errors import ErrorCategory, EtelecomError, Phase, SendFailed
from .english import FAILURES, IN_DOUBT, OTHER_FAILURE, UNKNOWN_CODE, Reason
from .translation import Translator, translator

__all__ = ["Explanation", "explain"]


@frozen(kw_only=True)
class Explanation:
    """What an error means and what to do.

    Attributes:
        meaning: a phrase such as "the customer does not follow the OA".
        category: what it is about; UNKNOWN where that is not certain. It is the same in every language.
        hint: what to do: whole sentences. `...` marks names of this SDK and what to type.
    """

    meaning: str
    category: ErrorCategory
    hint: str


def explain(error: EtelecomError, *, lang: str = "en") -> Explanation:
    """What any error of this SDK means and what to do. The error itself keeps the server's own words, in `message`.

    The words follow the class; those of a `SendFailed` follow its code, read by the table of the method that answered
    it. A code that is in no table is called unknown. Where the call may have been carried out (`phase` UNKNOWN), the
    hint says so.

    Args:
        error: as it was caught; a class of your own that inherits from one of the SDK's has the words of that one.
        lang: `en`, or `vi` for Vietnamese, or a tag such as `vi-VN`; every other language gives English.

    Raises:
        ConfigError: error is none of this SDK's, or lang is no str.
    """
    _checks.instance("error", error, EtelecomError, "an error of this SDK, an EtelecomError")
    texts = translator(lang)
    reason = _reason(error)
    meaning, category, hint = texts.gettext(reason.name), reason.category, texts.gettext(reason.hint)
    if isinstance(error, SendFailed):
        meaning, category = _meaning(error, texts) or meaning, error.category
        hint = texts.gettext(error.hint) or hint
    if error.phase is Phase.UNKNOWN:
        hint = f"{hint} {texts.gettext(IN_DOUBT)}"
    return Explanation(meaning=meaning, category=category, hint=hint)


def _meaning(error: SendFailed, texts: Translator) -> str:
    if error.error_code and not error.meaning:
        return texts.gettext(UNKNOWN_CODE).format(code=error.error_code)
    return texts.gettext(error.meaning)


def _reason(error: EtelecomError) -> Reason:
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((FAILURES[name] for name in names if name in FAILURES), OTHER_FAILURE)
