"""The event loop that a call runs in."""

from __future__ import annotations

import asyncio

from .errors import ConfigError

__all__ = ["no_loop", "running_loop"]


def running_loop() -> asyncio.AbstractEventLoop:
    """Asyncio's running loop.

    Raises:
        ConfigError: there is none, as under trio or curio.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    raise no_loop()


def no_loop() -> ConfigError:
    """The error where no loop of asyncio runs."""
    return ConfigError(
        "No event loop of asyncio runs here, and this SDK needs one: call it under asyncio.run(...); a program on"
        " trio can enter trio_asyncio.open_loop() first and call through trio_asyncio.aio_as_trio."
    )
