"""The running event loop, or an error that says how to get one."""

from __future__ import annotations

import asyncio

from .errors import ConfigError

__all__ = ["no_loop", "running_loop"]


def running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    raise no_loop()  # here, so that it has no context


def no_loop() -> ConfigError:
    return ConfigError(
        "No event loop of asyncio runs here, and this SDK needs one: call it under asyncio.run(...); a program on"
        " trio can enter trio_asyncio.open_loop() first and call through trio_asyncio.aio_as_trio."
    )
