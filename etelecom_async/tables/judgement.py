"""In which encoding a text is, told from all of it, or from the beginning of what can be read only once."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import attrs
from attrs import define, field, frozen

from ..errors import ConfigError
from .codepage import MAX_RUNS, guess, high_runs
from .encoding import Encoding, marked, named
from .input import HEAD, Input, cannot_read
from .reading import Undecided

__all__ = ["Judgement", "judge"]

_PIECE = 256 * 1024
_ESCAPED = re.compile("[\udc80-\udcff]")
_REPLACED = re.compile("\ufffd")
_LINES_FOR_ONE_STRAY = 1000
_CHOICES = ("utf-8", "cp1258", "cp1252", "tcvn3", "vni", "shift_jis")
_SHOWN = 3


@frozen(kw_only=True)
class Judgement:
    """What a text was judged to be.

    Attributes:
        encoding: how its bytes become text.
        certainty: `certain`, `likely`, or `as given` where the user said it.
        strays: how many bytes are no text in it.
        first_stray: in which line the first of them is, from 1.
        nuls: how many NULs are left out of it.
    """

    encoding: Encoding
    certainty: str
    strays: int = 0
    first_stray: int = 0
    nuls: int = 0

    @property
    def description(self) -> str:
        """Such as `UTF-8, likely, 3 stray bytes, first in line 17`."""
        parts = [f"{self.encoding.name}, {self.certainty}"]
        if self.strays:
            what = "stray byte" if self.encoding.errors == "surrogateescape" else "damaged letter"
            kept = "kept" if self.encoding.errors == "surrogateescape" else "replaced"
            plural = "" if self.strays == 1 else "s"
            first = "" if self.strays == 1 else "first "
            parts.append(f"{self.strays:,} {what}{plural} {kept}, {first}in line {self.first_stray:,}")
        if self.nuls:
            parts.append(f"{self.nuls:,} NUL{'' if self.nuls == 1 else 's'} left out")
        return ", ".join(parts)


def judge(source: Input, *, said: str | None = None) -> Judgement:
    """The encoding of an input.

    A byte order mark decides; then NULs at every other place, which only UTF-16 has; then whether it is UTF-8, or
    mostly: each letter of several bytes is evidence for it, and each byte that is no part of one against. What is
    something else is told by its words.

    Args:
        source: the bytes. All are read, so that it does not matter where the odd one stands.
        said: the encoding, where the user said it.

    Raises:
        Undecided: several encodings fit, or none.
        ConfigError: it cannot be read, or is marked as another encoding than was said.
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


def _as_said(source: Input, said: Encoding, mark: Encoding | None) -> Judgement:
    if mark is not None:
        if mark.key != said.key and not said.key.startswith(mark.key):
            raise ConfigError(
                f"{source.name} begins with the mark of {mark.key.upper()}, so it is not in {said.name}: leave"
                " --encoding out."
            )
        said = attrs.evolve(mark, key=said.key)
    elif said.key in {"utf-16", "utf-32"}:
        codec = _unmarked_utf16(source.head) if said.key == "utf-16" else ""
        said = attrs.evolve(named(codec or said.key + "-le"), key=said.key, name=said.name)
    return _counted(source, said, "as given")


def _utf8_or_older(source: Input) -> Judgement:
    utf8 = named("utf-8")
    tally = _tally(source, utf8)
    letters, strays = tally.beyond_ascii - tally.strays, tally.strays
    if not strays:
        is_sure = source.is_seen_whole or letters > 0
        return tally.judgement(utf8, "certain" if is_sure else "likely")
    if letters >= strays or (not letters and tally.is_speck):
        return tally.judgement(utf8, "likely")
    words = _words(source)
    if 4 * letters > strays:
        raise _undecided(source, ("utf-8", *guess(words)), words, "is part UTF-8 and part something else")
    found = guess(words)
    if len(found) == 1:
        return _counted(source, named(found[0]), "likely")
    why = "can be in several encodings" if found else "is in an encoding that cannot be told"
    raise _undecided(source, found, words, why)


def _undecided(source: Input, fitting: tuple[str, ...], words: list[bytes], why: str) -> Undecided:
    keys = tuple(dict.fromkeys(fitting if len(fitting) > 1 else (*fitting, *_CHOICES)))
    shown = sorted(words, key=len, reverse=True)[:_SHOWN]
    encodings = [named(key) for key in keys]
    labels = [f"{encoding.name}: {' '.join(map(encoding.decode, shown))}" for encoding in encodings]
    options = " or ".join(f"--encoding {key}" for key in fitting[:3])
    return Undecided(
        f"{source.name} {why}: add {options or '--encoding and its name, such as cp1258, tcvn3 or cp1252'}.",
        field="encoding",
        question=f"In which encoding is {source.name}? Choose the line that reads right.",
        choices=tuple((key, _printable(label)) for key, label in zip(keys, labels, strict=True)),
    )


def _printable(label: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in label)


@define(kw_only=True)
class _Tally:
    """What is counted in a text.

    Attributes:
        beyond_ascii: its letters that are not ASCII, stray bytes among them.
        strays: bytes that are no text.
        first_stray: the line of the first.
        is_only_blanks: are the strays all no-break spaces, which any program may leave?
        lines: its lines.
        nuls: its NULs.
    """

    beyond_ascii: int = 0
    strays: int = 0
    first_stray: int = 0
    is_only_blanks: bool = True
    lines: int = 0
    nuls: int = 0
    _returns: int = 0
    _last: str = field(default="", init=False)

    def add(self, text: str, stray: re.Pattern[str]) -> None:
        if not text.isascii():
            self.beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))
            found = stray.findall(text)
            if found:
                if not self.strays:
                    before = text[: text.index(found[0])]
                    breaks = self.lines + before.count("\n")
                    self.first_stray = 1 + (breaks or self._returns + before.count("\r"))
                self.strays += len(found)
                self.is_only_blanks &= set(found) == {"\udca0"}
        self.lines += text.count("\n")
        self._returns += 0 if self.lines else text.count("\r")
        self.nuls += text.count("\0")

    @property
    def is_speck(self) -> bool:
        """In a text that is otherwise ASCII: so little that it is no evidence for another encoding."""
        return self.is_only_blanks or self.strays * _LINES_FOR_ONE_STRAY <= self.lines

    def judgement(self, encoding: Encoding, certainty: str) -> Judgement:
        return Judgement(
            encoding=encoding,
            certainty=certainty,
            strays=self.strays,
            first_stray=self.first_stray,
            nuls=self.nuls,
        )


def _counted(source: Input, encoding: Encoding, certainty: str) -> Judgement:
    return _tally(source, encoding).judgement(encoding, certainty)


def _tally(source: Input, encoding: Encoding) -> _Tally:
    tally = _Tally()
    stray = _ESCAPED if encoding.errors == "surrogateescape" else _REPLACED
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    for piece in _pieces(source):
        tally.add(decoder.decode(piece), stray)
    # A letter at the end may be cut: by the look at a stream, or by the program that cut the file.
    if source.is_seen_whole:
        tally.add(decoder.decode(b"", final=True), stray)
    return tally


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
    # ASCII has its NUL in every pair; Vietnamese letters do not, so most is as good as all.
    first, second = head[::2].count(0), head[1::2].count(0)
    most = min(len(head), HEAD) // 4
    if second > most and second > 10 * first:
        return "utf-16-le"
    if first > most and first > 10 * second:
        return "utf-16-be"
    return ""
