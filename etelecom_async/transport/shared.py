"""The transport that the sessions of an account share, until they are closed."""

from __future__ import annotations

from typing import NoReturn

from ..errors import SessionClosed
from .base import CallNext, Request, Transport

__all__ = ["SharedTransport"]


class SharedTransport:
    """A transport that sends nothing more once it is closed.

    Args:
        transport: what carries the requests.
        is_owned: whether closing this closes the transport too.

    Attributes:
        send: carries one request; to be looked up at each, since closing replaces it.
    """

    __slots__ = ("_is_owned", "send", "transport")

    def __init__(self, transport: Transport, *, is_owned: bool) -> None:
        self.transport = transport
        self._is_owned = is_owned
        self.send: CallNext = transport.send

    def open(self) -> None:
        """Let requests go, after a closing too."""
        self.send = self.transport.send

    async def aclose(self) -> None:
        """Let no more requests go. Calling it again does nothing."""
        self.send = _refuse
        if self._is_owned:
            await self.transport.aclose()


def _refuse(_: Request) -> NoReturn:
    raise SessionClosed("This session is closed: make a new one, or enter it again with 'async with'.")
