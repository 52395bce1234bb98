"""How a CSV file is written: what stands between its fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from attrs import frozen

__all__ = ["Dialect", "declared_delimiter", "likely_delimiter"]

_DECLARATION = re.compile(r'"?sep=([^\w\s"]|\t| )"?\r?\n', re.ASCII | re.IGNORECASE)
_QUOTED = re.compile(r'(?:^|(?<=[,;\t|]))"[^"]*(?:""[^"]*)*(?:"|\Z)', re.MULTILINE)
_BLANK = re.compile(r"\s*")
# Where two look equally likely, the one that is rarer in prose.
_CANDIDATES = ("\t", ";", "|", ",")
_ENOUGH = 1024 * 1024
"""Characters that are looked at."""


@frozen(kw_only=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        delimiter: what stands between fields: one ASCII character.
        has_bom: does it begin with a byte order mark, by which Excel knows UTF-8?
    """

    delimiter: str = ","
    has_bom: bool = False


def declared_delimiter(text: str) -> str | None:
    """The delimiter that Excel's own first line declares, as `sep=;` does; None where there is no such line."""
    declaration = _DECLARATION.match(text)
    return None if declaration is None else declaration[1]


def likely_delimiter(lines: Iterable[str]) -> str:
    """The delimiter of CSV lines: what stands equally often, outside quotes, in the most of them.

    A title above the header has none, and a comma in texts does not stand in every line.
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
