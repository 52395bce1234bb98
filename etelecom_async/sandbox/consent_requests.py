"""The sandbox's requests for permission: made, carried out, answered, expired, billed. Without I/O and timers.

What a request is at a moment follows from the clock alone, so that a test may put the clock where it likes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field, frozen

from ..api.consent_requests import CallType, ReasonCode
from ..endpoint import JSON
from ..errors import InvalidArgument
from .customers import EXPIRED, GRANTED, Customer, Reply
from .fields import Fields, known_in
from .filters import in_range, listed
from .numbers import FIRST_REQUEST, SHOP_ID, USER_ID
from .written import phone_text, seconds

__all__ = ["Charge", "RequestBook", "Stage"]

ANSWER_TIME = timedelta(hours=24)
PERMISSION_TIME = timedelta(days=30)

_WAITING, _REFUSED, _BLOCKED = 8, 3, 4


class Stage(enum.Enum):
    """Where a request stands."""

    ACCEPTED = "accepted"
    """The server has answered and not carried it out yet."""
    WAITING = "waiting"
    FAILED = "failed"
    ALLOWED = "allowed"
    DENIED = "denied"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    """No answer came within 24 hours."""


_ANSWERS = {Reply.ALLOW: Stage.ALLOWED, Reply.DENY: Stage.DENIED, Reply.BLOCK: Stage.BLOCKED}
_REPLIES = {
    Stage.FAILED: "Z",
    Stage.ALLOWED: "P",
    Stage.DENIED: "N",
    Stage.BLOCKED: "N",
    Stage.EXPIRED: "NS",
}
_CODES = {Stage.WAITING: _WAITING, Stage.DENIED: _REFUSED, Stage.BLOCKED: _BLOCKED, Stage.EXPIRED: EXPIRED}


@frozen(kw_only=True)
class Charge:
    """A request that was billed.

    Attributes:
        phone: the customer in wire form.
        request_id: of the request.
        moment: when it was carried out.
    """

    phone: str = field(repr=False)
    request_id: int
    moment: datetime


@define(kw_only=True)
class Asked:
    """A request."""

    id: int
    oa_id: int
    phone: str
    call_type: CallType
    reason_code: ReasonCode
    created_at: datetime
    due_at: datetime
    error_code: int = 0
    reply: Reply | None = None
    replied_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        return self.due_at + ANSWER_TIME

    def stage(self, now: datetime) -> Stage:
        if now < self.due_at:
            return Stage.ACCEPTED
        if self.error_code:
            return Stage.FAILED
        if self.reply is not None and self.replied_at is not None and self.replied_at <= now:
            return _ANSWERS[self.reply]
        return Stage.WAITING if now < self.expires_at else Stage.EXPIRED


class RequestBook:
    """The requests of a world, in the order in which they came.

    Args:
        clock: the present.
        delay: seconds until the next request is carried out.
        are_phones_wire: the list writes and filters phones as `84...`; otherwise as the operator does, `0...`.
    """

    def __init__(self, *, clock: Callable[[], datetime], delay: Callable[[], float], are_phones_wire: bool) -> None:
        self.asked: list[Asked] = []
        self._by_phone: dict[str, list[Asked]] = {}
        self._clock = clock
        self._delay = delay
        self._are_phones_wire = are_phones_wire

    def now(self) -> datetime:
        """The present of this world."""
        return self._clock()

    def charges(self) -> list[Charge]:
        """What has been billed so far: each request that was carried out and did not fail."""
        now = self._clock()
        return [
            Charge(phone=it.phone, request_id=it.id, moment=it.due_at)
            for it in self.asked
            if it.stage(now) not in (Stage.ACCEPTED, Stage.FAILED)
        ]

    def answer(self, phone: str, now: datetime) -> tuple[int, datetime | None] | None:
        """The code and the expiry of a check, as the customer's last request left them; None without one."""
        for it in reversed(self._by_phone.get(phone, ())):
            stage = it.stage(now)
            if stage is Stage.ALLOWED and it.replied_at is not None:
                return GRANTED, it.replied_at + PERMISSION_TIME
            if stage in _CODES:
                return _CODES[stage], None
        return None

    def reply(self, phone: str, reply: Reply) -> bool:
        """Answer the last request that waits for this customer; False if none does."""
        now = self._clock()
        for it in reversed(self._by_phone.get(phone, ())):
            if it.stage(now) is Stage.WAITING:
                it.reply, it.replied_at = reply, now
                return True
        return False

    def make(self, fields: Fields, *, oa_id: int, phone: str, customer: Customer | None) -> dict[str, JSON]:
        """Take a request, and answer it as a record."""
        call_type, reason_code = known_in(fields, "call_type", CallType), known_in(fields, "reason_code", ReasonCode)
        if call_type in (None, CallType.NOT_SET) or reason_code in (None, ReasonCode.NOT_SET):
            raise InvalidArgument("Thiếu loại cuộc gọi hoặc lý do gọi")
        now = self._clock()
        request = Asked(
            id=FIRST_REQUEST + len(self.asked),
            oa_id=oa_id,
            phone=phone,
            call_type=call_type,
            reason_code=reason_code,
            created_at=now,
            due_at=now + timedelta(seconds=self._delay()),
        )
        if customer is not None:
            request.error_code = customer.request_error
            if customer.reply is not None and customer.reply_after < ANSWER_TIME.total_seconds():
                request.reply = customer.reply
                request.replied_at = request.due_at + timedelta(seconds=customer.reply_after)
        self.asked.append(request)
        self._by_phone.setdefault(phone, []).append(request)
        return self._record(request, max(now, request.due_at))

    def list(self, fields: Fields) -> dict[str, JSON]:
        """A page of the requests that were carried out, newest first."""
        now, keep = self._clock(), in_range(fields)
        made = [it for it in reversed(self.asked) if it.stage(now) is not Stage.ACCEPTED and keep(it.created_at)]
        return listed(
            [self._record(it, now) for it in made],
            fields,
            items="consents",
            ids=("oa_id", "user_id"),
            texts=("phone", "status", "reply_status", "call_type", "reason_code"),
            flags=("is_charged",),
        )

    def _record(self, it: Asked, now: datetime) -> dict[str, JSON]:
        stage = it.stage(now)
        changed = it.replied_at if it.replied_at is not None and it.replied_at <= now else it.created_at
        return {
            "id": str(it.id),
            "shop_id": SHOP_ID,
            "user_id": USER_ID,
            "oa_id": str(it.oa_id),
            "phone": phone_text(it.phone, is_wire=self._are_phones_wire),
            "call_type": it.call_type.value,
            "reason_code": it.reason_code.value,
            "status": "N" if stage is Stage.FAILED else "P",
            "reply_status": _REPLIES.get(stage, "S"),
            "delivery_status": "unknown" if stage is Stage.FAILED else "received",
            "delivery_time": None if stage is Stage.FAILED else seconds(it.due_at),
            "error_code": it.error_code,
            "error_message": "Gửi yêu cầu thất bại" if it.error_code else "",
            "is_charged": stage is not Stage.FAILED,
            "expires_at": seconds(it.expires_at),
            "created_at": seconds(it.created_at),
            "updated_at": seconds(changed),
        }
