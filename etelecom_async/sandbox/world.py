"""The sandbox's state and rules, without I/O: an HTTP request as a value in, the answer as a value out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from attrs import field, frozen

from .. import _checks
from .._times import utc_text
from ..account import Secret, hidden
from ..clock import now
from ..endpoint import JSON
from ..errors import (
    ApiError,
    BadRoute,
    ConfigError,
    InvalidArgument,
    InvalidPhone,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from ..ids import MAX_ID
from ..phone import mask, normalize
from ..transport.base import Response
from .consent_requests import Charge, RequestBook
from .customers import EXPIRED, GRANTED, MESSAGES, NEVER_ASKED, Customer, Reply, sample, to_reply
from .fields import id_in, object_in, operators_form, text_in
from .limit import TEXT_TYPE, FixedWindow, Gate, Gatekeeper, Limit, TokenBucket, json_response

__all__ = ["REPLY_PATH", "SANDBOX_API_KEY", "SANDBOX_OA", "SANDBOX_SHOP_KEY", "LogEntry", "SandboxRequest", "World"]

SANDBOX_OA = 1000000000000000003
SANDBOX_API_KEY = "1000000000000000001:sandbox-api-key"
SANDBOX_SHOP_KEY = "shop1000000000000000002:sandbox-shop-key"

_ROUTE = re.compile(r"/v1/(shop|partner)\.([^/]+)/(.*)", re.DOTALL)
_SERVICES = frozenset({"Etelecom", "Misc", "OmniMessage", "Shop", "Webhook", "Zalo"})
_CHECK, _REQUEST, _LIST = "Zalo/CheckConsent", "Zalo/RequestConsent", "Zalo/ListRequestConsent"
_METHODS = frozenset({_CHECK, _REQUEST, _LIST})
REPLY_PATH = "/sandbox/reply"

_STANDARD = MappingProxyType({"bad_route": NotFound.usual[1], "malformed": InvalidArgument.usual[1]})
"""The standard codes that newer servers send, with the finer code in `meta.xcode`."""


@frozen(kw_only=True)
class SandboxRequest:
    """An HTTP request as the server receives it: the path without the query, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=lambda body: f"<{len(body)} bytes>")


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


@frozen(kw_only=True)
class _Asked:
    """A request that could be read: for whom, with what, and about whom."""

    base: str
    method: str
    fields: dict[str, JSON]
    oa_id: int
    phone: str


class World:
    """One shop with one Official Account and its customers, which answers as eTelecom's documentation says.

    It checks a request in the server's order: HTTP method, Content-Type, path, JSON, key, and then the payload.
    `/v1/shop` takes the api_key and `/v1/partner` the shop_key; the other key is 403 permission_denied.

    A request for permission is billed, and waits 24 hours for an answer: `reply` gives it, or the customer's own
    `Customer.reply`. Until it comes a check answers 8, and then as the customer did.

    Args:
        customers: by their phones in wire form; None for `sample()`. Other phones were never asked (code 20).
        oa_id: the Official Account that exists.
        api_key: the shop's key.
        shop_key: the key with which a partner acts for the shop.
        limit: the hidden rate limit, if any; `sandbox.limit` says which requests it counts.
        request_delay: seconds until a request for permission is carried out, though the server has answered it: a
            number, or a function that gives one for each. Until then no list, check and charge knows of it.
        lists_wire_phones: the list of requests writes phones, and filters by them, as `84987654321`; otherwise as the
            operator does, `0987654321`. In the other writing its filter finds nothing.
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

    @property
    def charges(self) -> list[Charge]:
        """What has been billed so far, in the order in which it was asked for."""
        return self.requests.charges()

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

    def _answer(self, request: SandboxRequest) -> tuple[Response, _Asked | None, bool]:
        """The answer, the request if it could be read, and whether the limit refused it."""
        asked: _Asked | None = None
        try:
            if request.path == REPLY_PATH:
                return self._reply(request), None, False
            if refusal := self._gatekeeper.refuse(Gate.PROXY):
                return refusal, None, True
            route = _route(request)
            if route is None:
                return Response(404, TEXT_TYPE, b"404 page not found\n"), None, False
            asked = _asked(request.body, *route)
            self._authenticate(request, asked.base)
            response, is_refused = self._carry_out(asked)
        except ApiError as error:
            return json_response(error.status, self._error_body(error)), asked, False
        return response, asked, is_refused

    def _carry_out(self, asked: _Asked) -> tuple[Response, bool]:
        if refusal := self._gatekeeper.refuse(Gate.API):
            return refusal, True
        if asked.method == _LIST:
            return json_response(200, self.requests.list(asked.fields)), False
        self._check_payload(asked)
        if asked.method == _REQUEST:
            return json_response(200, self._request(asked)), False
        if refusal := self._gatekeeper.refuse(Gate.ZALO):
            return refusal, True
        return json_response(200, self._consent(asked)), False

    def _reply(self, request: SandboxRequest) -> Response:
        """Answer for a customer over HTTP, as `reply` does; no method of the real server, and without a key."""
        fields = object_in(request.body)
        try:
            self.reply(text_in(fields, "phone"), text_in(fields, "reply"))
        except (ConfigError, InvalidPhone) as error:
            raise InvalidArgument(error.message) from None
        return json_response(200, {"replied": True})

    def _authenticate(self, request: SandboxRequest, base: str) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = Secret(key.strip())
        known = {"shop": self.api_key, "partner": self.shop_key}
        if scheme.lower() != "bearer" or given not in known.values():
            raise Unauthenticated("Khóa API không hợp lệ")
        if given != known[base]:
            raise PermissionDenied("Khóa API này không được dùng cho đường dẫn này")

    def _check_payload(self, asked: _Asked) -> None:
        if asked.oa_id != self.oa_id:
            raise NotFound("Không tìm thấy Zalo OA")
        if not asked.phone:
            raise InvalidArgument("Thiếu số điện thoại")

    def _request(self, asked: _Asked) -> dict[str, JSON]:
        customer = self.customers.get(asked.phone)
        return self.requests.make(asked.fields, oa_id=asked.oa_id, phone=asked.phone, customer=customer)

    def _consent(self, asked: _Asked) -> dict[str, JSON]:
        now = self._clock()
        customer = self.customers.get(asked.phone)
        message = None
        if answer := self.requests.answer(asked.phone, now):
            error, expires = answer
        elif customer is not None:
            error, expires, message = customer.error, customer.expires, customer.message
        else:
            error, expires = NEVER_ASKED, None
        if error == GRANTED and expires is not None and expires <= now:
            error, message = EXPIRED, None
        return _consent_body(error, MESSAGES[error] if message is None else message, expires)

    def _error_body(self, error: ApiError) -> dict[str, JSON]:
        standard = _STANDARD.get(error.code)
        if standard is None or self._legacy_errors:
            return {"code": error.code, "msg": error.message}
        return {"code": standard, "msg": error.message, "meta": {"xcode": error.code}}


def _known(customers: Mapping[str, Customer]) -> dict[str, Customer]:
    _checks.instance("World.customers", customers, Mapping, "a dict {customer.phone: customer}")
    for phone, customer in customers.items():
        _checks.instance("Each value of World.customers", customer, Customer, "a Customer")
        if phone != customer.phone:
            raise ConfigError("World.customers maps phones in wire form: {customer.phone: customer}.")
    return dict(customers)


def _delay(given: float | Callable[[], float]) -> Callable[[], float]:
    if callable(given):
        return given
    seconds = _checks.number(
        "World.request_delay", given, least=0, unit="a number of seconds", otherwise=", or a function that gives one"
    )
    return lambda: seconds


def _route(request: SandboxRequest) -> tuple[str, str] | None:
    """The base in the path, `shop` or `partner`, and the method; None for a service that does not exist."""
    if request.method != "POST":
        raise BadRoute("Chỉ hỗ trợ phương thức POST")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRoute("Content-Type phải là application/json")
    route = _ROUTE.fullmatch(request.path)
    if route is None or route[2] not in _SERVICES:
        return None
    method = f"{route[2]}/{route[3]}"
    if method not in _METHODS:
        raise BadRoute("Không tìm thấy phương thức")
    return route[1], method


def _asked(body: bytes, base: str, method: str) -> _Asked:
    fields = object_in(body)
    phone = operators_form(text_in(fields, "phone"))
    return _Asked(base=base, method=method, fields=fields, oa_id=id_in(fields, "oa_id"), phone=phone)


def _consent_body(error: int, message: str, expires: datetime | None) -> dict[str, JSON]:
    expired_time = None if expires is None else utc_text(expires, timespec="seconds")
    return {"error": error, "message": message, "expired_time": expired_time}
