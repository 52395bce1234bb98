"""Templates of ZNS messages: those that Zalo has approved, as eTelecom knows them."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Digits, Id
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from .oa import Quality
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_number, an_id, judged

__all__ = [
    "CREATE_TEMPLATE",
    "GET_TEMPLATE",
    "LIST_TEMPLATES",
    "CreateTemplate",
    "GetTemplate",
    "ListTemplates",
    "Methods",
    "Template",
    "TemplateFilter",
    "TemplateParam",
    "TemplateStatus",
    "TemplateTag",
    "TemplateType",
    "Templates",
]


class TemplateType(OpenEnum):
    """What a template is made of."""

    NOT_SET = "unknown"
    TEXT = "text"
    OTP = "otp"
    TABLE = "table"
    RATING = "rating"


class TemplateStatus(OpenEnum):
    """May a template be used?"""

    NOT_SET = "unknown"
    PENDING_REVIEW = "PENDING_REVIEW"
    DISABLE = "DISABLE"
    ENABLE = "ENABLE"
    REJECT = "REJECT"


class TemplateTag(OpenEnum):
    """What a template is for."""

    NOT_SET = "unknown"
    OTP = "OTP"
    IN_TRANSACTION = "IN_TRANSACTION"
    POST_TRANSACTION = "POST_TRANSACTION"
    ACCOUNT_UPDATE = "ACCOUNT_UPDATE"
    GENERAL_UPDATE = "GENERAL_UPDATE"
    FOLLOW_UP = "FOLLOW_UP"


@frozen(kw_only=True)
class TemplateParam:
    """A value that `template_data` has to have."""

    name: str = ""
    type: str = ""
    require: bool | None = None
    accept_null: bool | None = None
    min_length: int | None = None
    max_length: int | None = None


@frozen(kw_only=True)
class Template:
    """A template of ZNS messages. Every field may be missing in an answer: None, or an empty text.

    Attributes:
        template_id: its number on Zalo, as its digits.
        oa_id, shop_id: the Official Account, and the shop on eTelecom.
        price, price_exceeded, retail_price: of a message, VND presumably.
        timeout: how long a message is tried; the unit is not documented, Zalo's is milliseconds.
        template_daily_quota, template_remaining_quota, apply_template_quota: messages a day, those left, and whether
            that counts.
        template_params: what `template_data` has to have.
        ref_param: not documented.
    """

    template_id: Digits = ""
    template_name: str = ""
    oa_id: Id | None = None
    shop_id: Id | None = None
    type: TemplateType | None = None
    template_status: TemplateStatus | None = None
    template_quality: Quality | None = None
    template_tag: TemplateTag | None = None
    template_params: tuple[TemplateParam, ...] = ()
    price: int | None = None
    price_exceeded: int | None = None
    retail_price: int | None = None
    timeout: int | None = None
    apply_template_quota: bool | None = None
    template_daily_quota: int | None = None
    template_remaining_quota: int | None = None
    is_journey: bool | None = None
    preview_url: str = ""
    ref_param: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class CreateTemplate:
    """What `Zalo/CreateTemplate` is sent."""

    oa_id: Id = field(converter=an_id)
    template_id: Digits = field(converter=a_number)
    type: TemplateType = field(converter=TemplateType)


CREATE_TEMPLATE = Endpoint(
    name="Zalo/CreateTemplate", payload=CreateTemplate, result=Template, look="get_template shows whether it is known"
)


@frozen(kw_only=True, field_transformer=judged)
class GetTemplate:
    """What `Zalo/GetTemplate` is sent."""

    oa_id: Id = field(converter=an_id)
    template_id: Digits = field(converter=a_number)


GET_TEMPLATE = Endpoint(name="Zalo/GetTemplate", payload=GetTemplate, result=Template, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class TemplateFilter:
    """Which templates `Zalo/ListTemplates` is to list; what is None does not matter."""

    oa_id: Id | None = field(default=None, converter=optional(an_id))
    template_id: Digits | None = field(default=None, converter=optional(a_number))
    template_name: str | None = None
    type: TemplateType | None = field(default=None, converter=optional(TemplateType))
    date_from: datetime | None = None
    date_to: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class ListTemplates:
    """What `Zalo/ListTemplates` is sent: which templates, and which page of them."""

    filter: TemplateFilter = field(factory=TemplateFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class Templates:
    """A page of templates, as `Zalo/ListTemplates` answers it."""

    templates: tuple[Template, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_TEMPLATES = Endpoint(name="Zalo/ListTemplates", payload=ListTemplates, result=Templates, safety=Safety.READ)


@frozen(eq=False)
class Methods:
    """Those methods of `session.zalo` that are about templates. `template_id` is a template's number on Zalo."""

    _caller: Caller

    async def create_template(
        self,
        *,
        oa_id: int | str,
        template_id: int | str,
        type: TemplateType | str,  # noqa: A002 - the wire's name
    ) -> Template:
        """Make a template known to eTelecom that the Official Account has on Zalo already.

        Partly documented; not billed; never repeated on doubt.
        """
        payload = CreateTemplate(oa_id=oa_id, template_id=template_id, type=type)
        return await self._caller.call(CREATE_TEMPLATE, payload)

    async def get_template(self, *, oa_id: int | str, template_id: int | str) -> Template:
        """One template, with its price and what `template_data` has to have.

        Documented; not billed; repeated after any failure.
        """
        return await self._caller.call(GET_TEMPLATE, GetTemplate(oa_id=oa_id, template_id=template_id))

    def list_templates(
        self,
        *,
        oa_id: int | str | None = None,
        template_id: int | str | None = None,
        template_name: str | None = None,
        type: TemplateType | str | None = None,  # noqa: A002 - the wire's name
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[Templates, Template]:
        """The templates that eTelecom knows, page after page.

        Partly documented; not billed; repeated after any failure.

        Args:
            oa_id, template_id, template_name, type: of the templates to list.
            date_from, date_to: aware; which date they are about is not documented.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = TemplateFilter(
            oa_id=oa_id,
            template_id=template_id,
            template_name=template_name,
            type=type,
            date_from=date_from,
            date_to=date_to,
        )
        return listing(
            self._caller,
            LIST_TEMPLATES,
            lambda paging: ListTemplates(filter=chosen, paging=paging),
            items=lambda page: page.templates,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )
