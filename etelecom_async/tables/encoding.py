"""How bytes become text: by a Python codec, or by one of the Vietnamese font encodings used before Unicode."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from typing import BinaryIO

import attrs
from attrs import frozen

from ..errors import ConfigError
from .vietnamese import compose, from_tcvn3, from_vni

__all__ = ["Encoding", "marked", "named"]


@frozen(kw_only=True)
class Encoding:
    """How bytes become text.

    Attributes:
        key: its name in a `Reading`.
        name: its name for people.
        codec: its name in Python.
        errors: Python's error handler for bytes that are not text.
        convert: applied to the text of each line.
        is_marked: whether the file has a byte order mark, so that its program, as Excel, looks for one in outputs.
    """

    key: str
    name: str
    codec: str
    # Stray bytes in otherwise good text are written as they were read.
    errors: str = "surrogateescape"
    convert: Callable[[str], str] | None = None
    is_marked: bool = False

    def open(self, file: BinaryIO, *, newline: str) -> io.TextIOWrapper:
        """The file as text, before `convert`, with `newline` as in `open`. Closing it closes the file."""
        return io.TextIOWrapper(file, encoding=self.codec, errors=self.errors, newline=newline)

    def decode(self, data: bytes) -> str:
        text = data.decode(self.codec, self.errors)
        return text if self.convert is None else self.convert(text)


_FONTS = {
    "tcvn3": Encoding(key="tcvn3", name="TCVN3 (ABC)", codec="latin-1", convert=from_tcvn3),
    "vni": Encoding(key="vni", name="VNI-Windows", codec="cp1252", convert=from_vni),
}
_FONT_NAMES = {
    **dict.fromkeys(("tcvn3", "tcvn-3", "abc", "tcvn", "tcvn-5712", "tcvn5712"), "tcvn3"),
    **dict.fromkeys(("vni", "vni-windows", "vni-win"), "vni"),
}
_NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1258": "Windows-1258",
    "cp1252": "Windows-1252",
    "cp1251": "Windows-1251",
    "cp1250": "Windows-1250",
    "cp932": "Shift-JIS",
    "shift_jis": "Shift-JIS",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "euc_kr": "EUC-KR",
    "euc_jp": "EUC-JP",
}
# For domain names, source code or mail headers, not for files.
_FOR_NO_FILE = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
_ASCII = bytes(range(128))
_BYTES = 256
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    # UTF-32 first: the mark of UTF-32-LE begins with that of UTF-16-LE.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def named(name: str) -> Encoding:
    """The encoding of a name that Python knows, or of `tcvn3` (`abc`) or `vni`.

    Raises:
        ConfigError: the name is unknown, or its encoding is not for text files.
    """
    plain = name.strip().lower().replace("_", "-")
    if plain in _FONT_NAMES:
        return _FONTS[_FONT_NAMES[plain]]
    try:
        codec = codecs.lookup(plain).name
        is_for_files = codec.replace("_", "-") not in _FOR_NO_FILE and bool(_ASCII.decode(codec, "replace"))
    except (LookupError, UnicodeError, ValueError):
        codec, is_for_files = "", False
    if not is_for_files:
        raise ConfigError(
            f"There is no encoding {name!r}: write utf-8, utf-16, cp1258, cp1252, tcvn3, vni, shift_jis or another that"
            " Python knows."
        )
    key = "utf-8" if codec == "utf-8-sig" else codec
    return Encoding(
        key=key,
        name=_NAMES.get(key, key),
        codec=key,
        errors="surrogateescape" if _keeps_bytes(key) else "replace",
        convert=compose if key == "cp1258" else None,
        is_marked=key.startswith(("utf-16", "utf-32")),
    )


def marked(head: bytes) -> Encoding | None:
    """The encoding of the byte order mark at the start of a text; None without a mark."""
    for mark, key in _MARKS.items():
        if head.startswith(mark):
            encoding = named(key)
            if key == "utf-8":
                return attrs.evolve(encoding, name="UTF-8 with BOM", codec="utf-8-sig", is_marked=True)
            return encoding
    return None


def _keeps_bytes(codec: str) -> bool:
    """Whether a stray byte can be kept: not in other encodings of several bytes, where it may be part of a letter."""
    if codec == "utf-8":
        return True
    every = bytes(range(_BYTES)).decode(codec, "replace")
    return len(every) == _BYTES and every.startswith(_ASCII.decode())
