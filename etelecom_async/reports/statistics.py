"""The statistics of a job: all that a report shows, in memory that does not grow with the rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from attrs import frozen

__all__ = ["OTHER", "Bin", "Statistics"]

OTHER = "other"
"""Stands for all states, or all failures, after the first `Statistics.MAX_NAMES` different ones."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Bin:
    """A part of the job's time: its start, and how many rows were answered in it."""

    start: datetime
    checked: int


class Statistics:
    """Counts the rows of a job one by one, in bounded memory.

    Args:
        zone: the reader's time zone, used for all days and times.

    Attributes:
        checked: rows with an answer.
        granted: rows whose customers may be called.
        failed: rows that could not be checked.
        states: checked rows by state.
        granting: the states of granted rows.
        failures: failed rows by reason.
        expiries: granted rows by the day on which the permission ends: the `MAX_DAYS` earliest days, unsorted.
        later: granted rows whose permission ends after all the days of `expiries`.
        endless: granted rows with no known end.
    """

    MAX_NAMES = 64
    MAX_NAME = 80
    MAX_DAYS = 400
    MAX_BINS = 240

    def __init__(self, *, zone: tzinfo = UTC) -> None:
        self.zone = zone
        self.checked = self.granted = self.failed = self.later = self.endless = 0
        self.states: dict[str, int] = {}
        self.granting: set[str] = set()
        self.failures: dict[str, int] = {}
        self.expiries: dict[date, int] = {}
        self._histogram = _Histogram(limit=self.MAX_BINS)

    def add(
        self, *, state: str, granted: bool, expired_time: datetime | None, failure: str, checked_at: datetime
    ) -> None:
        """Count one more row.

        Args:
            state: what the answer means, such as a `ConsentState`'s value. Ignored if the row failed.
            granted: whether the business may call. Ignored if the row failed.
            expired_time: when the permission ends, aware; None if that is unknown.
            failure: empty after a conclusive answer; otherwise why there is none, such as `RateLimited`. An
                inconclusive answer, such as "try later", is a failure too: it is not a "no".
            checked_at: when the row was finished, aware; rows may come in any order.
        """
        self._histogram.add(checked_at, answered=not failure)
        if failure:
            self.failed += 1
            self._count(self.failures, failure)
            return
        self.checked += 1
        name = self._count(self.states, state)
        if granted:
            self.granted += 1
            self.granting.add(name)
            self._expire(expired_time)

    @property
    def rows(self) -> int:
        """All rows, checked and failed."""
        return self.checked + self.failed

    @property
    def first(self) -> datetime | None:
        """When the first row was finished; None before that."""
        return None if self._histogram.first is None else self._histogram.first.astimezone(self.zone)

    @property
    def last(self) -> datetime | None:
        """When the last row was finished; None before that."""
        return None if self._histogram.last is None else self._histogram.last.astimezone(self.zone)

    @property
    def bin_width(self) -> timedelta:
        """The length of each of the `bins`: one second, doubled until they are few enough."""
        return self._histogram.width

    @property
    def bins(self) -> list[Bin]:
        """The time from the first row to the last in at most `MAX_BINS` equal parts, idle ones included."""
        return [Bin(start.astimezone(self.zone), checked) for start, checked in self._histogram.counts()]

    def _count(self, counts: dict[str, int], name: str) -> str:
        name = name[: self.MAX_NAME]
        if name not in counts and len(counts) >= self.MAX_NAMES:
            name = OTHER  # one name more than the bound
        counts[name] = counts.get(name, 0) + 1
        return name

    def _expire(self, moment: datetime | None) -> None:
        if moment is None:
            self.endless += 1
            return
        try:
            day = moment.astimezone(self.zone).date()
        except OverflowError:
            # The end of the year 9999 in UTC, as some write "never", lies beyond Python's calendar in Vietnam.
            day = moment.date()
        self.expiries[day] = self.expiries.get(day, 0) + 1
        if len(self.expiries) > self.MAX_DAYS:
            self.later += self.expiries.pop(max(self.expiries))


class _Histogram:
    """Answered rows in bins of equal length, which double in width whenever there would be more than `limit`."""

    def __init__(self, *, limit: int) -> None:
        self.width = timedelta(seconds=1)
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._limit = limit
        # By the number of widths since the epoch, so that two neighbours always merge into one bin.
        self._counts: dict[int, int] = {}

    def add(self, moment: datetime, *, answered: bool) -> None:
        if self.first is None or moment < self.first:
            self.first = moment
        if self.last is None or moment > self.last:
            self.last = moment
        index = self._index(moment)
        if index not in self._counts:
            while self._index(self.last) - self._index(self.first) >= self._limit:
                self._double()
            index = self._index(moment)
        self._counts[index] = self._counts.get(index, 0) + answered

    def counts(self) -> list[tuple[datetime, int]]:
        if self.first is None or self.last is None:
            return []
        indexes = range(self._index(self.first), self._index(self.last) + 1)
        return [(self._start(index), self._counts.get(index, 0)) for index in indexes]

    def _index(self, moment: datetime) -> int:
        return (moment - _EPOCH) // self.width

    def _start(self, index: int) -> datetime:
        return _EPOCH + index * self.width

    def _double(self) -> None:
        self.width *= 2
        merged: dict[int, int] = {}
        for index, count in self._counts.items():
            merged[index // 2] = merged.get(index // 2, 0) + count
        self._counts = merged
