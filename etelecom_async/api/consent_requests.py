"""Asking a customer for calling permission, which is billed, and the requests that were made."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from attrs import field, frozen
from attrs.converters import optional

from .. import _checks
from ..clock import now
from ..codec import Id, left_out
from ..endpoint import Endpoint, Safety
from ..enums import OpenEnum
from ..ids import to_id, to_oa_id
from ..phone import normalize
from .error_codes import CONSENT_CODES
from .paging import PageInfo, Paging
from .payload import phone_filter
from .send_failure import FAILED, refusal_of

__all__ = [
    "LIST_REQUEST_CONSENT",
    "REQUEST_CONSENT",
    "CallType",
    "ConsentRequest",
    "ConsentRequestFilter",
    "ConsentRequests",
    "DeliveryStatus",
    "ListRequestConsent",
    "ReasonCode",
    "ReplyStatus",
    "RequestConsent",
    "RequestStatus",
    "to_call_type",
    "to_reason_code",
]


class CallType(OpenEnum):
    """What kind of calls a customer is asked to allow. Values that are newer than this package are members too."""

    AUDIO = "audio"
    VIDEO = "video"
    AUDIO_AND_VIDEO = "audio_and_video"
    NOT_SET = "unknown"
    """The server's zero value."""


class ReasonCode(OpenEnum):
    """Why the business wants to call, as the customer is told."""

    PRODUCT_SERVICE_CONSULTING = "product_service_consulting"
    ORDER_APPOINTMENT_CONFIRMATION = "order_appointment_confirmation"
    DELIVERY_NOTIFICATION = "delivery_notification"
    FLIGHT_ANNOUNCEMENT = "flight_announcement"
    UPDATE_ORDER = "update_order"
    NOT_SET = "unknown"
    """The server's zero value."""


class RequestStatus(OpenEnum):
    """What became of the sending of a request."""

    UNSET = "Z"
    SENT = "P"
    FAILED = "N"


class ReplyStatus(OpenEnum):
    """What the customer answered."""

    UNSET = "Z"
    WAITING = "S"
    NO_ANSWER = "NS"
    AGREED = "P"
    REFUSED = "N"


class DeliveryStatus(OpenEnum):
    """How far a request came on the customer's device."""

    NOT_SET = "unknown"
    RECEIVED = "received"
    SEEN = "seen"


_CALL_TYPE = 'a CallType such as CallType.AUDIO, or its text such as "audio"'
_REASON_CODE = 'a ReasonCode such as ReasonCode.UPDATE_ORDER, or its text such as "update_order"'


def to_call_type(value: CallType | str) -> CallType:
    """A kind of calls, given as a member or as its text; any other value is a `ConfigError`."""
    return _checks.member("call_type", value, CallType, wanted=_CALL_TYPE)


def to_reason_code(value: ReasonCode | str) -> ReasonCode:
    """A reason, given as a member or as its text; any other value is a `ConfigError`."""
    return _checks.member("reason_code", value, ReasonCode, wanted=_REASON_CODE)


@frozen(kw_only=True)
class RequestConsent:
    """What `Zalo/RequestConsent` is sent.

    Args:
        oa_id: the Zalo OA, 1..2**63-1, as int or decimal digits.
        phone: the customer, in any common writing; kept in the wire form `84xxxxxxxxx`.
        call_type: the kind of calls.
        reason_code: why, as the customer is told.

    Raises:
        InvalidId, InvalidPhone, ConfigError: a value cannot be what it is for.
    """

    oa_id: Id = field(converter=to_oa_id)
    phone: str = field(converter=normalize)
    call_type: CallType = field(converter=to_call_type)
    reason_code: ReasonCode = field(converter=to_reason_code)


@frozen(kw_only=True)
class ConsentRequest:
    """A request for permission: the answer of `Zalo/RequestConsent`, and an item of `Zalo/ListRequestConsent`.

    Every field may be missing in an answer: None, or an empty text. An answer of `Zalo/RequestConsent` with neither an
    id nor a status is no record but a `DecodeError` of phase UNKNOWN: it does not say that a request was made.

    Attributes:
        id: of the request on eTelecom.
        shop_id, user_id: the shop, and the user who sent it, on eTelecom.
        oa_id: the Zalo OA.
        phone: the customer as the server writes it; the format is not documented.
        call_type, reason_code: as they were sent.
        status: what became of the sending.
        reply_status: what the customer answered.
        delivery_status, delivery_time: how far it came on the customer's device, and when.
        error_code, error_message: why the sending failed, as the server says it.
        is_charged: whether the request was billed; None where the server did not say.
        expires_at: until when the customer can answer; 24 hours are usual.
        created_at, updated_at: when the record was made and changed.
    """

    id: Id | None = None
    shop_id: Id | None = None
    user_id: Id | None = None
    oa_id: Id | None = None
    phone: str = field(default="", repr=False)
    call_type: CallType | None = None
    reason_code: ReasonCode | None = None
    status: RequestStatus | None = None
    reply_status: ReplyStatus | None = None
    delivery_status: DeliveryStatus | None = None
    delivery_time: datetime | None = None
    error_code: int | None = None
    error_message: str = ""
    is_charged: bool | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """May the customer still answer it now?

        True unless it is certain that not: its sending failed, it is answered, or its time is over. An answer or a
        status that this package does not know leaves it open.
        """
        if self.status in FAILED or self.reply_status in _ANSWERED:
            return False
        return self.expires_at is None or self.expires_at > now()


_ANSWERED = frozenset({"P", "N", "NS", "-1", "127", "-2", "126"})
"""Replies after which no other one comes. The numbers are those of N and NS, where a server has no name for them."""


REQUEST_CONSENT = Endpoint(
    name="Zalo/RequestConsent",
    payload=RequestConsent,
    result=ConsentRequest,
    safety=Safety.SEND,
    refusal=refusal_of(ConsentRequest, codes=CONSENT_CODES),
    look="list_request_consent for this phone shows whether there is one",
)


def _status(value: RequestStatus | str) -> RequestStatus:
    return _checks.member("status", value, RequestStatus, wanted='a RequestStatus, or its text such as "P"')


def _reply_status(value: ReplyStatus | str) -> ReplyStatus:
    return _checks.member("reply_status", value, ReplyStatus, wanted='a ReplyStatus, or its text such as "S"')


def _user_id(value: int | str) -> int:
    return to_id(value, name="user_id")


_AWARE = _checks.checked(_checks.aware, or_none=True)


@frozen(kw_only=True)
class ConsentRequestFilter:
    """Which requests `Zalo/ListRequestConsent` is to list; what is None does not matter.

    Args:
        oa_id: of this Zalo OA.
        phone: of this customer. Which form the server wants is not documented: `0987654321` is sent as it is, and every
            other writing as `84987654321`.
        call_type, reason_code: as they were sent.
        status: what became of the sending.
        reply_status: what the customer answered.
        is_charged: whether it was billed.
        user_id: sent by this user, an id on eTelecom.
        date_from, date_to: of this time, aware. Which date of a request they are about is not documented.

    Raises:
        InvalidId, InvalidPhone, ConfigError: a value cannot be what it is for.
    """

    oa_id: Id | None = field(default=None, converter=optional(to_oa_id), metadata=left_out())
    phone: str | None = field(default=None, converter=optional(phone_filter), metadata=left_out())
    call_type: CallType | None = field(default=None, converter=optional(to_call_type), metadata=left_out())
    reason_code: ReasonCode | None = field(default=None, converter=optional(to_reason_code), metadata=left_out())
    status: RequestStatus | None = field(default=None, converter=optional(_status), metadata=left_out())
    reply_status: ReplyStatus | None = field(default=None, converter=optional(_reply_status), metadata=left_out())
    is_charged: bool | None = field(
        default=None, validator=_checks.checked(_checks.flag, or_none=True), metadata=left_out()
    )
    user_id: Id | None = field(default=None, converter=optional(_user_id), metadata=left_out())
    date_from: datetime | None = field(default=None, validator=_AWARE, metadata=left_out())
    date_to: datetime | None = field(default=None, validator=_AWARE, metadata=left_out())


@frozen(kw_only=True)
class ListRequestConsent:
    """What `Zalo/ListRequestConsent` is sent: which requests, and which page of them.

    Raises:
        ConfigError: filter is no `ConsentRequestFilter`, or paging no `Paging`.
    """

    filter: ConsentRequestFilter = field(
        factory=ConsentRequestFilter,
        validator=_checks.checked(
            partial(_checks.instance, kind=ConsentRequestFilter, wanted="a ConsentRequestFilter")
        ),
    )
    paging: Paging = field(
        factory=Paging, validator=_checks.checked(partial(_checks.instance, kind=Paging, wanted="a Paging"))
    )


@frozen(kw_only=True)
class ConsentRequests:
    """A page of requests, as `Zalo/ListRequestConsent` answers it."""

    consents: tuple[ConsentRequest, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_REQUEST_CONSENT = Endpoint(
    name="Zalo/ListRequestConsent", payload=ListRequestConsent, result=ConsentRequests, safety=Safety.READ
)
