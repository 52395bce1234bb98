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


def page(records: Sequence[dict[str, JSON]], paging: Fields, *, items: str) -> dict[str, JSON]:
    """The page of these records that is asked for, as an answer.

    A cursor is the id of a record. `limit` absent, 0 or above 100 is 100; without a cursor it is the first page.

    Args:
        records: all of them, each with an `id`, in the list's usual order.
        paging: what the request says of the page.
        items: the name of the list in the answer.

    Raises:
        InvalidArgument: an order that there is not, or a cursor that is none.
    """
    limit, sort = id_in(paging, "limit"), text_in(paging, "sort")
    after, before = text_in(paging, "after"), text_in(paging, "before")
    limit = limit if 0 < limit <= _LIMIT else _LIMIT
    records = _sorted(records, sort)
    start = 0
    if after not in ("", _FIRST):
        start = _index(records, after) + 1
    elif before:
        end = _index(records, before)
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
            "next": "" if is_last or not shown else shown[-1]["id"],
            "prev": "" if start == 0 or not shown else shown[0]["id"],
        },
    }


def _sorted(records: Sequence[dict[str, JSON]], sort: str) -> Sequence[dict[str, JSON]]:
    if not sort:
        return records
    name = sort.removeprefix("-")
    if not _SORT.fullmatch(sort) or name == "id" or (records and name not in records[0]):
        raise InvalidArgument("Không thể sắp xếp theo trường này")
    return sorted(records, key=lambda record: str(record[name]), reverse=sort.startswith("-"))


def _index(records: Sequence[dict[str, JSON]], cursor: str) -> int:
    for index, record in enumerate(records):
        if record["id"] == cursor:
            return index
    raise InvalidArgument("Con trỏ trang không hợp lệ")
