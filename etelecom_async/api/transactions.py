"""Transaction messages to Zalo users, by their ids on Zalo."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Id
from ..endpoint import Caller, Endpoint
from ..enums import OpenEnum
from .messages import Recipient
from .payload import an_id, judged

__all__ = [
    "SEND_ZNS_TXN",
    "Align",
    "Banner",
    "Button",
    "ButtonPayload",
    "ButtonType",
    "Language",
    "Methods",
    "Paragraph",
    "SendZNSTxn",
    "SentTxn",
    "TableRow",
    "TxnMessage",
    "TxnType",
]


class TxnType(OpenEnum):
    """What a transaction message is about. The values are Zalo's, as a third party prints them."""

    NOT_SET = "unknown"
    BILLING = "transaction_billing"
    ORDER = "transaction_order"
    REWARD = "transaction_reward"
    CONTRACT = "transaction_contract"
    BOOKING = "transaction_booking"
    MEMBERSHIP = "transaction_membership"
    EVENT = "transaction_event"
    TRANSACTION = "transaction_transaction"
    ACCOUNT = "transaction_account"
    INTERNAL = "transaction_internal"
    PARTNERSHIP = "transaction_partnership"
    EDUCATION = "transaction_education"
    RATING = "transaction_rating"


class Language(OpenEnum):
    """Of a transaction message."""

    NOT_SET = "unknown"
    VIETNAMESE = "VI"
    ENGLISH = "EN"


class Align(OpenEnum):
    """Where a text stands."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class ButtonType(OpenEnum):
    """What a button does."""

    NOT_SET = "unknown"
    OPEN_URL = "oa.open.url"
    QUERY_SHOW = "oa.query.show"
    QUERY_HIDE = "oa.query.hide"
    OPEN_SMS = "oa.open.sms"
    OPEN_PHONE = "oa.open.phone"


@frozen(kw_only=True, field_transformer=judged)
class ButtonPayload:
    """What a button needs: a URL, a text to send, a phone to call, by its type; at most 1000 characters."""

    url: str | None = None
    content: str | None = None
    phone_code: str | None = None


@frozen(kw_only=True, field_transformer=judged)
class Button:
    """A button of a transaction message, its title of at most 35 characters."""

    title: str
    type: ButtonType = field(converter=ButtonType)
    payload: ButtonPayload | None = None
    image_icon: str | None = None


@frozen(kw_only=True, field_transformer=judged)
class Banner:
    """The picture of a transaction message: one that was uploaded, or the URL of one."""

    attachment_id: str | None = None
    image_url: str | None = None


@frozen(kw_only=True, field_transformer=judged)
class Paragraph:
    """The header or the text of a transaction message."""

    content: str
    align: Align | None = field(default=None, converter=optional(Align))


@frozen(kw_only=True, field_transformer=judged)
class TableRow:
    """A row of the table of a transaction message: a key of at most 25 characters, a value of at most 100."""

    key: str
    value: str
    style: str | None = None


def _rows(rows: Iterable[TableRow]) -> tuple[TableRow, ...]:
    return tuple(rows)


def _buttons(buttons: Iterable[Button]) -> tuple[Button, ...]:
    return tuple(buttons)


@frozen(kw_only=True, field_transformer=judged)
class TxnMessage:
    """A transaction message: what is None is not in it; at most four buttons."""

    content_banner: Banner | None = None
    content_header: Paragraph | None = None
    content_text: Paragraph | None = None
    content_table: tuple[TableRow, ...] | None = field(default=None, converter=optional(_rows))
    buttons: tuple[Button, ...] | None = field(default=None, converter=optional(_buttons))


@frozen(kw_only=True, field_transformer=judged)
class SendZNSTxn:
    """What `Zalo/SendZNSTxn` is sent."""

    oa_id: Id = field(converter=an_id)
    recipient: Recipient
    message: TxnMessage
    template_type: TxnType | None = field(default=None, converter=optional(TxnType))
    language: Language | None = field(default=None, converter=optional(Language))


@frozen(kw_only=True)
class SentTxn:
    """A transaction message that was sent."""

    message_id: str = ""


SEND_ZNS_TXN = Endpoint(name="Zalo/SendZNSTxn", payload=SendZNSTxn, result=SentTxn)


@frozen(eq=False)
class Methods:
    """The method of `session.zalo` that sends transaction messages."""

    _caller: Caller

    async def send_zns_txn(
        self,
        *,
        oa_id: int | str,
        user_id: int | str,
        content_banner: Banner | None = None,
        content_header: Paragraph | None = None,
        content_text: Paragraph | None = None,
        content_table: Iterable[TableRow] | None = None,
        buttons: Iterable[Button] | None = None,
        template_type: TxnType | str | None = None,
        language: Language | str | None = None,
    ) -> SentTxn:
        """Send a transaction message to a Zalo user.

        Documented; billed; never repeated on doubt.

        Args:
            oa_id, user_id: the Official Account, and the person.
            content_banner, content_header, content_text, content_table, buttons: its parts, from above to below.
            template_type, language: what it is about, and in which language.
        """
        message = TxnMessage(
            content_banner=content_banner,
            content_header=content_header,
            content_text=content_text,
            content_table=content_table,
            buttons=buttons,
        )
        payload = SendZNSTxn(
            oa_id=oa_id,
            recipient=Recipient(user_id=user_id),
            message=message,
            template_type=template_type,
            language=language,
        )
        return await self._caller.call(SEND_ZNS_TXN, payload)
