"""Vietnamese as bytes: what a syllable can be, and the letters of the font encodings from before Unicode."""

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
    """The text with a tone behind a Vietnamese vowel as one letter with it, and nothing else composed.

    Windows-1258 has the tones as characters of their own.
    """
    if text.isascii():
        return text
    return _COMPOSABLE.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text)


def _tones(vowel: str, order: str = _TONES) -> list[str]:
    return [unicodedata.normalize("NFC", vowel + tone) for tone in order]


def _tcvn3() -> dict[int, str]:
    letters = dict(zip(range(0xA1, 0xAF), "ĂÂÊÔƠƯĐăâêôơưđ", strict=True))
    # The order of the tones is that of the standard: grave, hook, tilde, acute, dot.
    places = {
        "a": (0xB5, 0xB6, 0xB7, 0xB8, 0xB9),
        "ă": (0xBB, 0xBC, 0xBD, 0xBE, 0xC6),
        "â": (0xC7, 0xC8, 0xC9, 0xCA, 0xCB),
        "e": (0xCC, 0xCE, 0xCF, 0xD0, 0xD1),
        "ê": (0xD2, 0xD3, 0xD4, 0xD5, 0xD6),
        "i": (0xD7, 0xD8, 0xDC, 0xDD, 0xDE),
        "o": (0xDF, 0xE1, 0xE2, 0xE3, 0xE4),
        "ô": (0xE5, 0xE6, 0xE7, 0xE8, 0xE9),
        "ơ": (0xEA, 0xEB, 0xEC, 0xED, 0xEE),
        "u": (0xEF, 0xF1, 0xF2, 0xF3, 0xF4),
        "ư": (0xF5, 0xF6, 0xF7, 0xF8, 0xF9),
        "y": (0xFA, 0xFB, 0xFC, 0xFD, 0xFE),
    }
    for vowel, bytes_ in places.items():
        letters.update(zip(bytes_, _tones(vowel), strict=True))
    # The standard behind the fonts, TCVN 5712, has some capitals too.
    letters.update(zip((0xAF, 0xBA, 0xBF, *range(0xC0, 0xC6)), "ẰẲẴẮẦẨẪẤỀ", strict=True))
    letters.update(zip((0xCD, 0xD9, 0xDA, 0xDB, 0xE0, 0xF0), "ỂỄẾỒỔỖ", strict=True))
    letters[ord("\xa0")] = "\xa0"
    # What the font has no letter for stays the byte that it was.
    return {byte: letters.get(byte, chr(0xDC00 + byte)) for byte in range(0x80, 0x100)}


_TCVN3 = _tcvn3()


def from_tcvn3(text: str) -> str:
    """The text of TCVN3 (ABC) fonts, whose bytes were read as Latin-1. The fonts for capitals have the same bytes."""
    return text if text.isascii() else text.translate(_TCVN3)


def _vni() -> dict[str, str]:
    # What is put behind a vowel: one of the five tones, or a circumflex or breve with a tone or without.
    tones = dict(zip("øûõùï", _TONES, strict=True))
    circumflex = dict(zip("âàåãáä", ["\u0302", *("\u0302" + tone for tone in _TONES)], strict=True))
    breve = dict(zip("êèúüéë", ["\u0306", *("\u0306" + tone for tone in _TONES)], strict=True))
    bases = {"ô": "o\u031b", "ö": "u\u031b"}
    letters = {"ô": "ơ", "ö": "ư", "ñ": "đ", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
    for base in "aeouyôö":
        further = {"a": circumflex | breve, "e": circumflex, "o": circumflex}.get(base, {})
        for mark, accents in (tones | further).items():
            letters[base + mark] = unicodedata.normalize("NFC", bases.get(base, base) + accents)
    # A capital has a capital mark; sloppy typing has a small one.
    for written, letter in list(letters.items()):
        letters[written.upper()] = letter.upper()
        letters[written[:1].upper() + written[1:]] = letter.upper()
    return letters


_VNI = _vni()
_VNI_WRITTEN = re.compile("|".join(sorted(_VNI, key=len, reverse=True)))


def is_vni_syllable(word: str) -> bool:
    """Can the word be a syllable in VNI, read as Windows-1252? No mark stands in it without its vowel."""
    return _VNI_WRITTEN.sub("", word).isascii() and is_syllable(from_vni(word))


def from_vni(text: str) -> str:
    """The text of VNI fonts for Windows, whose bytes were read as Windows-1252."""
    return text if text.isascii() else _VNI_WRITTEN.sub(lambda written: _VNI[written[0]], text)
