"""The sandbox's state and rules, without I/O: an HTTP request as a value in, the answer as a value out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import frozen

from .. import _checks
from ..account import Secret, hidden
from ..clock import now
from ..endpoint import Role
from ..errors import ApiError, ConfigError, InvalidArgument, InvalidPhone, PermissionDenied, Unauthenticated
from ..ids import MAX_ID
from ..phone import mask, normalize
from ..transport.base import Response
from .budgets import DailyQuota, Wallet
from .consent_requests import Charge, RequestBook
from .customers import Customer, Reply, sample, to_reply
from .fields import id_in, object_in, operators_form, text_in
from .handlers import PARTNER, Asked, Registry, endpoint_of
from .limit import TEXT_TYPE, FixedWindow, Gate, Gatekeeper, Limit, OverLimit, TokenBucket, json_response
from .wire import SandboxRequest, error_body, route_of
from .zalo import zalo_handlers

__all__ = ["REPLY_PATH", "SANDBOX_API_KEY", "SANDBOX_OA", "SANDBOX_SHOP_KEY", "LogEntry", "SandboxRequest", "World"]

SANDBOX_OA = 1000000000000000003
SANDBOX_API_KEY = "1000000000000000001:sandbox-api-key"
SANDBOX_SHOP_KEY = "shop1000000000000000002:sandbox-shop-key"

REPLY_PATH = "/sandbox/reply"


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
    `/v1/shop` takes the api_key, and so does `/v1/partner` for what a partner does for itself, such as `Webhook/*`; for
    everything else it takes the shop_key. The other key is 403 permission_denied.

    A request for permission is billed, and waits 24 hours for an answer: `reply` gives it, or the customer's own
    `Customer.reply`. Until it comes a check answers 8, and then as the customer did.

    Args:
        customers: by their phones in wire form; None for `sample()`. Other phones were never asked (code 20).
        oa_id: the Official Account that exists.
        api_key: the shop's key, and the partner's own.
        shop_key: the key with which a partner acts for the shop.
        limit: the hidden rate limit, if any; `sandbox.limit` says which requests it counts.
        request_delay: seconds until a request for permission is carried out, though the server has answered it: a
            number, or a function that gives one for each. Until then no list, check and charge knows of it.
        lists_wire_phones: lists write phones, and filter by them, as `84987654321`; otherwise as the operator does,
            `0987654321`. In the other writing a filter finds nothing.
        zns_quota: ZNS that the Official Account may send in a day, which ends at midnight in Vietnam.
        message_quota: other messages of the same, in a day.
        balance: VND for ZNS, journeys and transactions; None for any amount.
        legacy_errors: answer as older servers do, with `bad_route` and `malformed` in `code` and not in `meta.xcode`.
        clock: the present as an aware datetime; for tests.

    Attributes:
        customers: a dict that may change between requests.
        log: every answered request, in order. It grows without limit and holds no key and no body.
        requests: the requests for permission, for `serve`; see `charges` and `reply`.

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
        limit: Limit | None = None,
        request_delay: float | Callable[[], float] = 0.0,
        lists_wire_phones: bool = False,
        zns_quota: int = 500,
        message_quota: int = 500,
        balance: int | None = None,
        legacy_errors: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        _checks.function("World.clock", clock, wanted="a function that gives an aware datetime")
        self.customers = sample(now=clock()) if customers is None else _known(customers)
        self.oa_id = _checks.whole("World.oa_id", oa_id, least=0, most=MAX_ID)
        self.api_key = hidden(api_key)
        self.shop_key = hidden(shop_key)
        # From here on no frame holds a bare key, so no traceback can print it.
        del api_key, shop_key
        for name, key in {"World.api_key": self.api_key, "World.shop_key": self.shop_key}.items():
            if not isinstance(key.reveal(), str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise _checks.refused(name, "a str or Secret", key.reveal())
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
            ),
        )

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
            if request.path == REPLY_PATH:
                return self._reply(request), None, False
            self._count(Gate.PROXY)
            route = route_of(request)
            if route is None:
                return Response(404, TEXT_TYPE, b"404 page not found\n"), None, False
            base, method = route
            handler = self._registry.find(method, base=base)
            asked = self._read(request.body, base, method)
            self._authenticate(request, asked)
            self._count(Gate.API)
            return json_response(200, handler(asked)), asked, False
        except OverLimit as refusal:
            return refusal.response, asked, True
        except ApiError as error:
            return json_response(error.status, error_body(error, is_legacy=self._legacy_errors)), asked, False

    def _read(self, body: bytes, base: str, method: str) -> Asked:
        fields, now = object_in(body), self._clock()
        # Not the time at which the world was made: that may have been in another event loop, with another clock.
        self._opened_at = self._opened_at or now
        phone = operators_form(text_in(fields, "phone"))
        return Asked(
            base=base,
            method=method,
            fields=fields,
            oa_id=id_in(fields, "oa_id"),
            phone=phone,
            now=now,
            opened_at=self._opened_at,
        )

    def _count(self, gate: Gate) -> None:
        # Another limit has another gatekeeper.
        self._gatekeeper.count(gate)

    def _reply(self, request: SandboxRequest) -> Response:
        """Answer for a customer over HTTP, as `reply` does; no method of the real server, and without a key."""
        fields = object_in(request.body)
        try:
            self.reply(text_in(fields, "phone"), text_in(fields, "reply"))
        except (ConfigError, InvalidPhone) as error:
            raise InvalidArgument(error.message) from None
        return json_response(200, {"replied": True})

    def _authenticate(self, request: SandboxRequest, asked: Asked) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = Secret(key.strip())
        if scheme.lower() != "bearer" or given not in (self.api_key, self.shop_key):
            raise Unauthenticated("Khóa API không hợp lệ")
        is_for_a_shop = asked.base == PARTNER and endpoint_of(asked.method).role is Role.SHOP
        if given != (self.shop_key if is_for_a_shop else self.api_key):
            raise PermissionDenied("Khóa API này không được dùng cho đường dẫn này")


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
