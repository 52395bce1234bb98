"""The sandbox's account webhooks: what is registered, what waits to be sent, and how the deliveries go.

A shop's webhooks hear of that shop, the partner's of all shops; the latter is an assumption.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from attrs import define, field, frozen
from yarl import URL

from ..api.webhook import DeliveryState, WebhookEntity
from ..endpoint import JSON
from ..errors import InvalidArgument, NotFound
from .fields import needed_id, needed_text, text_in, texts_in
from .handlers import Asked, Handler
from .numbers import FIRST_DELIVERY, FIRST_WEBHOOK
from .written import seconds

__all__ = ["AccountWebhook", "Failure", "WebhookBook"]

_IN_A_DELIVERY = 1000
_BACKLOG = 2000
"""Changes that may wait; if there are more, only the newest of them stay, as many as a delivery has."""
_SHOWN_BODY = 1000


@frozen(kw_only=True)
class Failure:
    """Why a delivery did not get through.

    Attributes:
        error: in words.
        status: of the receiver's answer; 0 without one.
        body: of that answer.
        retried: how often it had been repeated.
        sent_at: when it was sent.
    """

    error: str
    status: int
    body: str = field(repr=False)
    retried: int
    sent_at: datetime

    def record(self) -> dict[str, JSON]:
        return {
            "error": self.error,
            "resp_body": self.body[:_SHOWN_BODY],
            "resp_status": self.status,
            "retried": self.retried,
            "sent_at": seconds(self.sent_at),
        }


@define(kw_only=True, eq=False)
class AccountWebhook:
    """A registered webhook. `shop_id` is 0 for the partner's own; `under_way` is sent and not taken yet."""

    id: int
    shop_id: int
    url: str = field(repr=False)
    entities: tuple[str, ...]
    fields: tuple[str, ...] = ()
    metadata: str = ""
    created_at: datetime
    state: DeliveryState = DeliveryState.OK
    last_sent_at: datetime | None = None
    last_failure: Failure | None = None
    backlog: list[JSON] = field(factory=list[JSON], repr=False)
    under_way: list[JSON] = field(factory=list[JSON], repr=False)

    @property
    def has_changes(self) -> bool:
        """Whether there is something to send."""
        return bool(self.under_way or self.backlog) and self.state is not DeliveryState.STOP

    def record(self) -> dict[str, JSON]:
        return {
            "id": str(self.id),
            "url": self.url,
            "entities": [*self.entities],
            "fields": [*self.fields],
            "metadata": self.metadata,
            "created_at": seconds(self.created_at),
            "states": {
                "state": self.state.value,
                "last_sent_at": seconds(self.last_sent_at),
                "last_error": None if self.last_failure is None else self.last_failure.record(),
            },
        }


class WebhookBook:
    """The webhooks of all accounts.

    Args:
        clock: the present.
    """

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._webhooks: dict[int, AccountWebhook] = {}
        self._ids = itertools.count(FIRST_WEBHOOK)
        self._deliveries = itertools.count(FIRST_DELIVERY)
        self.now = clock

    def handlers(self) -> dict[str, Handler]:
        """By their wire names."""
        return {
            "Webhook/CreateWebhook": self._create,
            "Webhook/GetWebhooks": lambda asked: self._list(asked.shop_id),
            "Webhook/DeleteWebhook": self._delete,
        }

    def changed(self, entity: WebhookEntity, shop_id: int, record: dict[str, JSON], now: datetime) -> None:
        """Something of a shop is new: it waits for the webhooks that want it."""
        change: JSON = {
            "time": seconds(now),
            "change_type": "create",
            "entity": entity.value,
            "latest": {entity.value: record},
            "changed": {entity.value: record},
        }
        for it in self._webhooks.values():
            if it.shop_id in (0, shop_id) and entity in it.entities and it.state is not DeliveryState.STOP:
                it.backlog.append(change)
                if len(it.backlog) > _BACKLOG:
                    del it.backlog[:-_IN_A_DELIVERY]

    def waiting(self) -> list[AccountWebhook]:
        """Those for which there is something to send."""
        return [it for it in self._webhooks.values() if it.has_changes]

    def is_registered(self, webhook: AccountWebhook) -> bool:
        """Whether it was not deleted yet."""
        return webhook.id in self._webhooks

    def delivery(self, webhook: AccountWebhook) -> dict[str, JSON]:
        """The body of the next delivery: the same changes again if they were not taken, under a new id."""
        if not webhook.under_way:
            webhook.under_way = webhook.backlog[:_IN_A_DELIVERY]
            del webhook.backlog[:_IN_A_DELIVERY]
        return {"id": str(next(self._deliveries)), "changes": [*webhook.under_way]}

    def taken(self, webhook: AccountWebhook, sent_at: datetime) -> None:
        """The receiver has what is under way."""
        webhook.under_way = []
        webhook.state, webhook.last_sent_at, webhook.last_failure = DeliveryState.OK, sent_at, None

    def not_taken(self, webhook: AccountWebhook, failure: Failure, *, is_last: bool) -> None:
        """The receiver does not have it; after the last repetition nothing is sent any more."""
        webhook.state = DeliveryState.STOP if is_last else DeliveryState.RETRY
        webhook.last_sent_at, webhook.last_failure = failure.sent_at, failure
        if is_last:
            webhook.under_way, webhook.backlog = [], []

    def _create(self, asked: Asked) -> dict[str, JSON]:
        url, entities = needed_text(asked.fields, "url"), texts_in(asked.fields, "entities")
        if not _is_url(url):
            raise InvalidArgument("url phải là một URL http hoặc https")
        if not entities or not all(WebhookEntity(it).is_known for it in entities):
            raise InvalidArgument("entities không hợp lệ")
        webhook = AccountWebhook(
            id=next(self._ids),
            shop_id=asked.shop_id,
            url=url,
            entities=tuple(entities),
            fields=tuple(texts_in(asked.fields, "fields")),
            metadata=text_in(asked.fields, "metadata"),
            created_at=asked.now,
        )
        self._webhooks[webhook.id] = webhook
        return webhook.record()

    def _list(self, shop_id: int) -> dict[str, JSON]:
        return {"webhooks": [it.record() for it in self._webhooks.values() if it.shop_id == shop_id]}

    def _delete(self, asked: Asked) -> dict[str, JSON]:
        webhook = self._webhooks.get(needed_id(asked.fields, "id"))
        if webhook is None or webhook.shop_id != asked.shop_id:
            raise NotFound("Không tìm thấy webhook")
        del self._webhooks[webhook.id]
        return self._list(asked.shop_id)


def _is_url(text: str) -> bool:
    with suppress(ValueError):
        url = URL(text)
        return url.scheme in ("http", "https") and bool(url.host)
    return False
