"""The characters of a written phone number: what has no meaning is taken off, what means the same becomes one sign.

Characters are judged by their Unicode category, so that a mark that is new is known too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

__all__ = ["PADDING", "STRANGE", "Group", "grouped", "groups_of", "name_of", "simplified"]

PADDING = "".join(map(chr, (*range(0x21), *range(0x7F, 0xA1))))
"""Blanks and control characters: no part of a number where they stand around it, as fixed-width fields have them."""
STRANGE = re.compile(r"[^0-9+ \-.,'/()\n]")
"""What is in no phone number that `simplified` gives."""

# Marks that no font shows, though their category is another than that of the format characters.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u20e3\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SIGNS = {
    **dict.fromkeys("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029", "\n"),
    **dict.fromkeys("'\"`\u00b4\u02b9\u02ba\u02bb\u02bc\u02bd\u02ca\u02cb\u201a\u201e\u301d\u301e\u301f", "'"),
    **dict.fromkeys("\u2032\u2033\u2034\u2035\u2036\u2037", "'"),
    **dict.fromkeys("._\u2219\u22c5", "."),
    **dict.fromkeys("\u2212\u2043\u02d7", "-"),
    **dict.fromkeys(",\u060c\u3001", ","),
    **dict.fromkeys("/\u2044\u2215", "/"),
}
_BY_CATEGORY = {"Cf": "", "Zs": " ", "Pd": "-", "Pc": ".", "Po": ".", "Ps": "(", "Pe": ")", "Pi": "'", "Pf": "'"}
# Punctuation that says something about the digits beside it: left out, doubtful, a footnote, a part of a whole.
_MEANINGFUL = frozenset(
    "\u2025\u2026\u2e3a\u2e3b\u00a1\u00bf\u061f\u203c\u2047\u2048\u2049"
    "\u2020\u2021\u203b\u2042\u204e\u2051\u066d\u00a7\u00b6\u2030\u2031\u066a"
)
# Keyboards for Chinese and Japanese write these forms. Others are no digits: a superscript 2 is a footnote.
_SAME_IN_ASCII = ("<wide>", "<narrow>", "<small>")
_NAMELESS = {"Cc": "(a control character)", "Cs": "(a stray byte)"}


class Group(NamedTuple):
    """Digits that stand together.

    Attributes:
        before: the signs between them and the group in front.
        digits: the digits.
        at: how many digits there are in all the groups in front.
    """

    before: str
    digits: str
    at: int


def simplified(text: str) -> str:
    """The text without what has no meaning: format characters, padding, quotes around, `="..."`, `tel:` in front.

    What stands between digits is a blank or one of `-.,'/()`, and a line break or a tab is a line break. All else, such
    as letters, stays as it is.
    """
    plain = "".join(map(_simple, text.strip(PADDING))).strip(" '\n" + PADDING)
    plain = plain.removeprefix("=").strip(" '\n")
    return plain[4:].strip(" '\n") if plain[:4].lower() == "tel:" else plain


@lru_cache(maxsize=1024)
def _simple(character: str) -> str:
    if (sign := _SIGNS.get(character)) is not None:
        return sign
    category = unicodedata.category(character)
    if character in _MEANINGFUL or (character.isascii() and category == "Po"):
        return character
    if unicodedata.decomposition(character).startswith(_SAME_IN_ASCII):
        return "".join(map(_simple, unicodedata.normalize("NFKC", character)))
    return "" if _INVISIBLE.match(character) else _BY_CATEGORY.get(category, character)


def groups_of(plain: str) -> list[Group]:
    """The digits of a simplified text, as it groups them."""
    return grouped(re.findall(r"([^0-9]*)([0-9]+)", plain))


def grouped(parts: list[tuple[str, str]]) -> list[Group]:
    """Groups of pairs of what stands in front and the digits."""
    places = accumulate((len(digits) for _, digits in parts), initial=0)
    return [Group(before, digits, at) for (before, digits), at in zip(parts, places, strict=False)]


def name_of(character: str) -> str:
    """A character for a sentence: `'a'`, or `U+0661 ARABIC-INDIC DIGIT ONE` where a reader may not know it."""
    if character.isascii() and character.isprintable():
        return repr(character)
    nameless = _NAMELESS.get(unicodedata.category(character), "(a character without a name)")
    return f"U+{ord(character):04X} {unicodedata.name(character, nameless)}"
