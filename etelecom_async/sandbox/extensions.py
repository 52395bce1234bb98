"""The sandbox's extensions: the phones of a shop's telephone system, and who has them.

An extension has one user, and a user one extension. Its number is a text: `0103` and `103` are two.
"""

from __future__ import annotations

from datetime import datetime

from attrs import define

from ..api.extensions import ExtensionState
from ..endpoint import JSON
from ..errors import FailedPrecondition, InvalidArgument, NotFound
from .fields import id_in, needed_id, operators_form, text_in, whole_in
from .filters import Record, listed
from .handlers import Asked, Handler
from .hotlines import Hotline, HotlineBook, Tenant
from .numbers import FIRST_EXTENSION, FIRST_SUBSCRIPTION
from .users import User, UserBook
from .written import ZERO_TIME, seconds

__all__ = ["Extension", "ExtensionBook"]

_DONE: dict[str, JSON] = {"updated": 1}
_NOT_DONE: dict[str, JSON] = {"updated": 0}


@define(kw_only=True)
class Extension:
    """A phone of a shop."""

    id: int
    shop_id: int
    number: str
    tenant: Tenant
    hotline: Hotline
    user: User | None = None
    expires_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def hotline_id(self) -> int:
        """0 once it was deleted."""
        return 0 if self.hotline.is_deleted else self.hotline.id

    @property
    def user_id(self) -> int:
        """0 without a user."""
        return 0 if self.user is None else self.user.id

    @property
    def password(self) -> str:
        return f"sandbox-password-of-{self.number}"

    def record(self, now: datetime) -> Record:
        is_expired = self.expires_at is not None and self.expires_at <= now
        return {
            "id": str(self.id),
            "user_id": str(self.user_id),
            "account_id": str(self.shop_id),
            "extension_number": self.number,
            "extension_password": self.password,
            "tenant_id": str(self.tenant.id),
            "tenant_domain": self.tenant.domain,
            "hotline_id": str(self.hotline_id),
            "subscription_id": str(self.id - FIRST_EXTENSION + FIRST_SUBSCRIPTION),
            "state": (ExtensionState.EXPIRED if is_expired else ExtensionState.VALID).value,
            "expires_at": seconds(self.expires_at) or ZERO_TIME,
            "created_at": seconds(self.created_at),
            "updated_at": seconds(self.updated_at),
        }


class ExtensionBook:
    """The extensions of all shops, over their hotlines and users."""

    def __init__(self, *, hotlines: HotlineBook, users: UserBook) -> None:
        self._extensions: dict[int, Extension] = {}
        self._hotlines = hotlines
        self._users = users

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Etelecom/CreateExtension": self._create,
            "Etelecom/GetExtensions": self._list,
            "Etelecom/GetExtensionInfo": self._info,
            "Etelecom/AssignUserToExtension": self._assign,
            "Etelecom/RemoveUserOfExtension": self._remove_user,
            "Etelecom/UpdateHotlineForExtension": self._update_hotline,
        }

    def add(
        self,
        shop_id: int,
        *,
        number: str,
        hotline_id: int,
        user_id: int = 0,
        expires_at: datetime | None = None,
        now: datetime,
    ) -> Extension:
        """Make an extension; raises as `Etelecom/CreateExtension` answers."""
        hotline = self._hotlines.usable(shop_id, hotline_id)
        if self.of_number(shop_id, number) is not None:
            raise FailedPrecondition("Số máy nhánh đã tồn tại")
        extension = Extension(
            id=FIRST_EXTENSION + len(self._extensions),
            shop_id=shop_id,
            number=number,
            tenant=self._hotlines.tenant_of(shop_id),
            hotline=hotline,
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
        )
        if user_id:
            _give(extension, self._user(shop_id, user_id))
        self._extensions[extension.id] = extension
        return extension

    def of(self, shop_id: int) -> list[Extension]:
        """Those of a shop, the oldest first."""
        return [it for it in self._extensions.values() if it.shop_id == shop_id]

    def of_number(self, shop_id: int, number: str) -> Extension | None:
        """The one of a shop with exactly this number."""
        return next((it for it in self.of(shop_id) if it.number == number), None)

    def _find(self, asked: Asked) -> Extension:
        extension = self._extensions.get(needed_id(asked.fields, "extension_id"))
        if extension is None or extension.shop_id != asked.shop_id:
            raise NotFound("Không tìm thấy máy nhánh")
        return extension

    def _user(self, shop_id: int, user_id: int) -> User:
        user = self._users.find(shop_id, user_id)
        if user is None:
            raise NotFound("Không tìm thấy nhân viên")
        return user

    def _create(self, asked: Asked) -> dict[str, JSON]:
        fields = asked.fields
        hotline_id, number = needed_id(fields, "hotline_id"), whole_in(fields, "extension_number")
        if number is None or number <= 0:
            raise InvalidArgument("Thiếu extension_number")
        user_id = id_in(fields, "user_id")
        added = self.add(asked.shop_id, number=str(number), hotline_id=hotline_id, user_id=user_id, now=asked.now)
        return added.record(asked.now)

    def _list(self, asked: Asked) -> dict[str, JSON]:
        """Newest first; it looks at the filter, as older servers do."""
        records = [it.record(asked.now) for it in reversed(self.of(asked.shop_id))]
        return listed(records, asked.fields, items="extensions", ids=("hotline_id",))

    def _info(self, asked: Asked) -> dict[str, JSON]:
        number, email = text_in(asked.fields, "extension_number"), text_in(asked.fields, "email")
        phone = text_in(asked.fields, "phone")
        if not (number or email or phone):
            raise InvalidArgument("Cần extension_number, email hoặc phone")
        if not number:
            user = self._users.reached_at(asked.shop_id, email=email, phone=operators_form(phone))
            number = user.extension_number if user is not None else ""
        found = self.of_number(asked.shop_id, number)
        if found is None:
            raise NotFound("Không tìm thấy máy nhánh")
        return {
            "extension_number": found.number,
            "extension_password": found.password,
            "tenant_domain": found.tenant.domain,
            "expires_at": seconds(found.expires_at) or ZERO_TIME,
        }

    def _assign(self, asked: Asked) -> dict[str, JSON]:
        extension, user = self._find(asked), self._user(asked.shop_id, needed_id(asked.fields, "user_id"))
        if extension.user is not user:
            _give(extension, user)
            extension.updated_at = asked.now
        return _DONE

    def _remove_user(self, asked: Asked) -> dict[str, JSON]:
        """It is not done where another user has the extension; where none has it, there is nothing to do."""
        extension, user = self._find(asked), self._user(asked.shop_id, needed_id(asked.fields, "user_id"))
        if extension.user is None:
            return _DONE
        if extension.user is not user:
            return _NOT_DONE
        user.extension_number, extension.user, extension.updated_at = "", None, asked.now
        return _DONE

    def _update_hotline(self, asked: Asked) -> dict[str, JSON]:
        """It is not done where a user is named who does not have the extension."""
        extension = self._find(asked)
        hotline = self._hotlines.usable(asked.shop_id, needed_id(asked.fields, "hotline_id"))
        user_id = id_in(asked.fields, "user_id")
        if user_id and self._user(asked.shop_id, user_id) is not extension.user:
            return _NOT_DONE
        extension.hotline, extension.updated_at = hotline, asked.now
        return _DONE


def _give(extension: Extension, user: User) -> None:
    if extension.user is not None:
        raise FailedPrecondition("Máy nhánh đã có nhân viên khác")
    if user.extension_number:
        raise FailedPrecondition("Nhân viên đã có máy nhánh")
    extension.user, user.extension_number = user, extension.number
