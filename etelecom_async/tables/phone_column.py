"""Finds the column of a table that holds the phones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from ..errors import ConfigError, InvalidPhone
from ..phone import is_phone
from .base import Row, matching
from .cells import phone_text

__all__ = ["find_phone_column", "is_phone_heading", "named_column", "plain"]

_NAMES = frozenset(
    """
    phone phones phoneno phonenumber phonenumbers telephone telephonenumber mobile mobileno mobilenumber
    mobilephone cell cellphone tel telno msisdn sdt sodt dt dtdd sodtdd dienthoai sodienthoai didong sodidong
    dienthoaididong
    """.split()  # noqa: SIM905 - a line for each word would be longer than the code
)
# Not "tel", "cell" or "dt", which also occur in "hotel", "cancelled" and "width".
_NUMBERED = re.compile(r"(.+)_\d+")
_PARTS = ("phone", "mobile", "msisdn", "sdt", "sodt", "dtdd", "dienthoai", "didong")


def find_phone_column(columns: Sequence[str], sample: Sequence[Row]) -> tuple[int, str]:
    """The column that holds the phones, and how it was found.

    It is found by its name, in English or Vietnamese, in any case, with or without accents, spaces and underscores; or
    else by content: the column with the most phone numbers, if at least half of its values are phone numbers.

    Args:
        columns: the headings.
        sample: some of the rows; a hundred are enough.

    Returns:
        The index, and `found by its name` or `found by content: 97 of 100 values are phone numbers`.

    Raises:
        ConfigError: there is none, or several are equally likely.
    """
    bare = [plain(_as_given(name, columns)) for name in columns]
    exact = [at for at, name in enumerate(bare) if name in _NAMES]
    named = exact or [at for at, name in enumerate(bare) if any(part in name for part in _PARTS)]
    if len(named) == 1:
        return named[0], "found by its name"
    # `phone_type` is named like a phone and holds none.
    counts = {at: _count(row.cells[at] for row in sample) for at in named or range(len(columns))}
    likely = {at: phones for at, (phones, values) in counts.items() if phones and 2 * phones >= values}
    most = 0 if named else max(likely.values(), default=0)
    best = [at for at, phones in likely.items() if phones >= most]
    if len(best) != 1:
        several = _listed(columns, best or named)
        which = f"Several columns may hold the phones ({several})" if several else "No column holds phone numbers"
        raise ConfigError(f"{which}: choose one with --column. The columns are {_listed(columns)}.")
    at = best[0]
    phones, values = counts[at]
    return at, f"found by content: {phones} of {values} values are phone numbers"


def _as_given(name: str, columns: Sequence[str]) -> str:
    """The heading in the file: of two equal ones `unique_names` numbered the second, as in `phone_2`."""
    numbered = _NUMBERED.fullmatch(name)
    return numbered[1] if numbered and numbered[1] in columns else name


def named_column(columns: Sequence[str], name: str) -> int:
    """The index of the column that the user names: by its name, its name in another case, or its number from 1.

    Raises:
        ConfigError: there is no such column, or there are several.
    """
    found = matching(columns, name)
    if len(found) > 1:
        raise ConfigError(f"{len(found)} columns are named {name!r}: name the column by its number, from 1.")
    if found:
        return found[0]
    raise ConfigError(f"There is no column {name!r}. The columns are {_listed(columns)}.")


def is_phone_heading(name: str) -> bool:
    """Whether the whole name is a common one for a column of phones."""
    return plain(name) in _NAMES


def _count(cells: Iterable[object]) -> tuple[int, int]:
    """How many cells hold a phone number, and how many are not empty."""
    phones = values = 0
    for cell in cells:
        if isinstance(cell, bool):
            continue
        try:
            text = phone_text(cell)
        except InvalidPhone:
            values += 1
        else:
            values += bool(text.strip())
            phones += is_phone(text)
    return phones, values


def plain(name: str) -> str:
    """A heading without case, accents and signs: `sodt` for `Số ĐT`."""
    # Unicode does not decompose the stroke of đ.
    letters = unicodedata.normalize("NFKD", name.casefold().replace("đ", "d"))
    return "".join(letter for letter in letters if letter.isalnum())


def _listed(columns: Sequence[str], only: Sequence[int] | None = None) -> str:
    return ", ".join(repr(columns[at]) for at in (range(len(columns)) if only is None else only))
