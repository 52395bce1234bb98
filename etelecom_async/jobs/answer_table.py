"""The answers about the last million different phones of a job, in a table of fixed size.

Rows of one phone may stand a hundred thousand rows apart. A dictionary of a million answers takes hundreds of
megabytes; here an answer takes ten bytes: the phone as a number, when the permission ends, and which of the few
different answers it is. Two parts of a million phones each take turns: when the newer is full, the older is emptied.
"""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta, tzinfo

from ..api.consent import Consent
from ..bulk.single_flight import LastAnswers

__all__ = ["AnswerTable"]

_LOAD = 2 / 3
"""How full a part becomes: above that, finding a free slot takes many steps."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = 2**32
_KINDS = 1024
_ELSEWHERE = 2**16 - 1
"""The kind of an answer that is kept in `_others`."""
_MESSAGE = 200
"""Characters: a longer message is not shared between answers."""
_OTHERS = 1024
_HASH = 0x9E3779B1  # 2**32 by the golden ratio: consecutive numbers are spread evenly
_VIETNAM = "84"


class AnswerTable:
    """Keeps what `Zalo/CheckConsent` answered about at least the last `capacity` different phones of Vietnam.

    Of other phones and of unusual answers (an expiry with fractions of a second, a long message) it keeps the last
    thousand.

    Args:
        capacity: different phones; a million takes 30 MB from the start.
    """

    def __init__(self, *, capacity: int = 1_000_000) -> None:
        self._newer, self._older = _Part(capacity=capacity), _Part(capacity=capacity)
        self._kinds: list[tuple[int | None, str, tzinfo | None]] = []
        self._numbers: dict[tuple[int | None, str, timedelta | None], int] = {}
        self._others: LastAnswers[str, Consent] = LastAnswers(size=_OTHERS)

    def get(self, question: str) -> Consent | None:
        """The answer about a phone in wire form; None if it is not kept."""
        key = _key(question)
        if key:
            kind, expiry = self._newer.get(key)
            if kind is None:
                kind, expiry = self._older.get(key)
                if kind is not None:
                    self._put(key, kind, expiry)
            if kind is not None and kind != _ELSEWHERE:
                return self._consent(kind, expiry)
        return self._others.get(question)

    def put(self, question: str, value: Consent) -> None:
        """Keep an answer."""
        key, expiry = _key(question), _seconds(value.expired_time)
        kind = None if expiry is None else self._kind(value)
        if kind is None or not key:
            self._others.put(question, value)
            kind = _ELSEWHERE
        if key:
            self._put(key, kind, expiry or 0)

    def _put(self, key: int, kind: int, expiry: int) -> None:
        if self._newer.is_full:
            self._newer, self._older = self._older, self._newer
            self._newer.clear()
        self._newer.put(key, kind, expiry)

    def _kind(self, consent: Consent) -> int | None:
        """The number of this answer among the different ones, its expiry left out; None for an unusual one."""
        if len(consent.message) > _MESSAGE:
            return None
        moment = consent.expired_time
        kind = (consent.error, consent.message, None if moment is None else moment.utcoffset())
        number = self._numbers.get(kind)
        if number is None and len(self._kinds) < _KINDS:
            number = self._numbers[kind] = len(self._kinds)
            self._kinds.append((consent.error, consent.message, None if moment is None else moment.tzinfo))
        return number

    def _consent(self, kind: int, expiry: int) -> Consent:
        error, message, zone = self._kinds[kind]
        expired_time = None if zone is None else (_EPOCH + timedelta(seconds=expiry)).astimezone(zone)
        return Consent(error=error, message=message, expired_time=expired_time)


class _Part:
    """Phones with their answers: a hash table with open addressing."""

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._slots = int(capacity / _LOAD) + 1
        # Copying zeros allocates the memory at once: what a job needs does not grow with its rows.
        self._expiries = array("I", bytes(4 * self._slots))
        self._kinds = array("H", bytes(2 * self._slots))
        self.clear()

    @property
    def is_full(self) -> bool:
        return self._count >= self._capacity

    def clear(self) -> None:
        self._keys = array("I", bytes(4 * self._slots))
        self._count = 0

    def get(self, key: int) -> tuple[int | None, int]:
        at = self._find(key)
        return (self._kinds[at], self._expiries[at]) if self._keys[at] else (None, 0)

    def put(self, key: int, kind: int, expiry: int) -> None:
        at = self._find(key)
        self._count += not self._keys[at]
        self._keys[at] = key
        self._kinds[at] = kind
        self._expiries[at] = expiry

    def _find(self, key: int) -> int:
        """The slot that holds the key, or else the free one where it belongs."""
        keys, slots = self._keys, self._slots
        at = (key * _HASH & 0xFFFFFFFF) * slots >> 32
        while keys[at] not in (key, 0):
            at += 1
            if at == slots:
                at = 0
        return at


def _key(phone: str) -> int:
    """The national number of a Vietnamese phone, which is below 2**32 and never 0; 0 of any other."""
    return int(phone[2:]) if phone.startswith(_VIETNAM) else 0


def _seconds(moment: datetime | None) -> int | None:
    """Whole seconds since 1970; 0 for no time, None if they are inexact or do not fit."""
    if moment is None:
        return 0
    if moment.microsecond or moment.utcoffset() is None:
        return None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return seconds if 0 <= seconds < _SECONDS else None
