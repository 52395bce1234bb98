"""The sandbox's Official Account: its connection, its quota and its webhook."""

from __future__ import annotations

from datetime import datetime, timedelta

from yarl import URL

from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .budgets import DailyQuota
from .fields import id_in, text_in
from .filters import in_range, listed
from .handlers import Asked, Handler
from .numbers import APP_ID, OA_CONNECTION_ID, SHOP_ID, USER_ID, digest
from .written import seconds

__all__ = ["OfficialAccounts"]

CONNECTION_TIME = timedelta(days=90)
"""How long Zalo's refresh token lives."""

_CALLBACK = "https://shop.example.vn/zalo"
_STATES = 2**31
_PROMOTIONS = (
    *("daily_quota_promotion", "monthly_promotion_quota"),
    *("remaining_monthly_promotion_quota", "estimated_next_month_promotion_quota"),
)


class OfficialAccounts:
    """The one Official Account. What asks for another is 404 not_found.

    It is connected at first. After 90 days it is not any more, and its owner has to allow it again: the link for that
    leads straight to the `redirect_uri`, with a code that is good for one `Zalo/ConnectOA`, as if the owner had agreed.

    Args:
        oa_id: of the Official Account.
        zns_quota: its ZNS a day.
    """

    def __init__(self, *, oa_id: int, zns_quota: DailyQuota) -> None:
        self._oa_id = oa_id
        self._quota = zns_quota
        self._connected_at: datetime | None = None
        self._updated_at: datetime | None = None
        self._app_id, self._callback = APP_ID, _CALLBACK
        self._webhook_url = ""
        self._links = 0
        self._offers: dict[str, tuple[int, str]] = {}
        """By their codes: the state that goes with each, and the app."""

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Zalo/AuthorizeOA": self._authorize,
            "Zalo/ConnectOA": self._connect,
            "Zalo/RefreshToken": self._refresh,
            "Zalo/ListOA": self._list,
            "Zalo/GetShopOA": self._get,
            "Zalo/UpdateShopOA": self._update,
        }

    def judge(self, asked: Asked) -> None:
        """Refuse what is about another Official Account.

        Raises:
            NotFound: it is.
        """
        if asked.oa_id != self._oa_id:
            raise NotFound("Không tìm thấy Zalo OA")

    def is_connected(self, asked: Asked) -> bool:
        """Whether eTelecom may use it."""
        return asked.now < self._expires_at(asked)

    def _expires_at(self, asked: Asked) -> datetime:
        return (self._connected_at or asked.opened_at) + CONNECTION_TIME

    def _authorize(self, asked: Asked) -> dict[str, JSON]:
        app_id, callback = id_in(asked.fields, "app_id"), text_in(asked.fields, "redirect_uri")
        if app_id <= 0 or not text_in(asked.fields, "app_secret") or not callback:
            raise InvalidArgument("Thiếu app_id, app_secret hoặc redirect_uri")
        self._callback = callback
        return self._link(str(app_id))

    def _refresh(self, asked: Asked) -> dict[str, JSON]:
        self.judge(asked)
        return self._link(self._app_id)

    def _link(self, app_id: str) -> dict[str, JSON]:
        try:
            callback = URL(self._callback)
        except ValueError:
            raise InvalidArgument("redirect_uri không hợp lệ") from None
        self._links += 1
        code = digest("code", self._oa_id, self._links)
        state = int(digest("state", code), 16) % _STATES
        self._offers[code] = state, app_id
        return {"url": str(callback.update_query(code=code, oa_id=str(self._oa_id), state=str(state)))}

    def _connect(self, asked: Asked) -> dict[str, JSON]:
        self.judge(asked)
        code, state = text_in(asked.fields, "code"), id_in(asked.fields, "state")
        offered, app_id = self._offers.get(code, (None, ""))
        if offered != state:
            raise InvalidArgument("Mã xác thực không hợp lệ hoặc đã được sử dụng")
        del self._offers[code]
        self._app_id = app_id
        self._connected_at = self._updated_at = asked.now
        return self._record(asked)

    def _list(self, asked: Asked) -> dict[str, JSON]:
        keep = in_range(asked.fields)
        records = [{**self._record(asked), "webhook_url": self._webhook_url}] if keep(asked.opened_at) else []
        ids = ("app_id", "oa_id")
        return listed(records, asked.fields, items="accounts", cursor="oa_id", ids=ids, parts=("name",))

    def _get(self, asked: Asked) -> dict[str, JSON]:
        self.judge(asked)
        return self._whole(asked)

    def _update(self, asked: Asked) -> dict[str, JSON]:
        self.judge(asked)
        self._webhook_url, self._updated_at = text_in(asked.fields, "webhook_url"), asked.now
        return self._whole(asked)

    def _record(self, asked: Asked) -> dict[str, JSON]:
        remaining = self._quota.remaining(asked.now)
        return {
            "app_id": self._app_id,
            "oa_id": str(self._oa_id),
            "connection_id": OA_CONNECTION_ID,
            "shop_id": SHOP_ID,
            "onwer_id": USER_ID,
            "name": "Cửa hàng thử nghiệm",
            "description": "Zalo OA của sandbox",
            "avatar": "https://oa.example.vn/avatar.png",
            "cover": "https://oa.example.vn/cover.png",
            "connection_method": "direct",
            "status": "P" if self.is_connected(asked) else "N",
            "is_verified": True,
            "current_quality": "UNDEFINED" if remaining == self._quota.total else "HIGH",
            "last_week_quality": "UNDEFINED",
            "daily_quota": self._quota.total,
            "remaining_quota": max(0, remaining),
            "expires_at": seconds(self._expires_at(asked)),
            "created_at": seconds(asked.opened_at),
            "updated_at": seconds(self._updated_at or asked.opened_at),
        }

    def _whole(self, asked: Asked) -> dict[str, JSON]:
        """With what only the answers about one account have."""
        return {**self._record(asked), "webhook_url": self._webhook_url, **dict.fromkeys(_PROMOTIONS, 0)}
