"""The session: an account, its options, and what is called with them."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Iterable, Mapping
from collections.abc import Set as AbstractSet
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast, overload

from attrs import field, frozen

from . import _checks, clock
from . import account as accounts
from .api import untyped
from .api.zalo import Zalo
from .claims.base import MemoryClaims, Turns
from .endpoint import JSON, AnyEndpoint, Endpoint, Role, Safety
from .errors import ConfigError
from .pipeline import Middleware, user_middleware
from .pipeline.attempt import Call, Layer
from .pipeline.calls import Calls
from .pipeline.retry import Retry, RetryBudget, Retrying
from .pipeline.telemetry import Observer, Telemetry
from .ratelimit.throttle import Throttle
from .timeout import Timeout, to_timeout
from .transport.base import ChecksUrl, Pooled, Response, Transport
from .transport.shared import SharedTransport

if TYPE_CHECKING:
    from ._file import File
    from .api.etelecom import Etelecom
    from .api.files import OA
    from .api.misc import Misc
    from .api.shop import Shops
    from .api.webhook import Webhooks

__all__ = ["Reply", "Session"]

Req = TypeVar("Req")
Res = TypeVar("Res")
Value = TypeVar("Value", covariant=True)

_ACCOUNT = "a Shop or a Partner: write Session(Shop(api_key))"
_RETRY = "a Retry: write Retry(attempts=3) for three tries in all"
_THROTTLE = "a Throttle: write Throttle(concurrency=20) for 20 requests at once, Throttle(rate=20) for 20 per second"
_TRANSPORT = "an object with the methods send and aclose, such as AiohttpTransport()"
_ENDPOINT = "an Endpoint such as CHECK_CONSENT: for a method's name there is invoke()"


@frozen(kw_only=True)
class Reply(Generic[Value]):
    """A result with how it came about.

    Attributes:
        value: what `call` would have returned.
        response: the last attempt's answer.
        attempts: how many times the request was tried.
        elapsed: seconds from the call to the result, waiting included.
        waited: seconds of it spent waiting for a slot or a permit of the throttle.
    """

    value: Value
    response: Response
    attempts: int
    elapsed: float
    waited: float


@frozen(kw_only=True)
class _Options:
    """What a derived session may have otherwise."""

    timeout: Timeout | None = None
    retry: Retry = field(factory=Retry)
    middlewares: tuple[Middleware, ...] = ()
    telemetry: Telemetry = field(factory=Telemetry)
    background: bool = False

    def changed(
        self,
        *,
        timeout: Timeout | float | None,
        retry: Retry | None,
        middlewares: Iterable[Middleware] | None,
        observer: Observer | None,
        background: bool | None = None,
    ) -> _Options:
        """The same options but for those that are given."""
        is_other = observer is not None and observer is not self.telemetry.observer
        return _Options(
            timeout=self.timeout if timeout is None else to_timeout("Session.timeout", timeout),
            retry=self.retry if retry is None else _checks.instance("Session.retry", retry, Retry, _RETRY),
            middlewares=(
                self.middlewares if middlewares is None else _checks.functions("Session.middlewares", middlewares)
            ),
            telemetry=Telemetry(observer) if is_other else self.telemetry,
            background=self.background if background is None else _checks.flag("Session.background", background),
        )


class _Namespace(Generic[Value]):
    """The methods of a service, made and loaded at their first use. Of the class it is their class, for autospecs.

    Args:
        subject: the file's name in `api/`.
        name: the class's name.
    """

    def __init__(self, subject: str, name: str) -> None:
        self._subject = subject
        self._name = name

    @overload
    def __get__(self, session: None, owner: type) -> type[Value]: ...
    @overload
    def __get__(self, session: Session, owner: type) -> Value: ...
    def __get__(self, session: Session | None, owner: type) -> Value | type[Value]:
        if session is None:
            return cast("type[Value]", _methods(self._subject, self._name))
        return cast("Value", session._namespace(self._subject, self._name))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _methods(subject: str, name: str) -> Callable[[Calls], object]:
    return cast("Callable[[Calls], object]", getattr(import_module(f"{__package__}.api.{subject}"), name))


class Session:
    """Calls the API for one account. Cheap to make; opens no connection before its first call.

        async with Session(Shop(api_key)) as session:
            consent = await session.zalo.check_consent(oa_id=oa_id, phone=phone)

    One session serves a whole program: it may be made at import, shared by any number of tasks, and used under one
    event loop after another. Close it with `async with` or `aclose()`.

    Args:
        account: who calls, `Shop(...)` or `Partner(...)`.
        transport: what carries the requests; an `AiohttpTransport` of its own unless given. One that is given stays
            for you to close.
        timeout: the time limits; a number is the seconds of `Timeout.total`. Unless given it is `Timeout()`, with
            longer attempts of the methods that are slow.
        retry: which failures are worth another attempt.
        throttle: how much at once.
        middlewares: layers of your own, outermost first, between retry and throttle: each sees every attempt.
        observer: what is told of every attempt and call when it has ended, for metrics.

    Attributes:
        zalo, etelecom, shop, webhook, misc, oa: the methods of the services of these names.

    Raises:
        ConfigError: an argument of a wrong kind, or options that cannot go together; or the environment names a proxy
            or certificates that cannot work for the account's base URL.
    """

    # Each session has one of its own; on the class it is what `unittest.mock.create_autospec(Session)` goes by.
    zalo: Zalo = cast("Zalo", Zalo)
    etelecom: _Namespace[Etelecom] = _Namespace("etelecom", "Etelecom")
    misc: _Namespace[Misc] = _Namespace("misc", "Misc")
    oa: _Namespace[OA] = _Namespace("files", "OA")
    shop: _Namespace[Shops] = _Namespace("shop", "Shops")
    webhook: _Namespace[Webhooks] = _Namespace("webhook", "Webhooks")

    def __init__(
        self,
        account: accounts.Account,
        *,
        transport: Transport | None = None,
        timeout: Timeout | float | None = None,
        retry: Retry | None = None,
        throttle: Throttle | None = None,
        middlewares: Iterable[Middleware] = (),
        observer: Observer | None = None,
    ) -> None:
        _checks.instance("Session.account", account, (accounts.Shop, accounts.Partner), _ACCOUNT)
        throttle = Throttle() if throttle is None else throttle
        _checks.instance("Session.throttle", throttle, Throttle, _THROTTLE)
        if transport is not None:
            _checks.methods("Session.transport", transport, "send", "aclose", wanted=_TRANSPORT)
        middlewares = _checks.functions("Session.middlewares", middlewares)
        options = _Options().changed(timeout=timeout, retry=retry, middlewares=middlewares, observer=observer)
        self._transport = SharedTransport(
            _default_transport() if transport is None else transport, is_owned=transport is None
        )
        self._throttle = throttle
        self._budget = RetryBudget(reserve=max(RetryBudget.least, throttle.concurrency))
        self._turns, self._claims = Turns(), MemoryClaims()
        self._use(account, options)
        _check_transport(self._transport.transport, account, throttle)

    @classmethod
    def from_env(
        cls,
        *,
        transport: Transport | None = None,
        timeout: Timeout | float | None = None,
        retry: Retry | None = None,
        throttle: Throttle | None = None,
        middlewares: Iterable[Middleware] = (),
        observer: Observer | None = None,
    ) -> Self:
        """A session for the account that `ETELECOM_ACCOUNT`, `_API_KEY`, `_SHOP_KEY` and `_BASE_URL` describe.

        Raises:
            ConfigError: a variable is missing or cannot work, or an argument; the sentence names it.
        """
        return cls(
            accounts.from_env(),
            transport=transport,
            timeout=timeout,
            retry=retry,
            throttle=throttle,
            middlewares=middlewares,
            observer=observer,
        )

    def with_options(
        self,
        *,
        timeout: Timeout | float | None = None,
        retry: Retry | None = None,
        middlewares: Iterable[Middleware] | None = None,
        observer: Observer | None = None,
        background: bool | None = None,
    ) -> Self:
        """The same session with other options. Connections, throttle, retry budget and closing stay in common.

        Of a subclass it is another of that subclass, made by `copy.copy`.

        Args:
            timeout: the time limits; a number is the seconds of `Timeout.total`.
            retry: which failures are worth another attempt.
            middlewares: in place of those that the session has.
            observer: in place of the one that the session has.
            background: let the calls of other sessions of the account go first, as `check_consents` and jobs do. A
                `gather` of many thousand calls wants that, or a call beside it waits for all of them.

        Raises:
            ConfigError: an argument of a wrong kind.
        """
        session = copy.copy(self)
        options = self._options.changed(
            timeout=timeout, retry=retry, middlewares=middlewares, observer=observer, background=background
        )
        session._use(self._account, options)  # noqa: SLF001
        return session

    def for_shop(self, shop_key: str | accounts.Secret) -> Self:
        """The same partner's session acting for another shop, over the same connections and throttle.

        Raises:
            ConfigError: this session belongs to a Shop, or the key is no shop_key.
        """
        shop_key = accounts.hidden(shop_key)
        session = copy.copy(self)
        session._use(self._account.for_shop(shop_key), self._options)  # noqa: SLF001
        return session

    @property
    def account(self) -> accounts.Account:
        """Who calls."""
        return self._account

    @property
    def throttle(self) -> Throttle:
        """How much at once, and what it is doing now: `session.throttle.snapshot()`."""
        return self._throttle

    def waiting_tasks(self) -> AbstractSet[asyncio.Task[object] | None]:
        """The tasks whose call waits for a permit or its next attempt; cancelling one leaves no call in doubt."""
        return self._calls.waiting_tasks

    def give_up(self, tasks: Iterable[asyncio.Task[object]], /) -> None:
        """Send nothing more for these tasks: those whose call waits are cancelled, and no call is tried again.

        What is under way is answered, or its task is cancelled where it would be tried again. No call is left in doubt.

        Raises:
            ConfigError: tasks are no tasks.
        """
        wanted = "an iterable of tasks, as asyncio.create_task makes them"
        _checks.instance("tasks", tasks, Iterable, wanted)
        given = set(tasks)
        for task in given:
            _checks.instance("tasks", task, asyncio.Task, wanted)
        self._calls.give_up(given)

    def call(self, endpoint: Endpoint[Req, Res], payload: Req, /) -> Coroutine[object, object, Res]:
        """Call a typed method.

        Raises:
            ConfigError: at once, where there is no endpoint or the payload is not of its class.
            EtelecomError: when awaited, every failure, with `endpoint`, `attempts`, `elapsed` and `phase`.
        """
        _check_call(endpoint, payload)
        return self._calls.call(endpoint, payload)

    async def call_raw(self, endpoint: Endpoint[Req, Res], payload: Req, /) -> Reply[Res]:
        """`call`, and how the result came about.

        Raises:
            EtelecomError: as `call`.
        """
        _check_call(endpoint, payload)
        call = Call(endpoint, clock.seconds())
        value = await self._calls.call(endpoint, payload, call)
        response, elapsed = cast("Response", call.response), clock.seconds() - call.started
        return Reply(value=value, response=response, attempts=call.attempts, elapsed=elapsed, waited=call.waited)

    async def invoke(
        self,
        name: str,
        payload: Mapping[str, JSON | File] | None = None,
        *,
        safety: Safety | None = None,
        role: Role | None = None,
    ) -> JSON:
        """Call any method by its wire name, typed here or not, with plain JSON in and out.

        Args:
            name: `<Service>/<Method>`, such as `Etelecom/GetHotlines`.
            payload: the JSON object to send; `{}` unless given. A method that takes a file gets a `File` in it.
            safety: READ lets it be repeated after any failure. Unless given it is SEND for methods unknown here.
            role: which of a partner's keys to use; unless given, the one that the operator's docs name.

        Raises:
            EtelecomError: as `call`.
        """
        endpoint = untyped(name, safety=safety, role=role)
        payload = {} if payload is None else payload
        _checks.instance("payload", payload, Mapping, "a dict of JSON values")
        return cast("JSON", await self._calls.call(endpoint, dict(payload)))

    async def aclose(self) -> None:
        """Close the session and every one derived from it. Calling it again does nothing."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _namespace(self, subject: str, name: str) -> object:
        made = self._namespaces.get(name)
        if made is None:
            made = self._namespaces[name] = _methods(subject, name)(self._calls)
        return made

    def __repr__(self) -> str:
        return f"<Session {self._account!r}>"

    def _use(self, account: accounts.Account, options: _Options) -> None:
        """Call for this account with these options, over what all sessions that are derived share."""
        self._account = account
        self._options = options
        retrying = Retrying(options.retry, budget=self._budget)
        middlewares = [*map(user_middleware, options.middlewares)]

        def calls(layer: Layer) -> Calls:
            return Calls(
                account,
                timeout=options.timeout,
                telemetry=options.telemetry,
                retrying=retrying,
                layers=[*middlewares, layer],
                throttle=self._throttle,
                transport=self._transport,
            )

        background = calls(self._throttle.in_background)
        self._calls = background if options.background else calls(self._throttle)
        self._namespaces: dict[str, object] = {}
        self.zalo = Zalo(self._calls, background, self._turns, self._claims)


def _check_call(endpoint: AnyEndpoint, payload: object) -> None:
    _checks.instance("endpoint", endpoint, Endpoint, _ENDPOINT)
    kind = cast("object", endpoint.payload)
    if isinstance(kind, type) and not isinstance(payload, kind):
        raise _checks.refused("payload", f"a {kind.__name__} for {endpoint.name}", payload)


def _default_transport() -> Transport:
    from .transport.aiohttp import AiohttpTransport  # noqa: PLC0415 - importing the SDK must not import aiohttp

    return AiohttpTransport()


def _check_transport(transport: Transport, account: accounts.Account, throttle: Throttle) -> None:
    size = transport.pool_size if isinstance(transport, Pooled) else None
    if size is not None and size < throttle.concurrency:
        raise ConfigError(
            f"The transport has {size} connections and the throttle {throttle.concurrency} slots, so calls would time"
            f" out while they queue for a connection: pass throttle=Throttle(concurrency={size}), or a larger pool.",
        )
    if isinstance(transport, ChecksUrl):
        transport.check_url(account.base_url)
