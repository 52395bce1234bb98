"""The sandbox's answers about permission to call: checks, requests for it, and their list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from .._times import utc_text
from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .consent_requests import RequestBook
from .customers import EXPIRED, GRANTED, MESSAGES, NEVER_ASKED, Customer
from .handlers import Asked, Handler
from .limit import Gate

__all__ = ["Consents"]


@frozen(kw_only=True)
class Consents:
    """Those methods of `Zalo/*`.

    Attributes:
        oa_id: the Official Account that exists.
        book: the requests for permission.
        customer: the customer of a phone in wire form, if there is one.
        count: counts a request at a gate of the rate limit; raises where that refuses it.
    """

    oa_id: int
    book: RequestBook
    customer: Callable[[str], Customer | None]
    count: Callable[[Gate], None]

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Zalo/CheckConsent": self._check,
            "Zalo/RequestConsent": self._request,
            "Zalo/ListRequestConsent": lambda asked: self.book.list(asked.fields),
        }

    def _check(self, asked: Asked) -> dict[str, JSON]:
        self._judge(asked)
        self.count(Gate.ZALO)
        customer = self.customer(asked.phone)
        message = None
        if answer := self.book.answer(asked.phone, asked.now):
            error, expires = answer
        elif customer is not None:
            error, expires, message = customer.error, customer.expires, customer.message
        else:
            error, expires = NEVER_ASKED, None
        if error == GRANTED and expires is not None and expires <= asked.now:
            error, message = EXPIRED, None
        return _consent_body(error, MESSAGES[error] if message is None else message, expires)

    def _request(self, asked: Asked) -> dict[str, JSON]:
        self._judge(asked)
        customer = self.customer(asked.phone)
        return self.book.make(asked.fields, oa_id=asked.oa_id, phone=asked.phone, customer=customer)

    def _judge(self, asked: Asked) -> None:
        if asked.oa_id != self.oa_id:
            raise NotFound("Không tìm thấy Zalo OA")
        if not asked.phone:
            raise InvalidArgument("Thiếu số điện thoại")


def _consent_body(error: int, message: str, expires: datetime | None) -> dict[str, JSON]:
    expired_time = None if expires is None else utc_text(expires, timespec="seconds")
    return {"error": error, "message": message, "expired_time": expired_time}
