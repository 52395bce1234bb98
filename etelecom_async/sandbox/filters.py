"""Which records of a list a request asks for, and which page of those: what every list method does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from ..endpoint import JSON
from ..enums import OpenEnum
from .fields import Fields, flag_in, id_in, known_in, object_of, text_in, time_in
from .pages import page

__all__ = ["Record", "in_range", "listed"]

Record = dict[str, JSON]

_UNSET = "unknown"
_NONE: Mapping[str, type[OpenEnum]] = MappingProxyType({})


def listed(
    records: Iterable[Record],
    fields: Fields,
    *,
    items: str,
    cursor: str = "id",
    ids: Collection[str] = (),
    texts: Collection[str] = (),
    parts: Collection[str] = (),
    enums: Mapping[str, type[OpenEnum]] = _NONE,
    flags: Collection[str] = (),
) -> Record:
    """The answer of a list method: the records that `filter` keeps, and the page of them that `paging` asks for.

    What a filter does not name, or names as null, does not matter.

    Args:
        records: all of them, in the list's usual order.
        fields: the request.
        items: the name of the list in the answer.
        cursor: the field of a record that is its cursor.
        ids: fields that are ids; 0 does not matter either.
        texts: fields that are texts, as they are written: a phone in another writing than the record's finds nothing.
        parts: fields of which a text is a part, in capitals or not.
        enums: fields that are values of these enums; `unknown`, the zero value, does not matter either.
        flags: fields that are true or false.

    Raises:
        InvalidArgument: the filter or the paging cannot be read.
    """
    wanted = object_of(fields, "filter")
    kept = list(records)
    for name in ids:
        if number := id_in(wanted, name):
            kept = [it for it in kept if str(it.get(name)) == str(number)]
    for name in texts:
        if text := text_in(wanted, name):
            kept = [it for it in kept if it.get(name) == text]
    for name, kind in enums.items():
        value = known_in(wanted, name, kind)
        if value is not None and value.value != _UNSET:
            kept = [it for it in kept if it.get(name) == value.value]
    for name in parts:
        if text := text_in(wanted, name).casefold():
            kept = [it for it in kept if text in str(it.get(name) or "").casefold()]
    for name in flags:
        flag = flag_in(wanted, name)
        kept = [it for it in kept if flag in (None, it.get(name))]
    return page(kept, object_of(fields, "paging"), items=items, cursor=cursor)


def in_range(fields: Fields) -> Callable[[datetime | None], bool]:
    """Whether a time lies between the `date_from` and the `date_to` of a request's filter, with both ends in it.

    What has no time is kept only where no range is given.
    """
    wanted = object_of(fields, "filter")
    first, last = time_in(wanted, "date_from"), time_in(wanted, "date_to")

    def keep(moment: datetime | None) -> bool:
        if moment is None:
            return first is None and last is None
        return (first is None or first <= moment) and (last is None or moment <= last)

    return keep
