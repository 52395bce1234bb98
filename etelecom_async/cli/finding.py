"""What a check of `etelecom doctor` has found."""

from __future__ import annotations

import enum

from attrs import frozen

__all__ = ["Finding", "Verdict"]


class Verdict(enum.Enum):
    OK = "ok"
    WARNING = "warning"
    """It works, and something is to be looked at."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """It was not looked at; `found` says why."""


@frozen(kw_only=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: its name, for programs.
        verdict: how it ended.
        found: what is there, in words without keys.
        advice: what to do; empty where there is nothing to do.
        is_passing: the failure may pass without anything being changed.
        seconds: how long it took.
    """

    check: str
    verdict: Verdict
    found: str
    advice: str = ""
    is_passing: bool = False
    seconds: float = 0.0

    def to_dict(self) -> dict[str, object]:
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "found": self.found,
            "advice": self.advice or None,
            "seconds": round(self.seconds, 3),
        }
