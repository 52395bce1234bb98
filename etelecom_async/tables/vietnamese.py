"""Vietnamese syllables, and the letters of the font encodings used before Unicode."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["compose", "from_tcvn3", "from_vni", "is_syllable", "is_vni_syllable"]

_TONES = "\u0300\u0309\u0303\u0301\u0323"
_IS_TONE = re.compile(f"[{_TONES}]")
_ONSET = "ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnprstvx]"
_OPEN = "[aeêioôơuưy]|i[a]|u[aêơy]|ưa|o[ae]|uya|yê"
_GLIDE = "ai|ao|au|ay|âu|ây|eo|êu|iu|iêu|yêu|oi|ôi|ơi|ui|ưi|uôi|ươi|ươu|ưu|oai|oay|oao|oeo|uây|uyu|uai|uay|uao|uêu|ueo"
_CLOSED = "(?:[aăâeêioôơuưy]|[iy]ê|uô|ươ|o[aăeo]|u[aăâêơy]|uyê)(?:ch|nh|ng|[cmnpt])"
_SYLLABLE = re.compile(f"(?:{_ONSET})?(?:{_GLIDE}|{_CLOSED}|{_OPEN})")
_COMPOSABLE = re.compile(f"([AĂÂEÊIOÔƠUƯYaăâeêioôơuưy])([{_TONES}])")


def is_syllable(word: str) -> bool:
    """Can the word be a syllable of Vietnamese, by its letters and its one tone?"""
    bare, tones = _IS_TONE.subn("", unicodedata.normalize("NFD", word.lower()))
    return tones <= 1 and _SYLLABLE.fullmatch(unicodedata.normalize("NFC", bare)) is not None


def compose(text: str) -> str:
    """The text with each tone that follows a Vietnamese vowel composed with it, and nothing else composed.

    Windows-1258 stores tones as separate characters.
    """
    if text.isascii():
        return text
    return _COMPOSABLE.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text)


# The letters of TCVN 5712 from byte 0xA1 to 0xFE, with the few capitals that it has; "·" marks a byte without a letter.
_FROM_A1 = "ĂÂÊÔƠƯĐăâêôơưđẰ·····àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵ"
# A byte without a letter stays the byte that it was, escaped as `surrogateescape` does.
_TCVN3 = {
    **{byte: chr(0xDC00 + byte) for byte in range(0x80, 0x100)},
    **{byte: letter for byte, letter in enumerate(_FROM_A1, 0xA1) if letter != "·"},
    0xA0: "\xa0",
}


def from_tcvn3(text: str) -> str:
    """The text of TCVN3 (ABC) fonts whose bytes were read as Latin-1. The fonts of capitals use the same bytes."""
    return text if text.isascii() else text.translate(_TCVN3)


def _vni() -> dict[str, str]:
    # What follows a vowel: one of the five tones, or a circumflex or breve with or without a tone.
    tones = dict(zip("øûõùï", _TONES, strict=True))
    circumflex = dict(zip("âàåãáä", ["\u0302", *("\u0302" + tone for tone in _TONES)], strict=True))
    breve = dict(zip("êèúüéë", ["\u0306", *("\u0306" + tone for tone in _TONES)], strict=True))
    bases = {"ô": "o\u031b", "ö": "u\u031b"}
    letters = {"ô": "ơ", "ö": "ư", "ñ": "đ", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
    for base in "aeouyôö":
        further = {"a": circumflex | breve, "e": circumflex, "o": circumflex}.get(base, {})
        for mark, accents in (tones | further).items():
            letters[base + mark] = unicodedata.normalize("NFC", bases.get(base, base) + accents)
    # A capital letter takes a capital mark, but is also typed with a small one.
    for written, letter in list(letters.items()):
        letters[written.upper()] = letter.upper()
        letters[written[:1].upper() + written[1:]] = letter.upper()
    return letters


_VNI = _vni()
_VNI_WRITTEN = re.compile("|".join(sorted(_VNI, key=len, reverse=True)))


def is_vni_syllable(word: str) -> bool:
    """Can the word, read as Windows-1252, be a syllable in VNI? No mark may stand without its vowel."""
    return _VNI_WRITTEN.sub("", word).isascii() and is_syllable(from_vni(word))


def from_vni(text: str) -> str:
    """The text of VNI fonts for Windows whose bytes were read as Windows-1252."""
    return text if text.isascii() else _VNI_WRITTEN.sub(lambda written: _VNI[written[0]], text)
