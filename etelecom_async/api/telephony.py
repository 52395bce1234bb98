"""The telephone system of a shop: its tenant at the provider, and its hotlines."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Id, Text
from ..endpoint import Caller, Endpoint, Safety
from ..enums import OpenEnum
from .oa import ConnectionMethod
from .payload import an_id, judged

__all__ = [
    "CREATE_TENANT",
    "GET_HOTLINES",
    "GET_TENANT",
    "SLOW",
    "CreateTenant",
    "GetHotlines",
    "GetTenant",
    "Hotline",
    "HotlineFilter",
    "Hotlines",
    "Methods",
    "Network",
    "Tenant",
    "TenantStatus",
]

SLOW = 45.0
"""Seconds for an attempt of a method that waits for the provider of the telephone system; a guess, nothing is known."""


class TenantStatus(OpenEnum):
    """May a tenant or a hotline be used?"""

    NEW = "Z"
    ENABLED = "P"
    DISABLED = "N"


class Network(OpenEnum):
    """The phone network of a hotline."""

    NOT_SET = "unknown"
    MOBIFONE = "mobifone"
    VINAPHONE = "vinaphone"
    VIETTEL = "viettel"
    OTHER = "other"


@frozen(kw_only=True)
class Tenant:
    """A telephone system at the provider. Every field may be missing in an answer: None, or an empty text."""

    id: Id | None = None
    name: str = ""
    domain: str = ""
    connection_id: Id | None = None
    connection_method: ConnectionMethod | None = None
    owner_id: Id | None = None
    status: TenantStatus | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True)
class Hotline:
    """A number that customers call. Every field may be missing in an answer: None, or an empty text.

    Attributes:
        hotline: the number, a text, since it can begin with 0.
        is_free_charge: calls are made without a look at the balance.
        id, connection_id, owner_id: of the record, the connection, and the owner, on eTelecom.
    """

    id: Id | None = None
    hotline: Text = ""
    name: str = ""
    description: str = ""
    network: Network | None = None
    is_free_charge: bool | None = None
    connection_id: Id | None = None
    connection_method: ConnectionMethod | None = None
    owner_id: Id | None = None
    status: TenantStatus | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@frozen(kw_only=True)
class CreateTenant:
    """What `Etelecom/CreateTenant` is sent: nothing."""


CREATE_TENANT = Endpoint(
    name="Etelecom/CreateTenant",
    payload=CreateTenant,
    result=Tenant,
    look="get_tenant shows whether there is one",
    partner_only=True,
    attempt_time=SLOW,
)


@frozen(kw_only=True)
class GetTenant:
    """What `Etelecom/GetTenant` is sent: nothing."""


GET_TENANT = Endpoint(
    name="Etelecom/GetTenant", payload=GetTenant, result=Tenant, safety=Safety.READ, partner_only=True
)


@frozen(kw_only=True, field_transformer=judged)
class HotlineFilter:
    """Which hotlines `Etelecom/GetHotlines` is to list; what is None does not matter."""

    owner_id: Id | None = field(default=None, converter=optional(an_id))
    tenant_id: Id | None = field(default=None, converter=optional(an_id))


@frozen(kw_only=True, field_transformer=judged)
class GetHotlines:
    """What `Etelecom/GetHotlines` is sent."""

    filter: HotlineFilter = field(factory=HotlineFilter)


@frozen(kw_only=True)
class Hotlines:
    """The hotlines of a shop, all in one answer."""

    hotlines: tuple[Hotline, ...] = ()


GET_HOTLINES = Endpoint(name="Etelecom/GetHotlines", payload=GetHotlines, result=Hotlines, safety=Safety.READ)


@frozen(eq=False)
class Methods:
    """Those methods of `session.etelecom` that are about a shop's tenant and hotlines. Ids are those of eTelecom."""

    _caller: Caller

    async def create_tenant(self) -> Tenant:
        """Make the shop's telephone system at the provider.

        Documented; perhaps billed; never repeated on doubt; slow; for partners alone.
        """
        return await self._caller.call(CREATE_TENANT, CreateTenant())

    async def get_tenant(self) -> Tenant:
        """The shop's telephone system.

        Documented; not billed; repeated after any failure; for partners alone.
        """
        return await self._caller.call(GET_TENANT, GetTenant())

    async def get_hotlines(self, *, owner_id: int | str | None = None, tenant_id: int | str | None = None) -> Hotlines:
        """The shop's hotlines, all in one answer.

        Known from an older server; not billed; repeated after any failure.
        """
        payload = GetHotlines(filter=HotlineFilter(owner_id=owner_id, tenant_id=tenant_id))
        return await self._caller.call(GET_HOTLINES, payload)
