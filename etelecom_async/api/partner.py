"""A partner's own tenants and hotlines, which it gives to its shops."""

from __future__ import annotations

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Id
from ..endpoint import Caller, Endpoint, Role, Safety
from .paging import Listing, PageInfo, Paging, listing
from .payload import an_id, judged
from .telephony import SLOW, Hotline, Network, Tenant
from .updated import Updated, not_updated

__all__ = [
    "GET_PARTNER_HOTLINE_LIST",
    "GET_PARTNER_TENANT_LIST",
    "PARTNER_ACTIVATE_TENANT",
    "PARTNER_ADD_HOTLINE",
    "PARTNER_ADD_HOTLINE_TO_TENANT",
    "PARTNER_REMOVE_HOTLINE",
    "PARTNER_REMOVE_HOTLINE_FROM_TENANT",
    "Deleted",
    "GetPartnerHotlineList",
    "GetPartnerTenantList",
    "Methods",
    "PartnerActivateTenant",
    "PartnerAddHotline",
    "PartnerAddHotlineToTenant",
    "PartnerHotlines",
    "PartnerRemoveHotline",
    "PartnerRemoveHotlineFromTenant",
    "PartnerTenants",
    "Removed",
    "TenantFilter",
]


@frozen(kw_only=True, field_transformer=judged)
class TenantFilter:
    """Which tenants `Etelecom/GetPartnerTenantList` is to list; what is None does not matter."""

    name: str | None = None
    owner_id: Id | None = field(default=None, converter=optional(an_id))


@frozen(kw_only=True, field_transformer=judged)
class GetPartnerTenantList:
    """What `Etelecom/GetPartnerTenantList` is sent: which tenants, and which page of them."""

    filter: TenantFilter = field(factory=TenantFilter)
    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class PartnerTenants:
    """A page of tenants, as `Etelecom/GetPartnerTenantList` answers it."""

    tenants: tuple[Tenant, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


GET_PARTNER_TENANT_LIST = Endpoint(
    name="Etelecom/GetPartnerTenantList",
    payload=GetPartnerTenantList,
    result=PartnerTenants,
    safety=Safety.READ,
    role=Role.ACCOUNT,
)


@frozen(kw_only=True, field_transformer=judged)
class GetPartnerHotlineList:
    """What `Etelecom/GetPartnerHotlineList` is sent: which page."""

    paging: Paging = field(factory=Paging)


@frozen(kw_only=True)
class PartnerHotlines:
    """A page of hotlines, as `Etelecom/GetPartnerHotlineList` answers it."""

    hotlines: tuple[Hotline, ...] = ()
    paging: PageInfo = field(factory=PageInfo)


GET_PARTNER_HOTLINE_LIST = Endpoint(
    name="Etelecom/GetPartnerHotlineList",
    payload=GetPartnerHotlineList,
    result=PartnerHotlines,
    safety=Safety.READ,
    role=Role.ACCOUNT,
    partner_only=True,
)


@frozen(kw_only=True, field_transformer=judged)
class PartnerAddHotline:
    """What `Etelecom/PartnerAddHotline` is sent; the fields are the arguments of `partner_add_hotline`."""

    hotline: str
    name: str
    description: str | None = None
    is_free_charge: bool | None = None
    network: Network | None = field(default=None, converter=optional(Network))
    owner_id: Id | None = field(default=None, converter=optional(an_id))


PARTNER_ADD_HOTLINE = Endpoint(
    name="Etelecom/PartnerAddHotline",
    payload=PartnerAddHotline,
    result=Hotline,
    role=Role.ACCOUNT,
    look="get_partner_hotline_list shows whether there is one",
    partner_only=True,
)


@frozen(kw_only=True, field_transformer=judged)
class PartnerActivateTenant:
    """What `Etelecom/PartnerActivateTenant` is sent; the fields are the arguments of `partner_activate_tenant`."""

    hotline_id: Id = field(converter=an_id)
    connection_id: Id | None = field(default=None, converter=optional(an_id))
    owner_id: Id | None = field(default=None, converter=optional(an_id))
    tenant_id: Id | None = field(default=None, converter=optional(an_id))


PARTNER_ACTIVATE_TENANT = Endpoint(
    name="Etelecom/PartnerActivateTenant",
    payload=PartnerActivateTenant,
    result=Updated,
    role=Role.ACCOUNT,
    refusal=not_updated,
    look="get_partner_tenant_list shows its status",
    partner_only=True,
    attempt_time=SLOW,
)


@frozen(kw_only=True, field_transformer=judged)
class PartnerAddHotlineToTenant:
    """What `Etelecom/PartnerAddHotlineToTenant` is sent."""

    hotline_id: Id = field(converter=an_id)
    tenant_id: Id = field(converter=an_id)


PARTNER_ADD_HOTLINE_TO_TENANT = Endpoint(
    name="Etelecom/PartnerAddHotlineToTenant",
    payload=PartnerAddHotlineToTenant,
    result=Updated,
    role=Role.ACCOUNT,
    refusal=not_updated,
    look="get_partner_hotline_list shows its status",
    attempt_time=SLOW,
)


@frozen(kw_only=True, field_transformer=judged)
class PartnerRemoveHotlineFromTenant:
    """What `Etelecom/PartnerRemoveHotlineFromTenant` is sent."""

    hotline_id: Id = field(converter=an_id)
    owner_id: Id = field(converter=an_id)


@frozen(kw_only=True)
class Removed:
    """How many were removed. 0 is no error: it was not there. None where the server did not say."""

    removed: int | None = None


PARTNER_REMOVE_HOTLINE_FROM_TENANT = Endpoint(
    name="Etelecom/PartnerRemoveHotlineFromTenant",
    payload=PartnerRemoveHotlineFromTenant,
    result=Removed,
    role=Role.ACCOUNT,
    look="get_partner_hotline_list shows its status",
)


@frozen(kw_only=True, field_transformer=judged)
class PartnerRemoveHotline:
    """What `Etelecom/PartnerRemoveHotline` is sent."""

    id: Id = field(converter=an_id)


@frozen(kw_only=True)
class Deleted:
    """How many were deleted; None where the server did not say."""

    deleted: int | None = None


PARTNER_REMOVE_HOTLINE = Endpoint(
    name="Etelecom/PartnerRemoveHotline",
    payload=PartnerRemoveHotline,
    result=Deleted,
    role=Role.ACCOUNT,
    look="get_partner_hotline_list shows whether it is gone",
)


@frozen(eq=False)
class Methods:
    """Those methods of `session.etelecom` that a partner calls with its own api_key. Ids are those of eTelecom."""

    _caller: Caller

    def get_partner_tenant_list(
        self,
        *,
        name: str | None = None,
        owner_id: int | str | None = None,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[PartnerTenants, Tenant]:
        """The partner's tenants, page after page.

        Partly documented; not billed; repeated after any failure.

        Args:
            name, owner_id: of the tenants to list.
            limit, after, before, sort: as those of `Paging`.
        """
        chosen = TenantFilter(name=name, owner_id=owner_id)
        return listing(
            self._caller,
            GET_PARTNER_TENANT_LIST,
            lambda paging: GetPartnerTenantList(filter=chosen, paging=paging),
            items=lambda page: page.tenants,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )

    def get_partner_hotline_list(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: str | None = None,
    ) -> Listing[PartnerHotlines, Hotline]:
        """The partner's hotlines, page after page; the arguments are those of `Paging`.

        Documented; not billed; repeated after any failure; for partners alone.
        """
        return listing(
            self._caller,
            GET_PARTNER_HOTLINE_LIST,
            lambda paging: GetPartnerHotlineList(paging=paging),
            items=lambda page: page.hotlines,
            paging=Paging(limit=limit, after=after, before=before, sort=sort),
        )

    async def partner_add_hotline(
        self,
        *,
        hotline: str,
        name: str,
        description: str | None = None,
        is_free_charge: bool | None = None,
        network: Network | str | None = None,
        owner_id: int | str | None = None,
    ) -> Hotline:
        """Make a number known as a hotline. One that is known already is a `FailedPrecondition`.

        Documented; perhaps billed; never repeated on doubt; for partners alone.

        Args:
            hotline: the number, sent as it is.
            name, description, network: of the hotline.
            is_free_charge: its calls are made without a look at the balance.
            owner_id: whose it is.
        """
        payload = PartnerAddHotline(
            hotline=hotline,
            name=name,
            description=description,
            is_free_charge=is_free_charge,
            network=network,
            owner_id=owner_id,
        )
        return await self._caller.call(PARTNER_ADD_HOTLINE, payload)

    async def partner_activate_tenant(
        self,
        *,
        hotline_id: int | str,
        connection_id: int | str | None = None,
        owner_id: int | str | None = None,
        tenant_id: int | str | None = None,
    ) -> Updated:
        """Switch a tenant on, with a hotline. An answer that it was not done is a `SendFailed`, here and below.

        Documented; perhaps billed; never repeated on doubt; slow; for partners alone.

        Args:
            hotline_id: the hotline.
            connection_id, owner_id, tenant_id: which tenant; optional in the server's schema, required in its table.
        """
        payload = PartnerActivateTenant(
            hotline_id=hotline_id, connection_id=connection_id, owner_id=owner_id, tenant_id=tenant_id
        )
        return await self._caller.call(PARTNER_ACTIVATE_TENANT, payload)

    async def partner_add_hotline_to_tenant(self, *, hotline_id: int | str, tenant_id: int | str) -> Updated:
        """Give a hotline that is not active to a tenant that is.

        Known from an older server; not billed; never repeated on doubt; slow.
        """
        payload = PartnerAddHotlineToTenant(hotline_id=hotline_id, tenant_id=tenant_id)
        return await self._caller.call(PARTNER_ADD_HOTLINE_TO_TENANT, payload)

    async def partner_remove_hotline_from_tenant(self, *, hotline_id: int | str, owner_id: int | str) -> Removed:
        """Take a hotline from its tenant, which is switched off by that.

        Known from an older server; not billed; never repeated on doubt.
        """
        payload = PartnerRemoveHotlineFromTenant(hotline_id=hotline_id, owner_id=owner_id)
        return await self._caller.call(PARTNER_REMOVE_HOTLINE_FROM_TENANT, payload)

    async def partner_remove_hotline(self, *, id: int | str) -> Deleted:  # noqa: A002 - the wire's name
        """Forget a hotline, by its id. An active one is a `FailedPrecondition`.

        Known from an older server; not billed; never repeated on doubt.
        """
        return await self._caller.call(PARTNER_REMOVE_HOTLINE, PartnerRemoveHotline(id=id))
