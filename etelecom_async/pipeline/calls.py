"""The one call path: the payload becomes JSON once, each attempt passes through the layers, the result is read once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Generic, Protocol, TypeVar

from attrs import evolve, frozen
from yarl import URL

from .. import clock, codec
from ..account import Account, Shop
from ..endpoint import JSON, AnyEndpoint, Encoding, Endpoint, Safety
from ..errors import ConfigError, EtelecomError, Phase
from ..timeout import Timeout
from ..transport.base import Request, StreamedBody
from ..transport.headers import HEADERS
from ..transport.shared import SharedTransport
from . import compose
from .attempt import Call, Layer, Send
from .auth import Auth
from .exchange import exchange
from .retry import Retrying
from .telemetry import Telemetry

__all__ = ["Calls", "method_url"]

Req = TypeVar("Req")
Res = TypeVar("Res")
In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


@frozen(kw_only=True)
class _Method(Generic[In, Out]):
    """What all calls of a method have in common, made ready once."""

    endpoint: Endpoint[In, Out]
    timeout: Timeout
    url: URL
    send: Send
    write: Callable[[In], str]
    encode: Callable[[In], Awaitable[tuple[Mapping[str, str], StreamedBody]]] | None
    """Makes headers and body of what is not JSON."""
    read: Callable[[JSON], Out]


class Throttling(Protocol):
    """What lets requests go on in their turn."""

    @property
    def waiting_tasks(self) -> AbstractSet[asyncio.Task[object] | None]:
        """The tasks whose call waits there with nothing sent."""
        ...

    @property
    def unavailable_since(self) -> float | None:
        """Since when no request is accepted, in seconds of `clock`; None while requests are."""
        ...


class Calls:
    """Calls methods for one account with one set of options.

    Namespaces hold this and not the session, which holds the namespaces.

    Args:
        account: who calls.
        timeout: the time limits of a call; None for `Timeout()`, with longer attempts of slow methods.
        telemetry: what is told of each call and attempt.
        retrying: the loop of attempts.
        layers: what each attempt passes through, the outermost first.
        throttle: what lets requests go on in their turn, in one of these layers.
        transport: where it goes out.
    """

    def __init__(
        self,
        account: Account,
        *,
        timeout: Timeout | None,
        telemetry: Telemetry,
        retrying: Retrying,
        layers: Sequence[Layer],
        throttle: Throttling,
        transport: SharedTransport,
    ) -> None:
        self._retrying = retrying
        self._throttle = throttle
        self._account = account
        self._auth = Auth(account)
        self._has_own_timeout = timeout is not None
        timeout = Timeout() if timeout is None else timeout
        self._timeout = timeout.within(timeout.total)
        self._telemetry = telemetry
        self._layers = (*telemetry.layers, *layers)
        self._transport = transport
        self._methods: dict[str, _Method[Any, Any]] = {}

    @property
    def unavailable_since(self) -> float | None:
        """Since when the service accepts no request, in seconds of `clock`; None while it does."""
        return self._throttle.unavailable_since

    @property
    def waiting_tasks(self) -> AbstractSet[asyncio.Task[object] | None]:
        """The tasks whose call waits for a permit or its next attempt; cancelling one leaves no call in doubt."""
        return self._throttle.waiting_tasks | self._retrying.waiting_tasks

    def give_up(self, tasks: AbstractSet[asyncio.Task[object]], /) -> None:
        """Send nothing more for these tasks: cancel those whose call waits, and try no call again."""
        self._retrying.give_up(tasks)
        for task in self.waiting_tasks:
            if task is not None and task in tasks:
                task.cancel()

    async def call(self, endpoint: Endpoint[Req, Res], payload: Req, call: Call | None = None, /) -> Res:
        """Call a method; `call`, where it is given, is told how the result came about.

        Raises:
            EtelecomError: every failure, with `endpoint`, `url`, `attempts` and `elapsed`.
        """
        if call is None:
            call = Call(endpoint, clock.seconds())
        try:
            method: _Method[Req, Res] | None = self._methods.get(endpoint.name)
            if method is None or method.endpoint is not endpoint:
                method = self._methods[endpoint.name] = self._method(endpoint)
            if method.encode is None:
                request = Request(endpoint, method.url, HEADERS, method.write(payload).encode(), method.timeout)
            else:
                request = Request(endpoint, method.url, *await method.encode(payload), method.timeout)
            call.response = response = await self._retrying.run(method.send, request, call)
            result = method.read(response.json())
        except BaseException as error:
            if isinstance(error, EtelecomError):
                self._describe(error, call)
            self._telemetry.call_ended(call, error)
            raise
        self._telemetry.call_ended(call)
        return result

    def _describe(self, error: EtelecomError, call: Call) -> None:
        """Tell an error which call it ended."""
        endpoint = call.endpoint
        error.endpoint, error.url = endpoint.name, str(method_url(self._account.base_url, endpoint.name))
        error.attempts, error.elapsed = call.attempts, clock.seconds() - call.started
        if error.phase is Phase.UNKNOWN and endpoint.safety is Safety.SEND:
            where = "" if endpoint.look is None else f": {endpoint.look}"
            error.add_note(f"It may have been carried out. Look before you send it again{where}.")

    def _method(self, endpoint: Endpoint[Req, Res]) -> _Method[Req, Res]:
        if endpoint.partner_only and isinstance(self._account, Shop):
            raise ConfigError(f"{endpoint.name} is for partners: the session needs a Partner account.")
        return _Method(
            endpoint=endpoint,
            timeout=self._timeout_of(endpoint),
            url=method_url(self._account.base_url, endpoint.name),
            send=compose(self._layers, exchange(self._auth.key(endpoint.role), endpoint, self._transport)),
            write=codec.writing(endpoint.payload),
            encode=None if endpoint.encoding is Encoding.JSON else _form(endpoint.payload),
            read=codec.reading(endpoint.result),
        )

    def _timeout_of(self, endpoint: AnyEndpoint) -> Timeout:
        if self._has_own_timeout or endpoint.attempt_time is None:
            return self._timeout
        return evolve(self._timeout, attempt=endpoint.attempt_time).within(self._timeout.total)


def _form(kind: type[object]) -> Callable[[object], Awaitable[tuple[Mapping[str, str], StreamedBody]]]:
    from .multipart import writing  # noqa: PLC0415 - one method needs it

    return writing(kind)


def method_url(base: URL, name: str) -> URL:
    """`<base>.<Service>/<Method>`: the dot belongs to the base's last segment, so joining paths would be wrong."""
    service, method = name.split("/")
    return base.with_path(f"{base.raw_path}.{service}/{method}", encoded=True)
