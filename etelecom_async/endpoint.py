"""What is called: a method of the API as a value."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Coroutine
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING, Generic, Never, Protocol, TypeAlias, TypeVar, get_origin

from attrs import field, frozen

from . import _checks
from .errors import ApiError, ConfigError

if TYPE_CHECKING:
    import asyncio

__all__ = [
    "JSON",
    "AnyEndpoint",
    "Caller",
    "Encoding",
    "Endpoint",
    "Role",
    "Safety",
    "check_name",
    "check_role",
    "check_safety",
]

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

Req = TypeVar("Req", contravariant=True)
Res = TypeVar("Res", covariant=True)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*/[A-Za-z][A-Za-z0-9]*")
_SHOWN = re.compile(r"[A-Za-z0-9/._ -]{0,60}")
"""What may stand in an error: a name with a slip in it, but no key."""

_SECONDS = partial(_checks.number, above=0, unit="a number of seconds", otherwise=", or None for the usual time")


class Safety(enum.Enum):
    """Whether repeating a call can do harm."""

    READ = "read"
    """Only looks: may be repeated after any failure."""
    SEND = "send"
    """May have an effect or a price: repeated only when it certainly was not carried out."""


class Role(enum.Enum):
    """Which of a partner's keys a method wants. A shop has one key for both."""

    SHOP = "shop"
    """Done for one shop: the shop_key."""
    ACCOUNT = "account"
    """Done for the partner itself: the api_key."""


class Encoding(enum.Enum):
    """What a payload is on the wire."""

    JSON = "application/json"
    """A JSON object."""
    MULTIPART = "multipart/form-data"
    """A form, which can hold files."""


def check_name(name: str, value: object) -> str:
    """A method's wire name.

    Raises:
        ConfigError: it is none; the sentence names the argument.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    given = repr(value) if isinstance(value, str) and _SHOWN.fullmatch(value) else _checks.shown(value)
    raise ConfigError(f"{name} looks like 'Zalo/CheckConsent', <Service>/<Method>; got {given}.")


def check_safety(name: str, value: object) -> Safety:
    """Whether repeating is safe; raises as `check_name`."""
    return _checks.instance(name, value, Safety, "Safety.READ or Safety.SEND")


def check_role(name: str, value: object) -> Role:
    """Whose key is wanted; raises as `check_name`."""
    return _checks.instance(name, value, Role, "Role.SHOP or Role.ACCOUNT")


def _check_encoding(name: str, value: object) -> Encoding:
    return _checks.instance(name, value, Encoding, "Encoding.JSON or Encoding.MULTIPART")


def _check_class(name: str, value: object) -> None:
    # What only looks like a class, such as `dict[str, int]`, is one here.
    if not isinstance(value, type) and get_origin(value) is None:
        raise ConfigError(f"{name} is a class; got {_checks.shown(value)}.")


@frozen(kw_only=True)
class Endpoint(Generic[Req, Res]):
    """One method of the API.

    Attributes:
        name: the wire name, `<Service>/<Method>`.
        payload: the class of what is sent.
        result: the class of what comes back.
        safety: whether it may be repeated on doubt.
        role: which key it wants.
        refusal: reads a parsed 200 body and returns the error that it hides, if any ("try later" in a success). It may
            raise a `DecodeError` where the body says too little.
        look: what shows whether a SEND of unknown outcome was carried out, such as a method's name; for its error.
        partner_only: the operator's docs have it for partners alone, so that a shop's call is refused here.
        attempt_time: seconds of one attempt where the session was given no `Timeout`, for a method that is slow.
        encoding: what the payload is on the wire.

    Raises:
        ConfigError: an attribute cannot work.
    """

    name: str = field(validator=_checks.checked(check_name))
    payload: type[Req] = field(validator=_checks.checked(_check_class))
    result: type[Res] = field(validator=_checks.checked(_check_class))
    safety: Safety = field(default=Safety.SEND, validator=_checks.checked(check_safety))
    role: Role = field(default=Role.SHOP, validator=_checks.checked(check_role))
    refusal: Callable[[JSON], ApiError | None] | None = field(
        default=None, validator=_checks.checked(_checks.function, or_none=True)
    )
    look: str | None = field(default=None, validator=_checks.checked(_checks.line, or_none=True))
    partner_only: bool = field(default=False, validator=_checks.checked(_checks.flag))
    attempt_time: float | None = field(default=None, validator=_checks.checked(_SECONDS, or_none=True))
    encoding: Encoding = field(default=Encoding.JSON, validator=_checks.checked(_check_encoding))


AnyEndpoint: TypeAlias = "Endpoint[Never, object]"
"""Some endpoint: it takes and gives objects of unknown classes. Every `Endpoint[...]` is one."""

_Req = TypeVar("_Req")
_Res = TypeVar("_Res")


class Caller(Protocol):
    """What can call a method: what a namespace such as `session.zalo` stands on."""

    @property
    def unavailable_since(self) -> float | None:
        """Since when the service accepts no request, in seconds of `clock`; None while it does."""
        ...

    def give_up(self, tasks: AbstractSet[asyncio.Task[object]], /) -> None:
        """Send nothing more for these tasks: cancel those whose call waits, and try no call again."""
        ...

    def call(self, endpoint: Endpoint[_Req, _Res], payload: _Req, /) -> Coroutine[object, object, _Res]:
        """Send the payload, return the result."""
        ...
