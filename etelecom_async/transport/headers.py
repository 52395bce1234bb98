"""The headers of a session, which every call brings, and what a transport makes of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar, final

from yarl import URL

from .._version import __version__
from .base import Request

__all__ = ["HEADERS", "AnswerHeaders", "ConstantHeaders", "Prepared"]

Form = TypeVar("Form")

_ENOUGH = 64


@final
class ConstantHeaders(Mapping[str, str]):
    """Headers that cannot change. A `MappingProxyType` is no such thing: the dict behind it may be changed."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)


@final
class AnswerHeaders(Mapping[str, str]):
    """An answer's headers by their names in lower case; of a repeated one, the last.

    The names are lowered when one is first asked for: few answers but refusals are looked at so closely, and it takes a
    hundredth of a call.

    Args:
        pairs: the headers, with names in any case.
    """

    __slots__ = ("_lowered", "_pairs")

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs = pairs
        self._lowered: dict[str, str] | None = None

    def _by_name(self) -> dict[str, str]:
        if self._lowered is None:
            self._lowered = {name.lower(): value for name, value in self._pairs.items()}
        return self._lowered

    def __getitem__(self, name: str) -> str:
        return self._by_name()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def values(self) -> ValuesView[str]:
        """All values, those of repeated headers too."""
        return self._pairs.values()

    def __reduce__(self) -> tuple[type[dict[str, str]], tuple[dict[str, str]]]:
        return dict, (self._by_name(),)


HEADERS = ConstantHeaders(
    {
        "Content-Type": "application/json",
        "Accept": "application/json",
        # Answers are small, and what is not compressed cannot be a bomb.
        "Accept-Encoding": "identity",
        "User-Agent": f"etelecom-async/{__version__}",
    }
)
"""What a session sends with every call. Auth makes other `ConstantHeaders` of it, with the key."""


class Prepared(Generic[Form]):
    """A transport's own form of URL and headers, kept for the constant headers of sessions and for no others.

    Args:
        prepare: makes it of a URL and headers.
    """

    __slots__ = ("_kept", "_prepare")

    def __init__(self, prepare: Callable[[URL, Mapping[str, str]], Form]) -> None:
        self._prepare = prepare
        # By identity, and with the objects themselves, so that no other can come to have it.
        self._kept: dict[tuple[int, int], tuple[URL, Mapping[str, str], Form]] = {}

    def of(self, request: Request) -> Form:
        """The form for a request; raises what `prepare` raises."""
        url, headers = request.url, request.headers
        key = (id(url), id(headers))
        kept = self._kept.get(key)
        if kept is not None:
            return kept[2]
        form = self._prepare(url, headers)
        if isinstance(headers, ConstantHeaders):
            if len(self._kept) >= _ENOUGH:
                self._kept.clear()
            self._kept[key] = (url, headers, form)
        return form
