"""How a CSV file is written: what stands between its fields."""

from __future__ import annotations

import re

from attrs import frozen

__all__ = ["Dialect", "declared_delimiter", "likely_delimiter"]

_DECLARATION = re.compile(r'"?sep=([^\w\s"]|\t| )"?\r?\n', re.ASCII | re.IGNORECASE)
_QUOTED = re.compile(r'(?:^|(?<=[,;\t|]))"[^"]*(?:""[^"]*)*(?:"|\Z)', re.MULTILINE)
_BLANK = re.compile(r"\s*")
# Where two look equally likely, the one that is rarer in prose.
_CANDIDATES = ("\t", ";", "|", ",")
_LINES = 100


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


def likely_delimiter(text: str, *, is_whole: bool) -> str:
    """The delimiter of a CSV text: what stands equally often, outside quotes, in the most of its first lines.

    Args:
        text: the beginning of the file, or all of it.
        is_whole: False where the last line may be cut.
    """
    lines = [line for line in _QUOTED.sub("", text).splitlines() if not _BLANK.fullmatch(line)]
    if not is_whole and len(lines) > 1:
        lines.pop()
    if not lines:
        return ","
    counts = {
        candidate: [line.count(candidate) for line in lines[:_LINES]]
        for candidate in _CANDIDATES
        # What the first line, mostly the header, does not have is a part of the texts.
        if candidate in lines[0]
    }
    return max(counts, key=lambda candidate: counts[candidate].count(counts[candidate][0]), default=",")
