"""The sandbox's telephone systems: the tenant of each shop, and the hotlines that the partner gives to them.

A tenant or a hotline is new (`Z`), enabled (`P`) or disabled (`N`). A hotline is enabled by its tenant: when a new or
disabled tenant is switched on with it, or when it is added to a tenant that is on. Taking it away disables both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import define

from ..api.oa import ConnectionMethod
from ..api.telephony import Network, TenantStatus
from ..endpoint import JSON
from ..errors import FailedPrecondition, NotFound
from .fields import flag_in, id_in, known_in, needed_id, needed_text, object_of, text_in
from .filters import Record, listed
from .handlers import Asked, Handler
from .numbers import FIRST_HOTLINE, FIRST_TENANT, PROVIDER_ID
from .written import seconds

__all__ = ["Hotline", "HotlineBook", "Tenant"]


@define(kw_only=True)
class Tenant:
    """The telephone system of one shop."""

    id: int
    owner_id: int
    name: str
    domain: str
    status: TenantStatus = TenantStatus.NEW
    created_at: datetime
    updated_at: datetime

    def record(self) -> Record:
        return {
            "id": str(self.id),
            "name": self.name,
            "domain": self.domain,
            "connection_id": PROVIDER_ID,
            "connection_method": ConnectionMethod.DIRECT.value,
            "owner_id": str(self.owner_id),
            "status": self.status.value,
            "created_at": seconds(self.created_at),
            "updated_at": seconds(self.updated_at),
        }


@define(kw_only=True)
class Hotline:
    """A number of the partner. `owner_id` is the shop that it is for, `tenant_id` where it works; 0 for none."""

    id: int
    hotline: str
    name: str
    description: str = ""
    network: Network = Network.NOT_SET
    is_free_charge: bool | None = None
    owner_id: int = 0
    tenant_id: int = 0
    status: TenantStatus = TenantStatus.NEW
    is_deleted: bool = False
    created_at: datetime
    updated_at: datetime

    def record(self) -> Record:
        return {
            "id": str(self.id),
            "hotline": self.hotline,
            "name": self.name,
            "description": self.description,
            "network": self.network.value,
            "is_free_charge": self.is_free_charge,
            "connection_id": PROVIDER_ID,
            "connection_method": ConnectionMethod.DIRECT.value,
            "owner_id": str(self.owner_id),
            "status": self.status.value,
            "created_at": seconds(self.created_at),
            "updated_at": seconds(self.updated_at),
        }


class HotlineBook:
    """The tenants and hotlines of all shops.

    Args:
        shop_name: the name of a shop by its id; None if there is no such shop.
    """

    def __init__(self, *, shop_name: Callable[[int], str | None]) -> None:
        self._tenants: dict[int, Tenant] = {}
        self._hotlines: dict[int, Hotline] = {}
        self._added = 0
        self._shop_name = shop_name

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Etelecom/CreateTenant": lambda asked: self.add_tenant(asked.shop_id, now=asked.now).record(),
            "Etelecom/GetTenant": lambda asked: self.tenant_of(asked.shop_id).record(),
            "Etelecom/GetHotlines": self._list,
            "Etelecom/GetPartnerTenantList": self._partner_tenants,
            "Etelecom/GetPartnerHotlineList": self._partner_hotlines,
            "Etelecom/PartnerAddHotline": self._add,
            "Etelecom/PartnerActivateTenant": self._activate,
            "Etelecom/PartnerAddHotlineToTenant": self._add_to_tenant,
            "Etelecom/PartnerRemoveHotlineFromTenant": self._remove_from_tenant,
            "Etelecom/PartnerRemoveHotline": self._remove,
        }

    def add_tenant(self, shop_id: int, *, now: datetime) -> Tenant:
        """Make a shop's tenant; FailedPrecondition if it has one."""
        if self._find_tenant(shop_id) is not None:
            raise FailedPrecondition("Cửa hàng đã có tenant")
        number = len(self._tenants) + 1
        tenant = Tenant(
            id=FIRST_TENANT + number - 1,
            owner_id=shop_id,
            name=self._shop_name(shop_id) or "",
            domain=f"tenant{number}.sandbox.example.vn",
            created_at=now,
            updated_at=now,
        )
        self._tenants[tenant.id] = tenant
        return tenant

    def add_hotline(
        self, *, hotline: str, name: str, owner_id: int = 0, network: Network = Network.NOT_SET, now: datetime
    ) -> Hotline:
        """Make a number known; FailedPrecondition if it is."""
        if any(it.hotline == hotline for it in self._hotlines.values()):
            raise FailedPrecondition("Số hotline đã tồn tại")
        added = Hotline(
            id=FIRST_HOTLINE + self._added,
            hotline=hotline,
            name=name,
            owner_id=owner_id,
            network=network,
            created_at=now,
            updated_at=now,
        )
        self._added += 1
        self._hotlines[added.id] = added
        return added

    def enable(self, tenant: Tenant, hotline: Hotline, *, now: datetime) -> None:
        """Have a hotline work in a tenant, which works from then on; FailedPrecondition if it cannot."""
        if hotline.status is TenantStatus.ENABLED:
            raise FailedPrecondition("Hotline đang hoạt động")
        if hotline.owner_id not in (0, tenant.owner_id):
            raise FailedPrecondition("Hotline thuộc về cửa hàng khác")
        hotline.owner_id, hotline.tenant_id = tenant.owner_id, tenant.id
        hotline.status, hotline.updated_at = TenantStatus.ENABLED, now
        if tenant.status is not TenantStatus.ENABLED:
            tenant.status, tenant.updated_at = TenantStatus.ENABLED, now

    def tenant_of(self, shop_id: int) -> Tenant:
        """A shop's tenant; NotFound if it has none."""
        tenant = self._find_tenant(shop_id)
        if tenant is None:
            raise NotFound("Cửa hàng chưa có tenant")
        return tenant

    def usable(self, shop_id: int, hotline_id: int) -> Hotline:
        """A shop's hotline, for an extension; NotFound if there is none, FailedPrecondition if it does not work."""
        hotline = self._hotlines.get(hotline_id)
        if hotline is None or hotline.owner_id != shop_id:
            raise NotFound("Không tìm thấy hotline")
        is_on = self.tenant_of(shop_id).status is TenantStatus.ENABLED
        if not is_on or hotline.status is not TenantStatus.ENABLED:
            raise FailedPrecondition("Hotline chưa hoạt động")
        return hotline

    def _find_tenant(self, shop_id: int) -> Tenant | None:
        return next((it for it in self._tenants.values() if it.owner_id == shop_id), None)

    def _hotline_in(self, asked: Asked, name: str = "hotline_id") -> Hotline:
        hotline = self._hotlines.get(needed_id(asked.fields, name))
        if hotline is None:
            raise NotFound("Không tìm thấy hotline")
        return hotline

    def _list(self, asked: Asked) -> dict[str, JSON]:
        wanted = object_of(asked.fields, "filter")
        owner_id, tenant_id = id_in(wanted, "owner_id"), id_in(wanted, "tenant_id")
        return {
            "hotlines": [
                it.record()
                for it in reversed(self._hotlines.values())
                if it.owner_id == asked.shop_id and owner_id in (0, it.owner_id) and tenant_id in (0, it.tenant_id)
            ]
        }

    def _partner_tenants(self, asked: Asked) -> dict[str, JSON]:
        """Newest first."""
        records = (it.record() for it in reversed(self._tenants.values()))
        return listed(records, asked.fields, items="tenants", ids=("owner_id",), parts=("name",))

    def _partner_hotlines(self, asked: Asked) -> dict[str, JSON]:
        """Newest first, without a filter."""
        records = (it.record() for it in reversed(self._hotlines.values()))
        return listed(records, {"paging": asked.fields.get("paging")}, items="hotlines")

    def _add(self, asked: Asked) -> dict[str, JSON]:
        fields = asked.fields
        number, name, owner_id = needed_text(fields, "hotline"), needed_text(fields, "name"), id_in(fields, "owner_id")
        network, description = known_in(fields, "network", Network), text_in(fields, "description")
        is_free_charge = flag_in(fields, "is_free_charge")
        if owner_id and self._shop_name(owner_id) is None:
            raise NotFound("Không tìm thấy cửa hàng")
        added = self.add_hotline(
            hotline=number, name=name, owner_id=owner_id, network=network or Network.NOT_SET, now=asked.now
        )
        added.description, added.is_free_charge = description, is_free_charge
        return added.record()

    def _activate(self, asked: Asked) -> dict[str, JSON]:
        """The tenant is that of tenant_id, or of owner_id, or of the hotline's owner."""
        fields, hotline = asked.fields, self._hotline_in(asked)
        tenant_id, owner_id = id_in(fields, "tenant_id"), id_in(fields, "owner_id")
        tenant = self._tenants.get(tenant_id) if tenant_id else self._find_tenant(owner_id or hotline.owner_id)
        if tenant is None or owner_id not in (0, tenant.owner_id):
            raise NotFound("Không tìm thấy tenant")
        if id_in(fields, "connection_id") not in (0, int(PROVIDER_ID)):
            raise NotFound("Không tìm thấy kết nối")
        self.enable(tenant, hotline, now=asked.now)
        return {"updated": 1}

    def _add_to_tenant(self, asked: Asked) -> dict[str, JSON]:
        hotline, tenant = self._hotline_in(asked), self._tenants.get(needed_id(asked.fields, "tenant_id"))
        if tenant is None:
            raise NotFound("Không tìm thấy tenant")
        if tenant.status is not TenantStatus.ENABLED:
            raise FailedPrecondition("Tenant chưa hoạt động")
        self.enable(tenant, hotline, now=asked.now)
        return {"updated": 1}

    def _remove_from_tenant(self, asked: Asked) -> dict[str, JSON]:
        hotline, owner_id = self._hotline_in(asked), needed_id(asked.fields, "owner_id")
        if hotline.owner_id != owner_id:
            raise NotFound("Không tìm thấy hotline của cửa hàng này")
        tenant = self._tenants.get(hotline.tenant_id)
        if tenant is None:
            return {"removed": 0}
        hotline.tenant_id = 0
        for it in (hotline, tenant):
            it.status, it.updated_at = TenantStatus.DISABLED, asked.now
        return {"removed": 1}

    def _remove(self, asked: Asked) -> dict[str, JSON]:
        hotline = self._hotline_in(asked, "id")
        if hotline.status is TenantStatus.ENABLED:
            raise FailedPrecondition("Hotline đang hoạt động")
        del self._hotlines[hotline.id]
        hotline.is_deleted = True
        return {"deleted": 1}
