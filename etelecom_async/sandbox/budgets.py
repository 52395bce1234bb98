"""What runs out: a number of messages a day, and money."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

__all__ = ["DailyQuota", "Wallet", "day_of"]

_VIETNAM = timezone(timedelta(hours=7))


def day_of(moment: datetime) -> date:
    """The day in Vietnam, by which quotas are counted."""
    return moment.astimezone(_VIETNAM).date()


class DailyQuota:
    """So many a day, and no more until midnight in Vietnam."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._day = date.min
        self._used = 0

    def remaining(self, now: datetime) -> int:
        """What is left today."""
        return self.total - (self._used if day_of(now) == self._day else 0)

    def take(self, now: datetime) -> None:
        """Count one, though nothing may be left: a message may go above the quota."""
        self._used = 1 + (self._used if day_of(now) == self._day else 0)
        self._day = day_of(now)


class Wallet:
    """The shop's money, in VND.

    Args:
        balance: what is in it at first; None for any amount.
    """

    def __init__(self, balance: int | None) -> None:
        self.spent = 0
        self._balance = balance

    def has(self, price: int) -> bool:
        """Whether it pays for this."""
        return self._balance is None or self.spent + price <= self._balance

    def pay(self, price: int) -> None:
        """Pay it."""
        self.spent += price
