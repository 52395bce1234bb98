"""The sandbox's state and rules, without I/O: an HTTP request as a value in, the answer as a value out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from attrs import field, frozen

from .. import _checks, codec
from .._times import utc_text
from ..account import Secret, hidden
from ..clock import now
from ..endpoint import JSON
from ..errors import (
    ApiError,
    BadRoute,
    ConfigError,
    DecodeError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from ..ids import MAX_ID
from ..transport.base import Response
from .customers import EXPIRED, GRANTED, MESSAGES, NEVER_ASKED, Customer, sample
from .limit import TEXT_TYPE, FixedWindow, Gate, Gatekeeper, Limit, TokenBucket, json_response

__all__ = ["SANDBOX_API_KEY", "SANDBOX_OA", "SANDBOX_SHOP_KEY", "LogEntry", "SandboxRequest", "World"]

SANDBOX_OA = 1000000000000000003
SANDBOX_API_KEY = "1000000000000000001:sandbox-api-key"
SANDBOX_SHOP_KEY = "shop1000000000000000002:sandbox-shop-key"

_ROUTE = re.compile(r"/v1/(shop|partner)\.([^/]+)/(.*)", re.DOTALL)
_SERVICES = frozenset({"Etelecom", "Misc", "OmniMessage", "Shop", "Webhook", "Zalo"})
_CHECK_CONSENT = "Zalo/CheckConsent"

_DIGITS = re.compile(r"-?[0-9]{1,19}")
_NINE_DIGITS = re.compile(r"[0-9]{9}")
_INT64 = range(-(2**63), 2**63)

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
class _Payload:
    oa_id: int
    phone: str


class World:
    """One shop with one Official Account and its customers, which answers as eTelecom's documentation says.

    It checks a request in the server's order: HTTP method, Content-Type, path, JSON, key, and then the payload.
    `/v1/shop` takes the api_key and `/v1/partner` the shop_key; the other key is 403 permission_denied.

    Args:
        customers: by their phones in wire form; None for `sample()`. Other phones were never asked (code 20).
        oa_id: the Official Account that exists.
        api_key: the shop's key.
        shop_key: the key with which a partner acts for the shop.
        limit: the hidden rate limit, if any; `sandbox.limit` says which requests it counts.
        legacy_errors: answer as older servers do, with `bad_route` and `malformed` in `code` and not in `meta.xcode`.
        clock: the present as an aware datetime; for tests.

    Attributes:
        customers: a dict that may change between requests.
        log: every answered request, in order. It grows without limit and holds no key and no body.

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
        response, payload, refused = self._answer(request)
        phone = payload.phone or None if payload else None
        self.log.append(
            LogEntry(method=request.method, path=request.path, phone=phone, status=response.status, refused=refused)
        )
        return response

    def _answer(self, request: SandboxRequest) -> tuple[Response, _Payload | None, bool]:
        """The answer, the payload if it could be read, and whether the limit refused it."""
        payload: _Payload | None = None
        refuse = self._gatekeeper.refuse
        try:
            if refusal := refuse(Gate.PROXY):
                return refusal, None, True
            base = _route(request)
            if base is None:
                return Response(404, TEXT_TYPE, b"404 page not found\n"), None, False
            payload = _payload(request.body)
            self._authenticate(request, base)
            if refusal := refuse(Gate.API):
                return refusal, payload, True
            self._check_payload(payload)
            if refusal := refuse(Gate.ZALO):
                return refusal, payload, True
            return json_response(200, self._consent(payload)), payload, False
        except ApiError as error:
            return json_response(error.status, self._error_body(error)), payload, False

    def _authenticate(self, request: SandboxRequest, base: str) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = Secret(key.strip())
        known = {"shop": self.api_key, "partner": self.shop_key}
        if scheme.lower() != "bearer" or given not in known.values():
            raise Unauthenticated("Khóa API không hợp lệ")
        if given != known[base]:
            raise PermissionDenied("Khóa API này không được dùng cho đường dẫn này")

    def _check_payload(self, payload: _Payload) -> None:
        if payload.oa_id != self.oa_id:
            raise NotFound("Không tìm thấy Zalo OA")
        if not payload.phone:
            raise InvalidArgument("Thiếu số điện thoại")

    def _consent(self, payload: _Payload) -> dict[str, JSON]:
        customer = self.customers.get(payload.phone)
        if customer is None:
            return _consent_body(NEVER_ASKED, MESSAGES[NEVER_ASKED], None)
        if customer.error == GRANTED and customer.expires is not None and customer.expires <= self._clock():
            return _consent_body(EXPIRED, MESSAGES[EXPIRED], customer.expires)
        return _consent_body(customer.error, customer.message, customer.expires)

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


def _route(request: SandboxRequest) -> str | None:
    """The base in the path, `shop` or `partner`; None for a service that does not exist."""
    if request.method != "POST":
        raise BadRoute("Chỉ hỗ trợ phương thức POST")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRoute("Content-Type phải là application/json")
    route = _ROUTE.fullmatch(request.path)
    if route is None or route[2] not in _SERVICES:
        return None
    if f"{route[2]}/{route[3]}" != _CHECK_CONSENT:
        raise BadRoute("Không tìm thấy phương thức")
    return route[1]


def _payload(body: bytes) -> _Payload:
    try:
        asked = codec.loads(body)
    except DecodeError:
        asked = None
    if not isinstance(asked, dict):
        raise InvalidArgument("Nội dung không phải là một đối tượng JSON", code="malformed")
    return _Payload(oa_id=_id(asked.get("oa_id")), phone=_operators_form(_text(asked.get("phone"))))


def _id(value: JSON) -> int:
    """An int64 given as a number or as decimal digits; 0 for null."""
    if value is None:
        return 0
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is not int or value not in _INT64:
        raise InvalidArgument("Trường oa_id không hợp lệ", code="malformed")
    return value


def _text(value: JSON) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidArgument("Trường phone không hợp lệ", code="malformed")
    return value


def _operators_form(phone: str) -> str:
    """A phone as the operator understands it: `0...`, `84...`, `+84...` and nine digits.

    It does not refuse other writings, such as `0084...`: they are numbers that no customer has.
    """
    if _NINE_DIGITS.fullmatch(phone):
        return "84" + phone
    for prefix in ("+84", "84", "0"):
        if phone.startswith(prefix):
            return "84" + phone.removeprefix(prefix)
    return phone


def _consent_body(error: int, message: str, expires: datetime | None) -> dict[str, JSON]:
    expired_time = None if expires is None else utc_text(expires, timespec="seconds")
    return {"error": error, "message": message, "expired_time": expired_time}
