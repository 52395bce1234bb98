"""Sentences about failures, in the language of the run."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.consent import Consent
from ..api.error_codes import OA_CODES, UNKNOWN_CODE, Code
from ..errors import EtelecomError, SendFailed
from ..messages import category_name, failure_name, hint
from ..messages.translation import Translator

__all__ = ["fault_and_hint", "sentences", "what_failed", "what_was_answered"]


def what_failed(error: Exception, *, texts: Translator) -> str:
    """The failure's name, the server's own words, and what its code means."""
    words = error.message if isinstance(error, EtelecomError) else str(error)
    said = f"{failure_name(type(error).__name__, texts=texts)}: {words}".removesuffix(": ")
    if not isinstance(error, SendFailed) or not error.error_code:
        return said
    known = Code(error.category, error.meaning, error.hint)
    return f"{said} ({_meaning('error_code', error.error_code, known, texts)})"


def what_was_answered(consent: Consent, *, texts: Translator) -> str:
    """The server's own words, and for a platform fault (a negative code) what it means and what to do."""
    if consent.error is None or consent.error >= 0:
        return consent.message
    code = OA_CODES.get(consent.error, UNKNOWN_CODE)
    said = f"{consent.message} ({_meaning('error', consent.error, code, texts)})".lstrip()
    return sentences([said, texts.gettext(code.hint)])


def _meaning(name: str, number: int, code: Code, texts: Translator) -> str:
    if not code.meaning:
        return texts.gettext("unknown code {code}").format(code=number)
    return f"{name} {number}, {category_name(code.category, texts=texts)}: {texts.gettext(code.meaning)}"


def fault_and_hint(fault: str, *, texts: Translator) -> str:
    """A failure of this class, and what to do, where the command cannot simply be repeated."""
    return f"{failure_name(fault, texts=texts)}. {hint(fault, can_retry=False, texts=texts)}"


def sentences(parts: Iterable[str]) -> str:
    """One after the other, each with its end."""
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)
