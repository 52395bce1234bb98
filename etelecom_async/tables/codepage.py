"""Detects an encoding from before Unicode by the words that the bytes make."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from .encoding import named
from .vietnamese import is_syllable, is_vni_syllable

__all__ = ["MAX_RUNS", "Guess", "guess", "high_runs"]

MAX_RUNS = 20_000
"""The most different ones that are looked at; more would not change the result."""

Guess = tuple[str, ...]
"""The keys of the encodings that fit the words equally well; none if no encoding fits."""

# The no-break space and Windows' quotes, dashes and dots, which are between words.
_BETWEEN = rb"\x85\x91-\x94\x96\x97\xa0"
# The second byte of a Japanese letter can be an ASCII sign such as a backslash.
_HIGH_RUN = re.compile(rb"[A-Za-z]*(?:[\x80-\xff][\x40\x5b-\x60\x7b\x7d\x7e]?[A-Za-z]*)+")
_SPLIT = re.compile(rb"[\x40\x5b-\x60\x7b-\x7e" + _BETWEEN + rb"]+")
# The bytes that are different letters in Windows-1258 and Windows-1252.
_DIFFERENT = re.compile(rb"[\xc3\xcc\xd0\xd2\xd5\xdd\xde\xe3\xec\xf0\xf2\xf5\xfd\xfe\x8a\x8e\x9a\x9e]")
_TWO_ACCENTED = re.compile("[ÀÁÂÃÄÈÉÊËÌÍÎÏÒÓÔÕÖÙÚÛÜÝàáâãäèéêëìíîïòóôõöùúûüýÿ]{2}")
_TRIMMED = "«»°·¿¡ªº®©´¨¸¯§¶"
_SURE = 0.75
_FAR = 0.25
_SMALL = 3
_SOME = 4
_EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
_CJK_LEADS = frozenset({*range(0x81, 0x84), *range(0x88, 0x99)})
_HALF_WIDTH = range(0xA1, 0xE0)


def high_runs(data: bytes) -> list[bytes]:
    """The runs of letters with a byte beyond ASCII: words, or several words without a blank between them."""
    return _HIGH_RUN.findall(data)


def guess(runs: Iterable[bytes]) -> Guess:
    """The encodings of what `high_runs` found.

    Vietnamese is recognised by its syllables, and Western European text by letters in the places of letters. Shift-JIS
    has the most common Japanese characters, none of them within a word of Latin letters.
    """
    runs = tuple(dict.fromkeys(runs))
    words = (word for run in runs for word in _SPLIT.split(run) if not word.isascii())
    known = tuple(dict.fromkeys(words))
    if not known:
        # Only quotes, dashes and blanks, which are the same in all Windows code pages.
        return ("cp1252",)
    shares = {key: _share(known, key) for key in ("cp1258", "tcvn3", "vni", "cp1252")}
    japanese = sum(map(_is_japanese, runs)) / len(runs)
    if japanese >= _SURE and max(shares["cp1258"], shares["tcvn3"], shares["vni"]) < _SURE - _FAR:
        # Half-width katakana look like any text with two bytes a letter.
        return ("cp932",) if _has_pairs(runs) else tuple(key for key in _EAST_ASIAN if _decodes(runs, key))
    best = max(shares.values())
    if best < _SURE:
        return ()
    close = [key for key, share in shares.items() if share > best - _FAR]
    if "vni" in close and len(known) >= _SMALL and shares["vni"] >= _SURE:
        # A vowel and its mark are two letters of Windows-1252, which in no language follow each other in each word.
        return ("vni",)
    if close == ["cp1258", "cp1252"]:
        return _western_or_vietnamese(known, shares)
    return tuple(close)


def _western_or_vietnamese(words: tuple[bytes, ...], shares: dict[str, float]) -> Guess:
    different = tuple(word for word in words if _DIFFERENT.search(word))
    if not different:
        # The text is the same in both.
        return ("cp1258",) if shares["cp1258"] >= shares["cp1252"] else ("cp1252",)
    vietnamese, western = _share(different, "cp1258"), _share(different, "cp1252")
    if abs(vietnamese - western) <= _FAR:
        return ("cp1258", "cp1252")
    return ("cp1258",) if vietnamese > western else ("cp1252",)


def _share(words: tuple[bytes, ...], key: str) -> float:
    # VNI uses Windows-1252 with other meanings for its letters.
    decode = named("cp1252" if key == "vni" else key).decode
    fits: Callable[[str], bool] = {"cp1252": _is_western, "vni": is_vni_syllable}.get(key, is_syllable)
    return sum(fits(decode(word)) for word in words) / len(words)


def _is_western(text: str) -> bool:
    """Whether it is letters in the case of a word, most of them without an accent."""
    word = text.strip(_TRIMMED)
    if not word:
        return True
    if not word.isalpha():
        return False
    accented = sum(not letter.isascii() for letter in word)
    is_cased = word.islower() or word.isupper() or (word[0].isupper() and word[1:].islower()) or _is_compound(word)
    return is_cased and (len(word) < _SMALL or 2 * accented <= len(word) + 1) and not _has_double_mark(word)


def _is_compound(word: str) -> bool:
    """Whether a second capital follows a name's prefix: `McÉ...`, or `D'É...` without its apostrophe."""
    return word[:2] in {"Mc", "De", "Di", "Le", "La"} and word[2:3].isupper() and word[3:].islower()


def _has_double_mark(word: str) -> bool:
    """Whether two accented vowels, or a vowel with and without accent, are adjacent: a font's letter and its tone."""
    if _TWO_ACCENTED.search(word):
        return True
    bare = [unicodedata.normalize("NFD", letter)[0] for letter in word.lower()]
    pairs = zip(bare, bare[1:], word, word[1:], strict=False)
    return any(one == two and one in "aou" and first.isascii() != second.isascii() for one, two, first, second in pairs)


def _is_japanese(word: bytes) -> bool:
    """Whether it is kana and first-level kanji without Latin letters beside them."""
    if re.search(rb"[A-Za-z]{2}", word):
        return False
    try:
        word.decode("cp932")
    except UnicodeDecodeError:
        return False
    pairs = common = half = at = 0
    while at < len(word):
        byte = word[at]
        if byte < 0x80 or byte in _HALF_WIDTH:  # noqa: PLR2004 - ASCII
            half += byte in _HALF_WIDTH
            at += 1
        else:
            pairs += 1
            common += byte in _CJK_LEADS
            at += 2
    return 4 * common >= 3 * pairs and (pairs > 0 or half > 1)


def _has_pairs(runs: tuple[bytes, ...]) -> bool:
    return _SOME * sum(any(byte in _CJK_LEADS for byte in run) for run in runs) >= len(runs)


def _decodes(runs: tuple[bytes, ...], key: str) -> bool:
    try:
        for run in runs:
            run.decode(key)
    except UnicodeDecodeError:
        return False
    return True
