"""The namespace `session.webhook`: where eTelecom sends what changes in an account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen
from attrs.converters import optional

from ..codec import Id
from ..endpoint import Caller, Endpoint, Role, Safety
from ..enums import OpenEnum
from .payload import an_id, judged, several

__all__ = [
    "CREATE_WEBHOOK",
    "DELETE_WEBHOOK",
    "GET_WEBHOOKS",
    "CreateWebhook",
    "DeleteWebhook",
    "Delivery",
    "DeliveryError",
    "DeliveryState",
    "GetWebhooks",
    "Webhook",
    "WebhookEntity",
    "WebhookList",
    "Webhooks",
]


class WebhookEntity(OpenEnum):
    """What changes are about."""

    CALL_LOG = "call_log"
    ZL_OA_MESSAGE = "zl_oa_message"


class DeliveryState(OpenEnum):
    """Do changes get through?"""

    OK = "ok"
    RETRY = "retry"
    STOP = "stop"
    """The last repetition has failed: nothing is sent any more."""


@frozen(kw_only=True)
class DeliveryError:
    """Why changes did not get through the last time."""

    error: str = ""
    resp_body: str = field(default="", repr=False)
    resp_status: int | None = None
    retried: int | None = None
    sent_at: datetime | None = None


@frozen(kw_only=True)
class Delivery:
    """How the delivery goes."""

    state: DeliveryState | None = None
    last_sent_at: datetime | None = None
    last_error: DeliveryError | None = None


@frozen(kw_only=True)
class Webhook:
    """Where changes are sent. Every field may be missing in an answer: None, or an empty text."""

    id: Id | None = None
    url: str = ""
    entities: tuple[WebhookEntity, ...] = ()
    fields: tuple[str, ...] = ()
    metadata: str = ""
    created_at: datetime | None = None
    states: Delivery | None = None


@frozen(kw_only=True)
class WebhookList:
    """The account's webhooks, all in one answer."""

    webhooks: tuple[Webhook, ...] = ()


def _entities(entities: Iterable[WebhookEntity | str]) -> tuple[WebhookEntity, ...]:
    return tuple(map(WebhookEntity, entities))


@frozen(kw_only=True, field_transformer=judged)
class CreateWebhook:
    """What `Webhook/CreateWebhook` is sent; the fields are the arguments of `create_webhook`."""

    url: str
    entities: tuple[WebhookEntity, ...] = field(converter=_entities)
    fields: tuple[str, ...] | None = field(default=None, converter=optional(several))
    metadata: str | None = None


CREATE_WEBHOOK = Endpoint(
    name="Webhook/CreateWebhook",
    payload=CreateWebhook,
    result=Webhook,
    role=Role.ACCOUNT,
    look="get_webhooks shows whether there is one, and a second one doubles the deliveries",
)


@frozen(kw_only=True)
class GetWebhooks:
    """What `Webhook/GetWebhooks` is sent: nothing."""


GET_WEBHOOKS = Endpoint(
    name="Webhook/GetWebhooks", payload=GetWebhooks, result=WebhookList, safety=Safety.READ, role=Role.ACCOUNT
)


@frozen(kw_only=True, field_transformer=judged)
class DeleteWebhook:
    """What `Webhook/DeleteWebhook` is sent."""

    id: Id = field(converter=an_id)


DELETE_WEBHOOK = Endpoint(
    name="Webhook/DeleteWebhook",
    payload=DeleteWebhook,
    result=WebhookList,
    role=Role.ACCOUNT,
    look="get_webhooks shows those that are left",
)


@frozen(eq=False)
class Webhooks:
    """The `Webhook/*` methods of a session.

    Each raises an `EtelecomError` for every failure, as `check_consent` does, and before anything is sent a
    `ConfigError` or an `InvalidId` where an argument cannot be what it is for.
    """

    _caller: Caller

    async def create_webhook(
        self,
        *,
        url: str,
        entities: Iterable[WebhookEntity | str],
        fields: Iterable[str] | None = None,
        metadata: str | None = None,
    ) -> Webhook:
        """Have changes sent to a URL. They come without a signature; the receiver has to answer 200 with `ok`.

        Documented; not billed; never repeated on doubt.

        Args:
            url: where to.
            entities: what the changes are about.
            fields, metadata: not documented but for the answer, which repeats them.
        """
        payload = CreateWebhook(url=url, entities=entities, fields=fields, metadata=metadata)
        return await self._caller.call(CREATE_WEBHOOK, payload)

    async def get_webhooks(self) -> WebhookList:
        """The account's webhooks, and how their deliveries go.

        Documented; not billed; repeated after any failure.
        """
        return await self._caller.call(GET_WEBHOOKS, GetWebhooks())

    async def delete_webhook(self, *, id: int | str) -> WebhookList:  # noqa: A002 - the wire's name
        """Send no more changes to a webhook, by its id; the answer has those that are left.

        Documented; not billed; never repeated on doubt.
        """
        return await self._caller.call(DELETE_WEBHOOK, DeleteWebhook(id=id))
