"""Items whose call met a transient fault that may be the service's: they are asked again, and not failed.

Whose fault it was shows when something is answered. As long as nothing is, the items wait in line, and each is asked
again in its turn. An item fails for a reason of its own where

- others were answered, and the service never seemed to be unavailable; or
- it was asked again while the service answered, failed again, and then another call that began later was answered,
  with no fault of another item in between.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from attrs import define

from ..errors import EtelecomError

__all__ = ["Suspect", "Suspects"]

Item = TypeVar("Item")


@define(eq=False)
class Suspect(Generic[Item]):
    """An item whose call met a transient fault.

    Attributes:
        index, item: it, and its index in the input.
        error: the last fault.
        is_outage: whether the service seemed to be unavailable since.
        was_retried: whether it was asked again while the service answered, and failed again.
        fault: the number of its last fault among those of the run.
        is_excused: whether another item failed since.
    """

    index: int
    item: Item
    error: EtelecomError
    is_outage: bool
    was_retried: bool = False
    fault: int = 0
    is_excused: bool = False


class Suspects(Generic[Item]):
    """Holds such items until it shows whose fault it was.

    Attributes:
        faults: how many there were so far. A call that notes it when it begins shows later which faults are older.
        is_any: whether an item is held.
        waiting: how many are held of which nothing is known yet.
    """

    def __init__(self) -> None:
        self.faults = 0
        self.is_any = False
        self._line: deque[Suspect[Item]] = deque()
        self._ready: deque[Suspect[Item]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def is_ready(self) -> bool:
        """Whether an item is to be asked since the service answers."""
        return bool(self._ready)

    def hold(self, suspect: Suspect[Item]) -> None:
        """Hold an item whose call has just failed."""
        self.faults += 1
        suspect.fault, suspect.is_excused = self.faults, False
        self._line.append(suspect)
        self.is_any = True

    def excuse(self) -> None:
        """Something else failed too: a single item is not to blame."""
        for suspect in self._line:
            suspect.is_excused = True

    def blame_service(self) -> None:
        """The service seems to be unavailable."""
        for suspect in self._line:
            suspect.is_outage = True

    def answered(self, begun: int) -> list[Suspect[Item]]:
        """Something was answered: returns the items whose fault was their own. Others are ready to be asked.

        Args:
            begun: `faults` when the call that was answered began.
        """
        own: list[Suspect[Item]] = []
        left: deque[Suspect[Item]] = deque()
        for suspect in self._line:
            if suspect.was_retried and suspect.fault > begun:
                left.append(suspect)  # that call may have been answered before this one failed
            elif suspect.is_excused if suspect.was_retried else suspect.is_outage:
                self._ready.append(suspect)
            else:
                own.append(suspect)
        self._line = left
        self._look()
        return own

    def take_unexcused(self) -> list[Suspect[Item]]:
        """The items that failed once, while the service did not seem to be unavailable."""
        own = [suspect for suspect in self._line if not suspect.is_outage and not suspect.was_retried]
        for suspect in own:
            self._line.remove(suspect)
        self._look()
        return own

    def take_ready(self) -> Suspect[Item] | None:
        """The next item to ask since the service answers."""
        return self._take(self._ready)

    def take_oldest(self) -> Suspect[Item] | None:
        """The next item to ask though nothing is answered: who has waited longest."""
        return self._take(self._line)

    def _take(self, line: deque[Suspect[Item]]) -> Suspect[Item] | None:
        suspect = line.popleft() if line else None
        self._look()
        return suspect

    def _look(self) -> None:
        self.is_any = bool(self._line or self._ready)
