"""The calls of a shop's telephone system."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Id
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from .paging import Listing, PageInfo, Paging, listing
from .payload import an_id, ids, judged

__all__ = [
    "LIST_CALL_LOGS",
    "CallDirection",
    "CallLog",
    "CallLogFilter",
    "CallLogs",
    "CallState",
    "CallStatus",
    "CallTarget",
    "Comparison",
    "Duration",
    "ListCallLogs",
    "Methods",
]


class CallDirection(OpenEnum):
    """Which way a call went."""

    NOT_SET = "unknown"
    IN = "in"
    OUT = "out"
    EXT = "ext"
    EXT_IN = "ext_in"
    EXT_OUT = "ext_out"


class CallState(OpenEnum):
    """Was a call answered?"""

    NOT_SET = "unknown"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"


class CallStatus(OpenEnum):
    """What became of a call, in the server's general words."""

    UNSET = "Z"
    SUCCESS = "P"
    WAITING = "S"
    FAILED = "N"
    NO_ANSWER = "NS"


class Comparison(OpenEnum):
    """How a duration is compared; other values are not documented."""

    NOT_SET = "unknow"
    """Spelt so on the wire."""
    AT_MOST = "less_than_or_equal_to"


@frozen(kw_only=True, field_transformer=judged)
class Duration:
    """How long calls may have been, in seconds presumably."""

    comparison: Comparison = field(converter=Comparison)
    value: int


@frozen(kw_only=True, field_transformer=judged)
class CallLogFilter:
    """Which calls `Etelecom/ListCallLogs` is to list; what is None does not matter."""

    call_number: str | None = None
    call_state: CallState | None = field(default=None, converter=optional(CallState))
    direction: CallDirection | None = field(default=None, converter=optional(CallDirection))
    duration: Duration | None = None
    extension_ids: tuple[Id, ...] | None = field(default=None, converter=optional(ids))
    hotline_ids: tuple[Id, ...] | None = field(default=None, converter=optional(ids))
    user_id: Id | None = field(default=None, converter=optional(an_id))
    department_id: Id | None = field(default=None, converter=optional(an_id))
    external_id: str | None = None
    external_session_id: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class ListCallLogs:
    """What `Etelecom/ListCallLogs` is sent: which calls, and which page of them."""

    filter: CallLogFilter = field(factory=CallLogFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class CallTarget:
    """A number that a call was put through to, and how that went; the values are not documented."""

    target_number: str = field(default="", repr=False)
    trunk_name: str = ""
    status: str = ""
    fail_code: int | None = None
    end_reason: str = ""
    ring_duration: int | None = None
    add_time: datetime | None = None
    ring_time: datetime | None = None
    answered_time: datetime | None = None
    ended_time: datetime | None = None


@frozen(kw_only=True)
class CallLog:
    """A call. Every field may be missing in an answer: None, or an empty text.

    Attributes:
        id, user_id, extension_id, contact_id: of the record and of what it belongs to, on eTelecom.
        external_id, external_session_id: at the provider.
        caller, callee: the two numbers.
        direction, call_state, call_status: which way it went, and what became of it.
        duration: seconds presumably.
        recording_urls: where it can be heard: not for logs.
        call_targets: the numbers it was put through to.
    """

    id: Id | None = None
    external_id: str = ""
    external_session_id: str = ""
    user_id: Id | None = None
    extension_id: Id | None = None
    contact_id: Id | None = None
    caller: str = field(default="", repr=False)
    callee: str = field(default="", repr=False)
    direction: CallDirection | None = None
    call_state: CallState | None = None
    call_status: CallStatus | None = None
    duration: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    recording_urls: tuple[str, ...] = field(default=(), repr=False)
    note: str = field(default="", repr=False)
    call_targets: tuple[CallTarget, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True)
class CallLogs:
    """A page of calls, as `Etelecom/ListCallLogs` answers it."""

    call_logs: tuple[CallLog, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_CALL_LOGS = Endpoint(name="Etelecom/ListCallLogs", payload=ListCallLogs, result=CallLogs, safety=Safety.READ)


@frozen(eq=False)
class Methods:
    """The method of `session.etelecom` that is about calls."""

    _caller: Caller

    def list_call_logs(
        self,
        *,
        call_number: str | None = None,
        call_state: CallState | str | None = None,
        direction: CallDirection | str | None = None,
        duration: Duration | None = None,
        extension_ids: Iterable[int | str] | None = None,
        hotline_ids: Iterable[int | str] | None = None,
        user_id: int | str | None = None,
        department_id: int | str | None = None,
        external_id: str | None = None,
        external_session_id: str | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[CallLogs, CallLog]:
        """The calls of the shop, the newest first, page after page.

        Documented; not billed; repeated after any failure; personal data.

        Args:
            call_number: of this number, sent as it is: which form the server wants is not documented.
            call_state, direction, duration: of the calls to list.
            extension_ids, hotline_ids, user_id, department_id: of one of these, by their ids on eTelecom.
            external_id, external_session_id: as the provider calls it.
            date_from, date_to: in this range, aware.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = CallLogFilter(
            call_number=call_number,
            call_state=call_state,
            direction=direction,
            duration=duration,
            extension_ids=extension_ids,
            hotline_ids=hotline_ids,
            user_id=user_id,
            department_id=department_id,
            external_id=external_id,
            external_session_id=external_session_id,
            date_from=date_from,
            date_to=date_to,
        )
        return listing(
            self._caller,
            LIST_CALL_LOGS,
            lambda paging: ListCallLogs(filter=chosen, paging=paging),
            items=lambda page: page.call_logs,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )
