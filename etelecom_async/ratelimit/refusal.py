"""Which errors mean "too many requests"."""

from __future__ import annotations

from typing import TypeGuard

from ..errors import ApiError, EtelecomError, RateLimited, Unavailable

__all__ = ["Refusals"]

_OK, _UNAVAILABLE = 200, 503


class Refusals:
    """Tells a refusal from a hiccup.

    403 `resource_exhausted` and 429 say what they mean. A 503 may be a limiter's word or a server in trouble, and
    consent code 5 in a 200 a limit of the account or of one customer. These two count as refusals where they say when
    to come back, or where they come thick: within a second three of four answers, four of eight, five of sixteen and so
    on, down to a tenth. Chance alone would do that about once in a thousand seconds where one answer in seventy is
    such. From then on each of them counts, until `forget` or until they are refuted. A few among many answers slow
    no other call down.
    """

    _WINDOW = 1.0
    _LEAST, _SHARE = 3, 0.1
    _FAR_BELOW, _IN_A_ROW = 1 / 3, 3

    def __init__(self) -> None:
        self.answers = 0
        """Answers of any kind so far; the throttle counts them here."""
        self._since = 0.0
        self._answers_before = 0
        self._doubtful = 0
        self._is_certain = False
        self._is_proof = False
        self._refused_at = 0.0
        self._answers_at_last = 0
        self._against = 0

    def includes(self, error: EtelecomError, now: float) -> TypeGuard[ApiError]:
        """Was the request refused because there were too many? To be asked of every error once, in order."""
        if not isinstance(error, RateLimited | Unavailable):
            return False
        self._is_proof = True
        if isinstance(error, RateLimited) and error.status != _OK:
            return True
        if isinstance(error, Unavailable) and error.status != _UNAVAILABLE:
            return False
        if now - self._since > self._WINDOW:
            self._since, self._answers_before, self._doubtful = now, self.answers - 1, 0
        self._doubtful += 1
        self._is_proof = error.retry_after is not None or self._are_thick(self.answers - self._answers_before)
        self._is_certain = self._is_certain or self._is_proof
        return self._is_certain

    def are_refuted(self, rate: float) -> bool:
        """Do they come at any rate, so that no limit makes them? To be asked of every refusal, in order.

        A limit refuses nothing far below the rate that it refused before. A server in trouble does, and slowing down
        for it would go on without end. So three in a row, at less than a third of that rate and each among many
        answers, are no refusals.

        Args:
            rate: requests per second that are let through after this one.
        """
        answers = self.answers - self._answers_at_last
        self._answers_at_last = self.answers
        if self._is_proof:
            self._refused_at, self._against = rate, 0
        elif rate < self._FAR_BELOW * self._refused_at and answers > 1 / self._SHARE:
            self._against += 1
        else:
            self._refused_at, self._against = max(self._refused_at, rate), 0
        return self._against >= self._IN_A_ROW

    def _are_thick(self, answers: int) -> bool:
        return self._doubtful >= self._LEAST and answers <= min(2 ** (self._doubtful - 1), self._doubtful / self._SHARE)

    def forget(self) -> None:
        """The limit is gone: what may be a hiccup is one again until it is proven otherwise."""
        self._is_certain = False
