"""The sandbox's templates of ZNS messages, and which data fit them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from ..api.templates import TemplateType
from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .fields import id_in, known_in
from .filters import in_range, listed
from .handlers import Asked, Handler
from .numbers import FIRST_TEMPLATE, SHOP_ID
from .official_accounts import OfficialAccounts
from .written import seconds

__all__ = ["TIMEOUT", "Template", "Templates"]

TIMEOUT = 7_200_000
"""Milliseconds, as Zalo has it."""
_MISSING, _TOO_LONG = -1122, -1121


@frozen(kw_only=True)
class Template:
    """A template.

    Attributes:
        id: its number on Zalo.
        params: the longest text of each value that has to be given, by its name.
        price: of a message, VND; half as much more above the quota.
        is_journey: for messages of journeys only.
        is_enabled: may it be used?
        tag: what it is for.
        created_at: None for one that is there from the start.
    """

    id: int
    name: str
    type: str
    tag: str
    params: Mapping[str, int]
    price: int = 300
    is_journey: bool = False
    is_enabled: bool = True
    created_at: datetime | None = None

    @property
    def price_exceeded(self) -> int:
        return self.price * 3 // 2

    def fault(self, data: Mapping[str, str]) -> int:
        """Zalo's code for data that do not fit; 0 where they do."""
        for name, longest in self.params.items():
            text = data.get(name, "")
            if not text:
                return _MISSING
            if len(text) > longest:
                return _TOO_LONG
        return 0


class Templates:
    """The templates that eTelecom knows. Those of the start have numbers from 300001 on:

    one-time passwords (`otp`); orders (`customer_name`, `order_code`); journeys (`order_code`); one that is disabled;
    one of follow-ups, which may go above the quota. `Zalo/CreateTemplate` makes any other number known, and a message
    of that takes any data.
    """

    def __init__(self, *, accounts: OfficialAccounts, oa_id: int) -> None:
        self._accounts = accounts
        self._oa_id = oa_id
        first = FIRST_TEMPLATE
        order = {"customer_name": 30, "order_code": 30}
        made = [
            Template(id=first, name="Mã xác thực", type="otp", tag="OTP", params={"otp": 10}),
            Template(id=first + 1, name="Xác nhận đơn hàng", type="table", tag="IN_TRANSACTION", params=order),
            Template(
                id=first + 2,
                name="Hành trình đơn hàng",
                type="text",
                tag="IN_TRANSACTION",
                params={"order_code": 30},
                is_journey=True,
            ),
            Template(
                id=first + 3,
                name="Đánh giá dịch vụ",
                type="rating",
                tag="POST_TRANSACTION",
                params={},
                is_enabled=False,
            ),
            Template(id=first + 4, name="Chăm sóc khách hàng", type="text", tag="FOLLOW_UP", params={}),
        ]
        self._by_id = {it.id: it for it in made}

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Zalo/CreateTemplate": self._create,
            "Zalo/GetTemplate": self._get,
            "Zalo/ListTemplates": self._list,
        }

    def find(self, number: int) -> Template | None:
        """The template of a number, if eTelecom knows it."""
        return self._by_id.get(number)

    def _create(self, asked: Asked) -> dict[str, JSON]:
        self._accounts.judge(asked)
        number, kind = id_in(asked.fields, "template_id"), known_in(asked.fields, "type", TemplateType)
        if number <= 0 or kind in (None, TemplateType.NOT_SET):
            raise InvalidArgument("Thiếu số hoặc loại của mẫu tin")
        if number not in self._by_id:
            self._by_id[number] = Template(
                id=number,
                name=f"Mẫu tin {number}",
                type=kind.value,
                tag="IN_TRANSACTION",
                created_at=asked.now,
                params={},
            )
        return self._record(self._by_id[number], asked)

    def _get(self, asked: Asked) -> dict[str, JSON]:
        self._accounts.judge(asked)
        template = self.find(id_in(asked.fields, "template_id"))
        if template is None:
            raise NotFound("Không tìm thấy mẫu tin")
        return self._record(template, asked)

    def _list(self, asked: Asked) -> dict[str, JSON]:
        keep, known = in_range(asked.fields), reversed(self._by_id.values())
        return listed(
            [self._record(it, asked) for it in known if keep(it.created_at or asked.opened_at)],
            asked.fields,
            items="templates",
            cursor="template_id",
            ids=("oa_id", "template_id"),
            enums={"type": TemplateType},
            parts=("template_name",),
        )

    def _record(self, it: Template, asked: Asked) -> dict[str, JSON]:
        params: list[JSON] = [
            {
                "name": name,
                "type": "STRING",
                "require": True,
                "accept_null": False,
                "min_length": 1,
                "max_length": longest,
            }
            for name, longest in it.params.items()
        ]
        created_at = seconds(it.created_at or asked.opened_at)
        return {
            "template_id": it.id,
            "template_name": it.name,
            "oa_id": str(self._oa_id),
            "shop_id": SHOP_ID,
            "type": it.type,
            "template_status": "ENABLE" if it.is_enabled else "DISABLE",
            "template_quality": "HIGH" if it.is_enabled else "LOW",
            "template_tag": it.tag,
            "template_params": params,
            "price": it.price,
            "price_exceeded": it.price_exceeded,
            "retail_price": it.price,
            "timeout": TIMEOUT,
            "apply_template_quota": False,
            "template_daily_quota": 0,
            "template_remaining_quota": 0,
            "is_journey": it.is_journey,
            "preview_url": f"https://template.example.vn/{it.id}",
            "ref_param": "",
            "created_at": created_at,
            "updated_at": created_at,
        }
