"""A language as a value: the texts of one language, and how it writes numbers."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from .. import _checks

__all__ = ["ENGLISH", "Language", "Translator", "translator"]

Language: TypeAlias = Literal["en", "vi"]

_LOCALES: Final = Path(__file__).with_name("locale")
_DOMAIN: Final = "etelecom_async"
_VIETNAMESE: Final = re.compile(r"vi(?![a-z])", re.IGNORECASE)
_SEPARATORS: Final = str.maketrans(",.", ".,")


@frozen
class Translator:
    """The texts of one language. A message without a translation stays English.

    Attributes:
        lang: the language, `en` or `vi`.
    """

    lang: Language
    _catalogue: gettext.NullTranslations = field(factory=gettext.NullTranslations, repr=False, eq=False)

    def gettext(self, message: str) -> str:
        """The message in this language."""
        # The catalogue's entry for the empty message is its header.
        return message and self._catalogue.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The message for so many things: `one` and `many` are its English forms."""
        return self._catalogue.ngettext(one, many, count)

    def number(self, value: float, *, decimals: int = 0) -> str:
        """A number as this language writes it: `1,234.5` or `1.234,5`."""
        return self.separated(f"{value:,.{decimals}f}")

    def separated(self, number: str) -> str:
        """A number in English writing, with the separators of this language."""
        return number.translate(_SEPARATORS) if self.lang == "vi" else number


ENGLISH: Final = Translator("en")


def translator(lang: str) -> Translator:
    """The texts of a language, by a tag such as `vi`, `vi-VN` or `vi_VN.UTF-8`. Every other language gives English.

    Raises:
        ConfigError: lang is no str.
    """
    if not _VIETNAMESE.match(_checks.instance("lang", lang, str, "a language such as 'en' or 'vi'")):
        return ENGLISH
    return Translator("vi", gettext.translation(_DOMAIN, _LOCALES, ["vi"], fallback=True))
