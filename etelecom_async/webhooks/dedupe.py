"""Each event once: senders deliver at least once."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Protocol, get_args

from .. import _checks
from .events import Event

__all__ = ["Seen", "SeenStore"]

_WANTED = "an object with the methods __contains__ and add, such as a set"
_SYNC = (
    "an object whose methods __contains__ and add are not async, since they are not awaited and each event would count"
    " as handled: do without Seen, and keep event.key with your async client"
)


class SeenStore(Protocol):
    """Keys of events that were handled. A `set` is one, which grows."""

    def __contains__(self, key: str, /) -> bool: ...

    def add(self, key: str, /) -> object:
        """Keep a key."""
        ...


class Seen:
    """Leaves out the events that were handled before.

        for event in seen.new(parse(body, headers)):
            handle(event)

    Events are told apart by their `key`, and never by the id of a delivery: a repetition has a new one. An event counts
    as handled when the next one is asked for: if your code raises, it comes again with the sender's repetition. Of two
    requests at the same moment both may bring it.

    Args:
        size: the memory is of so many events, the last ones; 100,000 take about 25 MB. Account deliveries are repeated
            for three days.
        store: keeps the keys in place of that memory, such as in Redis, for several processes or beyond a restart.

    Raises:
        ConfigError: size is no whole number above 0, or store cannot be one, such as one with async methods.
    """

    def __init__(self, *, size: int = 100_000, store: SeenStore | None = None) -> None:
        size = _checks.whole("Seen.size", size)
        if store is not None:
            _checks.methods("Seen.store", store, "__contains__", "add", wanted=_WANTED)
            if any(map(inspect.iscoroutinefunction, (store.__contains__, store.add))):
                raise _checks.refused("Seen.store", _SYNC, store)
        self._store: SeenStore = _Memory(size) if store is None else store

    def new(self, events: Iterable[Event]) -> Iterator[Event]:
        """Those that were not handled before, lazily.

        Raises:
            ConfigError: events is nothing to iterate over without await; or, at its turn, one of them is no event.
        """
        return self._new(_checks.iterable("events", events, wanted="an iterable of events, as parse() returns them"))

    def _new(self, events: Iterable[Event]) -> Iterator[Event]:
        for at, event in enumerate(events):
            _checks.instance(f"events[{at}]", event, get_args(Event), "an event, as parse() returns them")
            key = event.key
            if key not in self._store:
                yield event
                self._store.add(key)


class _Memory:
    """The last keys."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, key: str, /) -> bool:
        return key in self._keys

    def add(self, key: str, /) -> None:
        self._keys[key] = None
        if len(self._keys) > self._size:
            self._keys.popitem(last=False)
