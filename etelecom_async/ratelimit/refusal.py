"""Which errors mean "too many requests", which mean trouble, and which are the request's own."""

from __future__ import annotations

import math

from ..errors import (
    ApiError,
    AttemptTimeout,
    BodyTooLarge,
    ConnectError,
    DecodeError,
    EtelecomError,
    RateLimited,
    ServerFault,
    TransportError,
    Unavailable,
)
from .outcome import Kind

__all__ = ["Refusals"]

_OK, _UNAVAILABLE = 200, 503


class Refusals:
    """Tells a refusal from a hiccup.

    403 `resource_exhausted` and 429 say what they mean. A 503 may be a limiter's word or a server in trouble, and
    consent code 5 in a 200 a limit of the account or of one customer. These two count as refusals where they say when
    to come back, or where they come thick: within a second three of four answers, four of eight, five of sixteen and so
    on, down to a tenth. Chance alone would do that about once in a thousand seconds where one answer in seventy is
    such. From then on each of them counts for a minute. A few among many answers slow no other call down.
    """

    _WINDOW = 1.0
    _BELIEVED = 60.0
    _LEAST, _SHARE = 3, 0.1

    def __init__(self) -> None:
        self.answers = 0
        """Answers of any kind so far; the throttle counts them here."""
        self._since = 0.0
        self._answers_before = 0
        self._doubtful = 0
        self._proven_at = -math.inf

    def kind(self, error: EtelecomError, now: float) -> tuple[Kind, bool]:
        """What an error says about the server, and whether that is in doubt. To be asked of every error once, in order.

        A refusal is in doubt where it does not say for certain that it has to do with load.
        """
        if isinstance(error, RateLimited) and error.status != _OK:
            return Kind.REFUSED, False
        if isinstance(error, RateLimited) or (isinstance(error, Unavailable) and error.status == _UNAVAILABLE):
            is_refusal = self._is_refusal(error, now)
            # One customer's own limit is an answer like any other; a 503 is none.
            other = Kind.ACCEPTED if isinstance(error, RateLimited) else Kind.FAULT
            return (Kind.REFUSED, error.retry_after is None) if is_refusal else (other, False)
        if isinstance(error, Unavailable | ServerFault):
            return Kind.FAULT, False
        if isinstance(error, AttemptTimeout):
            return Kind.TIMEOUT, False
        if isinstance(error, TransportError) and error.transient:
            return (Kind.UNREACHABLE if isinstance(error, ConnectError) else Kind.FAULT), False
        return (Kind.ACCEPTED if isinstance(error, ApiError | DecodeError | BodyTooLarge) else Kind.UNKNOWN), False

    def _is_refusal(self, error: ApiError, now: float) -> bool:
        if now - self._since > self._WINDOW:
            self._since, self._answers_before, self._doubtful = now, self.answers - 1, 0
        self._doubtful += 1
        if error.retry_after is not None or self._are_thick(self.answers - self._answers_before):
            self._proven_at = now
        return now - self._proven_at <= self._BELIEVED

    def _are_thick(self, answers: int) -> bool:
        return self._doubtful >= self._LEAST and answers <= min(2 ** (self._doubtful - 1), self._doubtful / self._SHARE)
