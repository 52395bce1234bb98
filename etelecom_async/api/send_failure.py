"""A 200 that says that a sending failed, as `Zalo/RequestConsent` and the methods that send messages answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..codec import reading
from ..endpoint import JSON
from ..errors import ApiError, DecodeError, SendFailed
from .error_codes import NO_CODE, UNKNOWN_CODE, Codes

__all__ = ["FAILED", "SendRecord", "refusal_of", "send_failure"]

FAILED = frozenset({"N", "-1", "127"})
"""Statuses of a failure: a value without a name arrives as its number, which is -1, in older servers 127."""
_UNSAID = (None, "Z")


class SendRecord(Protocol):
    """What an answer needs to have."""

    @property
    def id(self) -> int | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def error_code(self) -> int | None: ...
    @property
    def error_message(self) -> str: ...
    @property
    def is_charged(self) -> bool | None: ...


def send_failure(record: SendRecord, *, codes: Codes) -> SendFailed | None:
    """The error in an answer: its status is N, or its error_code is not 0. None where it has neither sign."""
    if record.status not in FAILED and not record.error_code:
        return None
    code = codes.get(record.error_code, UNKNOWN_CODE) if record.error_code else NO_CODE
    return SendFailed(
        record.error_message,
        record=record,
        is_charged=record.is_charged,
        error_code=record.error_code,
        category=code.category,
        meaning=code.meaning,
        hint=code.hint,
    )


def refusal_of(kind: type[SendRecord], *, codes: Codes) -> Callable[[JSON], ApiError | None]:
    """An `Endpoint.refusal` for a method whose answer is such a record.

    It raises DecodeError, of unknown outcome, for a record without an id, a status and a code: every field of an answer
    may be missing, and then nothing says that the request was carried out.
    """

    def refusal(body: JSON) -> ApiError | None:
        try:
            record = reading(kind)(body)
        except DecodeError:
            return None  # the result is read next, and says what does not fit
        if not record.id and record.status in _UNSAID and not record.error_code:
            raise DecodeError(
                "The answer has no id and no status, so it does not say that the request was carried out."
            )
        return send_failure(record, codes=codes)

    return refusal
