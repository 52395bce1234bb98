"""What is called: a method of the API as a value."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Coroutine
from typing import Generic, Never, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from .errors import ApiError, ConfigError

__all__ = ["JSON", "AnyEndpoint", "Caller", "Endpoint", "Role", "Safety"]

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

Req = TypeVar("Req", contravariant=True)
Res = TypeVar("Res", covariant=True)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*/[A-Za-z][A-Za-z0-9]*")


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


def _check_name(_: object, __: object, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"A method's name looks like 'Zalo/CheckConsent', not {name!r}.")


@frozen(kw_only=True)
class Endpoint(Generic[Req, Res]):
    """One method of the API.

    Attributes:
        name: the wire name, `<Service>/<Method>`.
        payload: the class of what is sent.
        result: the class of what comes back.
        safety: whether it may be repeated on doubt.
        role: which key it wants.
        refusal: reads a parsed 200 body and returns the error that it hides, if any ("try later" in a success).
    """

    name: str = field(validator=_check_name)
    payload: type[Req]
    result: type[Res]
    safety: Safety = Safety.SEND
    role: Role = Role.SHOP
    refusal: Callable[[JSON], ApiError | None] | None = None


AnyEndpoint: TypeAlias = "Endpoint[Never, object]"
"""Some endpoint: it takes nobody knows what and gives an object. Every `Endpoint[...]` is one."""

_Req = TypeVar("_Req")
_Res = TypeVar("_Res")


class Caller(Protocol):
    """Whatever can call a method: what a namespace such as `session.zalo` stands on."""

    def call(self, endpoint: Endpoint[_Req, _Res], payload: _Req, /) -> Coroutine[object, object, _Res]:
        """Send the payload, return the result."""
        ...
