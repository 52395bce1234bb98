"""What docstrings say, taken apart: the text, and what stands under `Args:` or `Attributes:` for each name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

from attrs import frozen

__all__ = ["Words", "words_of"]

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_NAMED = ("Args", "Attributes")
_ENTRY = re.compile(r"([a-z_][a-z0-9_]*(?:, [a-z_][a-z0-9_]*)*): (.+)", re.DOTALL)
_MARGIN = 4


@frozen(kw_only=True)
class Words:
    """A docstring.

    Attributes:
        text: all of it before its sections.
        of: what is said of each name in them.
    """

    text: str
    of: Mapping[str, str]


def words_of(subject: object) -> Words:
    """The words of a class or a function; empty where it has none, as under `python -OO`."""
    sections: dict[str, list[str]] = {"": []}
    lines = sections[""]
    for line in (inspect.getdoc(subject) or "").splitlines():
        if found := _SECTION.fullmatch(line):
            lines = sections.setdefault(found[1], [])
        else:
            lines.append(line)
    entries = [entry for name in _NAMED for entry in _entries(sections.get(name, []))]
    of = {name: text for names, text in entries for name in names.split(", ")}
    return Words(text="\n".join(sections[""]).strip(), of=of)


def _entries(lines: list[str]) -> list[tuple[str, str]]:
    """Names and text of each entry, which begins at the margin and goes on further in."""
    joined: list[str] = []
    for line in lines:
        is_begin = line.strip() and len(line) - len(line.lstrip()) == _MARGIN
        if is_begin:
            joined.append(line.strip())
        elif joined and line.strip():
            joined[-1] += " " + line.strip()
    found = (_ENTRY.fullmatch(entry) for entry in joined)
    return [(entry[1], entry[2]) for entry in found if entry]
