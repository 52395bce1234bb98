"""Outcomes on their way to the consumer of a run."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from .slots import Permits

__all__ = ["Outbox"]

Outcome = TypeVar("Outcome")

_WINDOW = 16
"""An ordered run may be this many times the concurrency ahead of an outcome that a slow call holds up."""


class Outbox(Generic[Outcome]):
    """Keeps outcomes until the consumer takes them, and bounds how many items may be ahead of it.

    Args:
        concurrency: items ahead at most; 16 times as many once the outcomes are in order, since then those that are
            early wait here. The number of workers bounds the calls.

    Attributes:
        permits: one for every item that may be ahead: taken before an item is pulled, given back when the consumer
            takes its outcome.
        ready: outcomes that can be taken.
        news: set when there is something new for the consumer.
    """

    def __init__(self, *, concurrency: int) -> None:
        self.permits = Permits(concurrency)
        self.ready: deque[Outcome] = deque()
        self.news = asyncio.Event()
        self._concurrency = concurrency
        self._is_ordered = False
        self._early: dict[int, Outcome] = {}
        self._delivered = 0
        self._given_back_early = 0

    def keep_order(self) -> None:
        """Give the outcomes in the order of the items."""
        if not self._is_ordered:
            self._is_ordered = True
            for _ in range((_WINDOW - 1) * self._concurrency):
                self.permits.release()

    def give(self, index: int, outcome: Outcome) -> None:
        """The outcome of an item."""
        if not self._is_ordered:
            self.ready.append(outcome)
        else:
            self._early[index] = outcome
            while (following := self._delivered + len(self.ready)) in self._early:
                self.ready.append(self._early.pop(following))
        self.news.set()

    def take(self) -> Outcome:
        """The next outcome that is ready."""
        self._delivered += 1
        if self._given_back_early:
            self._given_back_early -= 1
        else:
            self.permits.release()
        return self.ready.popleft()

    def make_room(self) -> None:
        """An item waits for others to show whose its fault was: meanwhile another one may be ahead in its place."""
        self.permits.release()
        self._given_back_early += 1

    def leave_out(self) -> None:
        """An item has no outcome for now."""
        self.permits.release()

    def put_back(self, count: int) -> None:
        """So many items that were left out get an outcome after all."""
        self._given_back_early += count
