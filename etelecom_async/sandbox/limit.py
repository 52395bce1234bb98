"""The sandbox's hidden rate limit: how much it allows, and how it refuses.

    World(limit=TokenBucket(rate=200, burst=20, refusal=Refusal.RETRY_AFTER))
    World(limit=FixedWindow(count=12_000, seconds=60))

The form of refusal decides which requests count. A 429 comes from the proxy in front, which counts all requests; 403
and 503 with a code come from the API, which counts those with a valid key; consent code 5 comes from Zalo, which counts
checks for an existing account.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from types import MappingProxyType
from typing import Protocol, TypeAlias

from attrs import Factory, field, frozen

from .. import _checks
from ..endpoint import JSON
from ..transport.base import Response
from .customers import MESSAGES

__all__ = [
    "FixedWindow",
    "Gate",
    "Gatekeeper",
    "Limit",
    "Meter",
    "OverLimit",
    "Refusal",
    "TokenBucket",
    "json_response",
]

_TRY_LATER = 5

JSON_TYPE = MappingProxyType({"content-type": "application/json"})
TEXT_TYPE = MappingProxyType({"content-type": "text/plain; charset=utf-8"})
_HTML_TYPE = MappingProxyType({"content-type": "text/html"})
_PAGE = b"""<html>
<head><title>429 Too Many Requests</title></head>
<body><center><h1>429 Too Many Requests</h1></center></body>
</html>
"""


class Gate(enum.Enum):
    """What counts requests, in the order in which a request passes."""

    PROXY = "proxy"
    """Counts every request."""
    API = "api"
    """Counts requests with a valid key."""
    ZALO = "zalo"
    """Counts checks that can be answered."""


class Refusal(enum.Enum):
    """The answer to a request above the limit. The values are those of `etelecom sandbox --refusal`."""

    EXHAUSTED = "403"
    """403 with code `resource_exhausted`, the API's documented form."""
    TOO_MANY = "429"
    """429 without a time to wait."""
    RETRY_AFTER = "429-after"
    """429 with `Retry-After` in seconds, whole and at least 1."""
    RETRY_DATE = "429-date"
    """429 with `Retry-After` as an HTTP date, and with the `Date` of the answer."""
    PAGE = "429-page"
    """429 with a proxy's HTML page."""
    UNAVAILABLE = "503"
    """503 with code `unavailable`."""
    CONSENT = "consent-5"
    """200 with consent code 5 inside."""

    @property
    def gate(self) -> Gate:
        if self in {Refusal.EXHAUSTED, Refusal.UNAVAILABLE}:
            return Gate.API
        return Gate.ZALO if self is Refusal.CONSENT else Gate.PROXY


class Meter(Protocol):
    """A limit's state: arithmetic on times that never go back, for simulations too.

    `wait` counts a request at `now`, in seconds, and returns 0; or it counts nothing and returns the seconds to wait.
    """

    def wait(self, now: float, /) -> float: ...


_positive = _checks.checked(partial(_checks.number, above=0))
_at_least_one = _checks.checked(partial(_checks.number, least=1))
_refusal = _checks.checked(partial(_checks.instance, kind=Refusal, wanted="a Refusal such as Refusal.TOO_MANY"))


def _usual_burst(bucket: TokenBucket) -> float:
    return max(1.0, _checks.number("TokenBucket.rate", bucket.rate, above=0) / 10)


@frozen(kw_only=True)
class TokenBucket:
    """A bucket that is full at first and fills steadily. A request takes one token; a refused request takes none.

    Attributes:
        rate: tokens per second, above 0.
        burst: tokens that the bucket holds, at least 1; by default those of a tenth of a second.
        refusal: the answer to a request without a token.

    Raises:
        ConfigError: a number is out of range.
    """

    rate: float = field(validator=_positive)
    burst: float = field(default=Factory(_usual_burst, takes_self=True), validator=_at_least_one)
    refusal: Refusal = field(default=Refusal.EXHAUSTED, validator=_refusal)

    def meter(self) -> Meter:
        """A full bucket."""
        return _BucketMeter(self.rate, self.burst)


@frozen(kw_only=True)
class FixedWindow:
    """A quota of requests in each window, such as per minute. Twice as many fit around the end of a window.

    Attributes:
        count: requests in each window, at least 1. Refused ones are not counted.
        seconds: a window's length, above 0. Windows begin at its whole multiples since 1970: a minute's window begins
            with the minute.
        refusal: the answer to a request above the quota.

    Raises:
        ConfigError: a number is out of range.
    """

    count: int = field(validator=_checks.checked(_checks.whole))
    seconds: float = field(validator=_positive)
    refusal: Refusal = field(default=Refusal.EXHAUSTED, validator=_refusal)

    def meter(self) -> Meter:
        """An empty window."""
        return _WindowMeter(self.count, self.seconds)


Limit: TypeAlias = TokenBucket | FixedWindow


class _BucketMeter:
    # A client that waits exactly as long as it was told must not fail because of float rounding.
    _ROUNDING = 1e-6

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled = -math.inf

    def wait(self, now: float, /) -> float:
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._filled) * self._rate)
        self._filled = now
        lacking = 1 - self._tokens
        if lacking > self._ROUNDING:
            return lacking / self._rate
        self._tokens -= 1
        return 0.0


class _WindowMeter:
    def __init__(self, count: int, seconds: float) -> None:
        self._count = count
        self._seconds = seconds
        self._window: float | None = None
        self._used = 0

    def wait(self, now: float, /) -> float:
        window = now // self._seconds
        if window != self._window:
            self._window, self._used = window, 0
        if self._used < self._count:
            self._used += 1
            return 0.0
        return (window + 1) * self._seconds - now


class OverLimit(Exception):
    """The limit refuses a request.

    Attributes:
        response: the answer.
    """

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Gatekeeper:
    """Applies one limit, from its initial state, at the gate of its form of refusal; None allows everything."""

    def __init__(self, limit: Limit | None, *, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self._meter = None if limit is None else limit.meter()
        self._clock = clock

    def count(self, gate: Gate) -> None:
        """Count a request at this gate.

        Raises:
            OverLimit: the limit refuses it.
        """
        if self.limit is None or self._meter is None or self.limit.refusal.gate is not gate:
            return
        now = self._clock()
        wait = self._meter.wait(now.timestamp())
        if wait:
            raise OverLimit(_ANSWERS[self.limit.refusal](now, wait))


def json_response(status: int, body: dict[str, JSON]) -> Response:
    return Response(status, JSON_TYPE, json.dumps(body, ensure_ascii=False).encode())


def _too_many(headers: dict[str, str]) -> Response:
    return Response(429, {**TEXT_TYPE, **headers}, b"Too Many Requests\n")


def _retry_date(now: datetime, wait: float) -> Response:
    # Dates have whole seconds. Counted from the `Date` of the answer, this one is never too early.
    dated = now.replace(microsecond=0)
    until = dated + timedelta(seconds=math.ceil((now - dated).total_seconds() + wait))
    return _too_many({"date": format_datetime(dated, usegmt=True), "retry-after": format_datetime(until, usegmt=True)})


_ANSWERS: MappingProxyType[Refusal, Callable[[datetime, float], Response]] = MappingProxyType(
    {
        Refusal.EXHAUSTED: lambda _, __: json_response(
            403, {"code": "resource_exhausted", "msg": MESSAGES[_TRY_LATER]}
        ),
        Refusal.TOO_MANY: lambda _, __: _too_many({}),
        Refusal.RETRY_AFTER: lambda _, wait: _too_many({"retry-after": str(max(1, math.ceil(wait)))}),
        Refusal.RETRY_DATE: _retry_date,
        Refusal.PAGE: lambda _, __: Response(429, _HTML_TYPE, _PAGE),
        Refusal.UNAVAILABLE: lambda _, __: json_response(
            503, {"code": "unavailable", "msg": "Hệ thống đang bận, vui lòng thử lại sau"}
        ),
        Refusal.CONSENT: lambda _, __: json_response(
            200, {"error": _TRY_LATER, "message": MESSAGES[_TRY_LATER], "expired_time": None}
        ),
    }
)
