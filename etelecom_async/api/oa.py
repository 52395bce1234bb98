"""Official Accounts: connecting them, their quotas and their webhook."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from .. import _checks
from .._secret import Secret, hidden
from ..codec import Id, also
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_secret, an_id, judged

__all__ = [
    "AUTHORIZE_OA",
    "CONNECT_OA",
    "GET_SHOP_OA",
    "LIST_OA",
    "REFRESH_TOKEN",
    "UPDATE_SHOP_OA",
    "AuthorizationLink",
    "AuthorizeOA",
    "ConnectOA",
    "ConnectionMethod",
    "GetShopOA",
    "ListOA",
    "Methods",
    "OaFilter",
    "OaStatus",
    "OfficialAccount",
    "OfficialAccounts",
    "Quality",
    "RefreshToken",
    "UpdateShopOA",
]


class ConnectionMethod(OpenEnum):
    """How something is connected; the meanings are not documented."""

    NOT_SET = "unknown"
    BUILTIN = "builtin"
    DIRECT = "direct"


class OaStatus(OpenEnum):
    """Is an Official Account connected?"""

    UNSET = "Z"
    CONNECTED = "P"
    DISCONNECTED = "N"


class Quality(OpenEnum):
    """How well customers take the ZNS of an Official Account or of a template."""

    NOT_SET = "unknown"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    UNDEFINED = "UNDEFINED"
    """Not evaluated: no ZNS was sent in the time."""


@frozen(kw_only=True, field_transformer=judged)
class AuthorizeOA:
    """What `Zalo/AuthorizeOA` is sent; the fields are the arguments of `authorize_oa`."""

    app_id: Id = field(converter=an_id)
    app_secret: Secret = field(converter=a_secret)
    redirect_uri: str


@frozen(kw_only=True)
class AuthorizationLink:
    """Where the owner of an Official Account allows the use of it."""

    url: str = field(default="", repr=False)


AUTHORIZE_OA = Endpoint(name="Zalo/AuthorizeOA", payload=AuthorizeOA, result=AuthorizationLink)


@frozen(kw_only=True, field_transformer=judged)
class ConnectOA:
    """What `Zalo/ConnectOA` is sent; the fields are the arguments of `connect_oa`."""

    code: str
    oa_id: Id = field(converter=an_id)
    state: int


@frozen(kw_only=True)
class OfficialAccount:
    """An Official Account as eTelecom knows it. Every field may be missing in an answer: None, or an empty text.

    Attributes:
        app_id, oa_id: the Zalo app, and the Official Account, on Zalo.
        connection_id, shop_id: the connection, and the shop, on eTelecom.
        owner_id: the shop's owner, a user of eTelecom; `onwer_id` on the wire.
        name, description, avatar, cover: as on Zalo; the last two are links.
        connection_method: how it is connected.
        status: whether it is connected.
        is_verified: whether Zalo has verified it.
        current_quality, last_week_quality: of its ZNS, over 48 hours and 7 days.
        daily_quota, remaining_quota: ZNS a day, and those left today.
        daily_quota_promotion, monthly_promotion_quota, remaining_monthly_promotion_quota,
            estimated_next_month_promotion_quota: the same of promotions.
        expires_at: when its owner has to authorise again; about three months after it was connected.
        webhook_url: where its events go.
        created_at, updated_at: of the record.
    """

    app_id: Id | None = None
    oa_id: Id | None = None
    connection_id: Id | None = None
    shop_id: Id | None = None
    owner_id: Id | None = field(default=None, metadata=also("onwer_id"))
    name: str = ""
    description: str = ""
    avatar: str = ""
    cover: str = ""
    connection_method: ConnectionMethod | None = None
    status: OaStatus | None = None
    is_verified: bool | None = None
    current_quality: Quality | None = None
    last_week_quality: Quality | None = None
    daily_quota: int | None = None
    remaining_quota: int | None = None
    daily_quota_promotion: int | None = None
    monthly_promotion_quota: int | None = None
    remaining_monthly_promotion_quota: int | None = None
    estimated_next_month_promotion_quota: int | None = None
    expires_at: datetime | None = None
    webhook_url: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


CONNECT_OA = Endpoint(
    name="Zalo/ConnectOA", payload=ConnectOA, result=OfficialAccount, look="get_shop_oa shows whether it is connected"
)


@frozen(kw_only=True, field_transformer=judged)
class RefreshToken:
    """What `Zalo/RefreshToken` is sent."""

    oa_id: Id = field(converter=an_id)


REFRESH_TOKEN = Endpoint(name="Zalo/RefreshToken", payload=RefreshToken, result=AuthorizationLink, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class OaFilter:
    """Which Official Accounts `Zalo/ListOA` is to list; what is None does not matter."""

    app_id: Id | None = field(default=None, converter=optional(an_id))
    oa_id: Id | None = field(default=None, converter=optional(an_id))
    name: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class ListOA:
    """What `Zalo/ListOA` is sent: which Official Accounts, and which page of them."""

    filter: OaFilter = field(factory=OaFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class OfficialAccounts:
    """A page of Official Accounts, as `Zalo/ListOA` answers it."""

    accounts: tuple[OfficialAccount, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


LIST_OA = Endpoint(name="Zalo/ListOA", payload=ListOA, result=OfficialAccounts, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class GetShopOA:
    """What `Zalo/GetShopOA` is sent."""

    oa_id: Id = field(converter=an_id)


GET_SHOP_OA = Endpoint(name="Zalo/GetShopOA", payload=GetShopOA, result=OfficialAccount, safety=Safety.READ)


def _url_or_empty(url: str) -> str:
    return "" if type(url) is str and not url else _checks.line("webhook_url", url, wanted="a URL, or '' for none")


@frozen(kw_only=True, field_transformer=judged)
class UpdateShopOA:
    """What `Zalo/UpdateShopOA` is sent; the fields are the arguments of `update_shop_oa`."""

    oa_id: Id = field(converter=an_id)
    webhook_url: str = field(converter=_url_or_empty)


UPDATE_SHOP_OA = Endpoint(
    name="Zalo/UpdateShopOA", payload=UpdateShopOA, result=OfficialAccount, look="get_shop_oa shows its webhook_url"
)


@frozen(eq=False)
class Methods:
    """Those methods of `session.zalo` that are about Official Accounts."""

    _caller: Caller

    async def authorize_oa(
        self, *, app_id: int | str, app_secret: str | Secret, redirect_uri: str
    ) -> AuthorizationLink:
        """The link at which the owner of an Official Account lets eTelecom use it.

        Partly documented; not billed; never repeated on doubt; secrets.

        Args:
            app_id, app_secret: of the Zalo app.
            redirect_uri: where Zalo sends the browser then, as the app has it.
        """
        app_secret = hidden(app_secret)
        payload = AuthorizeOA(app_id=app_id, app_secret=app_secret, redirect_uri=redirect_uri)
        return await self._caller.call(AUTHORIZE_OA, payload)

    async def connect_oa(self, *, code: str, oa_id: int | str, state: int) -> OfficialAccount:
        """Connect an Official Account with what Zalo sent to the `redirect_uri`. A code is good for one call.

        Partly documented; not billed; never repeated on doubt.

        Args:
            code, state: as Zalo's callback has them; the server's schema wants the state as a whole number.
            oa_id: the Official Account.
        """
        return await self._caller.call(CONNECT_OA, ConnectOA(code=code, oa_id=oa_id, state=state))

    async def refresh_token(self, *, oa_id: int | str) -> AuthorizationLink:
        """The link at which the owner of an Official Account authorises again. No token comes of it.

        Partly documented; not billed; repeated after any failure.
        """
        return await self._caller.call(REFRESH_TOKEN, RefreshToken(oa_id=oa_id))

    def list_oa(
        self,
        *,
        app_id: int | str | None = None,
        oa_id: int | str | None = None,
        name: str | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[OfficialAccounts, OfficialAccount]:
        """The shop's Official Accounts, page after page.

        Documented; not billed; repeated after any failure.

        Args:
            app_id, oa_id, name: of the accounts to list.
            date_from, date_to: aware; which date they are about is not documented.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = OaFilter(app_id=app_id, oa_id=oa_id, name=name, date_from=date_from, date_to=date_to)
        return listing(
            self._caller,
            LIST_OA,
            lambda paging: ListOA(filter=chosen, paging=paging),
            items=lambda page: page.accounts,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )

    async def get_shop_oa(self, *, oa_id: int | str) -> OfficialAccount:
        """One Official Account, with its quotas and its webhook.

        Documented; not billed; repeated after any failure.
        """
        return await self._caller.call(GET_SHOP_OA, GetShopOA(oa_id=oa_id))

    async def update_shop_oa(self, *, oa_id: int | str, webhook_url: str) -> OfficialAccount:
        """Send the events of an Official Account to another URL: its customers' messages and answers go there.

        Documented; not billed; never repeated on doubt.

        Args:
            oa_id: the Official Account.
            webhook_url: where to; `""` for nowhere, as a public client of the API does it.
        """
        return await self._caller.call(UPDATE_SHOP_OA, UpdateShopOA(oa_id=oa_id, webhook_url=webhook_url))
