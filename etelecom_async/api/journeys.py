"""Journeys: for some days, ZNS messages to one phone number under one token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Digits, Id, Text, TextMap, also
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from ..phone import normalize
from .error_codes import ZNS_CODES
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_number, a_user_id, an_id, judged, phone_filter
from .send_failure import refusal_of
from .zns import Message

__all__ = [
    "CREATE_JOURNEY",
    "GET_JOURNEY",
    "LIST_JOURNEYS",
    "SEND_ZNS_JOURNEY",
    "CreateJourney",
    "GetJourney",
    "Journey",
    "JourneyFilter",
    "JourneyStatus",
    "Journeys",
    "ListJourneys",
    "Methods",
    "SendZNSJourney",
    "TokenType",
]


class TokenType(OpenEnum):
    """What a journey is about, and for how many days."""

    NOT_SET = "unknown"
    LOGISTICS_7 = "token_logistics_7"
    LOGISTICS_30 = "token_logistics_30"
    COACH_BUS_7 = "token_coach_bus_7"
    COACH_BUS_30 = "token_coach_bus_30"


class JourneyStatus(OpenEnum):
    """May a journey be used?"""

    NEW = "Z"
    ENABLED = "P"
    DISABLED = "N"


@frozen(kw_only=True)
class Journey:
    """A journey. Every field may be missing in an answer: None, or an empty text.

    Attributes:
        id: of the record on eTelecom.
        journey_id: for `send_zns_journey`, `get_journey` and `list_messages`; a text, since it may be no number.
        journey_token: Zalo's own.
        phone: the recipient as the server writes it.
        status: whether it may be used.
        error_code, error_message: why it could not be made, as the server says it.
        is_charged: whether it was billed; None where the server did not say.
        expired_at: until when messages belong to it.
        created_at, updated_at: of the record.
    """

    id: Id | None = None
    journey_id: Text = ""
    journey_token: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    status: JourneyStatus | None = None
    error_code: int | None = None
    error_message: str = ""
    is_charged: bool | None = None
    expired_at: datetime | None = field(default=None, metadata=also("expires_at"))
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class CreateJourney:
    """What `Zalo/CreateJourney` is sent; the fields are the arguments of `create_journey`."""

    oa_id: Id = field(converter=an_id)
    phone: str = field(converter=normalize)
    token_type: TokenType | None = field(default=None, converter=optional(TokenType))


CREATE_JOURNEY = Endpoint(
    name="Zalo/CreateJourney",
    payload=CreateJourney,
    result=Journey,
    refusal=refusal_of(Journey, codes=ZNS_CODES),
    look="list_journeys for this phone shows whether there is one",
)


@frozen(kw_only=True, field_transformer=judged)
class GetJourney:
    """What `Zalo/GetJourney` is sent."""

    journey_id: Text = field(converter=a_user_id)
    oa_id: Id | None = field(default=None, converter=optional(an_id))


GET_JOURNEY = Endpoint(name="Zalo/GetJourney", payload=GetJourney, result=Journey, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class JourneyFilter:
    """Which journeys `Zalo/ListJourneys` is to list; what is None does not matter."""

    oa_id: Id | None = field(default=None, converter=optional(an_id))
    journey_id: Text | None = field(default=None, converter=optional(a_user_id))
    phone: str | None = field(default=None, converter=optional(phone_filter))
    status: JourneyStatus | None = field(default=None, converter=optional(JourneyStatus))
    is_charged: bool | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class ListJourneys:
    """What `Zalo/ListJourneys` is sent: which journeys, and which page of them."""

    filter: JourneyFilter = field(factory=JourneyFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class Journeys:
    """A page of journeys, as `Zalo/ListJourneys` answers it."""

    journeys: tuple[Journey, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_JOURNEYS = Endpoint(name="Zalo/ListJourneys", payload=ListJourneys, result=Journeys, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class SendZNSJourney:
    """What `Zalo/SendZNSJourney` is sent; the fields are the arguments of `send_zns_journey`."""

    oa_id: Id = field(converter=an_id)
    journey_id: Text = field(converter=a_user_id)
    template_id: Digits = field(converter=a_number)
    phone: str = field(converter=normalize)
    template_data: TextMap
    tracking_id: str | None = None


SEND_ZNS_JOURNEY = Endpoint(
    name="Zalo/SendZNSJourney",
    payload=SendZNSJourney,
    result=Message,
    refusal=refusal_of(Message, codes=ZNS_CODES),
    look="list_messages for this journey_id shows whether there is one",
)


@frozen(eq=False)
class Methods:
    """Those methods of `session.zalo` that are about journeys."""

    _caller: Caller

    async def create_journey(
        self, *, oa_id: int | str, phone: str, token_type: TokenType | str | None = None
    ) -> Journey:
        """Begin a journey with a phone number that belongs to a Zalo account.

        Documented; billed; never repeated on doubt.

        Args:
            oa_id: the Zalo Official Account.
            phone: the recipient of its messages, in any common writing.
            token_type: for the server `TokenType.LOGISTICS_7` unless given.

        Raises:
            SendFailed: the answer says that it was not made; it has the record, and whether it was billed.
        """
        payload = CreateJourney(oa_id=oa_id, phone=phone, token_type=token_type)
        return await self._caller.call(CREATE_JOURNEY, payload)

    async def send_zns_journey(
        self,
        *,
        oa_id: int | str,
        journey_id: int | str,
        template_id: int | str,
        phone: str,
        template_data: Mapping[str, str],
        tracking_id: str | None = None,
    ) -> Message:
        """Send a ZNS message that belongs to a journey, which `create_journey` has made.

        Documented; billed; never repeated on doubt.

        Args:
            journey_id: of the journey.
            oa_id, template_id, phone, template_data, tracking_id: as of `send_zns`.

        Raises:
            SendFailed: as of `send_zns`.
        """
        payload = SendZNSJourney(
            oa_id=oa_id,
            journey_id=journey_id,
            template_id=template_id,
            phone=phone,
            template_data=template_data,
            tracking_id=tracking_id,
        )
        return await self._caller.call(SEND_ZNS_JOURNEY, payload)

    async def get_journey(self, *, journey_id: int | str, oa_id: int | str | None = None) -> Journey:
        """One journey, by its `journey_id`; the Official Account is in the documents, and not in their example.

        Documented; not billed; repeated after any failure.
        """
        return await self._caller.call(GET_JOURNEY, GetJourney(journey_id=journey_id, oa_id=oa_id))

    def list_journeys(
        self,
        *,
        oa_id: int | str | None = None,
        journey_id: int | str | None = None,
        phone: str | None = None,
        status: JourneyStatus | str | None = None,
        is_charged: bool | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[Journeys, Journey]:
        """The journeys that were made, page after page.

        Documented; not billed; repeated after any failure.

        Args:
            phone: with this recipient; the form that the server wants is not documented, as in `list_request_consent`.
            oa_id, journey_id, status, is_charged: of the journeys to list.
            date_from, date_to: aware; which date they are about is not documented.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = JourneyFilter(
            oa_id=oa_id,
            journey_id=journey_id,
            phone=phone,
            status=status,
            is_charged=is_charged,
            date_from=date_from,
            date_to=date_to,
        )
        return listing(
            self._caller,
            LIST_JOURNEYS,
            lambda paging: ListJourneys(filter=chosen, paging=paging),
            items=lambda page: page.journeys,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )
