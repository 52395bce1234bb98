"""When to try again, after how long, and when not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from attrs import field, frozen

from .. import _checks, clock
from ..endpoint import Safety
from ..errors import ApiError, DeadlineExceeded, Disconnected, EtelecomError, Phase, QueueTimeout
from ..transport.base import Request
from .attempt import Attempt, Call, Send
from .telemetry import log_retry

if TYPE_CHECKING:
    from ..transport.base import Response

__all__ = ["STANDSTILL", "Retry", "RetryBudget", "Retrying"]

_MOMENT = 0.001
"""Seconds that an attempt has at least."""
_EXCUSED = 8
"""Refusals of a call that do not count while the server takes others."""
_LONGEST = 3600.0
"""Seconds of a `Retry-After` that a call waits for by itself."""
STANDSTILL = 1.0
"""Seconds by which a timer is late that mean: the process was stopped, or the machine slept."""


_SECONDS = _checks.checked(partial(_checks.number, least=0, unit="a number of seconds"))


@frozen(kw_only=True)
class Retry:
    """Which failures are worth another attempt.

    A READ is repeated after every transient failure. A SEND, which may be billed, only where the server certainly did
    not carry it out: the request was never sent, or was refused.

    Attributes:
        attempts: tries in all, the first one included; 1 never repeats. Up to eight more follow refusals by a server
            that takes other requests: those say nothing about the call.
        base: seconds; the pause before attempt n+1 is random between 0 and `base * 2**(n-1)` (full jitter).
        cap: seconds; no random pause is longer. A server's `Retry-After` comes on top, up to an hour. A call that was
            refused because there were too many takes no pause of its own where the throttle paces everybody.
        random: a number in 0..1; for tests.

    Raises:
        ConfigError: an attribute is no such number, or random no function.
    """

    attempts: int = field(default=4, validator=_checks.checked(_checks.whole))
    base: float = field(default=0.5, validator=_SECONDS)
    cap: float = field(default=20.0, validator=_SECONDS)
    random: Callable[[], float] = field(
        default=random.random, repr=False, eq=False, validator=_checks.checked(_checks.function)
    )

    def decide(self, error: EtelecomError, request: Request) -> float | None:
        """Seconds to wait before the next attempt, or None to give up. `request.attempt` is the one that failed."""
        made = request.attempt
        # Where a time limit of the whole call is spent, the call may be made again, but not continued.
        if made >= self.attempts or not error.transient or isinstance(error, DeadlineExceeded | QueueTimeout):
            return None
        if request.endpoint.safety is Safety.SEND and error.phase is Phase.UNKNOWN:
            return None
        if made == 1 and isinstance(error, Disconnected):
            return 0.0  # most often a kept-alive connection that the server had just closed
        backoff = self.random() * min(self.cap, self.base * 2.0 ** (made - 1))
        return backoff + _asked(error)


class RetryBudget:
    """Keeps an outage from being multiplied: retries in all are at most a tenth of the calls, and `reserve` besides.

    A session's reserve lets every call that can be under way at once be repeated once, as after a server's restart.
    Shared by all sessions of an account. A call that was refused by a rate limit takes nothing from it as long as the
    throttle knows a rate that the server takes.
    """

    share = 0.1
    least = 100.0

    def __init__(self, *, reserve: float = least) -> None:
        self.calls = 0
        """How many have begun since the last retry; each call counts itself here."""
        self._reserve = reserve
        self._tokens = reserve

    def withdraw(self) -> bool:
        """May one more retry be made? If so it is paid for."""
        self._tokens = min(self._reserve, self._tokens + self.share * self.calls)
        self.calls = 0
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Retrying:
    """A `Retry` at work: the loop of attempts, with a budget for them and a deadline over them all.

    Args:
        policy: which failures are worth another attempt.
        budget: what retries are paid from.
    """

    def __init__(self, policy: Retry, *, budget: RetryBudget) -> None:
        self.waiting_tasks: set[asyncio.Task[object] | None] = set()
        """The tasks in a pause between two attempts; to cancel one of them leaves no request in doubt."""
        self._given_up: WeakSet[asyncio.Task[object]] = WeakSet()
        self._policy = policy
        self._budget = budget

    def give_up(self, tasks: Iterable[asyncio.Task[object]]) -> None:
        """Try no call of these tasks again: where it would be, the task is cancelled."""
        self._given_up.update(tasks)

    async def run(self, send: Send, request: Request, call: Call) -> Response:
        """The answer to a request, which is tried again as long as that is worth it.

        Args:
            send: what each attempt goes through.
            request: the first attempt, under the time limits of the call.
            call: where it is told what was sent, how often, how long it waited, and the last answer.

        Raises:
            EtelecomError: what the last attempt ended in.
            DeadlineExceeded: the last attempt was cut short by `Timeout.total`.
        """
        self._budget.calls += 1
        call.request = request
        attempt = Attempt()
        failed: EtelecomError | None = None
        try:
            while True:
                call.attempts += 1
                try:
                    try:
                        return await send(request, attempt)
                    finally:
                        call.waited += attempt.waited
                        call.exempt += attempt.exempt
                        call.response = attempt.response
                except EtelecomError as error:
                    if attempt.is_given_up:
                        call.attempts -= 1
                        if failed is None:
                            raise
                        break
                    pause = self._pause(error, request, attempt, call)
                    if pause is None:
                        raise
                    failed = error
                    log_retry(call, error, pause)
                await self._sleep(pause, call)
                left = _left(request, call)
                request = _next(request, call, left)
                attempt = Attempt(left)
            failed.add_note("Not tried again: the server accepts no request, and Timeout.total is over.")
            raise failed
        finally:
            failed = None  # it holds this frame

    def _pause(self, error: EtelecomError, request: Request, attempt: Attempt, call: Call) -> float | None:
        """Seconds until the next attempt; None where there is none, so that the error is the call's."""
        left = _left(request, call)
        if left is not None and left <= 0 and isinstance(error, TimeoutError):
            raise DeadlineExceeded(f"no answer within {request.timeout.total:g} s", phase=error.phase) from error
        pause = self._policy.decide(error, request if not call.excused else _counted(request, call))
        if pause is None:
            return None
        if attempt.is_paced:
            pause = 0.0  # it waits in line, with every other call, until the server takes more
            call.excused = min(call.excused + 1, _EXCUSED)
        if left is not None and left - max(pause, _asked(error)) < _MOMENT:
            return None
        # The throttle lets a refused call go again at a rate that the server takes: that multiplies no outage.
        if not attempt.is_paced and not self._budget.withdraw():
            error.add_note("Not tried again: too many calls fail, and the retry budget is spent.")
            return None
        return pause

    async def _sleep(self, seconds: float, call: Call) -> None:
        task = asyncio.current_task()
        if task in self._given_up:
            raise asyncio.CancelledError
        self.waiting_tasks.add(task)
        ends = clock.seconds() + seconds
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting_tasks.discard(task)
            late = clock.seconds() - ends
            if late > STANDSTILL:
                call.exempt += late


def _next(request: Request, call: Call, left: float | None) -> Request:
    """The request as the attempt after a pause, which ends by the deadline."""
    # A sleep can outlast the deadline a little, where the event loop was busy; then the attempt is over in a moment.
    timeout = request.timeout.within(None if left is None else max(left, _MOMENT))
    return Request(request.endpoint, request.url, request.headers, request.body, timeout, call.attempts + 1)


def _counted(request: Request, call: Call) -> Request:
    """The request with the number of the attempts that count."""
    number = request.attempt - call.excused
    return Request(request.endpoint, request.url, request.headers, request.body, request.timeout, number)


def _left(request: Request, call: Call) -> float | None:
    """Seconds until the deadline, which does not count the waits for a slot or a permit."""
    total = request.timeout.total
    return None if total is None else total - (clock.seconds() - call.started - call.exempt)


def _asked(error: EtelecomError) -> float:
    """Seconds of the server's `Retry-After`."""
    return min(error.retry_after or 0.0, _LONGEST) if isinstance(error, ApiError) else 0.0
