"""What the throttle takes the server for: one log record each time that this changes."""

from __future__ import annotations

import logging

from ..pipeline.attempt import ServiceState
from .controller import Controller

__all__ = ["Verdict"]

_log = logging.getLogger("etelecom_async")

_NOTED = 2.0
"""Seconds without an accepted request from which on that is told: a limit with a short pause is none."""


class Verdict:
    """The state that was told last."""

    def __init__(self) -> None:
        self.reason: str | None = None
        """The last trouble, in the server's code and without its words."""
        self.is_unavailable = False
        self._state: ServiceState = ServiceState.OPEN
        self._since = 0.0

    def judge(self, limit: Controller, now: float) -> ServiceState | None:
        """The state, where it has changed; it is logged then."""
        since = limit.unavailable_since(now)
        if since is None:
            state = ServiceState.LIMITED if limit.is_limited else ServiceState.OPEN
        elif max(now, limit.not_before) - since >= _NOTED:
            state = ServiceState.UNAVAILABLE
        else:
            return None
        if state is self._state:
            return None
        before, self._state = self._state, state
        self.is_unavailable = state is ServiceState.UNAVAILABLE
        if since is not None:
            self._since = since
            told = "The server has accepted no request for %.1f s (%s): calls wait, and go on by themselves."
            _log.warning(told, now - since, self.reason)
        elif before is ServiceState.UNAVAILABLE:
            _log.warning("The server accepts requests again, after %.1f s.", now - self._since)
        else:
            _log.info("The server limits requests (%s): %s/s are let through.", self.reason, f"{limit.rate:.3g}")
        return state
