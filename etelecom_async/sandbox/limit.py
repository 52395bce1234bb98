"""A rate limit that the sandbox keeps and does not tell: what it allows, and the form in which it refuses.

    World(limit=TokenBucket(rate=200, burst=20, refusal=Refusal.RETRY_AFTER))
    World(limit=FixedWindow(count=12_000, seconds=60))

Where a limit stands follows from its form. A 429 comes from the proxy in front, which counts every request and has read
none; 403 and 503 with a code from the API, which knows by the key whom it counts; consent code 5 from Zalo, which only
sees checks of an account that exists.
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
from ..transport.base import Response
from .customers import MESSAGES

__all__ = ["FixedWindow", "Gate", "Gatekeeper", "Limit", "Meter", "Refusal", "TokenBucket"]

_TRY_LATER = 5

_JSON = MappingProxyType({"content-type": "application/json"})
_TEXT = MappingProxyType({"content-type": "text/plain; charset=utf-8"})
_HTML = MappingProxyType({"content-type": "text/html"})
_PAGE = b"""<html>
<head><title>429 Too Many Requests</title></head>
<body><center><h1>429 Too Many Requests</h1></center></body>
</html>
"""


class Gate(enum.Enum):
    """Who counts, in the order in which a request meets them."""

    PROXY = "proxy"
    """Counts every request, whatever is wrong with it."""
    API = "api"
    """Counts requests that have a right key."""
    ZALO = "zalo"
    """Counts checks that can be answered."""


class Refusal(enum.Enum):
    """What one request too many is answered with. The values are the words of `etelecom sandbox --refusal`."""

    EXHAUSTED = "403"
    """403 with code `resource_exhausted`, the API's documented form."""
    TOO_MANY = "429"
    """429 that says nothing more."""
    RETRY_AFTER = "429-after"
    """429 with `Retry-After` in seconds, whole and at least 1."""
    RETRY_DATE = "429-date"
    """429 with `Retry-After` as an HTTP date, and with the `Date` that it is counted from."""
    PAGE = "429-page"
    """429 with a proxy's HTML page."""
    UNAVAILABLE = "503"
    """503 with code `unavailable`."""
    CONSENT = "consent-5"
    """200 with consent code 5 inside."""

    @property
    def gate(self) -> Gate:
        """Who refuses in this form."""
        if self in {Refusal.EXHAUSTED, Refusal.UNAVAILABLE}:
            return Gate.API
        return Gate.ZALO if self is Refusal.CONSENT else Gate.PROXY


class Meter(Protocol):
    """A limit's state: pure arithmetic on times that never go back, for simulations too."""

    def wait(self, now: float, /) -> float:
        """Count a request at `now`, in seconds, and return 0; or count nothing and return the seconds to wait."""
        ...


_positive = _checks.checked(partial(_checks.number, above=0))
_at_least_one = _checks.checked(partial(_checks.number, least=1))
_refusal = _checks.checked(partial(_checks.instance, kind=Refusal, wanted="a Refusal such as Refusal.TOO_MANY"))


def _usual_burst(bucket: TokenBucket) -> float:
    return max(1.0, _checks.number("TokenBucket.rate", bucket.rate, above=0) / 10)


@frozen(kw_only=True)
class TokenBucket:
    """A bucket that begins full and fills steadily; each request takes one token, and a refused one takes none.

    Attributes:
        rate: tokens per second, above 0.
        burst: tokens that the bucket holds, at least 1; a tenth of a second's worth unless given.
        refusal: what a request without a token is answered with.

    Raises:
        ConfigError: a number is out of range.
    """

    rate: float = field(validator=_positive)
    burst: float = field(default=Factory(_usual_burst, takes_self=True), validator=_at_least_one)
    refusal: Refusal = field(default=Refusal.EXHAUSTED, validator=_refusal)

    def meter(self) -> Meter:
        """A full bucket."""
        return _Bucket(self.rate, self.burst)


@frozen(kw_only=True)
class FixedWindow:
    """So many requests in each stretch of the clock, as in a quota per minute; twice as many fit around its turn.

    Attributes:
        count: requests in each window, at least 1. Refused ones are not counted.
        seconds: a window's length, above 0. Windows begin at its whole multiples since 1970, so a minute's begin with
            the minute.
        refusal: what a request above the count is answered with.

    Raises:
        ConfigError: a number is out of range.
    """

    count: int = field(validator=_checks.checked(_checks.whole))
    seconds: float = field(validator=_positive)
    refusal: Refusal = field(default=Refusal.EXHAUSTED, validator=_refusal)

    def meter(self) -> Meter:
        """An empty window."""
        return _Window(self.count, self.seconds)


Limit: TypeAlias = TokenBucket | FixedWindow


class _Bucket:
    # A client that waits just as long as it is told must not fail by what float arithmetic rounds off.
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


class _Window:
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


class Gatekeeper:
    """Applies one limit, from a fresh start, wherever its form of refusal says that it stands.

    Args:
        limit: what is allowed; None allows everything.
        clock: the present as an aware datetime.
    """

    def __init__(self, limit: Limit | None, *, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self._meter = None if limit is None else limit.meter()
        self._clock = clock

    def refuse(self, gate: Gate) -> Response | None:
        """Count a request that has come to this gate: None lets it through, else it is what to answer."""
        if self.limit is None or self._meter is None or self.limit.refusal.gate is not gate:
            return None
        now = self._clock()
        wait = self._meter.wait(now.timestamp())
        return _ANSWERS[self.limit.refusal](now, wait) if wait else None


def _code(status: int, code: str, msg: str) -> Response:
    return Response(status, _JSON, json.dumps({"code": code, "msg": msg}, ensure_ascii=False).encode())


def _too_many(headers: dict[str, str]) -> Response:
    return Response(429, {**_TEXT, **headers}, b"Too Many Requests\n")


def _retry_date(now: datetime, wait: float) -> Response:
    # Dates have whole seconds: counted from the one that the answer is dated, it is never too early.
    dated = now.replace(microsecond=0)
    until = dated + timedelta(seconds=math.ceil((now - dated).total_seconds() + wait))
    return _too_many({"date": _http_date(dated), "retry-after": _http_date(until)})


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _consent() -> Response:
    body = {"error": _TRY_LATER, "message": MESSAGES[_TRY_LATER], "expired_time": None}
    return Response(200, _JSON, json.dumps(body, ensure_ascii=False).encode())


_ANSWERS: MappingProxyType[Refusal, Callable[[datetime, float], Response]] = MappingProxyType(
    {
        Refusal.EXHAUSTED: lambda _, __: _code(403, "resource_exhausted", MESSAGES[_TRY_LATER]),
        Refusal.TOO_MANY: lambda _, __: _too_many({}),
        Refusal.RETRY_AFTER: lambda _, wait: _too_many({"retry-after": str(max(1, math.ceil(wait)))}),
        Refusal.RETRY_DATE: _retry_date,
        Refusal.PAGE: lambda _, __: Response(429, _HTML, _PAGE),
        Refusal.UNAVAILABLE: lambda _, __: _code(503, "unavailable", "Hệ thống đang bận, vui lòng thử lại sau"),
        Refusal.CONSENT: lambda _, __: _consent(),
    }
)
