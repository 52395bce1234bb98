"""Whose key a request has, and whether it may be used there."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from ..account import Secret
from ..endpoint import Role
from ..errors import PermissionDenied, Unauthenticated
from .handlers import SHOP, endpoint_of
from .shops import ShopBook

__all__ = ["Keys"]


@define(kw_only=True)
class Keys:
    """The keys of all shops, and the partner's own."""

    shops: ShopBook
    partner_key: Secret = field(repr=False)

    def shop_id(self, headers: Mapping[str, str], *, base: str, method: str) -> int:
        """The shop for which a request is made; 0 where a partner makes it for itself.

        Raises:
            Unauthenticated: it has no key, or an unknown one.
            PermissionDenied: the key is not for this base, or not for this method.
        """
        scheme, _, key = headers.get("authorization", "").partition(" ")
        given = Secret(key.strip())
        shop, shop_of_partner = self.shops.of_api_key(given), self.shops.of_shop_key(given)
        is_partner = given == self.partner_key
        if scheme.lower() != "bearer" or not (shop or shop_of_partner or is_partner):
            raise Unauthenticated("Khóa API không hợp lệ")
        if base == SHOP:
            found = None if shop is None else shop.id
        elif endpoint_of(method).role is Role.ACCOUNT:
            found = 0 if is_partner else None
        else:
            found = None if shop_of_partner is None else shop_of_partner.id
        if found is None:
            raise PermissionDenied("Khóa API này không được dùng cho đường dẫn này")
        return found
