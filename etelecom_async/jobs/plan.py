"""What a job is going to do, and what it has done."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

__all__ = ["JobSummary", "Plan"]


@frozen(kw_only=True)
class Plan:
    """What a job finds out before its first call.

    Attributes:
        source: what the input is, such as `CSV, delimiter ';', UTF-16`.
        column: the heading of the phone column.
        found: how that column was found.
        replaced: columns of the input that the job's own columns of the same name replace.
        total: about how many rows the input has; None if unknown.
        finished: rows that earlier runs finished.
        failed_before: those of them that could not be checked; `retry_failed` checks them again.
        read_half: rows that are asked again, since an earlier run read them while a program was still writing them.
        is_marked: whether an output in CSV begins with a byte order mark, by which Excel recognises UTF-8; None for
            other outputs.
    """

    source: str
    column: str
    found: str
    replaced: tuple[str, ...]
    total: int | None
    finished: int
    failed_before: int
    read_half: int = 0
    is_marked: bool | None = None


@frozen(kw_only=True)
class JobSummary:
    """How a run of a job ended.

    Attributes:
        rows: rows that this run finished.
        finished_before: rows that earlier runs had finished.
        failed_before: those of them that could not be checked.
        granted: of this run's rows, those whose customers may be called.
        not_granted: those whose customers may not.
        states: answered rows by state.
        failures: rows without a usable answer, by reason.
        seconds: how long the run took.
        is_complete: False if it was stopped before its end.
    """

    rows: int
    finished_before: int
    failed_before: int
    granted: int
    not_granted: int
    states: Mapping[str, int]
    failures: Mapping[str, int]
    seconds: float
    is_complete: bool

    @property
    def rate(self) -> float:
        """Rows per second of this run."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0
