"""What is told of each call: a record to the `Observer` of the session, and a line on the logger `etelecom_async`.

Neither holds a body, a header, a key, a URL, a phone number or the server's words, which may quote one. A log record is
DEBUG for a result, INFO for an error, and INFO for each attempt that is made again.
"""

from __future__ import annotations

import enum
import inspect
import logging
import traceback
from collections.abc import Callable
from typing import Protocol, TypeVar

from attrs import frozen

from .. import _checks, clock
from ..errors import ApiError, EtelecomError
from ..transport.base import Request, Response
from .attempt import Attempt, Call, Layer, Send, ServiceState

__all__ = ["AttemptRecord", "CallRecord", "Observer", "Outcome", "Telemetry", "log_retry"]

Record = TypeVar("Record")

_log = logging.getLogger("etelecom_async")
_LINE = "%s -> %s (attempts %d, %.3f s)"
_RETRY = "%s -> %s (attempt %d), again in %.3f s"
_METHODS = ("attempt_ended", "call_ended")
_WANTED = "an object with the methods attempt_ended and call_ended, which are no coroutine functions"


class Outcome(enum.Enum):
    """How an attempt or a call ended."""

    ANSWERED = "answered"
    """With a success."""
    FAILED = "failed"
    """With an error."""
    CANCELLED = "cancelled"
    """It was given up by the program that waited for it."""


@frozen(kw_only=True)
class AttemptRecord:
    """How one attempt of a call ended.

    Attributes:
        endpoint: the method, such as `Zalo/CheckConsent`.
        attempt: which attempt of its call it was, from 1.
        outcome: how it ended.
        error: the class of the error, such as `RateLimited`; None where it was answered.
        waited: seconds that it waited for a slot or a permit of the throttle.
        elapsed: seconds from its begin to its end, `waited` included.
        request_bytes: the size of the body that was sent.
        response_bytes: the size of the body that the server answered, with an error too; None without an answer.
        state: what the service's state became, where this attempt changed it: `session.throttle.snapshot()` says more.
    """

    endpoint: str
    attempt: int
    outcome: Outcome
    error: str | None
    waited: float
    elapsed: float
    request_bytes: int
    response_bytes: int | None
    state: ServiceState | None = None


@frozen(kw_only=True)
class CallRecord:
    """How a call ended, with all its attempts and the pauses between them.

    Attributes:
        endpoint: the method, such as `Zalo/CheckConsent`.
        attempts: how many there were; 0 where the call failed before the first.
        outcome: how it ended.
        error: the class of the error, such as `RateLimited`; None where it was answered.
        waited: seconds that its attempts waited for a slot or a permit of the throttle.
        elapsed: seconds from its begin to its end, everything included.
        request_bytes: the size of the body of each attempt; None where the payload could not be written.
        response_bytes: the size of the body of the last answer; None where the last attempt had none.
    """

    endpoint: str
    attempts: int
    outcome: Outcome
    error: str | None
    waited: float
    elapsed: float
    request_bytes: int | None
    response_bytes: int | None


class Observer(Protocol):
    """Is told of every attempt and of every call, when it has ended. No base class is needed.

    Its methods run inside of the call, on the event loop, so they have to be quick. One that raises breaks no call: the
    first time is logged as an ERROR on the logger `etelecom_async`, and later ones are passed over.
    """

    def attempt_ended(self, record: AttemptRecord, /) -> None:
        """An attempt has ended; another one may follow."""
        ...

    def call_ended(self, record: CallRecord, /) -> None:
        """A call has ended, after its last attempt."""
        ...


class Telemetry:
    """The outermost layer of a call: told how each ends. The log record is all that it costs without an observer.

    Args:
        observer: what to tell; None for the log alone.

    Raises:
        ConfigError: observer is no `Observer`.
    """

    def __init__(self, observer: Observer | None = None) -> None:
        if observer is not None:
            _checks.methods("Session.observer", observer, *_METHODS, wanted=_WANTED)
            if any(inspect.iscoroutinefunction(getattr(observer, name)) for name in _METHODS):
                raise _checks.refused("Session.observer", _WANTED, observer)
        self.observer = observer
        self._has_raised = False

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What attempts pass through: nothing where nothing observes them."""
        observer = self.observer
        return () if observer is None else (lambda call_next: self._observed(observer, call_next),)

    def call_ended(self, call: Call, error: BaseException | None = None) -> None:
        """A call has ended in this error, or in a result."""
        if error is None:
            if _log.isEnabledFor(logging.DEBUG):
                status = "" if call.response is None else call.response.status
                elapsed = clock.seconds() - call.started
                _log.debug(_LINE, call.endpoint.name, status, call.attempts, elapsed, extra=_extra(call, None, elapsed))
        elif isinstance(error, EtelecomError) and _log.isEnabledFor(logging.INFO):
            extra = _extra(call, error, error.elapsed)
            _log.info(_LINE, error.endpoint, _words(error), error.attempts, error.elapsed, extra=extra)
        if self.observer is not None:
            kind = None if error is None else type(error)
            record = CallRecord(
                endpoint=call.endpoint.name,
                attempts=call.attempts,
                outcome=_outcome(kind),
                error=None if kind is None else kind.__name__,
                waited=call.waited,
                elapsed=clock.seconds() - call.started,
                request_bytes=None if call.request is None else len(call.request.body),
                response_bytes=_size(call.response),
            )
            self._tell(self.observer.call_ended, record)

    def _observed(self, observer: Observer, call_next: Send) -> Send:
        async def send(request: Request, attempt: Attempt) -> Response:
            started = clock.seconds()
            kind: type[BaseException] | None = None  # and not the error, which would hold itself by this frame
            try:
                return await call_next(request, attempt)
            except BaseException as error:
                kind = type(error)
                raise
            finally:
                record = AttemptRecord(
                    endpoint=request.endpoint.name,
                    attempt=request.attempt,
                    outcome=_outcome(kind),
                    error=None if kind is None else kind.__name__,
                    waited=attempt.waited,
                    elapsed=clock.seconds() - started,
                    request_bytes=len(request.body),
                    response_bytes=_size(attempt.response),
                    state=attempt.state,
                )
                self._tell(observer.attempt_ended, record)

        return send

    def _tell(self, method: Callable[[Record], None], record: Record) -> None:
        try:
            method(record)
        except Exception as error:  # noqa: BLE001 - it may be anything
            if not self._has_raised:
                self._has_raised = True
                # Without the chain: the call's own error is in it, and the server's words.
                told = "".join(traceback.format_exception(error, chain=False))
                _log.error("The observer raised, which changes no call and is told this once:\n%s", told)


def log_retry(call: Call, error: EtelecomError, pause: float) -> None:
    """Log that a call is tried again, after a pause of so many seconds."""
    if _log.isEnabledFor(logging.INFO):
        extra = {**_extra(call, error, clock.seconds() - call.started), "etelecom_pause": pause}
        _log.info(_RETRY, call.endpoint.name, _words(error), call.attempts, pause, extra=extra)


def _words(error: EtelecomError) -> str:
    return f"{error.status} {error.code}" if isinstance(error, ApiError) else type(error).__name__


def _extra(call: Call, error: EtelecomError | None, elapsed: float) -> dict[str, object]:
    """The fields of a log record; docs/guide/metrics.md has them."""
    answered = None if call.response is None else call.response.status
    return {
        "etelecom_endpoint": call.endpoint.name,
        "etelecom_outcome": (Outcome.ANSWERED if error is None else Outcome.FAILED).value,
        "etelecom_error": None if error is None else type(error).__name__,
        "etelecom_status": error.status if isinstance(error, ApiError) else answered,
        "etelecom_attempts": call.attempts,
        "etelecom_waited": call.waited,
        "etelecom_elapsed": elapsed,
    }


def _outcome(kind: type[BaseException] | None) -> Outcome:
    if kind is None:
        return Outcome.ANSWERED
    return Outcome.FAILED if issubclass(kind, Exception) else Outcome.CANCELLED


def _size(response: Response | None) -> int | None:
    return None if response is None else len(response.body)
