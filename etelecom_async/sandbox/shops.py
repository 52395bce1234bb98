"""The sandbox's shops and their keys, and the partner that they are connected to."""

from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import datetime

from attrs import define, field
from yarl import URL

from .._secret import Secret
from ..endpoint import JSON
from ..errors import ConfigError, InvalidArgument, PermissionDenied
from ..transport.no_proxy import is_loopback
from .fields import Fields, flag_in, id_in, operators_form, text_in
from .handlers import Asked, Handler
from .numbers import FIRST_OWNER, FIRST_SHOP, PARTNER_ID, SHOP_ID, USER_ID
from .users import UserBook
from .written import phone_text, seconds

__all__ = ["Shop", "ShopBook"]

_TOKEN_LIFE = 900
"""Seconds that a token for an owner's confirmation is said to live; made up, and it does not end here."""


@define(kw_only=True)
class Shop:
    """A shop that is connected to the partner."""

    id: int
    name: str
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    code: str
    owner_id: int
    is_test: bool = True
    created_at: datetime | None = None
    api_key: Secret
    shop_key: Secret

    def public(self) -> dict[str, JSON]:
        """What a shop's account shows of itself."""
        return {"id": str(self.id), "name": self.name, "type": "shop", "image_url": "", "website": ""}

    def record(self) -> dict[str, JSON]:
        """All of it but the keys."""
        return {
            "id": str(self.id),
            "name": self.name,
            "phone": self.phone,
            "email": self.email,
            "code": self.code,
            "owner_id": str(self.owner_id),
            "is_test": self.is_test,
            "is_blocked": False,
            "block_reason": "",
            "created_at": seconds(self.created_at),
            "image_url": "",
        }


class ShopBook:
    """The shops by their keys. A shop that the partner makes, or whose owner confirms, is there at once.

    Args:
        api_key: of the world's own shop, for the shops' base.
        shop_key: of the same shop, for the partners' base.
        users: of all shops, to whom the owners of new ones are added.

    Attributes:
        own: the world's own shop, whose keys may change between requests.
    """

    def __init__(self, *, api_key: Secret, shop_key: Secret, users: UserBook) -> None:
        self._users = users
        self._tokens = itertools.count(1)
        self._shops: dict[int, Shop] = {}
        self._waiting: dict[Secret, Fields] = {}
        self.own = Shop(
            id=int(SHOP_ID),
            name="Cửa hàng mẫu",
            phone="0987654300",
            email="shop@shop.example.vn",
            code="SB01",
            owner_id=int(USER_ID),
            api_key=api_key,
            shop_key=shop_key,
        )
        self._keep(self.own, owner="Chủ cửa hàng")

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Misc/CurrentAccount": self._current_account,
            "Shop/CurrentShop": lambda asked: self._shops[asked.shop_id].public(),
            "Shop/AuthorizeShop": self._authorize,
            "Shop/CreateShopAccount": self._create,
        }

    def of_api_key(self, key: Secret) -> Shop | None:
        """The shop that calls with this key as a shop."""
        return next((shop for shop in self._shops.values() if shop.api_key == key), None)

    def of_shop_key(self, key: Secret) -> Shop | None:
        """The shop for which a partner calls with this key."""
        return next((shop for shop in self._shops.values() if shop.shop_key == key), None)

    def name(self, shop_id: int) -> str | None:
        """The name of the shop with this id; None without one."""
        shop = self._shops.get(shop_id)
        return None if shop is None else shop.name

    def confirm(self, token: Secret, now: datetime) -> int:
        """Let an owner confirm the connection that `Shop/AuthorizeShop` gave this token for; the shop's id.

        Raises:
            ConfigError: no connection waits with this token.
        """
        wanted = self._waiting.pop(token, None)
        if wanted is None:
            raise ConfigError("token is the auth_token of a connection that waits for its owner; this is none.")
        return self._new(wanted, now).id

    def _current_account(self, asked: Asked) -> dict[str, JSON]:
        if asked.shop_id:
            return self._shops[asked.shop_id].public()
        # Of a partner's own answer only these two are likely.
        return {"id": PARTNER_ID, "name": "Đối tác mẫu"}

    def _authorize(self, asked: Asked) -> dict[str, JSON]:
        fields = asked.fields
        shop_id, email, phone = id_in(fields, "shop_id"), text_in(fields, "email"), text_in(fields, "phone")
        if shop_id:
            if email or phone:
                raise InvalidArgument("Chỉ truyền shop_id, hoặc email và số điện thoại")
            shop = self._shops.get(shop_id)
            if shop is None:
                raise PermissionDenied("Cửa hàng chưa kết nối với đối tác", meta={"reason": "shop_not_connected"})
            return _authorization("shop_key", token=shop.shop_key.reveal(), expires_in=-1)
        if not (email and phone and text_in(fields, "name")):
            raise InvalidArgument("Thiếu email, số điện thoại hoặc tên")
        redirect_url = text_in(fields, "redirect_url")
        if redirect_url and not _may_redirect(redirect_url):
            raise InvalidArgument("redirect_url phải là một URL https")
        token = f"request:sandbox-token-{next(self._tokens)}"
        self._waiting[Secret(token)] = dict(fields)
        url = f"https://sandbox.example.vn/authorize?token={token}" if redirect_url else ""
        return _authorization("shop_request", token=token, expires_in=_TOKEN_LIFE, url=url)

    def _create(self, asked: Asked) -> dict[str, JSON]:
        """The request's fields are not documented: it takes a shop's `name`, `phone`, `email` and `is_test`."""
        shop = self._new(asked.fields, asked.now)
        return {"api_key": shop.api_key.reveal(), "shop_key": shop.shop_key.reveal(), "shop": shop.record()}

    def _new(self, fields: Fields, now: datetime) -> Shop:
        number = len(self._shops)
        shop_id = FIRST_SHOP + number - 1
        phone = text_in(fields, "phone")
        is_test = flag_in(fields, "is_test")
        shop = Shop(
            id=shop_id,
            name=text_in(fields, "shop_name") or text_in(fields, "name") or f"Cửa hàng {number + 1}",
            phone=phone_text(operators_form(phone), is_wire=False) if phone else "",
            email=text_in(fields, "email"),
            code=f"SB{number + 1:02d}",
            owner_id=FIRST_OWNER + number - 1,
            is_test=True if is_test is None else is_test,
            created_at=now,
            api_key=Secret(f"{shop_id}:sandbox-api-key-{number + 1}"),
            shop_key=Secret(f"shop{shop_id}:sandbox-shop-key-{number + 1}"),
        )
        self._keep(shop, owner=text_in(fields, "name") or "Chủ cửa hàng")
        return shop

    def _keep(self, shop: Shop, *, owner: str) -> None:
        self._shops[shop.id] = shop
        self._users.add(
            shop.id,
            user_id=shop.owner_id,
            full_name=owner,
            phone=shop.phone,
            email=shop.email,
            roles=("owner",),
            now=shop.created_at,
        )


def _authorization(kind: str, *, token: str, expires_in: int, url: str = "") -> dict[str, JSON]:
    return {
        "code": "ok",
        "msg": "Thành công",
        "type": kind,
        "auth_token": token,
        "auth_url": url,
        "expires_in": expires_in,
        "meta": {},
    }


def _may_redirect(text: str) -> bool:
    """The real server wants an address that the operator knows, and lets those of this machine through."""
    with suppress(ValueError):
        url = URL(text)
        return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host or "")))
    return False
