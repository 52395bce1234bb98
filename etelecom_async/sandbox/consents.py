"""The sandbox's answers about permission to call: checks, requests for it, and their list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import frozen

from ..endpoint import JSON
from ..errors import InvalidArgument
from .consent_requests import RequestBook
from .customers import EXPIRED, GRANTED, MESSAGES, NEVER_ASKED, Customer
from .handlers import Asked, Handler
from .limit import Gate
from .official_accounts import OfficialAccounts
from .written import seconds

__all__ = ["Consents"]


@frozen(kw_only=True)
class Consents:
    """Those methods of `Zalo/*`.

    Attributes:
        accounts: the Official Account that exists.
        book: the requests for permission.
        customers: by their phones in wire form, as they are now.
        count: counts a request at a gate of the rate limit; raises where that refuses it.
    """

    accounts: OfficialAccounts
    book: RequestBook
    customers: Callable[[], Mapping[str, Customer]]
    count: Callable[[Gate], None]

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Zalo/CheckConsent": self._check,
            "Zalo/RequestConsent": self._request,
            "Zalo/ListRequestConsent": lambda asked: self.book.list(asked.fields),
        }

    def code(self, phone: str, now: datetime) -> int:
        """What a check of this phone answers."""
        return self._answer(phone, now)[0]

    def _check(self, asked: Asked) -> dict[str, JSON]:
        self._judge(asked)
        self.count(Gate.ZALO)
        error, message, expires = self._answer(asked.phone, asked.now)
        return {"error": error, "message": message, "expired_time": seconds(expires)}

    def _answer(self, phone: str, now: datetime) -> tuple[int, str, datetime | None]:
        customer = self.customers().get(phone)
        message = None
        if answer := self.book.answer(phone, now):
            error, expires = answer
        elif customer is not None:
            error, expires, message = customer.error, customer.expires, customer.message
        else:
            error, expires = NEVER_ASKED, None
        if error == GRANTED and expires is not None and expires <= now:
            error, message = EXPIRED, None
        return error, MESSAGES[error] if message is None else message, expires

    def _request(self, asked: Asked) -> dict[str, JSON]:
        self._judge(asked)
        customer = self.customers().get(asked.phone)
        return self.book.make(asked.fields, oa_id=asked.oa_id, phone=asked.phone, customer=customer)

    def _judge(self, asked: Asked) -> None:
        self.accounts.judge(asked)
        if not asked.phone:
            raise InvalidArgument("Thiếu số điện thoại")
