"""Waiting for a customer's answer, no longer than it takes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, get_args

from .. import _checks
from .._loop import running_loop
from ..phone import normalize
from .events import Event, OASendConsent, UserReplyConsent

if TYPE_CHECKING:
    from ..session import Session

__all__ = ["ConsentWaiter"]

_KEPT = 10_000


class ConsentWaiter:
    """Ends the waits for a customer's answer when an event about that customer comes.

        waiter = ConsentWaiter(session)
        ...
        waiter.feed(event)             # in the handler of the webhook, in any thread
        ...
        await waiter.wait(phone, 30)   # in place of a sleep of 30 seconds, before the next check

    **An event only ends a wait: it never grants.** It may be unsigned, late or false, so what it says is not
    even kept: after the wait the caller asks with `check_consent`.

    Args:
        session: the one that checks after the wait.

    Raises:
        ConfigError: session is no `Session`.
    """

    def __init__(self, session: Session) -> None:
        self.session = _checks.methods(
            "ConsentWaiter.session", session, "call", "with_options", wanted="a Session: write ConsentWaiter(session)"
        )
        self._lock = threading.Lock()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        # An answer that comes while its waiter is at a check, and not in `wait`, must end the next wait.
        self._early: OrderedDict[str, None] = OrderedDict()

    def feed(self, event: Event) -> None:
        """Take an event: those of consent end the waits for their customer, and others do nothing.

        May be called in any thread. An event for which no call waits ends the next wait for its customer; so many are
        kept, the last 10,000 customers.

        Raises:
            ConfigError: event is none of `parse`.
        """
        _checks.instance("event", event, get_args(Event), "an event, as parse() returns them")
        if not isinstance(event, OASendConsent | UserReplyConsent):
            return
        with self._lock:
            waiting = self._waiting.pop(event.phone, set())
            if not waiting:
                self._early[event.phone] = None
                if len(self._early) > _KEPT:
                    self._early.popitem(last=False)
        for future in waiting:
            with contextlib.suppress(RuntimeError):  # a loop that was closed waits for nothing
                future.get_loop().call_soon_threadsafe(_end, future)

    async def wait(self, phone: str, seconds: float) -> None:
        """Wait for so long, or until an event about this customer comes.

        An event that came since the last wait for this customer ends this one at once.

        Args:
            phone: the customer, in any common writing.
            seconds: at most so long.

        Raises:
            InvalidPhone: phone cannot be a phone number.
            ConfigError: seconds is no number of at least 0, or no event loop runs.
        """
        phone = normalize(phone)
        seconds = _checks.number("seconds", seconds, least=0, unit="a number of seconds")
        future = running_loop().create_future()
        with self._lock:
            if phone in self._early:
                del self._early[phone]
                return
            self._waiting.setdefault(phone, set()).add(future)
        try:
            await asyncio.wait({future}, timeout=seconds)
        finally:
            with self._lock:
                others = self._waiting.get(phone, set())
                others.discard(future)
                if not others:
                    self._waiting.pop(phone, None)


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
