"""The sandbox's messages of the Official Account to people on Zalo: texts, pictures, files, transactions."""

from __future__ import annotations

from ..api.error_codes import OA_CODES
from ..api.transactions import Language, TxnType
from ..endpoint import JSON
from ..errors import InvalidArgument, ServerFault
from .budgets import DailyQuota, Wallet, day_of
from .customers import Customer
from .fields import Fields, known_in, list_of, needed_id, number_text_in, object_of, text_in
from .followers import Followers
from .handlers import Asked, Handler
from .numbers import SHOP_ID, USER_ID, digest
from .official_accounts import OfficialAccounts
from .zns import ZnsMessages

__all__ = ["Conversations"]

TXN_PRICE = 200
_MOST_BUTTONS = 4
_TITLE, _SUBTITLE = 100, 500

_UNKNOWN_USER, _NOT_FOLLOWING, _OUT_OF_QUOTA, _NO_MONEY, _TOKEN_EXPIRED = -201, -213, -211, -321, -220


class Conversations:
    """`Zalo/OASend*`, `Zalo/RequestUserInfo` and `Zalo/SendZNSTxn`.

    What Zalo refuses is a 500 external_service with Zalo's code in its words; how the real server says it is not known.
    `Zalo/RequestUserInfo` answers `updated` 0 instead, as it is documented.

    Args:
        accounts: whose messages they are.
        followers: to whom they go.
        quota: messages a day.
        wallet: pays for transactions.
        messages: lists transactions.
    """

    def __init__(
        self,
        *,
        accounts: OfficialAccounts,
        followers: Followers,
        quota: DailyQuota,
        wallet: Wallet,
        messages: ZnsMessages,
    ) -> None:
        self._accounts = accounts
        self._followers = followers
        self._quota = quota
        self._wallet = wallet
        self._messages = messages
        self._sent = 0

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Zalo/OASendText": self._sender("text", "text"),
            "Zalo/OASendSticker": self._sender("sticker", "attachment_id"),
            "Zalo/OASendImage": self._sender("photo", "attachment_id", "image_url"),
            "Zalo/OASendFile": self._sender("file", "token"),
            "Zalo/RequestUserInfo": self._request_user_info,
            "Zalo/SendZNSTxn": self._send_txn,
        }

    def _sender(self, kind: str, *parts: str) -> Handler:
        """A handler for messages that have one of these parts."""

        def send(asked: Asked) -> dict[str, JSON]:
            self._accounts.judge(asked)
            message = object_of(asked.fields, "message")
            if not any(text_in(message, part) for part in parts):
                raise InvalidArgument("Tin nhắn không có nội dung")
            user_id = _recipient(asked.fields)
            customer = self._allowed(user_id, asked)
            self._quota.take(asked.now)
            self._sent += 1
            msg_id = digest("message", self._sent)
            self._followers.note(customer, {"msg_id": msg_id, "type": kind, "direction": "out", **message}, asked.now)
            return {
                "msg_id": msg_id,
                "oa_id": str(asked.oa_id),
                "shop_id": SHOP_ID,
                "user_id": USER_ID,
                "wl_partner_id": "0",
                "sender_id": str(asked.oa_id),
                "recipient_id": user_id,
                "zl_user_id": user_id,
                "direction": "out",
                "type": kind,
                "quota": {
                    "owner_id": str(asked.oa_id),
                    "owner_type": "OA",
                    "quota_type": "sub_quota",
                    "remain": str(self._quota.remaining(asked.now)),
                    "total": str(self._quota.total),
                    "expired_date": f"{day_of(asked.now):%d/%m/%Y}",
                },
            }

        return send

    def _request_user_info(self, asked: Asked) -> dict[str, JSON]:
        self._accounts.judge(asked)
        title, subtitle = text_in(asked.fields, "title"), text_in(asked.fields, "subtitle")
        text_in(asked.fields, "image_url")
        if len(title) > _TITLE or len(subtitle) > _SUBTITLE:
            raise InvalidArgument("Tiêu đề quá dài")
        code, customer = self._judged(str(needed_id(asked.fields, "zl_user_id")), asked)
        if code or customer is None:
            return {"updated": 0}
        self._quota.take(asked.now)
        self._followers.share(customer, asked.now)
        return {"updated": 1}

    def _send_txn(self, asked: Asked) -> dict[str, JSON]:
        self._accounts.judge(asked)
        known_in(asked.fields, "template_type", TxnType)
        known_in(asked.fields, "language", Language)
        if len(list_of(object_of(asked.fields, "message"), "buttons")) > _MOST_BUTTONS:
            raise InvalidArgument("Tin nhắn có quá nhiều nút")
        customer = self._allowed(_recipient(asked.fields), asked)
        if not self._wallet.has(TXN_PRICE):
            raise _refused(_NO_MONEY)
        self._quota.take(asked.now)
        self._wallet.pay(TXN_PRICE)
        return {"message_id": self._messages.add_transaction(customer, asked, price=TXN_PRICE)}

    def _allowed(self, user_id: str, asked: Asked) -> Customer:
        code, customer = self._judged(user_id, asked)
        if code or customer is None:
            raise _refused(code)
        return customer

    def _judged(self, user_id: str, asked: Asked) -> tuple[int, Customer | None]:
        """Zalo's code for a message to this person, 0 for none; and the person."""
        customer = self._followers.find(user_id)
        if not self._accounts.is_connected(asked):
            code = _TOKEN_EXPIRED
        elif customer is None:
            code = _UNKNOWN_USER
        elif customer.oa_error:
            code = customer.oa_error
        elif not self._followers.follows(customer, asked.now):
            code = _NOT_FOLLOWING
        else:
            code = 0 if self._quota.remaining(asked.now) > 0 else _OUT_OF_QUOTA
        return code, customer


def _recipient(fields: Fields) -> str:
    return number_text_in(object_of(fields, "recipient"), "user_id")


def _refused(code: int) -> ServerFault:
    known = OA_CODES.get(code)
    return ServerFault(f"Zalo từ chối: {known.meaning if known else 'unknown'} ({code})", code="external_service")
