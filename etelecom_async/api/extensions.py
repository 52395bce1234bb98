"""The extensions of a shop's telephone system: its phones, and who has them."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from .._secret import Secret
from ..codec import Digits, Id, Text
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from ..phone import normalize
from .paging import Listing, PageInfo, Paging, listing
from .payload import a_number, a_user_id, an_id, judged
from .updated import Updated, not_updated

__all__ = [
    "ASSIGN_USER_TO_EXTENSION",
    "CREATE_EXTENSION",
    "GET_EXTENSIONS",
    "GET_EXTENSION_INFO",
    "REMOVE_USER_OF_EXTENSION",
    "UPDATE_HOTLINE_FOR_EXTENSION",
    "AssignUserToExtension",
    "CreateExtension",
    "Extension",
    "ExtensionFilter",
    "ExtensionInfo",
    "ExtensionState",
    "Extensions",
    "GetExtensionInfo",
    "GetExtensions",
    "Methods",
    "RemoveUserOfExtension",
    "UpdateHotlineForExtension",
]


class ExtensionState(OpenEnum):
    """May an extension be used?"""

    NEW = "Z"
    VALID = "P"
    EXPIRED = "N"


@frozen(kw_only=True)
class Extension:
    """A phone of the telephone system, with its password. Every field may be missing in an answer.

    Attributes:
        extension_number, extension_password, tenant_domain: with which a phone logs in; the number is a text.
        id, hotline_id, tenant_id, account_id, subscription_id: of the record and of what it belongs to, on eTelecom.
        user_id: who has it; 0 or None for none.
        state, expires_at: whether it may be used, and until when; None for no end.
    """

    id: Id | None = None
    extension_number: Text = ""
    extension_password: Secret | None = None
    tenant_domain: str = ""
    tenant_id: Id | None = None
    hotline_id: Id | None = None
    user_id: Id | None = None
    account_id: Id | None = None
    subscription_id: Id | None = None
    state: ExtensionState | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True, field_transformer=judged)
class CreateExtension:
    """What `Etelecom/CreateExtension` is sent; the fields are the arguments of `create_extension`."""

    hotline_id: Id = field(converter=an_id)
    extension_number: Digits = field(converter=a_number)
    user_id: Id | None = field(default=None, converter=optional(an_id))


CREATE_EXTENSION = Endpoint(
    name="Etelecom/CreateExtension",
    payload=CreateExtension,
    result=Extension,
    look="get_extensions shows whether there is one",
)


@frozen(kw_only=True, field_transformer=judged)
class ExtensionFilter:
    """Which extensions `Etelecom/GetExtensions` is to list; newer servers may not look at it."""

    hotline_id: Id | None = field(default=None, converter=optional(an_id))


@frozen(kw_only=True, field_transformer=judged)
class GetExtensions:
    """What `Etelecom/GetExtensions` is sent: which extensions, and which page of them."""

    filter: ExtensionFilter = field(factory=ExtensionFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class Extensions:
    """A page of extensions, as `Etelecom/GetExtensions` answers it."""

    extensions: tuple[Extension, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


GET_EXTENSIONS = Endpoint(name="Etelecom/GetExtensions", payload=GetExtensions, result=Extensions, safety=Safety.READ)


@frozen(kw_only=True, field_transformer=judged)
class GetExtensionInfo:
    """What `Etelecom/GetExtensionInfo` is sent; one of its fields is needed."""

    extension_number: Text | None = field(default=None, converter=optional(a_user_id))
    email: str | None = None
    phone: str | None = field(default=None, converter=optional(normalize))


@frozen(kw_only=True)
class ExtensionInfo:
    """What a phone needs to log in."""

    extension_number: Text = ""
    extension_password: Secret | None = None
    tenant_domain: str = ""
    expires_at: datetime | None = None


GET_EXTENSION_INFO = Endpoint(
    name="Etelecom/GetExtensionInfo", payload=GetExtensionInfo, result=ExtensionInfo, safety=Safety.READ
)


@frozen(kw_only=True, field_transformer=judged)
class AssignUserToExtension:
    """What `Etelecom/AssignUserToExtension` is sent."""

    extension_id: Id = field(converter=an_id)
    user_id: Id = field(converter=an_id)


@frozen(kw_only=True, field_transformer=judged)
class RemoveUserOfExtension:
    """What `Etelecom/RemoveUserOfExtension` is sent."""

    extension_id: Id = field(converter=an_id)
    user_id: Id = field(converter=an_id)


@frozen(kw_only=True, field_transformer=judged)
class UpdateHotlineForExtension:
    """What `Etelecom/UpdateHotlineForExtension` is sent."""

    extension_id: Id = field(converter=an_id)
    hotline_id: Id = field(converter=an_id)
    user_id: Id | None = field(default=None, converter=optional(an_id))


ASSIGN_USER_TO_EXTENSION = Endpoint(
    name="Etelecom/AssignUserToExtension",
    payload=AssignUserToExtension,
    result=Updated,
    refusal=not_updated,
    look="get_extensions shows its user_id",
    partner_only=True,
)
REMOVE_USER_OF_EXTENSION = Endpoint(
    name="Etelecom/RemoveUserOfExtension",
    payload=RemoveUserOfExtension,
    result=Updated,
    refusal=not_updated,
    look="get_extensions shows its user_id",
    partner_only=True,
)
UPDATE_HOTLINE_FOR_EXTENSION = Endpoint(
    name="Etelecom/UpdateHotlineForExtension",
    payload=UpdateHotlineForExtension,
    result=Updated,
    refusal=not_updated,
    look="get_extensions shows its hotline_id",
    partner_only=True,
)


@frozen(eq=False)
class Methods:
    """Those methods of `session.etelecom` that are about extensions.

    Ids are those of eTelecom; `user_id` is a user of the shop, from `get_account_users`.
    """

    _caller: Caller

    async def create_extension(
        self, *, hotline_id: int | str, extension_number: int | str, user_id: int | str | None = None
    ) -> Extension:
        """Make an extension. Its number goes out as a whole number, so none can begin with 0.

        Documented; perhaps billed; never repeated on doubt; secrets.
        """
        payload = CreateExtension(hotline_id=hotline_id, extension_number=extension_number, user_id=user_id)
        return await self._caller.call(CREATE_EXTENSION, payload)

    def get_extensions(
        self,
        *,
        hotline_id: int | str | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[Extensions, Extension]:
        """The shop's extensions with their passwords, page after page.

        Documented; not billed; repeated after any failure; secrets.

        Args:
            hotline_id: of this hotline; in an older server alone, others may list all.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = ExtensionFilter(hotline_id=hotline_id)
        return listing(
            self._caller,
            GET_EXTENSIONS,
            lambda paging: GetExtensions(filter=chosen, paging=paging),
            items=lambda page: page.extensions,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )

    async def get_extension_info(
        self, *, extension_number: int | str | None = None, email: str | None = None, phone: str | None = None
    ) -> ExtensionInfo:
        """What a phone needs to log in as an extension: by its number, or by its user's email or phone.

        Documented; not billed; repeated after any failure; secrets.
        """
        payload = GetExtensionInfo(extension_number=extension_number, email=email, phone=phone)
        return await self._caller.call(GET_EXTENSION_INFO, payload)

    async def assign_user_to_extension(self, *, extension_id: int | str, user_id: int | str) -> Updated:
        """Give an extension to a user. An answer that it was not done is a `SendFailed`, here and below.

        Documented; not billed; never repeated on doubt; for partners alone.
        """
        payload = AssignUserToExtension(extension_id=extension_id, user_id=user_id)
        return await self._caller.call(ASSIGN_USER_TO_EXTENSION, payload)

    async def remove_user_of_extension(self, *, extension_id: int | str, user_id: int | str) -> Updated:
        """Take an extension from a user.

        Documented; not billed; never repeated on doubt; for partners alone.
        """
        payload = RemoveUserOfExtension(extension_id=extension_id, user_id=user_id)
        return await self._caller.call(REMOVE_USER_OF_EXTENSION, payload)

    async def update_hotline_for_extension(
        self, *, extension_id: int | str, hotline_id: int | str, user_id: int | str | None = None
    ) -> Updated:
        """Let an extension call by another hotline.

        Documented; not billed; never repeated on doubt; for partners alone.
        """
        payload = UpdateHotlineForExtension(extension_id=extension_id, hotline_id=hotline_id, user_id=user_id)
        return await self._caller.call(UPDATE_HOTLINE_FOR_EXTENSION, payload)
