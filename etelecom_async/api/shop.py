"""The namespace `session.shop`: a partner's shops, and the users of a shop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from .. import _checks
from .._secret import Secret, hidden
from ..codec import Id, Text, TextMap
from ..endpoint import JSON, Caller, Endpoint, Role, Safety
from ..enums import OpenEnum
from ..phone import normalize
from .misc import AccountInfo
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_secret, a_user_id, an_id, ids, judged, phone_filter, several

__all__ = [
    "AUTHORIZE_SHOP",
    "CREATE_ACCOUNT_USER",
    "CREATE_SHOP_ACCOUNT",
    "CURRENT_SHOP",
    "GET_ACCOUNT_USERS",
    "AccountUser",
    "AccountUserFilter",
    "AccountUsers",
    "AuthorizationType",
    "AuthorizeShop",
    "CreateAccountUser",
    "CurrentShop",
    "GetAccountUsers",
    "NewUser",
    "ShopAccount",
    "ShopAuthorization",
    "ShopInfo",
    "Shops",
]


class AuthorizationType(OpenEnum):
    """What an answer of `Shop/AuthorizeShop` holds."""

    SHOP_REQUEST = "shop_request"
    """The shop's owner has to confirm at `auth_url`; `auth_token` is no key yet."""
    SHOP_KEY = "shop_key"
    """`auth_token` is the shop_key."""
    USER_KEY = "user_key"


@frozen(kw_only=True, field_transformer=judged)
class AuthorizeShop:
    """What `Shop/AuthorizeShop` is sent; the fields are the arguments of `authorize_shop`."""

    shop_id: Id | None = field(default=None, converter=optional(an_id))
    email: str | None = None
    phone: str | None = field(default=None, converter=optional(normalize))
    name: str | None = None
    redirect_url: str | None = None
    shop_name: str | None = None
    external_shop_id: str | None = None
    external_user_id: str | None = None
    extra_token: str | None = None
    config: tuple[str, ...] | None = field(default=None, converter=optional(several))


@frozen(kw_only=True)
class ShopAuthorization:
    """How far the connection to a shop is.

    Attributes:
        code, msg: whether it went well, and the server's words.
        type: what `auth_token` is.
        auth_token: the shop_key, or a token for the time until the owner has confirmed.
        auth_url: where the shop's owner confirms.
        expires_in: life of the token, seconds presumably; -1 is for ever.
        meta: more, by name.
    """

    code: str = ""
    msg: str = ""
    type: AuthorizationType | None = None
    auth_token: Secret | None = None
    auth_url: str = field(default="", repr=False)
    expires_in: int | None = None
    meta: TextMap = field(factory=dict[str, str], repr=False)


AUTHORIZE_SHOP = Endpoint(
    name="Shop/AuthorizeShop",
    payload=AuthorizeShop,
    result=ShopAuthorization,
    safety=Safety.READ,
    role=Role.ACCOUNT,
)


@frozen(kw_only=True)
class ShopInfo:
    """A shop, in the answer of `Shop/CreateShopAccount`; the server's own has more fields."""

    id: Id | None = None
    name: str = ""
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    code: str = ""
    owner_id: Id | None = None
    is_test: bool | None = None
    is_blocked: bool | None = None
    block_reason: str = ""
    created_at: datetime | None = None
    image_url: str = ""


@frozen(kw_only=True)
class ShopAccount:
    """A new shop and its keys. Keep them: `Secret.reveal()` shows one."""

    api_key: Secret | None = None
    shop_key: Secret | None = None
    shop: ShopInfo | None = None


CREATE_SHOP_ACCOUNT = Endpoint[object, ShopAccount](
    name="Shop/CreateShopAccount", payload=object, result=ShopAccount, role=Role.ACCOUNT
)


@frozen(kw_only=True)
class CurrentShop:
    """What `Shop/CurrentShop` is sent: nothing."""


CURRENT_SHOP = Endpoint(name="Shop/CurrentShop", payload=CurrentShop, result=AccountInfo, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class CreateAccountUser:
    """What `Shop/CreateAccountUser` is sent; the fields are the arguments of `create_account_user`."""

    full_name: str
    password: Secret = field(converter=a_secret)
    phone: str = field(converter=normalize)


@frozen(kw_only=True)
class NewUser:
    """A user of a shop, as `Shop/CreateAccountUser` answers it; what is missing is None, 0 or empty."""

    id: Id | None = None
    full_name: str = field(default="", repr=False)
    short_name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone_verified_at: datetime | None = None
    email_verified_at: datetime | None = None
    phone_verification_sent_at: datetime | None = None
    email_verification_sent_at: datetime | None = None
    is_blocked: bool | None = None
    block_reason: str = ""
    blocked_at: datetime | None = None
    ref_aff: str = ""
    ref_sale: str = ""
    source: str = ""
    total_shop: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


CREATE_ACCOUNT_USER = Endpoint(
    name="Shop/CreateAccountUser",
    payload=CreateAccountUser,
    result=NewUser,
    look="get_account_users for this phone shows whether there is one",
)


@frozen(kw_only=True, field_transformer=judged)
class AccountUserFilter:
    """Which users `Shop/GetAccountUsers` is to list; what is None does not matter."""

    extension_number: Text | None = field(default=None, converter=optional(a_user_id))
    has_extension: bool | None = None
    name: str | None = None
    phone: str | None = field(default=None, converter=optional(phone_filter))
    user_ids: tuple[Id, ...] | None = field(default=None, converter=optional(ids))


@frozen(kw_only=True, field_transformer=judged)
class GetAccountUsers:
    """What `Shop/GetAccountUsers` is sent: which users, and which page of them."""

    filter: AccountUserFilter = field(factory=AccountUserFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class AccountUser:
    """A user of a shop, as `Shop/GetAccountUsers` lists them; the values of `roles` are not documented."""

    user_id: Id | None = None
    account_id: Id | None = None
    full_name: str = field(default="", repr=False)
    short_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    position: str = ""
    department_id: Id | None = None
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    deleted: bool | None = None


@frozen(kw_only=True)
class AccountUsers:
    """A page of users, as `Shop/GetAccountUsers` answers it."""

    account_users: tuple[AccountUser, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


GET_ACCOUNT_USERS = Endpoint(
    name="Shop/GetAccountUsers", payload=GetAccountUsers, result=AccountUsers, safety=Safety.READ
)


@frozen(eq=False)
class Shops:
    """The `Shop/*` methods of a session.

    Each raises an `EtelecomError` for every failure, as `check_consent` does, and before anything is sent a
    `ConfigError`, `InvalidId` or `InvalidPhone` where an argument cannot be what it is for.
    """

    _caller: Caller

    async def authorize_shop(
        self,
        *,
        shop_id: int | str | None = None,
        email: str | None = None,
        phone: str | None = None,
        name: str | None = None,
        redirect_url: str | None = None,
        shop_name: str | None = None,
        external_shop_id: str | None = None,
        external_user_id: str | None = None,
        extra_token: str | None = None,
        config: Iterable[str] | None = None,
    ) -> ShopAuthorization:
        """Connect a shop to this partner: first with its data, for the owner to confirm; then with its id, for its key.

        Partly documented; not billed; repeated after any failure; secrets.

        Args:
            shop_id: of a shop that is connected already; nothing else is given then.
            email, phone, name: of the shop to connect.
            redirect_url: where the owner's browser comes back to; registered with the operator.
            shop_name, external_shop_id, external_user_id, extra_token, config: in the server's schema alone.
        """
        payload = AuthorizeShop(
            shop_id=shop_id,
            email=email,
            phone=phone,
            name=name,
            redirect_url=redirect_url,
            shop_name=shop_name,
            external_shop_id=external_shop_id,
            external_user_id=external_user_id,
            extra_token=extra_token,
            config=config,
        )
        return await self._caller.call(AUTHORIZE_SHOP, payload)

    async def create_shop_account(self, *, fields: Mapping[str, JSON]) -> ShopAccount:
        """Make a shop for this partner, without its owner's confirmation.

        Partly documented; perhaps billed; never repeated on doubt; secrets.

        Args:
            fields: the JSON object to send; its fields are not documented.
        """
        _checks.instance("fields", fields, Mapping, "a dict of JSON values")
        return await self._caller.call(CREATE_SHOP_ACCOUNT, dict(fields))

    async def current_shop(self) -> AccountInfo:
        """The shop that a partner's shop_key belongs to.

        Known from an older server; not billed; repeated after any failure.
        """
        return await self._caller.call(CURRENT_SHOP, CurrentShop())

    async def create_account_user(self, *, full_name: str, password: str | Secret, phone: str) -> NewUser:
        """Make a user of this shop.

        Documented; not billed; never repeated on doubt; secrets.

        Args:
            full_name: of the user.
            password: with which the user will log in.
            phone: of the user, in any common writing.
        """
        password = hidden(password)
        payload = CreateAccountUser(full_name=full_name, password=password, phone=phone)
        return await self._caller.call(CREATE_ACCOUNT_USER, payload)

    def get_account_users(
        self,
        *,
        extension_number: int | str | None = None,
        has_extension: bool | None = None,
        name: str | None = None,
        phone: str | None = None,
        user_ids: Iterable[int | str] | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[AccountUsers, AccountUser]:
        """The users of this shop, page after page.

        Documented; not billed; repeated after any failure; personal data.

        Args:
            extension_number, has_extension, name, phone, user_ids: of the users to list.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = AccountUserFilter(
            extension_number=extension_number, has_extension=has_extension, name=name, phone=phone, user_ids=user_ids
        )
        return listing(
            self._caller,
            GET_ACCOUNT_USERS,
            lambda paging: GetAccountUsers(filter=chosen, paging=paging),
            items=lambda page: page.account_users,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )
