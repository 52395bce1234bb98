"""The events. Their fields have the names of the wire, and an event that does not fit is an `UnknownEvent`.

Nothing of them is documented by the operator. The Zalo events follow Zalo's own, which eTelecom is believed to relay;
the changes follow an older snapshot of the sender.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar, TypeAlias, cast

from attrs import field, frozen
from attrs.converters import optional

from ..codec import EpochMillis, Id, Milliseconds, Plain, Seconds, Text, encode
from ..endpoint import JSON
from ..enums import OpenEnum
from ..phone import mask, normalize

__all__ = [
    "OA_EVENTS",
    "CallMedium",
    "Change",
    "ConsentRequestType",
    "Event",
    "OACallUser",
    "OAEvent",
    "OASendConsent",
    "UnknownEvent",
    "UserCallOA",
    "UserConsent",
    "UserReplyConsent",
]


class ConsentRequestType(OpenEnum):
    """What became of a request for consent."""

    SENT = "SENT"
    EXPIRED = "EXPIRED"


class UserConsent(OpenEnum):
    """What a customer answered."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    USER_BLOCKED = "USER_BLOCKED"


class CallMedium(OpenEnum):
    """What kind of call it was."""

    AUDIO = "AUDIO"
    VIDEO = "VIDEO"


def _key(*parts: object) -> str:
    """The same text for the same parts, in every process."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _masked(phone: str | None) -> str:
    return repr(phone and mask(phone))


@frozen(kw_only=True)
class _OAEvent:
    """What all events of an Official Account have."""

    event_name: ClassVar[str] = ""
    """On the wire."""
    oa_id: Id | None = None
    """The Official Account."""
    app_id: Id | None = None
    """The Zalo app that it is connected through."""
    timestamp: EpochMillis | None = None
    """When Zalo sent it."""
    num_retry: int = field(default=0, init=False, eq=False)
    """How often it was sent before, by the header of that name."""

    @property
    def key(self) -> str:
        """The same for every repetition of this event."""
        return _key(self.event_name, encode(self).decode())


@frozen(kw_only=True)
class OASendConsent(_OAEvent):
    """`oa_send_consent`: a customer was asked for consent, or a request has expired."""

    event_name: ClassVar[str] = "oa_send_consent"
    phone: Text = field(converter=normalize, repr=_masked)
    """The customer, in wire form: `84987654321`."""
    request_type: ConsentRequestType | None = None
    create_time: EpochMillis | None = None
    expired_time: EpochMillis | None = None
    """When the request ends or ended."""


@frozen(kw_only=True)
class UserReplyConsent(_OAEvent):
    """`user_reply_consent`: a customer has answered. It grants nothing: ask with `check_consent`."""

    event_name: ClassVar[str] = "user_reply_consent"
    phone: Text = field(converter=normalize, repr=_masked)
    """The customer, in wire form: `84987654321`."""
    user_consent: UserConsent | None = None
    confirmed_time: EpochMillis | None = None
    expired_time: EpochMillis | None = None
    """When the permission ends; None where it has no end, which the wire says with 0."""


@frozen(kw_only=True)
class _Call(_OAEvent):
    """A call between an Official Account and a customer, who is known by `user_id`, by `phone`, or by both."""

    user_id: Text = ""
    """The customer's Zalo id."""
    phone: Text | None = field(default=None, converter=optional(normalize), repr=_masked)
    """The customer, in wire form: `84987654321`."""
    call_id: Text = ""
    call_type: CallMedium | None = None
    init_time: EpochMillis | None = None
    call_duration: Milliseconds | None = None
    waiting_time: Seconds | None = None
    talk_time: Milliseconds | None = None
    status_code: Text = ""


@frozen(kw_only=True)
class UserCallOA(_Call):
    """`user_call_oa`: a customer has called."""

    event_name: ClassVar[str] = "user_call_oa"


@frozen(kw_only=True)
class OACallUser(_Call):
    """`oa_call_user`: a customer was called."""

    event_name: ClassVar[str] = "oa_call_user"


@frozen(kw_only=True)
class Change:
    """One change of an account delivery, as `Webhook/CreateWebhook` orders it."""

    entity: str
    """What has changed: `call_log`, `zl_oa_message`."""
    time: datetime | None = None
    """When it changed."""
    change_type: Text = ""
    latest: Plain = field(factory=dict, hash=False, repr=False)
    """The whole object after the change, under the name of its kind."""
    changed: Plain = field(factory=dict, hash=False, repr=False)
    """What of it has changed, under the name of its kind."""

    @property
    def record(self) -> dict[str, JSON]:
        """The object itself: that of `latest`, or what there is of it in `changed`; empty if neither has one."""
        for members in (self.latest, self.changed):
            # The inner name is an inference: under whatever name the only object stands, it is the one.
            record = members.get(self.entity, next(iter(members.values())) if len(members) == 1 else None)
            if isinstance(record, dict):
                return cast("dict[str, JSON]", record)
        return {}

    @property
    def record_id(self) -> str:
        """The object's id as text; empty if it has none."""
        found = self.record.get("id")
        return str(found) if type(found) in (str, int) else ""

    @property
    def key(self) -> str:
        """The same whenever this change is delivered again, under whatever id of the delivery.

        It goes by the entity, its id and the time, and by what has changed, since times have whole seconds.
        """
        if self.time is None or not self.record_id:
            return _key(self.entity, str(self.time), self.change_type, self.latest, self.changed)
        moment = (self.time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        return _key(self.entity, self.record_id, moment, self.change_type, self.changed)


@frozen(kw_only=True)
class UnknownEvent:
    """An event that this version of the package has no class for, or one that does not fit its class."""

    name: str
    """Its `event_name`, or the entity of a change; empty if a change has none."""
    payload: dict[str, JSON] = field(hash=False, repr=False)
    """The whole event, or the change, as it came."""
    problem: str = ""
    """What does not fit, and where; empty if there is no class for it."""

    @property
    def key(self) -> str:
        """The same for every repetition of this event."""
        return _key(self.name, self.payload)


Event: TypeAlias = OASendConsent | UserReplyConsent | UserCallOA | OACallUser | Change | UnknownEvent
OAEvent: TypeAlias = OASendConsent | UserReplyConsent | UserCallOA | OACallUser

OA_EVENTS = MappingProxyType[str, type[OAEvent]](
    {kind.event_name: kind for kind in (OASendConsent, UserReplyConsent, UserCallOA, OACallUser)}
)
"""Every class of an event of an Official Account by its name on the wire."""
