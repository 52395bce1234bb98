"""The sandbox's users: the people of each shop."""

from __future__ import annotations

import itertools
from datetime import datetime

from attrs import define, field

from ..endpoint import JSON
from ..errors import Conflict
from .fields import flag_in, ids_in, needed_text, object_of, operators_form, text_in
from .filters import Record, listed
from .handlers import PARTNER, Asked, Handler
from .numbers import FIRST_USER
from .written import phone_text, seconds

__all__ = ["User", "UserBook"]


@define(kw_only=True)
class User:
    """A user of one shop. The phone is in wire form; without an extension its number is empty."""

    id: int
    shop_id: int
    full_name: str = field(repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    roles: tuple[str, ...] = ()
    extension_number: str = ""
    created_at: datetime | None = None


class UserBook:
    """The users of all shops."""

    def __init__(self) -> None:
        self._users: dict[int, User] = {}
        self._ids = itertools.count(FIRST_USER)

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {"Shop/CreateAccountUser": self._create, "Shop/GetAccountUsers": self._list}

    def add(
        self,
        shop_id: int,
        *,
        full_name: str,
        user_id: int | None = None,
        phone: str = "",
        email: str = "",
        roles: tuple[str, ...] = (),
        now: datetime | None = None,
    ) -> User:
        """Make a user of a shop."""
        user = User(
            id=next(self._ids) if user_id is None else user_id,
            shop_id=shop_id,
            full_name=full_name,
            phone=operators_form(phone) if phone else "",
            email=email,
            roles=roles,
            created_at=now,
        )
        self._users[user.id] = user
        return user

    def find(self, shop_id: int, user_id: int) -> User | None:
        """The user of this shop with this id."""
        user = self._users.get(user_id)
        return user if user is not None and user.shop_id == shop_id else None

    def reached_at(self, shop_id: int, *, email: str, phone: str) -> User | None:
        """The user of this shop with this email, or else with this phone in wire form."""
        for user in self._of(shop_id):
            if (email and user.email == email) or (not email and phone and user.phone == phone):
                return user
        return None

    def _of(self, shop_id: int) -> list[User]:
        return [user for user in self._users.values() if user.shop_id == shop_id]

    def _create(self, asked: Asked) -> dict[str, JSON]:
        full_name, phone = needed_text(asked.fields, "full_name"), needed_text(asked.fields, "phone")
        needed_text(asked.fields, "password")  # which is kept nowhere
        if self.reached_at(asked.shop_id, email="", phone=operators_form(phone)):
            raise Conflict("Số điện thoại đã được sử dụng")
        user = self.add(asked.shop_id, full_name=full_name, phone=phone, now=asked.now)
        moment = seconds(asked.now)
        return {
            "id": str(user.id),
            "full_name": user.full_name,
            "short_name": _short(user.full_name),
            "phone": phone_text(user.phone, is_wire=False),
            "email": "",
            "phone_verified_at": None,
            "email_verified_at": None,
            "phone_verification_sent_at": None,
            "email_verification_sent_at": None,
            "is_blocked": False,
            "block_reason": "",
            "blocked_at": None,
            "ref_aff": "",
            "ref_sale": "",
            "source": "partner" if asked.base == PARTNER else "etelecom",
            "total_shop": 1,
            "created_at": moment,
            "updated_at": moment,
        }

    def _list(self, asked: Asked) -> dict[str, JSON]:
        """Newest first."""
        wanted = object_of(asked.fields, "filter")
        users = self._of(asked.shop_id)[::-1]
        if chosen := ids_in(wanted, "user_ids"):
            users = [it for it in users if it.id in chosen]
        if phone := text_in(wanted, "phone"):
            users = [it for it in users if it.phone == operators_form(phone)]
        if number := text_in(wanted, "extension_number"):
            users = [it for it in users if it.extension_number == number]
        has_extension = flag_in(wanted, "has_extension")
        if has_extension is not None:
            users = [it for it in users if bool(it.extension_number) is has_extension]
        if name := text_in(wanted, "name").casefold():
            users = [it for it in users if name in it.full_name.casefold()]
        return listed(map(_record, users), {**asked.fields, "filter": None}, items="account_users", cursor="user_id")


def _record(user: User) -> Record:
    return {
        "user_id": str(user.id),
        "account_id": str(user.shop_id),
        "full_name": user.full_name,
        "short_name": _short(user.full_name),
        "email": user.email,
        "phone": phone_text(user.phone, is_wire=False),
        "position": "",
        "department_id": "0",
        "roles": [*user.roles],
        "permissions": [],
        "deleted": False,
    }


def _short(full_name: str) -> str:
    """A Vietnamese name ends in the name by which its bearer is called."""
    return full_name.rpartition(" ")[2]
