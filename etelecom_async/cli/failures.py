"""Sentences about failures, in the language of the run."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import EtelecomError, SendFailed
from ..messages import category_name, explain, failure_name, hint
from ..messages.translation import Translator

__all__ = ["fault_and_hint", "sentences", "what_failed"]


def what_failed(error: Exception, *, texts: Translator) -> str:
    """The failure's name, the server's own words, and what its code means."""
    words = error.message if isinstance(error, EtelecomError) else str(error)
    said = f"{failure_name(type(error).__name__, texts=texts)}: {words}".removesuffix(": ")
    if not isinstance(error, SendFailed) or not error.error_code:
        return said
    known = explain(error, lang=texts.lang)
    if not error.meaning:
        return f"{said} ({known.meaning})"
    return f"{said} (error_code {error.error_code}, {category_name(known.category, texts=texts)}: {known.meaning})"


def fault_and_hint(fault: str, *, texts: Translator) -> str:
    """A failure of this class, and what to do, where the command cannot simply be repeated."""
    return f"{failure_name(fault, texts=texts)}. {hint(fault, can_retry=False, texts=texts)}"


def sentences(parts: Iterable[str]) -> str:
    """One after the other, each with its end."""
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)
