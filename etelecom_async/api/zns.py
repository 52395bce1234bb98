"""ZNS messages to phone numbers, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Digits, Id, Text, TextMap, also
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from ..phone import normalize
from .consent_requests import DeliveryStatus
from .error_codes import ZNS_CODES
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_number, a_user_id, an_id, judged, phone_filter
from .send_failure import refusal_of

__all__ = [
    "GET_MESSAGE",
    "LIST_MESSAGES",
    "SEND_ZNS",
    "GetMessage",
    "ListMessages",
    "Message",
    "MessageFilter",
    "MessageStatus",
    "MessageType",
    "Messages",
    "Methods",
    "SendZNS",
    "SendingMode",
    "Sms",
    "TimeType",
    "ZnsMode",
]


class MessageType(OpenEnum):
    """How a message was sent."""

    NOT_SET = "unknown"
    TEMPLATE = "template"
    JOURNEY = "journey"
    UID = "uid"


class MessageStatus(OpenEnum):
    """What became of the sending, as a third party says it; read `error_code` too."""

    UNSET = "Z"
    SENT = "P"
    FAILED = "N"


class SendingMode(OpenEnum):
    """Within the quota, or above it, which is for whitelisted Official Accounts."""

    NOT_SET = "unknown"
    DEFAULT = "default"
    TAG3 = "tag3"


class ZnsMode(OpenEnum):
    """In earnest, or as a test, which only administrators of the app or the Official Account receive."""

    NOT_SET = "unknown"
    DEVELOPMENT = "development"


class TimeType(OpenEnum):
    """Which date of a message a range is about."""

    NOT_SET = "unknown"
    REQUEST_TIME = "request_time"
    UPDATED_TIME = "updated_time"
    SUBMIT_TIME = "submit_time"


@frozen(kw_only=True)
class Sms:
    """An SMS in place of a ZNS, in answers of 2025; the values are not documented."""

    brandname: str = ""
    code: str = ""
    description: str = ""
    message: str = field(default="", repr=False)
    request_time: datetime | None = None
    send_time: datetime | None = None
    status: str = ""
    status_description: str = ""
    unicode: bool | None = None


@frozen(kw_only=True)
class Message:
    """A ZNS message. Every field may be missing in an answer: None, or an empty text.

    Attributes:
        id, shop_id, user_id, campaign_id: the message, the shop, the sender and the campaign, on eTelecom.
        oa_id, msg_id, zl_user_id: the Official Account, the message and the recipient, on Zalo.
        phone: the recipient as the server writes it.
        template_id, template_data: as they were sent.
        tracking_id: the caller's own.
        journey_id: of the journey it belongs to.
        type, status: how it was sent, and what became of that.
        delivery_status, delivery_time: how far it came on the recipient's device, and when.
        error_code, error_message: why the sending failed, as the server says it.
        fee_main, fee_token, price: VND presumably.
        is_charged: whether it was billed; None where the server did not say.
        request_time, sent_time, submit_time: when it was asked for and sent, and when the recipient rated it.
        rate, note, feedback: the recipient's rating.
        timeout: how long it is tried; the unit is not documented, Zalo's is milliseconds.
        response_data, enable_sms_on_zns_failure, sms: in some versions of the server.
    """

    id: Id | None = None
    shop_id: Id | None = None
    user_id: Id | None = None
    campaign_id: Id | None = None
    oa_id: Id | None = None
    msg_id: str = ""
    zl_user_id: Text = ""
    phone: str = field(default="", repr=False)
    template_id: Digits = ""
    template_data: TextMap = field(factory=dict[str, str], repr=False)
    tracking_id: str = ""
    journey_id: Text = ""
    type: MessageType | None = field(default=None, metadata=also("msg_type"))
    status: MessageStatus | None = None
    delivery_status: DeliveryStatus | None = None
    delivery_time: datetime | None = None
    error_code: int | None = None
    error_message: str = ""
    fee_main: int | None = None
    fee_token: int | None = None
    price: int | None = None
    is_charged: bool | None = None
    is_development: bool | None = None
    sending_mode: SendingMode | None = None
    request_time: datetime | None = None
    sent_time: datetime | None = None
    submit_time: datetime | None = None
    rate: int | None = None
    note: str = field(default="", repr=False)
    feedback: tuple[str, ...] = ()
    timeout: int | None = None
    response_data: str = field(default="", repr=False)
    enable_sms_on_zns_failure: bool | None = None
    sms: Sms | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class SendZNS:
    """What `Zalo/SendZNS` is sent; the fields are the arguments of `send_zns`."""

    oa_id: Id = field(converter=an_id)
    phone: str = field(converter=normalize)
    template_id: Digits = field(converter=a_number)
    template_data: TextMap
    tracking_id: str | None = None
    mode: ZnsMode | None = field(default=None, converter=optional(ZnsMode))
    sending_mode: SendingMode | None = field(default=None, converter=optional(SendingMode))


SEND_ZNS = Endpoint(
    name="Zalo/SendZNS",
    payload=SendZNS,
    result=Message,
    refusal=refusal_of(Message, codes=ZNS_CODES),
    look="list_messages for this phone, or for its tracking_id, shows whether there is one",
)


@frozen(kw_only=True, field_transformer=judged)
class GetMessage:
    """What `Zalo/GetMessage` is sent."""

    oa_id: Id = field(converter=an_id)
    msg_id: str


GET_MESSAGE = Endpoint(name="Zalo/GetMessage", payload=GetMessage, result=Message, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class MessageFilter:
    """Which messages `Zalo/ListMessages` is to list; what is None does not matter."""

    oa_id: Id | None = field(default=None, converter=optional(an_id))
    phone: str | None = field(default=None, converter=optional(phone_filter))
    msg_id: str | None = None
    msg_type: MessageType | None = field(default=None, converter=optional(MessageType))
    template_id: Digits | None = field(default=None, converter=optional(a_number))
    tracking_id: str | None = None
    journey_id: Text | None = field(default=None, converter=optional(a_user_id))
    campaign_id: Id | None = field(default=None, converter=optional(an_id))
    user_id: Id | None = field(default=None, converter=optional(an_id))
    status: MessageStatus | None = field(default=None, converter=optional(MessageStatus))
    delivery_status: DeliveryStatus | None = field(default=None, converter=optional(DeliveryStatus))
    is_charged: bool | None = None
    is_development: bool | None = None
    time_type: TimeType | None = field(default=None, converter=optional(TimeType))
    date_from: datetime | None = None
    date_to: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class ListMessages:
    """What `Zalo/ListMessages` is sent: which messages, and which page of them."""

    filter: MessageFilter = field(factory=MessageFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class Messages:
    """A page of messages, as `Zalo/ListMessages` answers it."""

    messages: tuple[Message, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_MESSAGES = Endpoint(name="Zalo/ListMessages", payload=ListMessages, result=Messages, safety=Safety.READ)


@frozen(eq=False)
class Methods:
    """Those methods of `session.zalo` that are about ZNS messages."""

    _caller: Caller

    async def send_zns(
        self,
        *,
        oa_id: int | str,
        phone: str,
        template_id: int | str,
        template_data: Mapping[str, str],
        tracking_id: str | None = None,
        mode: ZnsMode | str | None = None,
        sending_mode: SendingMode | str | None = None,
    ) -> Message:
        """Send a ZNS message to a phone number.

        Documented; billed; never repeated on doubt.

        Args:
            oa_id: the Zalo Official Account.
            phone: the recipient, in any common writing.
            template_id: the template's number on Zalo.
            template_data: what the template's parameters say, by their names.
            tracking_id: your own, to find the message again; it is not documented that it keeps a second one from
                being sent.
            mode: `ZnsMode.DEVELOPMENT` for a test.
            sending_mode: `SendingMode.TAG3` to go above the quota.

        Raises:
            SendFailed: the answer says that the sending failed; it has the record, and whether it was billed.
        """
        payload = SendZNS(
            oa_id=oa_id,
            phone=phone,
            template_id=template_id,
            template_data=template_data,
            tracking_id=tracking_id,
            mode=mode,
            sending_mode=sending_mode,
        )
        return await self._caller.call(SEND_ZNS, payload)

    async def get_message(self, *, oa_id: int | str, msg_id: str) -> Message:
        """One message, by its id on Zalo. A failed sending is no error here: read `status` and `error_code`.

        Documented; not billed; repeated after any failure.
        """
        return await self._caller.call(GET_MESSAGE, GetMessage(oa_id=oa_id, msg_id=msg_id))

    def list_messages(
        self,
        *,
        oa_id: int | str | None = None,
        phone: str | None = None,
        msg_id: str | None = None,
        msg_type: MessageType | str | None = None,
        template_id: int | str | None = None,
        tracking_id: str | None = None,
        journey_id: int | str | None = None,
        campaign_id: int | str | None = None,
        user_id: int | str | None = None,
        status: MessageStatus | str | None = None,
        delivery_status: DeliveryStatus | str | None = None,
        is_charged: bool | None = None,
        is_development: bool | None = None,
        time_type: TimeType | str | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[Messages, Message]:
        """The messages that were sent, page after page.

        Documented; not billed; repeated after any failure.

        Args:
            phone: to this recipient; the form that the server wants is not documented, as in `list_request_consent`.
            time_type, date_from, date_to: which date of a message, `updated_time` unless given, and its range, aware.
            limit, after, before, sort: as those of `Paging`.
            The others: the fields of `Message` of these names; `msg_type` is its `type`.
        """
        chosen = MessageFilter(
            oa_id=oa_id,
            phone=phone,
            msg_id=msg_id,
            msg_type=msg_type,
            template_id=template_id,
            tracking_id=tracking_id,
            journey_id=journey_id,
            campaign_id=campaign_id,
            user_id=user_id,
            status=status,
            delivery_status=delivery_status,
            is_charged=is_charged,
            is_development=is_development,
            time_type=time_type,
            date_from=date_from,
            date_to=date_to,
        )
        return listing(
            self._caller,
            LIST_MESSAGES,
            lambda paging: ListMessages(filter=chosen, paging=paging),
            items=lambda page: page.messages,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )
