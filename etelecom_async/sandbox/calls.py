"""The sandbox's calls: those that a shop's extensions have made and taken, as `Etelecom/ListCallLogs` lists them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import field, frozen

from ..api.call_logs import CallDirection, CallState, CallStatus, Comparison
from ..endpoint import JSON
from ..errors import InvalidArgument
from .extensions import Extension
from .fields import id_in, ids_in, known_in, object_of, operators_form, text_in, whole_in
from .filters import Record, in_range, listed
from .handlers import Asked, Handler
from .numbers import FIRST_CALL
from .written import phone_text, seconds

__all__ = ["CallBook"]

_RINGING = 5
"""Seconds that a phone rings before a call begins."""


@frozen(kw_only=True)
class _Call:
    """A call that is over. What it had on its phones stays, whatever becomes of them later."""

    id: int
    shop_id: int
    extension_id: int
    extension_number: str
    hotline_id: int
    hotline: str
    user_id: int
    phone: str = field(repr=False)
    is_inbound: bool
    duration: int
    ended_at: datetime

    @property
    def started_at(self) -> datetime:
        return self.ended_at - timedelta(seconds=self.duration)

    @property
    def state(self) -> CallState:
        return CallState.ANSWERED if self.duration else CallState.NOT_ANSWERED

    def record(self) -> Record:
        number = self.id - FIRST_CALL + 1
        ours, theirs = self.hotline or self.extension_number, phone_text(self.phone, is_wire=False)
        moment = seconds(self.ended_at)
        return {
            "id": str(self.id),
            "external_id": f"sandbox-call-{number}",
            "external_session_id": f"sandbox-session-{number}",
            "user_id": str(self.user_id),
            "extension_id": str(self.extension_id),
            "contact_id": "0",
            "caller": theirs if self.is_inbound else self.extension_number,
            "callee": ours if self.is_inbound else theirs,
            "direction": (CallDirection.IN if self.is_inbound else CallDirection.OUT).value,
            "call_state": self.state.value,
            "call_status": (CallStatus.SUCCESS if self.duration else CallStatus.NO_ANSWER).value,
            "duration": self.duration,
            "started_at": seconds(self.started_at),
            "ended_at": moment,
            "recording_urls": [f"https://sandbox.example.vn/recordings/{self.id}.mp3"] if self.duration else [],
            "note": "",
            "call_targets": [self._target()] if self.is_inbound else [],
            "created_at": moment,
            "updated_at": moment,
        }

    def _target(self) -> Record:
        """The extension that an inbound call was put through to; the words in it are made up."""
        rang_at = seconds(self.started_at - timedelta(seconds=_RINGING))
        return {
            "target_number": self.extension_number,
            "trunk_name": "sandbox",
            "status": self.state.value,
            "fail_code": 0,
            "end_reason": "",
            "ring_duration": _RINGING,
            "add_time": rang_at,
            "ring_time": rang_at,
            "answered_time": seconds(self.started_at) if self.duration else None,
            "ended_time": seconds(self.ended_at),
        }


class CallBook:
    """The calls of all shops.

    Args:
        changed: is told the shop and the record of each new call.
    """

    def __init__(self, *, changed: Callable[[int, Record, datetime], None]) -> None:
        self._calls: list[_Call] = []
        self._changed = changed

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {"Etelecom/ListCallLogs": self._list}

    def add(
        self, extension: Extension, *, phone: str, is_inbound: bool, duration: int, now: datetime, is_news: bool = True
    ) -> int:
        """A call between an extension and a customer has ended; the id of its record.

        Args:
            extension: of the shop.
            phone: the customer in wire form.
            is_inbound: the customer has called.
            duration: seconds that they spoke; 0 if it was not answered.
            now: when it ended.
            is_news: whether webhooks are told.
        """
        call = _Call(
            id=FIRST_CALL + len(self._calls),
            shop_id=extension.shop_id,
            extension_id=extension.id,
            extension_number=extension.number,
            hotline_id=extension.hotline_id,
            hotline="" if extension.hotline.is_deleted else extension.hotline.hotline,
            user_id=extension.user_id,
            phone=phone,
            is_inbound=is_inbound,
            duration=duration,
            ended_at=now,
        )
        self._calls.append(call)
        if is_news:
            self._changed(call.shop_id, call.record(), now)
        return call.id

    def _list(self, asked: Asked) -> dict[str, JSON]:
        """Newest first. A number is found in whatever writing the operator takes, or as an extension's."""
        wanted = object_of(asked.fields, "filter")
        calls = [it for it in reversed(self._calls) if it.shop_id == asked.shop_id]
        if number := text_in(wanted, "call_number"):
            phone = operators_form(number)
            calls = [it for it in calls if number in (it.extension_number, it.hotline) or it.phone == phone]
        if extensions := ids_in(wanted, "extension_ids"):
            calls = [it for it in calls if it.extension_id in extensions]
        if hotlines := ids_in(wanted, "hotline_ids"):
            calls = [it for it in calls if it.hotline_id in hotlines]
        if id_in(wanted, "department_id"):
            calls = []  # the sandbox has no departments
        is_short_enough, is_in_range = _longest(object_of(wanted, "duration")), in_range(asked.fields)
        records = [it.record() for it in calls if is_short_enough(it.duration) and is_in_range(it.started_at)]
        for name, kind in (("direction", CallDirection), ("call_state", CallState)):
            value = known_in(wanted, name, kind)
            records = [it for it in records if value in (None, kind.NOT_SET, it[name])]
        return listed(
            records, asked.fields, items="call_logs", ids=("user_id",), texts=("external_id", "external_session_id")
        )


def _longest(wanted: Record) -> Callable[[int], bool]:
    """Whether a duration is what the filter wants; only one comparison is documented."""
    comparison, value = text_in(wanted, "comparison"), whole_in(wanted, "value")
    if comparison in ("", Comparison.NOT_SET):
        return lambda _: True
    if comparison != Comparison.AT_MOST or value is None:
        raise InvalidArgument("Phép so sánh thời lượng không hợp lệ")
    return lambda seconds: seconds <= value
