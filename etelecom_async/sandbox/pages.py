"""Pages of a list, as the operator's framework makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..endpoint import JSON
from ..errors import InvalidArgument
from .fields import Fields, id_in, text_in

__all__ = ["page"]

_LIMIT = 100
_SORT = re.compile(r"-?[a-z_]+")
_FIRST = "."


def page(records: Sequence[dict[str, JSON]], paging: Fields, *, items: str, cursor: str = "id") -> dict[str, JSON]:
    """The page of these records that is asked for, as an answer.

    `limit` absent, 0 or above 100 is 100; without a cursor it is the first page.

    Args:
        records: all of them, in the list's usual order.
        paging: what the request says of the page.
        items: the name of the list in the answer.
        cursor: the field of a record that is its cursor.

    Raises:
        InvalidArgument: an order that there is not, or a cursor that is none.
    """
    limit, sort = id_in(paging, "limit"), text_in(paging, "sort")
    after, before = text_in(paging, "after"), text_in(paging, "before")
    limit = limit if 0 < limit <= _LIMIT else _LIMIT
    records = _sorted(records, sort)
    start = 0
    if after not in ("", _FIRST):
        start = _index(records, cursor, after) + 1
    elif before:
        end = _index(records, cursor, before)
        start = max(0, end - limit)
        limit = end - start
    shown = records[start : start + limit]
    is_last = start + limit >= len(records)
    return {
        items: [*shown],
        "paging": {
            "limit": limit,
            "after": after,
            "before": before,
            "sort": sort,
            "next": "" if is_last or not shown else str(shown[-1][cursor]),
            "prev": "" if start == 0 or not shown else str(shown[0][cursor]),
        },
    }


def _sorted(records: Sequence[dict[str, JSON]], sort: str) -> Sequence[dict[str, JSON]]:
    if not sort:
        return records
    name = sort.removeprefix("-")
    if not _SORT.fullmatch(sort) or name == "id" or (records and name not in records[0]):
        raise InvalidArgument("Không thể sắp xếp theo trường này")
    return sorted(records, key=lambda record: _order(record[name]), reverse=sort.startswith("-"))


def _order(value: JSON) -> tuple[int, int, str]:
    """What is unset first, then numbers and ids by their size, then texts."""
    text = "" if value is None else str(value)
    if isinstance(value, int):
        return 1, value, text
    if text.isascii() and text.isdigit():
        return 1, int(text), text
    return (2 if text else 0), 0, text


def _index(records: Sequence[dict[str, JSON]], name: str, cursor: str) -> int:
    for index, record in enumerate(records):
        if str(record[name]) == cursor:
            return index
    raise InvalidArgument("Con trỏ trang không hợp lệ")
