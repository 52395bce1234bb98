"""The sandbox's `Zalo/*`: which services answer it, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from .budgets import DailyQuota, Wallet
from .consent_requests import RequestBook
from .consents import Consents
from .conversations import Conversations
from .customers import Customer
from .filters import Record
from .followers import Followers
from .handlers import Handler
from .journeys import Journeys
from .limit import Gate
from .official_accounts import OfficialAccounts
from .templates import Templates
from .zns import ZnsMessages

__all__ = ["zalo_handlers"]


def zalo_handlers(
    *,
    oa_id: int,
    requests: RequestBook,
    customers: Callable[[], Mapping[str, Customer]],
    count: Callable[[Gate], None],
    zns_quota: DailyQuota,
    message_quota: DailyQuota,
    wallet: Wallet,
    are_phones_wire: bool,
    changed: Callable[[int, Record, datetime], None],
) -> dict[str, Handler]:
    """The handlers of `Zalo/*`, by their wire names.

    Args:
        oa_id: the Official Account that exists.
        requests: the requests for permission.
        customers: by their phones, as they are now.
        count: counts a request at a gate of the rate limit.
        zns_quota: ZNS a day.
        message_quota: other messages of the Official Account a day.
        wallet: pays for what is billed.
        are_phones_wire: lists write phones as `84...`; otherwise as the operator does, `0...`.
        changed: is told the shop and the record of each new message, and when it came.
    """
    accounts = OfficialAccounts(oa_id=oa_id, zns_quota=zns_quota)
    consents = Consents(accounts=accounts, book=requests, customers=customers, count=count)
    followers = Followers(customers=customers, code=consents.code, oa_id=oa_id, are_phones_wire=are_phones_wire)
    templates = Templates(accounts=accounts, oa_id=oa_id)
    messages = ZnsMessages(
        accounts=accounts,
        templates=templates,
        followers=followers,
        quota=zns_quota,
        wallet=wallet,
        are_phones_wire=are_phones_wire,
        changed=changed,
    )
    conversations = Conversations(
        accounts=accounts, followers=followers, quota=message_quota, wallet=wallet, messages=messages
    )
    journeys = Journeys(
        accounts=accounts, followers=followers, messages=messages, wallet=wallet, are_phones_wire=are_phones_wire
    )
    services = (accounts, consents, followers, templates, messages, conversations, journeys)
    return {name: handler for service in services for name, handler in service.handlers().items()}
