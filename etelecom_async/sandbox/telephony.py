"""The sandbox's telephony as a whole: users, hotlines, extensions and calls, and what is there at first."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from ..api.telephony import Network
from ..api.webhook import WebhookEntity
from ..endpoint import JSON
from ..errors import ConfigError
from .account_webhooks import WebhookBook
from .calls import CallBook
from .customers import made_up_phones
from .extensions import ExtensionBook
from .handlers import Asked, Handler
from .hotlines import HotlineBook
from .numbers import SHOP_ID
from .users import UserBook

__all__ = ["Telephony"]

_STAFF = (
    ("Nguyễn Thị An", "0987654301", "an@shop.example.vn"),
    ("Trần Văn Bình", "0987654302", "binh@shop.example.vn"),
    ("Lê Minh Châu", "0987654303", "chau@shop.example.vn"),
    ("Phạm Quốc Dũng", "0987654304", ""),
)
_HOTLINES = (
    ("02876543001", "Chăm sóc khách hàng", Network.VIETTEL),
    ("02876543002", "Bán hàng", Network.VINAPHONE),
)
_SPARE_HOTLINE = ("02876543003", "Số mới", Network.MOBIFONE)
_NUMBERS = ("101", "102", "0103", "104")
"""The first three have a user, the last one has expired."""
_CALLS = 120
_CUSTOMERS = 25
_DAYS = 30
_LONGEST = 900


class Telephony:
    """The books of telephony. The world's own shop has a telephone system, with calls of the last 30 days.

    They are made from the seed and the time at which the world was first asked anything: 4 users beside the owner,
    2 hotlines and a third that no shop has, 4 extensions, 120 calls.

    Args:
        shop_name: the name of a shop by its id; None if there is no such shop.
        users: of all shops.
        webhooks: which are told of new calls.
        seed: for the calls.
    """

    def __init__(
        self, *, shop_name: Callable[[int], str | None], users: UserBook, webhooks: WebhookBook, seed: int
    ) -> None:
        self._users = users
        self._hotlines = HotlineBook(shop_name=shop_name)
        self._extensions = ExtensionBook(hotlines=self._hotlines, users=users)
        self._calls = CallBook(changed=partial(webhooks.changed, WebhookEntity.CALL_LOG))
        self._seed = seed
        self._is_made = False

    def handlers(self) -> dict[str, Handler]:
        """By their wire names; users are a part of telephony."""
        books = (self._users, self._hotlines, self._extensions, self._calls)
        return {method: self._after_making(handler) for book in books for method, handler in book.handlers().items()}

    def call(
        self,
        shop_id: int,
        *,
        extension_number: str | None,
        phone: str,
        is_inbound: bool,
        duration: int,
        now: datetime,
        opened_at: datetime,
    ) -> int:
        """A call has ended; the id of its record.

        Raises:
            ConfigError: the shop has no such extension, or none at all.
        """
        self._make(opened_at)
        if extension_number is None:
            extension = next(iter(self._extensions.of(shop_id)), None)
        else:
            extension = self._extensions.of_number(shop_id, extension_number)
        if extension is None:
            raise ConfigError("extension_number is that of an extension of the shop; it has none such.")
        return self._calls.add(extension, phone=phone, is_inbound=is_inbound, duration=duration, now=now)

    def _after_making(self, handler: Handler) -> Handler:
        def answer(asked: Asked) -> dict[str, JSON]:
            self._make(asked.opened_at)
            return handler(asked)

        return answer

    def _make(self, now: datetime) -> None:
        if self._is_made:
            return
        self._is_made = True
        shop_id, first_day = int(SHOP_ID), now - timedelta(days=_DAYS)
        tenant = self._hotlines.add_tenant(shop_id, now=first_day)
        hotlines = [
            self._hotlines.add_hotline(hotline=number, name=name, owner_id=shop_id, network=network, now=first_day)
            for number, name, network in _HOTLINES
        ]
        for hotline in hotlines:
            self._hotlines.enable(tenant, hotline, now=first_day)
        number, name, network = _SPARE_HOTLINE
        self._hotlines.add_hotline(hotline=number, name=name, network=network, now=first_day)
        staff = [
            self._users.add(shop_id, full_name=name, phone=phone, email=email, roles=("telecom",), now=first_day)
            for name, phone, email in _STAFF
        ]
        for at, number in enumerate(_NUMBERS):
            has_expired = number == _NUMBERS[-1]
            self._extensions.add(
                shop_id,
                number=number,
                hotline_id=hotlines[at % len(hotlines)].id,
                user_id=0 if has_expired else staff[at].id,
                expires_at=now - timedelta(days=1) if has_expired else None,
                now=first_day,
            )
        self._make_calls(first_day)

    def _make_calls(self, first_day: datetime) -> None:
        """Four a day, with an hour or more between them."""
        source = random.Random(self._seed)  # noqa: S311 - made-up calls, no secret
        extensions = self._extensions.of(int(SHOP_ID))[:-1]
        phones = made_up_phones(self._seed, _CUSTOMERS)
        for at in range(_CALLS):
            ended = first_day + timedelta(days=_DAYS) * at / _CALLS + timedelta(minutes=source.randrange(300))
            self._calls.add(
                source.choice(extensions),
                phone=source.choice(phones),
                is_inbound=source.random() < 1 / 2,
                duration=source.choice((0, source.randrange(1, _LONGEST))),
                now=ended,
                is_news=False,
            )
