"""Which errors mean "too many requests"."""

from __future__ import annotations

from http import HTTPStatus

from ..errors import EtelecomError, RateLimited, Unavailable

__all__ = ["Refusals"]


class Refusals:
    """Tells a refusal from a hiccup.

    403 `resource_exhausted` and 429 say what they mean. A 503 may be a limiter's word or a server in trouble, and
    consent code 5 in a 200 a limit of the account or of one customer. These two count as refusals where they say when
    to come back, or where at least a tenth of a second's answers, and two, are such. From then on each of them counts,
    until `forget`. A few among many answers slow nobody down.
    """

    _WINDOW = 1.0
    _SHARE = 0.1
    _LEAST = 2

    def __init__(self) -> None:
        self.answers = 0
        """Answers of any kind so far; whoever gets them counts them here."""
        self._since = 0.0
        self._answers_before = 0
        self._doubtful = 0
        self._is_certain = False

    def includes(self, error: EtelecomError, now: float) -> bool:
        """Was the request refused because there were too many? To be asked of every error once, in order."""
        if not isinstance(error, RateLimited | Unavailable):
            return False
        if isinstance(error, RateLimited) and error.status != HTTPStatus.OK:
            return True
        if isinstance(error, Unavailable) and error.status != HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        if now - self._since > self._WINDOW:
            self._since, self._answers_before, self._doubtful = now, self.answers - 1, 0
        self._doubtful += 1
        share = self._doubtful / max(1, self.answers - self._answers_before)
        if error.retry_after is not None or (self._doubtful >= self._LEAST and share >= self._SHARE):
            self._is_certain = True
        return self._is_certain

    def forget(self) -> None:
        """The limit is gone: what may be a hiccup is one again until it is proven otherwise."""
        self._is_certain = False
