"""In which encoding a text is, told from its first bytes."""

from __future__ import annotations

import codecs
import io
import unicodedata
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from attrs import frozen

from .input import HEAD

__all__ = ["Encoding", "detect"]


@frozen(kw_only=True)
class Encoding:
    """How bytes become text.

    Attributes:
        name: for people.
        codec: for Python.
        errors: what becomes of bytes that are no text.
        is_marked: does it come from a program that marks its files, as Excel does, and looks for the mark in ours?
        is_composed: False where accents are letters of their own, as Windows-1258 has them.
    """

    name: str
    codec: str
    # Strange bytes in a text that is otherwise fine come out as they went in.
    errors: str = "surrogateescape"
    is_marked: bool = False
    is_composed: bool = True

    def open(self, file: BinaryIO, *, newline: str) -> io.TextIOWrapper:
        """The file as text. Closing it closes the file; `newline` tells lines apart as in `open`."""
        return io.TextIOWrapper(file, encoding=self.codec, errors=self.errors, newline=newline)

    def lines(self, text: Iterable[str]) -> Iterator[str]:
        """The lines of the text, with their ends, and each letter as one character."""
        return iter(text) if self.is_composed else (unicodedata.normalize("NFC", line) for line in text)

    def decode(self, data: bytes) -> str:
        """The text of a piece, in which line ends stay what they are."""
        with self.open(io.BytesIO(data), newline="") as text:
            return "".join(self.lines(text))


def detect(head: bytes) -> Encoding:
    """The encoding of a text that begins with `head`.

    A byte order mark decides; then NULs at every other place, which only UTF-16 has; then whether it is valid UTF-8.
    What is none of these is Windows-1258, the "ANSI" of a Vietnamese Windows.
    """
    if head.startswith(codecs.BOM_UTF8):
        return Encoding(name="UTF-8 with BOM", codec="utf-8-sig", is_marked=True)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding(name="UTF-16", codec="utf-16", errors="replace", is_marked=True)
    if codec := _unmarked_utf16(head):
        return Encoding(name="UTF-16 without BOM", codec=codec, errors="replace", is_marked=True)
    if not _is_utf8(head):
        return Encoding(name="Windows-1258", codec="cp1258", is_composed=False)
    return Encoding(name="UTF-8", codec="utf-8")


def _is_utf8(head: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(head)
    except UnicodeDecodeError:
        return False
    # The last letter may be cut: by us, or by whoever cut the file. Alone at a real end it is a letter of its own.
    return not decoder.getstate()[0] or len(head) >= HEAD or not text.isascii()


def _unmarked_utf16(head: bytes) -> str:
    # ASCII has its NUL in every pair; Vietnamese letters do not, so most is as good as all.
    first, second = head[::2].count(0), head[1::2].count(0)
    most = len(head) // 4
    if second > most and second > 10 * first:
        return "utf-16-le"
    if first > most and first > 10 * second:
        return "utf-16-be"
    return ""
