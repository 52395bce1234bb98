"""One log record per call, on the logger `etelecom_async`: DEBUG for a result, INFO for an error.

It names the method, the outcome, the attempts and the time. Bodies, headers, phone numbers and the server's words,
which may quote a phone number, stay out.
"""

from __future__ import annotations

import logging
from logging import DEBUG
from typing import TYPE_CHECKING

from ..errors import ApiError, EtelecomError

if TYPE_CHECKING:
    from .attempt import Call

__all__ = ["DEBUG", "answered", "failed", "is_enabled_for"]

_log = logging.getLogger("etelecom_async")
_RECORD = "%s -> %s (attempts %d, %.3f s)"

is_enabled_for = _log.isEnabledFor
"""Does anybody want records of this level? Asked before a record is made, for nearly always nobody does."""


def answered(call: Call, name: str, now: float) -> None:
    """The call of this method has ended in a result."""
    status = call.response.status if call.response is not None else ""
    _log.debug(_RECORD, name, status, call.attempts, now - call.started)


def failed(error: EtelecomError) -> None:
    """A call has ended in this error, which knows the call."""
    outcome = f"{error.status} {error.code}" if isinstance(error, ApiError) else type(error).__name__
    _log.info(_RECORD, error.endpoint, outcome, error.attempts, error.elapsed)
