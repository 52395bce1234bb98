"""The sandbox's ZNS: sent, refused with Zalo's codes, delivered, listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from attrs import define, field

from ..api.consent_requests import DeliveryStatus
from ..api.error_codes import ZNS_CODES
from ..api.zns import MessageStatus, MessageType, SendingMode, TimeType, ZnsMode
from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .budgets import DailyQuota, Wallet
from .customers import Customer
from .fields import id_in, known_in, object_of, text_in, text_map_in
from .filters import Record, in_range, listed
from .followers import Followers
from .handlers import Asked, Handler
from .numbers import FIRST_MESSAGE, SHOP_ID, USER_ID, digest
from .official_accounts import OfficialAccounts
from .templates import TIMEOUT, Template, Templates
from .written import phone_text, seconds

__all__ = ["NO_MONEY", "TOKEN_EXPIRED", "ZnsMessages", "zns_words"]

TOKEN_EXPIRED, NO_MONEY = -124, -115
_UNKNOWN_TEMPLATE, _DISABLED, _NO_TOKEN, _WRONG_KIND = -109, -146, -148, -1491
_OUT_OF_QUOTA, _NOT_FOLLOW_UP = -144, -162

_NEVER = 1e9
"""Seconds: what takes longer does not come, and would leave Python's calendar."""


def zns_words(code: int) -> str:
    """The words with a code of ZNS; empty for 0."""
    known = ZNS_CODES.get(code)
    return f"Zalo từ chối: {known.meaning if known else 'unknown'}" if code else ""


@define(kw_only=True)
class _Message:
    id: int
    kind: MessageType
    oa_id: int
    phone: str = field(repr=False)
    requested_at: datetime
    arrives_at: datetime | None = None
    template_id: int = 0
    data: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    tracking_id: str = ""
    journey_id: str = "0"
    error_code: int = 0
    price: int = 0
    is_development: bool = False
    mode: SendingMode = SendingMode.DEFAULT

    @property
    def msg_id(self) -> str:
        return "" if self.error_code else digest("zns", self.id)

    @property
    def is_charged(self) -> bool:
        return not self.error_code and not self.is_development

    def arrived_at(self, now: datetime) -> datetime | None:
        return self.arrives_at if self.arrives_at is not None and self.arrives_at <= now else None


class ZnsMessages:
    """The ZNS of a world, in the order in which they came.

    Args:
        accounts: whose messages they are.
        templates: what they are made of.
        followers: to whom they go; a phone that is no customer's takes every message.
        quota: messages a day.
        wallet: pays for them.
        are_phones_wire: lists write phones as `84...`; otherwise as the operator does, `0...`.
        changed: is told the shop and the record of each new message, and when it came.
    """

    def __init__(
        self,
        *,
        accounts: OfficialAccounts,
        templates: Templates,
        followers: Followers,
        quota: DailyQuota,
        wallet: Wallet,
        are_phones_wire: bool,
        changed: Callable[[int, Record, datetime], None],
    ) -> None:
        self._accounts = accounts
        self._templates = templates
        self._followers = followers
        self._quota = quota
        self._wallet = wallet
        self._are_phones_wire = are_phones_wire
        self._messages: list[_Message] = []
        self._changed = changed

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {"Zalo/SendZNS": self.send, "Zalo/GetMessage": self._get, "Zalo/ListMessages": self._list}

    def send(self, asked: Asked, *, journey_id: str = "", fault: int = 0) -> dict[str, JSON]:
        """Take a message, and answer it as a record.

        Args:
            asked: the request.
            journey_id: of the journey that it belongs to.
            fault: Zalo's code, where the message fails whatever it is; 0 otherwise.
        """
        self._accounts.judge(asked)
        if not asked.phone:
            raise InvalidArgument("Thiếu số điện thoại")
        fields, customer = asked.fields, self._followers.customer(asked.phone)
        sending_mode = known_in(fields, "sending_mode", SendingMode)
        message = _Message(
            id=FIRST_MESSAGE + len(self._messages),
            kind=MessageType.JOURNEY if journey_id else MessageType.TEMPLATE,
            oa_id=asked.oa_id,
            phone=asked.phone,
            requested_at=asked.now,
            template_id=id_in(fields, "template_id"),
            data=text_map_in(fields, "template_data"),
            tracking_id=text_in(fields, "tracking_id"),
            journey_id=journey_id or "0",
            is_development=known_in(fields, "mode", ZnsMode) is ZnsMode.DEVELOPMENT,
            mode=SendingMode.TAG3 if sending_mode is SendingMode.TAG3 else SendingMode.DEFAULT,
        )
        template = self._templates.find(message.template_id)
        if template is not None:
            is_above = self._quota.remaining(asked.now) <= 0
            message.price = template.price_exceeded if is_above else template.price
        message.error_code = TOKEN_EXPIRED
        if self._accounts.is_connected(asked):
            message.error_code = fault or self._fault(message, template, customer)
        self._messages.append(message)
        if not message.error_code:
            message.arrives_at = _arrival(customer, asked.now)
        if message.is_charged:
            self._quota.take(asked.now)
            self._wallet.pay(message.price)
        record = self._record(message, asked.now)
        self._changed(asked.shop_id, record, asked.now)
        return record

    def add_transaction(self, customer: Customer, asked: Asked, *, price: int) -> str:
        """Keep a transaction message that was sent and paid, and give its id on Zalo."""
        message = _Message(
            id=FIRST_MESSAGE + len(self._messages),
            kind=MessageType.UID,
            oa_id=asked.oa_id,
            phone=customer.phone,
            requested_at=asked.now,
            arrives_at=_arrival(customer, asked.now),
            price=price,
        )
        self._messages.append(message)
        self._changed(asked.shop_id, self._record(message, asked.now), asked.now)
        return message.msg_id

    def _fault(self, message: _Message, template: Template | None, customer: Customer | None) -> int:
        """Zalo's code for what is wrong with a message first; 0 for nothing."""
        code = _misuse(message, template) or (customer.zns_error if customer else 0)
        if code or message.is_development:
            return code
        if self._quota.remaining(message.requested_at) <= 0 and message.mode is not SendingMode.TAG3:
            return _OUT_OF_QUOTA
        return 0 if self._wallet.has(message.price) else NO_MONEY

    def _get(self, asked: Asked) -> dict[str, JSON]:
        self._accounts.judge(asked)
        msg_id = text_in(asked.fields, "msg_id")
        for it in self._messages:
            if msg_id and it.msg_id == msg_id:
                return self._record(it, asked.now)
        raise NotFound("Không tìm thấy tin nhắn")

    def _list(self, asked: Asked) -> dict[str, JSON]:
        wanted, keep = object_of(asked.fields, "filter"), in_range(asked.fields)
        kind = known_in(wanted, "msg_type", MessageType)
        time_type = known_in(wanted, "time_type", TimeType)

        def moment(it: _Message) -> datetime | None:
            if time_type is TimeType.SUBMIT_TIME:  # no customer of the sandbox rates a message
                return None
            is_of_request = time_type is TimeType.REQUEST_TIME
            return it.requested_at if is_of_request else it.arrived_at(asked.now) or it.requested_at

        return listed(
            [
                self._record(it, asked.now)
                for it in reversed(self._messages)
                if kind in (None, MessageType.NOT_SET, it.kind) and keep(moment(it))
            ],
            asked.fields,
            items="messages",
            ids=("oa_id", "template_id", "journey_id", "campaign_id", "user_id"),
            texts=("phone", "msg_id", "tracking_id"),
            enums={"status": MessageStatus, "delivery_status": DeliveryStatus},
            flags=("is_charged", "is_development"),
        )

    def _record(self, it: _Message, now: datetime) -> dict[str, JSON]:
        arrived_at = it.arrived_at(now)
        return {
            "id": str(it.id),
            "shop_id": SHOP_ID,
            "user_id": USER_ID,
            "oa_id": str(it.oa_id),
            "campaign_id": "0",
            "phone": phone_text(it.phone, is_wire=self._are_phones_wire),
            "template_id": it.template_id,
            "template_data": {**it.data},
            "tracking_id": it.tracking_id,
            "msg_id": it.msg_id,
            "journey_id": it.journey_id,
            "type": it.kind.value,
            "status": "N" if it.error_code else "P",
            "delivery_status": "received" if arrived_at else "unknown",
            "delivery_time": seconds(arrived_at),
            "error_code": it.error_code,
            "error_message": zns_words(it.error_code),
            "fee_main": it.price if it.is_charged else 0,
            "fee_token": 0,
            "is_charged": it.is_charged,
            "is_development": it.is_development,
            "sending_mode": it.mode.value,
            "request_time": seconds(it.requested_at),
            "sent_time": None if it.error_code else seconds(it.requested_at),
            "submit_time": None,
            "rate": 0,
            "note": "",
            "feedback": [],
            "timeout": TIMEOUT,
            "response_data": "",
            "zl_user_id": self._followers.zl_user_id(it.phone),
            "created_at": seconds(it.requested_at),
            "updated_at": seconds(arrived_at or it.requested_at),
        }


def _arrival(customer: Customer | None, now: datetime) -> datetime | None:
    seconds_later = 0.0 if customer is None else customer.delivery_after
    if seconds_later is None or seconds_later > _NEVER:
        return None
    return now + timedelta(seconds=seconds_later)


def _misuse(message: _Message, template: Template | None) -> int:
    """Zalo's code for a template or data that a message cannot have."""
    if template is None:
        return _UNKNOWN_TEMPLATE
    is_journey = message.kind is MessageType.JOURNEY
    if template.is_journey is not is_journey:
        return _WRONG_KIND if is_journey else _NO_TOKEN
    if not template.is_enabled:
        return _DISABLED
    if message.mode is SendingMode.TAG3 and template.tag != "FOLLOW_UP":
        return _NOT_FOLLOW_UP
    return template.fault(message.data)
