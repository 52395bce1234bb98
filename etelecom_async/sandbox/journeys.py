"""The sandbox's journeys: for 7 or 30 days, ZNS to one phone under one token."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import field, frozen

from ..api.journeys import JourneyStatus, TokenType
from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .budgets import Wallet
from .fields import id_in, known_in, number_text_in, object_of
from .filters import in_range, listed
from .followers import Followers
from .handlers import Asked, Handler
from .numbers import FIRST_JOURNEY, FIRST_ZALO_JOURNEY, digest
from .official_accounts import OfficialAccounts
from .written import phone_text, seconds
from .zns import NO_MONEY, TOKEN_EXPIRED, ZnsMessages, zns_words

__all__ = ["Journeys"]

TOKEN_PRICE = 500
_UNKNOWN_TOKEN, _TOKEN_ENDED = -149, -150
_LONG = frozenset({TokenType.LOGISTICS_30, TokenType.COACH_BUS_30})
_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)


@frozen(kw_only=True)
class _Journey:
    id: int
    oa_id: int
    phone: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    error_code: int

    @property
    def journey_id(self) -> str:
        return "" if self.error_code else str(FIRST_ZALO_JOURNEY - FIRST_JOURNEY + self.id)

    def is_open(self, now: datetime) -> bool:
        return not self.error_code and now < self.expires_at


class Journeys:
    """The journeys of a world, in the order in which they came. Making one is billed.

    Args:
        accounts: whose journeys they are.
        followers: with whom.
        messages: takes their messages.
        wallet: pays for them.
        are_phones_wire: lists write phones as `84...`; otherwise as the operator does, `0...`.
    """

    def __init__(
        self,
        *,
        accounts: OfficialAccounts,
        followers: Followers,
        messages: ZnsMessages,
        wallet: Wallet,
        are_phones_wire: bool,
    ) -> None:
        self._accounts = accounts
        self._followers = followers
        self._messages = messages
        self._wallet = wallet
        self._are_phones_wire = are_phones_wire
        self._journeys: list[_Journey] = []

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Zalo/CreateJourney": self._create,
            "Zalo/SendZNSJourney": self._send,
            "Zalo/GetJourney": self._get,
            "Zalo/ListJourneys": self._list,
        }

    def _create(self, asked: Asked) -> dict[str, JSON]:
        self._accounts.judge(asked)
        if not asked.phone:
            raise InvalidArgument("Thiếu số điện thoại")
        kind, customer = known_in(asked.fields, "token_type", TokenType), self._followers.customer(asked.phone)
        code = customer.zns_error if customer else 0
        if not self._accounts.is_connected(asked):
            code = TOKEN_EXPIRED
        elif not code and not self._wallet.has(TOKEN_PRICE):
            code = NO_MONEY
        journey = _Journey(
            id=FIRST_JOURNEY + len(self._journeys),
            oa_id=asked.oa_id,
            phone=asked.phone,
            created_at=asked.now,
            expires_at=asked.now + (_MONTH if kind in _LONG else _WEEK),
            error_code=code,
        )
        self._journeys.append(journey)
        if not code:
            self._wallet.pay(TOKEN_PRICE)
        return self._record(journey, asked.now)

    def _send(self, asked: Asked) -> dict[str, JSON]:
        journey_id = number_text_in(asked.fields, "journey_id")
        journey = self._find(journey_id)
        fault = 0
        if journey is None or journey.phone != asked.phone:
            fault = _UNKNOWN_TOKEN
        elif not journey.is_open(asked.now):
            fault = _TOKEN_ENDED
        record = self._messages.send(asked, journey_id=journey_id or "0", fault=fault)
        # As the example of this method has it, whose schema says `type`.
        return {**record, "msg_type": record.pop("type"), "price": record["fee_main"]}

    def _get(self, asked: Asked) -> dict[str, JSON]:
        journey = self._find(number_text_in(asked.fields, "journey_id"))
        if journey is None or asked.oa_id not in (0, journey.oa_id):
            raise NotFound("Không tìm thấy hành trình")
        return self._record(journey, asked.now)

    def _list(self, asked: Asked) -> dict[str, JSON]:
        wanted, keep = object_of(asked.fields, "filter"), in_range(asked.fields)
        oa_id = id_in(wanted, "oa_id")
        return listed(
            [
                self._record(it, asked.now)
                for it in reversed(self._journeys)
                if oa_id in (0, it.oa_id) and keep(it.created_at)
            ],
            asked.fields,
            items="journeys",
            ids=("journey_id",),
            texts=("phone",),
            enums={"status": JourneyStatus},
            flags=("is_charged",),
        )

    def _find(self, journey_id: str) -> _Journey | None:
        return next((it for it in self._journeys if journey_id and it.journey_id == journey_id), None)

    def _record(self, it: _Journey, now: datetime) -> dict[str, JSON]:
        return {
            "id": str(it.id),
            "journey_id": it.journey_id,
            "journey_token": "" if it.error_code else digest("token", it.id),
            "phone": phone_text(it.phone, is_wire=self._are_phones_wire),
            "status": "P" if it.is_open(now) else "N",
            "error_code": it.error_code,
            "error_message": zns_words(it.error_code),
            "is_charged": not it.error_code,
            "expired_at": seconds(it.expires_at),
            "created_at": seconds(it.created_at),
            "updated_at": seconds(it.created_at),
        }
