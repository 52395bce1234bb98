"""When to try again, after how long, and when not."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from attrs import Attribute, evolve, field, frozen

from ..endpoint import Safety
from ..errors import ApiError, ConfigError, DeadlineExceeded, Disconnected, EtelecomError, Phase

if TYPE_CHECKING:
    from ..transport.base import Request, Response
    from . import CallNext

__all__ = ["Retry", "RetryBudget", "Retrying"]


def _at_least(minimum: float) -> Callable[[object, Attribute[int] | Attribute[float], float], None]:
    def check(_: object, attribute: Attribute[int] | Attribute[float], value: float) -> None:
        if not value >= minimum:
            raise ConfigError(f"Retry.{attribute.name} is at least {minimum:g}; got {value!r}.")

    return check


@frozen(kw_only=True)
class Retry:
    """Which failures are worth another attempt.

    A READ is repeated after every transient failure. A SEND, which may be billed, only where the server certainly did
    not carry it out: the request was never sent, or was refused.

    Attributes:
        attempts: tries in all, the first one included; 1 never repeats.
        base: seconds; the pause before attempt n+1 is random between 0 and `base * 2**(n-1)` (full jitter).
        cap: seconds; no random pause is longer. A server's `Retry-After` comes on top, however long. A call that was
            refused because there were too many takes no pause of its own where the throttle paces everybody.
        random: a number in 0..1; for tests.

    Raises:
        ConfigError: a number is too small.
    """

    attempts: int = field(default=4, validator=_at_least(1))
    base: float = field(default=0.5, validator=_at_least(0))
    cap: float = field(default=20.0, validator=_at_least(0))
    random: Callable[[], float] = field(default=random.random, repr=False, eq=False)

    def decide(self, error: EtelecomError, request: Request) -> float | None:
        """Seconds to wait before the next attempt, or None to give up. `request.call.attempts` have been made."""
        made = request.call.attempts
        if made >= self.attempts or not error.transient:
            return None
        if request.endpoint.safety is Safety.SEND and error.phase is Phase.UNKNOWN:
            return None
        if made == 1 and isinstance(error, Disconnected):
            return 0.0  # most often a kept-alive connection that the server had just closed
        if request.call.is_paced:
            return 0.0  # it waits in line, with everybody else, until the server takes more
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
        self._reserve = reserve
        self._tokens = reserve
        self.is_full = True
        """Nothing can be deposited; most calls begin so."""

    def deposit(self) -> None:
        """A call begins."""
        self._tokens = min(self._reserve, self._tokens + self.share)
        self.is_full = self._tokens == self._reserve

    def withdraw(self) -> bool:
        """May one more retry be made? If so it is paid for."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        self.is_full = False
        return True


class Retrying:
    """The loop around a `Retry`: attempts, pauses, and the deadline over them all.

    Args:
        policy: which failures are worth another attempt.
        budget: what retries are paid from.
        clock: seconds, monotonic; for tests.
        sleep: waits that many seconds; for tests.

    Raises (when called):
        EtelecomError: the last attempt's, when it is not worth another, the budget is spent, or the pause would outlast
            `Timeout.total`.
        DeadlineExceeded: the last attempt was cut short by `Timeout.total`.
    """

    def __init__(
        self,
        policy: Retry,
        *,
        budget: RetryBudget,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._policy = policy
        self._budget = budget
        self._clock = clock
        self._sleep = sleep

    def __call__(self, call_next: CallNext) -> CallNext:
        budget, clock = self._budget, self._clock

        async def send(request: Request) -> Response:
            call, timeout = request.call, request.timeout
            started = clock()
            if not budget.is_full:
                budget.deposit()
            left = total = timeout.total
            attempt = request
            while True:
                call.attempts += 1
                if left is not None and (timeout.attempt is None or timeout.attempt > left):
                    attempt = request.with_timeout(evolve(timeout, attempt=left))
                try:
                    return await call_next(attempt)
                except EtelecomError as error:
                    if total is not None:
                        left = total - (clock() - started - call.queued)
                    pause = self._pause(error, request, left)
                    if pause is None:
                        raise
                await self._sleep(pause)
                if left is not None:
                    left -= pause

        return send

    def _pause(self, error: EtelecomError, request: Request, left: float | None) -> float | None:
        if left is not None and left <= 0 and isinstance(error, TimeoutError):
            raise DeadlineExceeded(f"no answer within {request.timeout.total:g} s", phase=error.phase) from error
        pause = self._policy.decide(error, request)
        if pause is None:
            return None
        if left is not None and max(pause, _asked(error)) >= left:
            return None
        # The throttle lets a refused call go again at a rate that the server takes: that multiplies no outage.
        if not request.call.is_paced and not self._budget.withdraw():
            error.add_note("Not tried again: too many calls fail, and the retry budget is spent.")
            return None
        return pause


def _asked(error: EtelecomError) -> float:
    """Seconds of the server's `Retry-After`."""
    return (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0
