"""Whose fault was it, the item's or the service's? Decided for each transient fault of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ..errors import EtelecomError, Phase, QueueTimeout, Unavailable
from .common_fault import may_be_common
from .outage import Outage, Waiting
from .suspects import Suspect, Suspects

__all__ = ["Doubts"]

Item = TypeVar("Item")

_PAUSE = 0.5
"""Seconds before something is asked again while nothing is answered: the throttle paces it, but not every fault."""


class Doubts(Generic[Item]):
    """Holds items that met a transient fault, and asks what was answered before where only such items are left.

    Args:
        outage: looks at the service; None for a run that fails each item at its first fault.
        repeat: asks an item anew, whatever was answered; None where a call may have an effect or a price.
        witness: asks what was answered before the run; None if there is no such thing.

    Attributes:
        suspects: the items.
        answered_item: in a tuple, an item that was answered; empty if there is none.
    """

    def __init__(
        self,
        outage: Outage | None,
        *,
        repeat: Callable[[Item], Awaitable[object]] | None,
        witness: Callable[[], Awaitable[object]] | None,
    ) -> None:
        self.suspects: Suspects[Item] = Suspects()
        self.answered_item: tuple[Item] | tuple[()] = ()
        self._outage = outage
        self._repeat = repeat
        self._witness = witness
        self._stalled = 0
        """Items below this index were under way when the process stood still."""
        self._is_asking = False
        self._asked_at = -1

    @property
    def waiting(self) -> Waiting | None:
        """What the run waits for; None if it does not."""
        return None if self._outage is None else self._outage.waiting

    @property
    def is_out(self) -> bool:
        """Whether the service is unavailable now."""
        return self._outage is not None and self._outage.is_on

    def begin(
        self, *, pulled: Callable[[], int], done: Callable[[], int], fail: Callable[[EtelecomError], None]
    ) -> None:
        """The run begins: look at the service every second until `end`.

        Args:
            pulled: how many items were taken of the input.
            done: how many of them have an outcome.
            fail: called when the run has waited long enough.
        """
        outage = self._outage
        if outage is None:
            return

        def look() -> None:
            if outage.is_on:
                self.suspects.blame_service()
            try:
                if outage.look(is_doubtful=self.suspects.waiting > 0, is_asking=pulled() > done()):
                    self._stalled = pulled()
            except Unavailable as error:
                outage.end()
                fail(error)

        outage.begin(look)

    def end(self) -> None:
        """The run has ended."""
        if self._outage is not None:
            self._outage.end()

    def concern(self, error: EtelecomError) -> bool:
        """Whether this may be the service's fault, and the item may be asked again."""
        if self._outage is None or not error.transient or may_be_common(error):
            return False
        if isinstance(error, QueueTimeout):
            return self._outage.is_on  # otherwise it waited behind the program's own calls
        # What may have been carried out, and may be billed, is never repeated on doubt.
        return self._repeat is not None or error.phase is not Phase.UNKNOWN

    def hold(self, index: int, item: Item, error: EtelecomError) -> None:
        """Hold an item that met its first fault."""
        self.suspects.excuse()
        self._hold(Suspect(index, item, error, is_outage=index < self._stalled))

    def hold_again(self, suspect: Suspect[Item], error: EtelecomError, *, was_ready: bool) -> None:
        """Hold an item that was asked again; `was_ready` if it was because the service answered."""
        was_never_sent = isinstance(error, Unavailable) and error.phase is Phase.NOT_SENT
        suspect.error, suspect.was_retried = error, was_ready and not was_never_sent
        self._hold(suspect)

    def answered(self, begun: int) -> list[Suspect[Item]]:
        """Something was answered to a call that began after so many faults: the items whose fault was their own."""
        # While the service is unavailable, this is an answer that was remembered.
        if self._outage is None or self._outage.is_on:
            return []
        self._outage.over()
        return self.suspects.answered(begun)

    def take_own(self) -> list[Suspect[Item]]:
        """The items that are failed for want of others that could show more: nothing speaks for an outage."""
        return self.suspects.take_unexcused() if self.answered_item and not self.is_out else []

    @property
    def has_witness(self) -> bool:
        """Whether there is anything that was answered before, and may be asked again."""
        return self._witness is not None or (self._repeat is not None and bool(self.answered_item))

    @property
    def may_ask_witness(self) -> bool:
        """Whether it should be asked now: once after a fault."""
        return self.has_witness and not self._is_asking and self._asked_at != self.suspects.faults

    async def ask_witness(self) -> list[Suspect[Item]]:
        """Ask what was answered before, and return the items whose fault was their own."""
        self._is_asking = True
        begun = self._asked_at = self.suspects.faults
        try:
            if self._repeat is not None and self.answered_item:
                await self._repeat(self.answered_item[0])
            elif self._witness is not None:
                await self._witness()
        except EtelecomError as error:
            if self.concern(error):
                self.suspects.excuse()
            return []
        finally:
            self._is_asking = False
        return self.answered(begun)

    async def pause(self) -> None:
        """Wait a moment before the next call while nothing is answered."""
        await asyncio.sleep(_PAUSE)

    def _hold(self, suspect: Suspect[Item]) -> None:
        self.suspects.hold(suspect)
        if self._outage is not None:
            self._outage.fault = suspect.error
        if self.is_out:
            self.suspects.blame_service()
