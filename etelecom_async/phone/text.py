"""The characters of a written phone number: meaningless ones are removed, equivalent ones become one sign.

Characters are classified by their Unicode category, so that new ones are recognised too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

__all__ = ["PADDING", "UNEXPECTED", "Group", "digits_of", "grouped", "groups_of", "name_of", "simplified"]

PADDING = "".join(map(chr, (*range(0x21), *range(0x7F, 0xA1))))
"""Blanks and control characters, which fixed-width fields have around a number."""
UNEXPECTED = re.compile(r"[^0-9+ \-.,'/()\n]")
"""A character that no phone number from `simplified` has."""

# Marks that no font shows, although they are not in the category of format characters.
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
# Punctuation that says something about the digits beside it: omission, doubt, a footnote, a fraction.
_MEANINGFUL = frozenset(
    "\u2025\u2026\u2e3a\u2e3b\u00a1\u00bf\u061f\u203c\u2047\u2048\u2049"
    "\u2020\u2021\u203b\u2042\u204e\u2051\u066d\u00a7\u00b6\u2030\u2031\u066a"
)
# Forms that Chinese and Japanese keyboards write. Others are not digits of the number: a superscript 2 is a footnote.
_SAME_IN_ASCII = ("<wide>", "<narrow>", "<small>")
_NAMELESS = {"Cc": "(a control character)", "Cs": "(a stray byte)"}


class Group(NamedTuple):
    """Adjacent digits.

    Attributes:
        before: the signs between them and the previous group.
        digits: the digits.
        at: how many digits all the previous groups have.
    """

    before: str
    digits: str
    at: int


def simplified(text: str) -> str:
    """The text without format characters, padding, surrounding quotes, `="..."` and a leading `tel:`.

    Signs between digits become a blank or one of `-.,'/()`; line breaks and tabs become a line break. All else, such as
    letters, stays.
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
    """The groups of digits of a simplified text."""
    return grouped(re.findall(r"([^0-9]*)([0-9]+)", plain))


def grouped(parts: list[tuple[str, str]]) -> list[Group]:
    """Groups from pairs of signs and digits."""
    places = accumulate((len(digits) for _, digits in parts), initial=0)
    return [Group(before, digits, at) for (before, digits), at in zip(parts, places, strict=False)]


def digits_of(text: str) -> str:
    """The ASCII digits of a text."""
    return re.sub(r"[^0-9]", "", text)


def name_of(character: str) -> str:
    """A character for a sentence: `'a'`, or `U+0661 ARABIC-INDIC DIGIT ONE` where a reader may not know it."""
    if character.isascii() and character.isprintable():
        return repr(character)
    nameless = _NAMELESS.get(unicodedata.category(character), "(a character without a name)")
    return f"U+{ord(character):04X} {unicodedata.name(character, nameless)}"
