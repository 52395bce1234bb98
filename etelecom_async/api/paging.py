"""Lists that come in pages: what is asked for, what stands beside a page, and the walk over all pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from functools import partial
from typing import Generic, Protocol, TypeVar

from attrs import evolve, field, frozen

from .. import _checks
from ..codec import left_out
from ..endpoint import Caller, Endpoint
from ..errors import DecodeError

__all__ = ["Listing", "PageInfo", "Paging", "listing"]

_LIMIT = 100
"""The server's own bound. It takes a larger number, and 0, for this one."""

_TEXT = _checks.checked(_checks.line, or_none=True)


@frozen(kw_only=True)
class Paging:
    """Which page of a list is asked for. None leaves it to the server: 100 items from the first page on.

    Args:
        limit: items of a page, from 1 to 100.
        after: the `next` of a page; the page behind it.
        before: the `prev` of a page; the page in front of it.
        sort: the name of a field, with `-` in front for descending. Which fields there are is not documented.

    Raises:
        ConfigError: a value cannot be what it is for.
    """

    limit: int | None = field(
        default=None,
        validator=_checks.checked(partial(_checks.whole, most=_LIMIT), or_none=True),
        metadata=left_out(),
    )
    after: str | None = field(default=None, validator=_TEXT, metadata=left_out())
    before: str | None = field(default=None, validator=_TEXT, metadata=left_out())
    sort: str | None = field(default=None, validator=_TEXT, metadata=left_out())


@frozen(kw_only=True)
class PageInfo:
    """What an answer says of its page.

    Attributes:
        limit: items of a page at most.
        next: for `Paging.after`, to get the next page; empty on the last one.
        prev: for `Paging.before`, to get the page before.
        after, before, sort: as they were asked for.
    """

    limit: int | None = None
    after: str = ""
    before: str = ""
    next: str = ""
    prev: str = ""
    sort: str = ""


class _HasPaging(Protocol):
    @property
    def paging(self) -> PageInfo: ...


Result = TypeVar("Result", bound=_HasPaging)
Item = TypeVar("Item")
Payload = TypeVar("Payload")


class Listing(Generic[Result, Item]):
    """A list on the server. Nothing is asked before it is used, and each use asks anew.

        async for item in listing: ...      # all items, page after page
        page = await listing                # the first page, with its `paging`

    An error in the middle ends the walk; the items before it have been given out. An item that comes or goes on the
    server during the walk may be missed or given twice.

    Args:
        fetch: asks for one page.
        items: the items of a page.
        paging: which page is the first.
        name: the method's wire name, for errors.
    """

    def __init__(
        self,
        fetch: Callable[[Paging], Coroutine[object, object, Result]],
        *,
        items: Callable[[Result], Iterable[Item]],
        paging: Paging,
        name: str,
    ) -> None:
        self._fetch = fetch
        self._items = items
        self._paging = paging
        self._name = name

    def __await__(self) -> Generator[object, object, Result]:
        return self._fetch(self._paging).__await__()

    async def __aiter__(self) -> AsyncGenerator[Item]:
        paging = self._paging
        cursors = {paging.after}
        while True:
            page = await self._fetch(paging)
            for item in self._items(page):
                yield item
            following = page.paging.next
            if not following:
                return
            if following in cursors:
                error = DecodeError("the server gave the cursor of a page twice, so the list would never end")
                error.endpoint = self._name
                raise error
            cursors.add(following)
            paging = evolve(paging, after=following, before=None)


def listing(
    caller: Caller,
    endpoint: Endpoint[Payload, Result],
    payload: Callable[[Paging], Payload],
    *,
    items: Callable[[Result], Iterable[Item]],
    paging: Paging,
) -> Listing[Result, Item]:
    """The list of a method.

    Args:
        caller: calls it.
        endpoint: the method.
        payload: what is sent for a page.
        items: the items of a page.
        paging: which page is the first.

    Raises:
        ConfigError: at once, the payload cannot be made.
    """
    payload(paging)
    return Listing(lambda page: caller.call(endpoint, payload(page)), items=items, paging=paging, name=endpoint.name)
