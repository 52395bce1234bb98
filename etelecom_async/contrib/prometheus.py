"""Metrics of calls for Prometheus. Needs the extra `[prometheus]`. No label holds a phone number or a key."""

from __future__ import annotations

from .. import _checks
from ..pipeline.telemetry import AttemptRecord, CallRecord

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
except ImportError:
    raise ImportError("Prometheus needs an extra: pip install 'etelecom-async[prometheus]'") from None

__all__ = ["Prometheus"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ENDED = ("endpoint", "outcome", "error")


class Prometheus:
    """An observer that counts and times calls and attempts: `Session(account, observer=Prometheus())`.

    One object serves any number of sessions. Metrics, with the labels `endpoint`, such as `Zalo/CheckConsent`,
    `outcome` (answered, failed, cancelled) and `error`, the class of the error or empty:

    - `etelecom_calls_total`, `etelecom_attempts_total` (all three labels);
    - `etelecom_call_seconds`, `etelecom_attempt_seconds`, `etelecom_limiter_wait_seconds` (by endpoint; the wait is one
      for slots and permits of the throttle, and is part of the other two).

    Args:
        registry: where they are registered; None for the process's own.

    Raises:
        ConfigError: registry is no CollectorRegistry, or has metrics of these names already.
    """

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        if registry is not None:
            _checks.instance("registry", registry, CollectorRegistry, "a CollectorRegistry, or None")
        where = REGISTRY if registry is None else registry
        try:
            self._calls = Counter("etelecom_calls", "Calls that ended.", _ENDED, registry=where)
        except ValueError:
            raise _checks.refused("registry", "one that has no metrics of another Prometheus()", where) from None
        self._attempts = Counter("etelecom_attempts", "Attempts that ended.", _ENDED, registry=where)
        self._call_seconds, self._attempt_seconds, self._wait = (
            Histogram(name, says, ("endpoint",), registry=where, buckets=_SECONDS)
            for name, says in (
                ("etelecom_call_seconds", "Seconds of a call, waiting and retries included."),
                ("etelecom_attempt_seconds", "Seconds of an attempt, waiting included."),
                ("etelecom_limiter_wait_seconds", "Seconds that a call waited for slots and permits."),
            )
        )

    def attempt_ended(self, record: AttemptRecord, /) -> None:
        """As `Observer`."""
        self._attempts.labels(record.endpoint, record.outcome.value, record.error or "").inc()
        self._attempt_seconds.labels(record.endpoint).observe(record.elapsed)

    def call_ended(self, record: CallRecord, /) -> None:
        """As `Observer`."""
        self._calls.labels(record.endpoint, record.outcome.value, record.error or "").inc()
        self._call_seconds.labels(record.endpoint).observe(record.elapsed)
        self._wait.labels(record.endpoint).observe(record.waited)
