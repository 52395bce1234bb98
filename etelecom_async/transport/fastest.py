"""The transport of this package's own programs: the fast one where its extra is installed, else the default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigError
from .httptools import HttptoolsTransport

if TYPE_CHECKING:
    from .base import Transport

__all__ = ["fastest"]


def fastest() -> Transport:
    """A transport of the fastest kind that is installed; whoever asked for it closes it."""
    try:
        return HttptoolsTransport()
    except ConfigError:
        from .aiohttp import AiohttpTransport  # noqa: PLC0415 - slow to import, and mostly not needed

        return AiohttpTransport()
