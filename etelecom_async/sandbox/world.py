"""The sandbox's state and rules, without I/O: an HTTP request as a value in, the answer as a value out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from attrs import evolve, frozen

from .. import _checks
from ..account import Secret, hidden
from ..api.call_logs import CallDirection
from ..api.payload import a_user_id
from ..api.webhook import WebhookEntity
from ..clock import now
from ..endpoint import JSON, Encoding
from ..errors import ApiError, ConfigError, InvalidArgument, InvalidId, InvalidPhone, NotFound
from ..ids import MAX_ID, to_id
from ..phone import mask, normalize
from ..transport.base import Response
from .account_webhooks import WebhookBook
from .budgets import DailyQuota, Wallet
from .consent_requests import Charge, RequestBook
from .customers import Customer, Reply, sample, to_reply
from .fields import Fields, form_in, id_in, object_in, operators_form, text_in, whole_in
from .handlers import Asked, Registry
from .keys import Keys
from .limit import TEXT_TYPE, FixedWindow, Gate, Gatekeeper, Limit, OverLimit, TokenBucket, json_response
from .numbers import SHOP_ID
from .shops import ShopBook
from .telephony import Telephony
from .uploads import Uploads
from .users import UserBook
from .wire import SandboxRequest, encoding_of, error_body, route_of
from .zalo import zalo_handlers

__all__ = [
    "CALL_PATH",
    "CONFIRM_PATH",
    "REPLY_PATH",
    "SANDBOX_API_KEY",
    "SANDBOX_OA",
    "SANDBOX_PARTNER_KEY",
    "SANDBOX_SHOP_KEY",
    "LogEntry",
    "SandboxRequest",
    "World",
]

SANDBOX_OA = 1000000000000000003
SANDBOX_API_KEY = "1000000000000000001:sandbox-api-key"
SANDBOX_SHOP_KEY = "shop1000000000000000002:sandbox-shop-key"
SANDBOX_PARTNER_KEY = "1000000000000000006:sandbox-partner-key"

REPLY_PATH, CALL_PATH, CONFIRM_PATH = "/sandbox/reply", "/sandbox/call", "/sandbox/confirm"


@frozen(kw_only=True)
class LogEntry:
    """One request and its answer.

    Attributes:
        method: such as `POST`.
        path: such as `/v1/shop.Zalo/CheckConsent`.
        phone: the number in the request, as the operator normalises it; None if there was no readable one.
        status: the HTTP status of the answer.
        refused: whether the rate limit refused the request.
    """

    method: str
    path: str
    phone: str | None
    status: int
    refused: bool = False


class World:
    """One shop with one Official Account and its customers, which answers as eTelecom's documentation says.

    It checks a request in the server's order: HTTP method, Content-Type, path, JSON, key, and then the payload.
    `/v1/shop` takes the api_key. `/v1/partner` takes the partner_key for what a partner does for itself, such as
    `Webhook/*`, and the shop_key for everything else. Another key is 403 permission_denied. A shop that the partner
    makes has keys too, and to those the world answers as that shop: one without an Official Account.

    A request for permission is billed, and waits 24 hours for an answer: `reply` gives it, or the customer's own
    `Customer.reply`. Until it comes a check answers 8, and then as the customer did.

    Args:
        customers: by their phones in wire form; None for `sample()`. Other phones were never asked (code 20).
        oa_id: the Official Account that exists.
        api_key: the shop's key.
        shop_key: the key with which a partner acts for the shop.
        partner_key: the partner's own api_key.
        limit: the hidden rate limit, if any; `sandbox.limit` says which requests it counts.
        request_delay: seconds until a request for permission is carried out, though the server has answered it: a
            number, or a function that gives one for each. Until then no list, check and charge knows of it.
        lists_wire_phones: lists write phones, and filter by them, as `84987654321`; otherwise as the operator does,
            `0987654321`. In the other writing a filter finds nothing.
        zns_quota: ZNS that the Official Account may send in a day, which ends at midnight in Vietnam.
        message_quota: other messages of the same, in a day.
        balance: VND for ZNS, journeys and transactions; None for any amount.
        legacy_errors: answer as older servers do, with `bad_route` and `malformed` in `code` and not in `meta.xcode`.
        seed: for what is made up: the customers, if there are none given, and the calls of the shop's telephone system.
        clock: the present as an aware datetime; for tests.

    Attributes:
        customers: a dict that may change between requests.
        log: every answered request, in order. It grows without limit and holds no key and no body.
        requests: the requests for permission, for `serve`; see `charges` and `reply`.
        webhooks: those that are registered, for `serve`.

    Raises:
        ConfigError: an argument of a wrong type, or a customer under a key that is not their phone.
    """

    def __init__(
        self,
        *,
        customers: Mapping[str, Customer] | None = None,
        oa_id: int = SANDBOX_OA,
        api_key: str | Secret = SANDBOX_API_KEY,
        shop_key: str | Secret = SANDBOX_SHOP_KEY,
        partner_key: str | Secret = SANDBOX_PARTNER_KEY,
        limit: Limit | None = None,
        request_delay: float | Callable[[], float] = 0.0,
        lists_wire_phones: bool = False,
        zns_quota: int = 500,
        message_quota: int = 500,
        balance: int | None = None,
        legacy_errors: bool = False,
        seed: int = 84,
        clock: Callable[[], datetime] = now,
    ) -> None:
        _checks.function("World.clock", clock, wanted="a function that gives an aware datetime")
        seed = _checks.whole("World.seed", seed, least=-(2**63))
        self.customers = sample(seed=seed, now=clock()) if customers is None else _known(customers)
        self.oa_id = _checks.whole("World.oa_id", oa_id, least=0, most=MAX_ID)
        # From here on no frame holds a bare key, so no traceback can print it.
        api_key, shop_key, partner_key = hidden(api_key), hidden(shop_key), hidden(partner_key)
        for name, key in (("api_key", api_key), ("shop_key", shop_key), ("partner_key", partner_key)):
            _hidden_key(f"World.{name}", key)
        self.log: list[LogEntry] = []
        self._legacy_errors = _checks.flag("World.legacy_errors", legacy_errors)
        self._clock = clock
        self.limit = limit
        self.requests = RequestBook(
            clock=clock,
            delay=_delay(request_delay),
            are_phones_wire=_checks.flag("World.lists_wire_phones", lists_wire_phones),
        )
        self._opened_at: datetime | None = None
        self._wallet = Wallet(_amount("World.balance", balance))
        self.webhooks = WebhookBook(clock=clock)
        users = UserBook()
        self._shops = ShopBook(api_key=api_key, shop_key=shop_key, users=users)
        self._telephony = Telephony(shop_name=self._shops.name, users=users, webhooks=self.webhooks, seed=seed)
        self._keys = Keys(shops=self._shops, partner_key=partner_key)
        self._registry = Registry(
            zalo_handlers(
                oa_id=self.oa_id,
                requests=self.requests,
                customers=lambda: self.customers,  # another dict may stand there later
                count=self._count,
                zns_quota=DailyQuota(_checks.whole("World.zns_quota", zns_quota, least=0)),
                message_quota=DailyQuota(_checks.whole("World.message_quota", message_quota, least=0)),
                wallet=self._wallet,
                are_phones_wire=lists_wire_phones,
                changed=partial(self.webhooks.changed, WebhookEntity.ZL_OA_MESSAGE),
            ),
            self._shops.handlers(),
            self._telephony.handlers(),
            self.webhooks.handlers(),
            Uploads(oa_id=self.oa_id).handlers(),
        )
        self._controls: Mapping[str, Callable[[Fields], dict[str, JSON]]] = {
            REPLY_PATH: self._control_reply,
            CALL_PATH: self._control_call,
            CONFIRM_PATH: self._control_confirm,
        }

    @property
    def api_key(self) -> Secret:
        """The shop's key. Setting another one, at any time, makes the old one unknown."""
        return self._shops.own.api_key

    @api_key.setter
    def api_key(self, key: str | Secret) -> None:
        self._shops.own.api_key = _hidden_key("World.api_key", key)

    @property
    def shop_key(self) -> Secret:
        """The key with which a partner acts for the shop. It may be set as the api_key."""
        return self._shops.own.shop_key

    @shop_key.setter
    def shop_key(self, key: str | Secret) -> None:
        self._shops.own.shop_key = _hidden_key("World.shop_key", key)

    @property
    def partner_key(self) -> Secret:
        """The partner's own api_key. It may be set as the shop's."""
        return self._keys.partner_key

    @partner_key.setter
    def partner_key(self, key: str | Secret) -> None:
        self._keys.partner_key = _hidden_key("World.partner_key", key)

    @property
    def charges(self) -> list[Charge]:
        """What has been billed so far, in the order in which it was asked for."""
        return self.requests.charges()

    @property
    def spent(self) -> int:
        """VND that ZNS, journeys and transactions have cost so far."""
        return self._wallet.spent

    def reply(self, phone: str, reply: Reply | str) -> None:
        """Let a customer answer the request that waits for them.

        Args:
            phone: the customer, in any common writing.
            reply: a `Reply`, or its text: `allow`, `deny`, `block`.

        Raises:
            InvalidPhone: phone cannot be a phone number.
            ConfigError: there is no such reply, or no request waits for this customer.
        """
        answer = to_reply(reply, "reply")
        number = normalize(phone)
        if not self.requests.reply(number, answer):
            raise ConfigError(f"No request for permission waits for {mask(number)}.")

    def call(
        self,
        phone: str,
        *,
        extension_number: int | str | None = None,
        direction: CallDirection | str = CallDirection.OUT,
        duration: int = 60,
        shop_id: int | str | None = None,
    ) -> int:
        """Have a call of an extension with a customer end now. It is listed, and webhooks for `call_log` hear of it.

        Args:
            phone: the customer, in any common writing.
            extension_number: of the extension, exactly; None for the shop's first one.
            direction: `out`, or `in` if the customer has called.
            duration: whole seconds that they spoke; 0 if it was not answered.
            shop_id: whose extension it is; None for the world's own shop.

        Returns:
            The id of the call's record.

        Raises:
            InvalidPhone: phone cannot be a phone number.
            InvalidId: extension_number or shop_id cannot be what it is for.
            ConfigError: another argument cannot be, or the shop has no such extension.
        """
        wanted = "'in' or 'out'"
        way = _checks.member("direction", direction, CallDirection, wanted=wanted)
        if way not in (CallDirection.IN, CallDirection.OUT):
            raise ConfigError(f"direction is {wanted}.")
        now = self._clock()
        return self._telephony.call(
            int(SHOP_ID) if shop_id is None else to_id(shop_id, name="shop_id"),
            extension_number=None if extension_number is None else a_user_id(extension_number, "extension_number"),
            phone=normalize(phone),
            is_inbound=way is CallDirection.IN,
            duration=_checks.whole("duration", duration, least=0, most=86_400),
            now=now,
            opened_at=self._first_asked(now),
        )

    def confirm_shop(self, token: str | Secret) -> int:
        """Let a shop's owner confirm the connection to the partner that `Shop/AuthorizeShop` was asked for.

        Args:
            token: the `auth_token` of that answer.

        Returns:
            The shop's id, with which `Shop/AuthorizeShop` gives its shop_key.

        Raises:
            ConfigError: no connection waits with this token.
        """
        return self._shops.confirm(_hidden_key("token", token), self._clock())

    @property
    def limit(self) -> Limit | None:
        """The hidden rate limit. Setting it, at any time, starts with a full bucket or an empty window."""
        return self._gatekeeper.limit

    @limit.setter
    def limit(self, limit: Limit | None) -> None:
        if limit is not None:
            _checks.instance("World.limit", limit, (TokenBucket, FixedWindow), "a TokenBucket, a FixedWindow or None")
        self._gatekeeper = Gatekeeper(limit, clock=self._clock)

    def handle(self, request: SandboxRequest) -> Response:
        """Answer one request. Never raises."""
        response, asked, refused = self._answer(request)
        phone = asked.phone or None if asked else None
        self.log.append(
            LogEntry(method=request.method, path=request.path, phone=phone, status=response.status, refused=refused)
        )
        return response

    def _answer(self, request: SandboxRequest) -> tuple[Response, Asked | None, bool]:
        """The answer, the request if it could be read, and whether the limit refused it."""
        asked: Asked | None = None
        try:
            if control := self._controls.get(request.path):
                return json_response(200, _controlled(control, request.body)), None, False
            self._count(Gate.PROXY)
            route = route_of(request)
            if route is None:
                return Response(404, TEXT_TYPE, b"404 page not found\n"), None, False
            base, method = route
            handler = self._registry.find(method, base=base)
            asked = self._read(request, base, method)
            asked = evolve(asked, shop_id=self._keys.shop_id(request.headers, base=base, method=method))
            self._count(Gate.API)
            if method.startswith(("Zalo/", "OA/")) and asked.shop_id != int(SHOP_ID):
                raise NotFound("Cửa hàng chưa kết nối Zalo OA")
            return json_response(200, handler(asked)), asked, False
        except OverLimit as refusal:
            return refusal.response, asked, True
        except ApiError as error:
            return json_response(error.status, error_body(error, is_legacy=self._legacy_errors)), asked, False

    def _read(self, request: SandboxRequest, base: str, method: str) -> Asked:
        is_form = encoding_of(method) is Encoding.MULTIPART
        fields = form_in(request.headers["content-type"], request.body) if is_form else object_in(request.body)
        now = self._clock()
        phone = operators_form(text_in(fields, "phone"))
        return Asked(
            base=base,
            method=method,
            fields=fields,
            oa_id=id_in(fields, "oa_id"),
            phone=phone,
            now=now,
            opened_at=self._first_asked(now),
        )

    def _first_asked(self, now: datetime) -> datetime:
        # Not the time at which the world was made: that may have been in another event loop, with another clock.
        self._opened_at = self._opened_at or now
        return self._opened_at

    def _count(self, gate: Gate) -> None:
        # Another limit has another gatekeeper.
        self._gatekeeper.count(gate)

    # What the real server has no methods for, over HTTP and without a key.

    def _control_reply(self, fields: Fields) -> dict[str, JSON]:
        self.reply(text_in(fields, "phone"), text_in(fields, "reply"))
        return {"replied": True}

    def _control_call(self, fields: Fields) -> dict[str, JSON]:
        duration = whole_in(fields, "duration")
        call_id = self.call(
            text_in(fields, "phone"),
            extension_number=text_in(fields, "extension_number") or None,
            direction=text_in(fields, "direction") or CallDirection.OUT,
            duration=60 if duration is None else duration,
            shop_id=id_in(fields, "shop_id") or None,
        )
        return {"id": str(call_id)}

    def _control_confirm(self, fields: Fields) -> dict[str, JSON]:
        return {"shop_id": str(self.confirm_shop(text_in(fields, "token")))}


def _hidden_key(name: str, key: str | Secret) -> Secret:
    key = hidden(key)
    if not isinstance(key.reveal(), str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _checks.refused(name, "a str or Secret", key.reveal())
    return key


def _known(customers: Mapping[str, Customer]) -> dict[str, Customer]:
    _checks.instance("World.customers", customers, Mapping, "a dict {customer.phone: customer}")
    for phone, customer in customers.items():
        _checks.instance("Each value of World.customers", customer, Customer, "a Customer")
        if phone != customer.phone:
            raise ConfigError("World.customers maps phones in wire form: {customer.phone: customer}.")
    return dict(customers)


def _amount(name: str, given: int | None) -> int | None:
    return None if given is None else _checks.whole(name, given, least=0, otherwise=", or None for any amount")


def _delay(given: float | Callable[[], float]) -> Callable[[], float]:
    if callable(given):
        return given
    seconds = _checks.number(
        "World.request_delay", given, least=0, unit="a number of seconds", otherwise=", or a function that gives one"
    )
    return lambda: seconds


def _controlled(control: Callable[[Fields], dict[str, JSON]], body: bytes) -> dict[str, JSON]:
    try:
        return control(object_in(body))
    except (ConfigError, InvalidId, InvalidPhone) as error:
        raise InvalidArgument(error.message) from None
