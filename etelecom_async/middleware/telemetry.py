"""One log record per call, on the logger `etelecom_async`: DEBUG for an answer, INFO for an error.

It names the method, the outcome, the attempts and the time. Bodies, headers, phone numbers and the server's words,
which may quote a phone number, stay out.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ..errors import ApiError, EtelecomError

if TYPE_CHECKING:
    from ..transport.base import Request, Response
    from . import CallNext

__all__ = ["telemetry"]

_log = logging.getLogger("etelecom_async")
_INFO = logging.INFO


def telemetry(call_next: CallNext) -> CallNext:
    """Logs how a call ended."""
    return lambda request: _logged(request, call_next) if _log.isEnabledFor(_INFO) else call_next(request)


async def _logged(request: Request, call_next: CallNext) -> Response:
    started = time.monotonic()
    try:
        response = await call_next(request)
    except EtelecomError as error:
        outcome = f"{error.status} {error.code}" if isinstance(error, ApiError) else type(error).__name__
        _record(logging.INFO, request, outcome, started)
        raise
    _record(logging.DEBUG, request, str(response.status), started)
    return response


def _record(level: int, request: Request, outcome: str, started: float) -> None:
    elapsed = time.monotonic() - started
    _log.log(level, "%s -> %s (attempts %d, %.3f s)", request.endpoint.name, outcome, request.call.attempts, elapsed)
