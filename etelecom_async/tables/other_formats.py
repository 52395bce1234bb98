"""Files that are not CSV or NDJSON, whatever their names say."""

from __future__ import annotations

import re

from ..errors import ConfigError

__all__ = ["refuse_other_formats"]

_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or an archive, whatever its name says: name a workbook .xlsx",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, whatever its name says: name it .xls",
    b"PAR1": "Parquet: save it as a .parquet file and name that",
    b"%PDF": "a PDF: export the table as CSV",
    b"{\\rtf": "a text document (RTF): save the table as CSV",
    b"SQLite format 3\0": "a SQLite database: export the table as CSV",
    b"BZh": "compressed with bzip2: decompress it first",
    b"\xfd7zXZ\0": "compressed with xz: decompress it first",
    b"(\xb5/\xfd": "compressed with zstd: decompress it first",
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


def refuse_other_formats(head: bytes, *, name: str, kind: str) -> None:
    """Refuse a file whose first bytes are not those of CSV or NDJSON.

    Args:
        head: its first bytes.
        name: its name in messages.
        kind: `csv` or `ndjson`.

    Raises:
        ConfigError: it is something else. The message says what, and what to do.
    """
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise ConfigError(f"{name} is {what}.")
    start = head[:_LOOK].replace(b"\0", b"").decode("latin-1").lstrip("\xef\xbb\xbf\xff\xfe \t\r\n")
    if _MARKUP.match(start) or _MHTML.match(start):
        what = "an XML file" if start.lower().startswith("<?xml") else "a web page (HTML)"
        raise ConfigError(f"{name} is {what}, not {kind.upper()}: open it in a spreadsheet and save it as CSV.")
    if kind == "csv" and re.match(r'\{\s*"|\[\s*\{', start):
        raise ConfigError(f"{name} is JSON: put one object on a line and name it .ndjson.")
