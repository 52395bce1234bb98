"""What is no table, whatever the name of its file says."""

from __future__ import annotations

import re

from ..errors import ConfigError

__all__ = ["refuse_foreign"]

_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or an archive, whatever its name says: name a workbook .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, whatever its name says: name it .xls",
    b"PAR1": "Parquet: save it as a .parquet file and name that",
    b"%PDF": "a PDF: export the table as CSV",
    b"{\\rtf": "a text document (RTF): save the table as CSV",
    b"SQLite format 3\0": "a SQLite database: export the table as CSV",
    b"BZh": "packed by bzip2: unpack it first",
    b"\xfd7zXZ\0": "packed by xz: unpack it first",
    b"(\xb5/\xfd": "packed by zstd: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!\x1a": "a RAR archive: unpack it first",
    b"\x89PNG": "a picture: export the table as CSV",
    b"\xff\xd8\xff": "a picture: export the table as CSV",
}
_MARKUP = re.compile(
    r"<(?:!doctype|!--|\?xml|html|head|body|meta|title|table|thead|tbody|tr|div|style|script|workbook)\b|<!--",
    re.IGNORECASE,
)
_MHTML = re.compile(r"MIME-Version: ", re.IGNORECASE)
_LOOK = 1024


def refuse_foreign(head: bytes, *, name: str, kind: str) -> None:
    """See that a text file can be one.

    Args:
        head: how it begins.
        name: what messages call it.
        kind: `csv` or `ndjson`.

    Raises:
        ConfigError: it is something else. The sentence says what, and what to do.
    """
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise ConfigError(f"{name} is {what}.")
    start = head[:_LOOK].replace(b"\0", b"").decode("latin-1").lstrip("\xef\xbb\xbf\xff\xfe \t\r\n")
    if _MARKUP.match(start) or _MHTML.match(start):
        what = "an XML file" if start.lower().startswith("<?xml") else "a web page (HTML)"
        raise ConfigError(f"{name} is {what}, no {kind.upper()}: open it in a spreadsheet and save it as CSV.")
    if kind == "csv" and re.match(r'\{\s*"|\[\s*\{', start):
        raise ConfigError(f"{name} is JSON: put one object on a line and name it .ndjson.")
