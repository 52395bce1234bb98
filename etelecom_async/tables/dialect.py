"""How a CSV file is written: its delimiter and its byte order mark."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from attrs import frozen

__all__ = ["Dialect", "declared_delimiter", "likely_delimiter"]

_DECLARATION = re.compile(r'"?sep=([^\w\s"]|\t| )"?\r?\n', re.ASCII | re.IGNORECASE)
_QUOTED = re.compile(r'(?:^|(?<=[,;\t|]))"[^"]*(?:""[^"]*)*(?:"|\Z)', re.MULTILINE)
_BLANK = re.compile(r"\s*")
# Of two that are equally likely, the one that is rarer in prose comes first.
_CANDIDATES = ("\t", ";", "|", ",")
_ENOUGH = 1024 * 1024
"""Characters that are looked at."""


@frozen(kw_only=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        delimiter: one ASCII character between fields.
        has_bom: whether it begins with a byte order mark, by which Excel recognises UTF-8.
    """

    delimiter: str = ","
    has_bom: bool = False


def declared_delimiter(text: str) -> str | None:
    """The delimiter that a first line of Excel such as `sep=;` declares; None without such a line."""
    declaration = _DECLARATION.match(text)
    return None if declaration is None else declaration[1]


def likely_delimiter(lines: Iterable[str]) -> str:
    """The delimiter of CSV lines: the one that occurs equally often, outside quotes, in the most lines.

    A title above the header has none, and a comma within text does not occur in every line.
    """
    text = "".join(lines)[:_ENOUGH]
    # One pass over megabytes would hold up every other thread.
    unquoted = _QUOTED.sub("", text) if '"' in text else text
    bare = [line for line in unquoted.splitlines() if not _BLANK.fullmatch(line)]
    best, most = ",", 0
    for candidate in _CANDIDATES:
        counts = Counter(count for line in bare if (count := line.count(candidate)))
        fitting = max(counts.values(), default=0)
        if fitting > most:
            best, most = candidate, fitting
    return best
