"""The encoding of a text, detected from all of it, or from the beginning of a stream."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import attrs
from attrs import define

from ..errors import ConfigError
from .codepage import MAX_RUNS, guess, high_runs
from .encoding import Encoding, marked, named
from .input import HEAD, Input, cannot_read
from .reading import Undecided

__all__ = ["Detection", "detect"]

_PIECE = 256 * 1024
_ESCAPED = re.compile("[\udc80-\udcff]")
_REPLACED = re.compile("\ufffd")
_LINES_FOR_ONE_STRAY = 1000
_CHOICES = ("utf-8", "cp1258", "cp1252", "tcvn3", "vni", "shift_jis")
_SHOWN = 3


@define(kw_only=True)
class Detection:
    """The encoding of a text, and what was counted in the text.

    Attributes:
        encoding: how its bytes become text.
        certainty: `certain` or `likely`; empty if the user, or an earlier run, named the encoding.
        strays: how many bytes are not text.
        first_stray: the line of the first of them, from 1.
        nuls: how many NULs are left out.
    """

    encoding: Encoding
    certainty: str
    strays: int = 0
    first_stray: int = 0
    nuls: int = 0
    _beyond_ascii: int = 0
    _is_only_blanks: bool = True  # every stray is a no-break space, which any program may leave
    _lines: int = 0
    _returns: int = 0

    @property
    def description(self) -> str:
        """Such as `UTF-8, likely, 3 stray bytes kept, first in line 17`."""
        parts = [self.encoding.name, *([self.certainty] if self.certainty else [])]
        if self.strays:
            is_kept = self.encoding.errors == "surrogateescape"
            what, kept = ("stray byte", "kept") if is_kept else ("damaged letter", "replaced")
            plural, first = ("", "") if self.strays == 1 else ("s", "first ")
            parts.append(f"{self.strays:,} {what}{plural} {kept}, {first}in line {self.first_stray:,}")
        if self.nuls:
            parts.append(f"{self.nuls:,} NUL{'' if self.nuls == 1 else 's'} left out")
        return ", ".join(parts)

    @property
    def letters(self) -> int:
        """Letters beyond ASCII, without the stray bytes."""
        return self._beyond_ascii - self.strays

    @property
    def has_few_strays(self) -> bool:
        """So few for the lines of the text that they are no evidence for another encoding."""
        return self._is_only_blanks or self.strays * _LINES_FOR_ONE_STRAY <= self._lines

    def add(self, text: str, stray: re.Pattern[str]) -> None:
        """Count another piece of the text."""
        if not text.isascii():
            self._beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
            found = stray.findall(text)
            if found:
                if not self.strays:
                    before = text[: text.index(found[0])]
                    breaks = self._lines + before.count("\n")
                    self.first_stray = 1 + (breaks or self._returns + before.count("\r"))
                self.strays += len(found)
                self._is_only_blanks &= set(found) == {"\udca0"}
        self._lines += text.count("\n")
        self._returns += 0 if self._lines else text.count("\r")
        self.nuls += text.count("\0")


def detect(source: Input, *, said: str | None = None) -> Detection:
    """The encoding of an input.

    A byte order mark decides. Then NULs at every other place, which only UTF-16 has. Then whether it is UTF-8 or mostly
    UTF-8: each letter of several bytes is evidence for it, each stray byte evidence against. Other text is recognised
    by its words.

    Args:
        source: all its bytes are read, so that a stray byte anywhere counts.
        said: the encoding that the user named.

    Raises:
        Undecided: several encodings fit, or none.
        ConfigError: it cannot be read, or its mark is that of another encoding than `said`.
    """
    mark = marked(source.head)
    try:
        if said is not None:
            return _as_said(source, named(said), mark)
        if mark is not None:
            return _counted(source, mark, "certain")
        if codec := _unmarked_utf16(source.head):
            encoding = attrs.evolve(named(codec), name="UTF-16 without BOM")
            return _counted(source, encoding, "likely")
        return _utf8_or_older(source)
    except OSError as error:
        raise cannot_read(source.name, error) from None


def _as_said(source: Input, said: Encoding, mark: Encoding | None) -> Detection:
    if mark is not None:
        if mark.key != said.key and not said.key.startswith(mark.key):
            raise ConfigError(
                f"{source.name} begins with the byte order mark of {mark.key.upper()}, so it is not {said.name}: leave"
                " --encoding out."
            )
        said = attrs.evolve(mark, key=said.key)
    elif said.key in {"utf-16", "utf-32"}:
        codec = _unmarked_utf16(source.head) if said.key == "utf-16" else ""
        said = attrs.evolve(named(codec or said.key + "-le"), key=said.key, name=said.name)
    return _counted(source, said, "")


def _utf8_or_older(source: Input) -> Detection:
    utf8 = _counted(source, named("utf-8"), "likely")
    letters, strays = utf8.letters, utf8.strays
    if not strays:
        return attrs.evolve(utf8, certainty="certain") if source.is_seen_whole or letters > 0 else utf8
    if letters >= strays or (not letters and utf8.has_few_strays):
        return utf8
    words = _words(source)
    if 4 * letters > strays:
        raise _undecided(source, ("utf-8", *guess(words)), words, "is partly UTF-8 and partly another encoding")
    found = guess(words)
    if len(found) == 1:
        return _counted(source, named(found[0]), "likely")
    why = "can be in several encodings" if found else "is in an unknown encoding"
    raise _undecided(source, found, words, why)


def _undecided(source: Input, fitting: tuple[str, ...], words: list[bytes], why: str) -> Undecided:
    keys = tuple(dict.fromkeys(fitting if len(fitting) > 1 else (*fitting, *_CHOICES)))
    shown = sorted(words, key=len, reverse=True)[:_SHOWN]
    encodings = [named(key) for key in keys]
    labels = [_printable(f"{encoding.name}: {' '.join(map(encoding.decode, shown))}") for encoding in encodings]
    options = " or ".join(f"--encoding {key}" for key in fitting[:3])
    return Undecided(
        f"{source.name} {why}: add {options or '--encoding and its name, such as cp1258, tcvn3 or cp1252'}.",
        field="encoding",
        question=f"In which encoding is {source.name}? Choose the line that reads correctly.",
        # A choice that reads as damage is no help.
        choices=tuple((key, label) for key, label in zip(keys, labels, strict=True) if not _REPLACED.search(label)),
    )


def _printable(label: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in label)


def _counted(source: Input, encoding: Encoding, certainty: str) -> Detection:
    detection = Detection(encoding=encoding, certainty=certainty)
    stray = _ESCAPED if encoding.errors == "surrogateescape" else _REPLACED
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    for piece in _pieces(source):
        detection.add(decoder.decode(piece), stray)
    # The last letter may be cut: where the look at a stream ends, or by the program that cut the file.
    if source.is_seen_whole:
        detection.add(decoder.decode(b"", final=True), stray)
    return detection


def _words(source: Input) -> list[bytes]:
    words: dict[bytes, None] = {}
    left = b""
    for piece in _pieces(source):
        data = left + piece
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 or len(data)
        words.update(dict.fromkeys(high_runs(data[:end])))
        left = data[end:]
        if len(words) >= MAX_RUNS:
            break
    else:
        words.update(dict.fromkeys(high_runs(left)))
    return list(words)[:MAX_RUNS]


def _pieces(source: Input) -> Iterator[bytes]:
    with source.look() as file:
        while piece := file.read(_PIECE):
            yield piece


def _unmarked_utf16(head: bytes) -> str:
    # In ASCII every pair has a NUL; Vietnamese letters have none, so most pairs are enough.
    first, second = head[::2].count(0), head[1::2].count(0)
    most = min(len(head), HEAD) // 4
    if second > most and second > 10 * first:
        return "utf-16-le"
    if first > most and first > 10 * second:
        return "utf-16-be"
    return ""
