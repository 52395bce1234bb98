"""Which function answers a method: what a handler is, what it is given, and the registry of them.

    class Tenants:
        def handlers(self) -> dict[str, Handler]:
            return {"Etelecom/GetTenant": self.get, ...}

A service is such a class over the books that it reads and writes; `World` makes it and registers its handlers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import TypeAlias

from attrs import field, frozen

from ..api import known, untyped
from ..endpoint import JSON, AnyEndpoint
from ..errors import BadRoute
from .fields import Fields

__all__ = ["PARTNER", "SHOP", "Asked", "Handler", "Registry", "endpoint_of"]

SHOP, PARTNER = "shop", "partner"

_PARTNERS_ALONE = frozenset(
    {
        "Etelecom/GetPartnerTenantList",
        "Etelecom/PartnerAddHotlineToTenant",
        "Etelecom/PartnerRemoveHotline",
        "Etelecom/PartnerRemoveHotlineFromTenant",
        "Shop/AuthorizeShop",
        "Shop/CreateShopAccount",
        "Shop/CurrentShop",
    }
)
"""Methods for partners alone of which that is less certain than where an `Endpoint` says so."""


@frozen(kw_only=True)
class Asked:
    """A request that could be read.

    Attributes:
        base: where it came in: `SHOP` or `PARTNER`.
        shop_id: the shop that it is done for; 0 for what a partner does for itself.
        method: its wire name.
        fields: the JSON object that was sent.
        oa_id: its field `oa_id`; 0 without one.
        phone: its field `phone`, as the operator normalises it; empty without one.
        now: the present of the world.
        opened_at: when its first request came; what is there from the start was made then.
    """

    base: str
    shop_id: int = 0
    method: str
    fields: Fields = field(repr=False)
    oa_id: int
    phone: str = field(repr=False)
    now: datetime
    opened_at: datetime


Handler: TypeAlias = Callable[[Asked], dict[str, JSON]]
"""Answers one method with the object of a 200, or raises an `ApiError`. The key was checked before."""


@cache
def endpoint_of(method: str) -> AnyEndpoint:
    """What the SDK knows of a method: for whom it is, and which key it wants."""
    return known(method) or untyped(method)


class Registry:
    """The handlers of a world, by the wire names of their methods.

    Args:
        services: the handlers of each; no method is in two of them.

    Raises:
        ValueError: a method has two handlers.
    """

    def __init__(self, *services: Mapping[str, Handler]) -> None:
        self._handlers = {method: handler for handlers in services for method, handler in handlers.items()}
        if len(self._handlers) != sum(map(len, services)):
            raise ValueError("a method has two handlers")

    def find(self, method: str, *, base: str) -> Handler:
        """The handler of a method.

        What the documents have for partners alone does not exist under the shops' base; how the real server refuses it
        is not known.

        Raises:
            BadRoute: it has none, or not here.
        """
        handler = self._handlers.get(method)
        if handler is None or (base == SHOP and (method in _PARTNERS_ALONE or endpoint_of(method).partner_only)):
            raise BadRoute("Không tìm thấy phương thức")
        return handler
