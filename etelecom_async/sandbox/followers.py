"""The sandbox's followers of the Official Account: its customers, as Zalo knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import define, field, frozen

from ..api.followers import FollowerState, Gender
from ..endpoint import JSON
from .customers import Customer
from .fields import list_of, number_texts_in, object_of, text_in
from .filters import in_range, listed
from .handlers import Asked, Handler
from .numbers import FIRST_FOLLOWER, FIRST_ZALO_USER, SHOP_ID, USER_ID, digest
from .written import phone_text, seconds

__all__ = ["Followers"]

_BLOCKED, _NEVER_MET = 4, 9
_SIZES = ("120", "240")
_MEN = ("Nguyễn Văn An", "Trần Minh Đức", "Lê Quang Huy", "Phạm Tuấn Kiệt")
_WOMEN = ("Nguyễn Thị Bình", "Trần Thu Hà", "Lê Ngọc Lan", "Phạm Thanh Mai")


@frozen(kw_only=True)
class _Person:
    """A customer's made-up self on Zalo, which follows from the phone alone."""

    number: int
    gender: Gender
    name: str = field(repr=False)

    @property
    def zl_user_id(self) -> str:
        return str(FIRST_ZALO_USER + self.number)


def _person(phone: str) -> _Person:
    number = int(digest("zalo", phone)[:14], 16)
    is_man, at = number % 2, number // 2 % len(_MEN)
    gender, names = (Gender.MALE, _MEN) if is_man else (Gender.FEMALE, _WOMEN)
    return _Person(number=number, gender=gender, name=names[at])


@define
class _History:
    """What has been between a customer and the Official Account."""

    last: dict[str, JSON] | None = None
    at: datetime | None = None
    has_shared: bool = False


class Followers:
    """The followers. A customer who never met the Official Account is none, and one who blocked it is no more.

    Args:
        customers: by their phones, as they are now.
        code: what a check of a customer answers at a time.
        oa_id: the Official Account.
        are_phones_wire: lists write phones as `84...`; otherwise as the operator does, `0...`.
    """

    def __init__(
        self,
        *,
        customers: Callable[[], Mapping[str, Customer]],
        code: Callable[[str, datetime], int],
        oa_id: int,
        are_phones_wire: bool,
    ) -> None:
        self._customers = customers
        self._code = code
        self._oa_id = oa_id
        self._are_phones_wire = are_phones_wire
        self._phones: dict[str, str] = {}
        self._histories: dict[str, _History] = {}

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {"Zalo/ListFollowers": self._list}

    def find(self, zl_user_id: str) -> Customer | None:
        """The customer with this id on Zalo."""
        customers = self._customers()
        if self._phones.get(zl_user_id) not in customers:
            self._phones = {_person(phone).zl_user_id: phone for phone in customers}
        return customers.get(self._phones.get(zl_user_id, ""))

    def customer(self, phone: str) -> Customer | None:
        """The customer of this phone."""
        return self._customers().get(phone)

    def follows(self, customer: Customer, now: datetime) -> bool:
        """Whether messages may go to this customer."""
        return self._code(customer.phone, now) not in (_BLOCKED, _NEVER_MET)

    def zl_user_id(self, phone: str) -> str:
        """The id on Zalo of a customer; `0` for a phone without one."""
        return _person(phone).zl_user_id if phone in self._customers() else "0"

    def note(self, customer: Customer, message: dict[str, JSON], now: datetime) -> None:
        """Keep the last message to a customer."""
        history = self._histories.setdefault(customer.phone, _History())
        history.last, history.at = message, now

    def share(self, customer: Customer, now: datetime) -> None:
        """The customer tells name and phone, as they were asked to."""
        history = self._histories.setdefault(customer.phone, _History())
        history.has_shared, history.at = True, now

    def _list(self, asked: Asked) -> dict[str, JSON]:
        wanted, keep = object_of(asked.fields, "filter"), in_range(asked.fields)
        ids, tags = number_texts_in(wanted, "zl_user_ids"), list_of(wanted, "tags")
        name = text_in(wanted, "name").casefold()
        records = [
            self._record(phone, asked)
            for phone in (self._customers() if keep(asked.opened_at) and not tags else ())
            if self._code(phone, asked.now) != _NEVER_MET
        ]
        return listed(
            [it for it in records if (not ids or it["zl_user_id"] in ids) and name in str(it["full_name"]).casefold()],
            asked.fields,
            items="followers",
            ids=("oa_id", "zl_user_id", "assigned_user_id"),
            texts=("phone",),
            enums={"gender": Gender, "state": FollowerState},
            flags=("has_conversation",),
        )

    def _record(self, phone: str, asked: Asked) -> dict[str, JSON]:
        person, history = _person(phone), self._histories.get(phone, _History())
        shown = phone_text(phone, is_wire=self._are_phones_wire)
        avatar = f"https://avatar.example.vn/{person.number:x}"
        shared: dict[str, JSON] = {"name": person.name, "phone": shown, "address": "", "ward": "", "district": ""}
        return {
            "id": str(FIRST_FOLLOWER + person.number),
            "oa_id": str(self._oa_id),
            "shop_id": SHOP_ID,
            "assigned_user_id": USER_ID,
            "zl_user_id": person.zl_user_id,
            "zl_user_id_by_app": person.zl_user_id,
            "full_name": person.name,
            "phone": shown,
            "gender": person.gender.value,
            "state": "unfollow" if self._code(phone, asked.now) == _BLOCKED else "follow",
            "has_conversation": history.last is not None,
            "last_conversation": history.last,
            "avatar": avatar,
            "avatars": {size: f"{avatar}/{size}" for size in _SIZES},
            "shared_info": {**shared, "city": ""} if history.has_shared else None,
            "tags_and_notes_info": {"notes": [], "tag_names": []},
            "created_at": seconds(asked.opened_at),
            "updated_at": seconds(history.at or asked.opened_at),
        }
