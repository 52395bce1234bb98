"""A transport that answers as a test says, below the SDK's real codec, status and retry layers."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast, overload

from attrs import frozen

from .. import _checks, codec
from ..api import untyped
from ..endpoint import JSON, Encoding, Endpoint, check_name
from ..errors import (
    ApiError,
    AttemptTimeout,
    BodyTooLarge,
    ConfigError,
    DeadlineExceeded,
    DecodeError,
    EtelecomError,
    QueueTimeout,
    TransportError,
)
from ..transport.base import Request, Response

__all__ = ["MockCall", "MockRoute", "MockTransport"]

Req = TypeVar("Req")
Res = TypeVar("Res")

_OK = 200
_JSON = {"content-type": "application/json"}


@frozen
class MockCall:
    """One attempt that reached the transport.

    Attributes:
        endpoint: the method's wire name.
        payload: decoded: the payload class of a typed method, plain JSON of any other.
        request: the attempt, without its key, with its body whole.
    """

    endpoint: str
    payload: object
    request: Request


class MockRoute(Generic[Req, Res]):
    """What a mock does for one method: one step for each call; the last step is repeated.

        mock.on(CHECK_CONSENT).fail(RateLimited(retry_after=1)).reply(Consent(error=0))

    Attributes:
        payloads: of the calls to this route, in order.
    """

    def __init__(self, endpoint: Endpoint[Req, Res], where: Callable[[Req], bool] | None) -> None:
        self.payloads: list[Req] = []
        self._endpoint: Endpoint[Req, Res] = endpoint
        self._where = where
        self._steps: list[Callable[[Request, Req], object]] = []

    def reply(self, value: Res) -> MockRoute[Req, Res]:
        """Answer 200 with this result, encoded as the server would.

        Raises:
            ConfigError: the method has no such result, or it is an error, which is for `fail`.
        """
        misfit = self._misfit(value)
        if misfit:
            raise ConfigError(f"reply() of {self._endpoint.name} {misfit}")
        return self._then(lambda _request, _payload: value)

    def fail(self, error: ApiError | TransportError) -> MockRoute[Req, Res]:
        """Fail with this error: an `ApiError` as the server would send it, a `TransportError` as a transport raises it.

        Errors that the SDK itself raises have their usual cause: `DeadlineExceeded` and `QueueTimeout` the session's
        `Timeout`, `DecodeError` a body from `respond`.

        Raises:
            ConfigError: it is another error; or it is inside a 200 and so a result: `reply(Consent(error=5))`.
        """
        _check_playable(error)
        return self._then(lambda _request, _payload: error)

    def answer(self, function: Callable[[Req], Res | Awaitable[Res]]) -> MockRoute[Req, Res]:
        """Answer 200 with the result of a function of the payload, plain or async. It may raise what `fail` takes."""
        _checks.function("function", function, wanted="a function of the payload")
        return self._then(lambda _request, payload: function(payload))

    def respond(self, function: Callable[[Request], Response | Awaitable[Response]]) -> MockRoute[Req, Res]:
        """Answer with a bare HTTP response: other statuses, HTML pages, broken bodies."""
        _checks.function("function", function, wanted="a function of the Request that returns a Response")
        return self._then(lambda request, _payload: function(request))

    def __repr__(self) -> str:
        filtered = " where ..." if self._where else ""
        return f"{self._endpoint.name}{filtered} ({len(self._steps)} steps, called {len(self.payloads)} times)"

    def _then(self, step: Callable[[Request, Req], object]) -> MockRoute[Req, Res]:
        self._steps.append(step)
        return self

    def payload_of(self, request: Request) -> Req | None:
        if request.endpoint.name != self._endpoint.name:
            return None
        try:
            payload = _decoded(request, self._endpoint.payload)
        except DecodeError as error:
            raise AssertionError(f"The payload sent to {self._endpoint.name} does not fit it: {error}") from None
        return payload if self._where is None or self._where(payload) else None

    def next_step(self, payload: Req) -> Callable[[Request, Req], object]:
        if not self._steps:
            raise AssertionError(f"{self!r} has no answer: add .reply(...), .fail(...) or .answer(...).")
        step = self._steps[min(len(self.payloads), len(self._steps) - 1)]
        self.payloads.append(payload)
        return step

    async def play(self, step: Callable[[Request, Req], object], request: Request, payload: Req) -> Response:
        try:
            result = step(request, payload)
            if inspect.isawaitable(result):
                result = await result
        except ApiError as error:
            result = error
        if isinstance(result, ApiError):
            return _render(result)
        if isinstance(result, EtelecomError):
            raise copy.copy(result)
        if isinstance(result, Response):
            return result
        misfit = self._misfit(result)
        if misfit:
            raise AssertionError(f"The answer of {self._endpoint.name} {misfit}")
        return Response(_OK, _JSON, codec.encode(result))

    def _misfit(self, value: object) -> str:
        """Why this is no result of the method; empty if it is one."""
        kind, given = cast("object", self._endpoint.result), _name(value)
        if _is_error(value):
            return f"gives a result, and {given} is an error: write fail({given}())."
        if isinstance(kind, type) and kind is not object:
            return "" if isinstance(value, kind) else f"gives a {kind.__name__}; got {given}."
        try:
            codec.encode(value)
        except (TypeError, ValueError, EtelecomError):
            return f"gives JSON: dict, list, str, int, float, bool or None; got {given}, which is none or holds none."
        return ""


class MockTransport:
    """Answers in place of the server, as a transport: no socket, no HTTP library, nothing patched.

        mock = MockTransport()
        mock.on(CHECK_CONSENT).reply(Consent(error=0))
        session = Session(Shop("1:test"), transport=mock)

    If several routes match, the last one made answers, so a test overrides its fixture. A call without a route is an
    AssertionError, which no retry catches; `assert_all_routed()` finds it if the tested code has caught it. A route's
    `payloads` show whether it was called.

    Args:
        max_body: bytes; a longer answer is `BodyTooLarge`, as with a real transport.

    Attributes:
        calls: every attempt, in order.
        unmatched: the attempts without an answer, in order: no route matches, or the route has no step, or the payload
            does not fit its method.

    Raises:
        ConfigError: max_body is not a whole number above 0.
    """

    def __init__(self, *, max_body: int = 10 * 2**20) -> None:
        self.calls: list[MockCall] = []
        self.unmatched: list[MockCall] = []
        self._max_body = _checks.whole("MockTransport.max_body", max_body)
        self._routes: list[MockRoute[object, object]] = []

    @overload
    def on(
        self, endpoint: Endpoint[Req, Res], /, *, where: Callable[[Req], bool] | None = None
    ) -> MockRoute[Req, Res]: ...
    @overload
    def on(self, endpoint: str, /, *, where: Callable[[object], bool] | None = None) -> MockRoute[object, object]: ...
    def on(
        self, endpoint: Endpoint[Req, Res] | str, /, *, where: Callable[[Req], bool] | None = None
    ) -> MockRoute[Req, Res]:
        """A new route for a method, typed or by its wire name; `where` limits it to some payloads."""
        if where is not None:
            _checks.function("where", where, wanted="a function of the payload that gives True or False")
        method = (
            cast("Endpoint[Req, Res]", untyped(check_name("endpoint", endpoint)))
            if isinstance(endpoint, str)
            else endpoint
        )
        _checks.instance("endpoint", method, Endpoint, "an Endpoint such as CHECK_CONSENT, or a method's name")
        route = MockRoute(method, where)
        self._routes.append(cast("MockRoute[object, object]", route))
        return route

    async def send(self, request: Request, /) -> Response:
        """Answer one attempt."""
        request = request.with_body(await request.read_body())
        call = MockCall(request.endpoint.name, _payload(request), _keyless(request))
        self.calls.append(call)
        self.unmatched.append(call)
        for route in reversed(self._routes):
            payload = route.payload_of(request)
            if payload is not None:
                step = route.next_step(payload)
                self.unmatched.pop()
                return await self._limited(request, route.play(step, request, payload))
        raise AssertionError(f"No route answers {call.endpoint} {call.payload}. Routed:{self._routed()}")

    def assert_all_routed(self) -> None:
        """Raise an AssertionError with the routes and the attempts that no route answered, if there are any."""
        if self.unmatched:
            missed = "".join(f"\n  {call.endpoint} {call.payload}" for call in self.unmatched)
            raise AssertionError(f"No route answered:{missed}\nRouted:{self._routed()}")

    def _routed(self) -> str:
        return "".join(f"\n  {route!r}" for route in self._routes) or " nothing"

    async def aclose(self) -> None:
        """Does nothing."""

    async def _limited(self, request: Request, answer: Awaitable[Response]) -> Response:
        limit = asyncio.timeout(request.timeout.attempt)
        try:
            async with limit:
                response = await answer
        except TimeoutError:
            if not limit.expired():
                raise
            failure = AttemptTimeout("no answer within the attempt's time")
        else:
            if len(response.body) > self._max_body:
                raise BodyTooLarge(f"the answer is larger than {self._max_body} bytes")
            return response
        raise failure


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException))


def _name(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


def _check_playable(error: object) -> None:
    """A ConfigError that says what to write, if a route cannot fail with this."""
    if isinstance(error, type):
        raise ConfigError(f"fail() takes an error and not its class: write fail({error.__name__}()).")
    if isinstance(error, ApiError) and error.status == _OK:
        raise ConfigError(
            "An error inside a 200 is a result: use reply(), such as reply(Consent(error=5)) or"
            " reply(ConsentRequest(error_code=-213))."
        )
    if isinstance(error, ApiError | TransportError):
        return
    given = type(error).__name__
    if isinstance(error, QueueTimeout | DeadlineExceeded):
        raise ConfigError(f"{given} comes from the session's own time limits: set Timeout(...), and answer too late.")
    if isinstance(error, DecodeError):
        raise ConfigError("A DecodeError comes from a body that does not fit: use respond() with such a Response.")
    if isinstance(error, EtelecomError):
        raise ConfigError(f"{given} comes before anything is sent, and not from a transport: let the call raise it.")
    examples = {TimeoutError: "AttemptTimeout()", OSError: "Disconnected()"}  # a TimeoutError is an OSError too
    kind = next((kind for kind in examples if isinstance(error, kind)), None)
    example = "RateLimited(retry_after=1) or AttemptTimeout()" if kind is None else examples[kind]
    raise ConfigError(f"fail() takes an ApiError or a TransportError, and got {given}: write fail({example}).")


def _payload(request: Request) -> object:
    return _decoded(request, cast("type[object]", request.endpoint.payload))


def _decoded(request: Request, kind: type[Req]) -> Req:
    """What was sent as an object of this class."""
    body = cast("bytes", request.body)
    if request.endpoint.encoding is Encoding.JSON:
        return codec.decode(codec.loads(body), kind)
    from ..pipeline.multipart import parsed  # noqa: PLC0415 - one method needs it

    return codec.decode(cast("JSON", parsed(request.headers["Content-Type"], body)), kind)


def _keyless(request: Request) -> Request:
    return request.with_headers({name: value for name, value in request.headers.items() if name != "Authorization"})


def _render(error: ApiError) -> Response:
    """The error as the server would send it."""
    body = {"code": error.code, "msg": error.message, "meta": error.meta}
    wait = {} if error.retry_after is None else {"retry-after": f"{error.retry_after:g}"}
    return Response(error.status, {**_JSON, **wait}, json.dumps(body).encode())
