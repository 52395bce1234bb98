"""Types for the part of Ray that is used here: type checkers cannot know Ray's own."""

from __future__ import annotations

import importlib
import os
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar, cast

from ..errors import ConfigError, EtelecomError
from .worker import AccountFingerprint, BlockAnswers, Worker, WorkerSetup

__all__ = ["Actor", "Ray", "ray_module"]

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class _RemoteMethod(Protocol, Generic[In, Out]):
    def remote(self, argument: In, /) -> Awaitable[Out]: ...


class _Order(Protocol):
    def remote(self) -> object: ...


class Actor(Protocol):
    """A `Worker` in another process."""

    @property
    def identify(self) -> _RemoteMethod[str, AccountFingerprint | EtelecomError]: ...
    @property
    def check(self) -> _RemoteMethod[list[str], BlockAnswers]: ...
    @property
    def give_up(self) -> _Order: ...


class _ActorClass(Protocol):
    def remote(self, setup: WorkerSetup, /) -> Actor: ...


class _Exceptions(Protocol):
    RayError: type[Exception]


class Ray(Protocol):
    """The module `ray`."""

    @property
    def exceptions(self) -> _Exceptions: ...
    def is_initialized(self) -> bool: ...
    def init(self, **options: object) -> object: ...
    def shutdown(self) -> None: ...
    def kill(self, actor: Actor, /) -> None: ...
    def remote(self, **options: object) -> Callable[[type[Worker]], _ActorClass]: ...


def ray_module(*, is_local: bool) -> Ray:
    """Import Ray, or raise a ConfigError that names the extra. With `is_local` it does not listen on the network."""
    if is_local:
        # Ray reads it when it is imported: 0 keeps it on the loopback interface.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        return cast("Ray", importlib.import_module("ray"))
    except ImportError:
        raise ConfigError("Workers over Ray need an extra: pip install 'etelecom-async[ray]'.") from None
