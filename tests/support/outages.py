"""A service that is down for a while, in virtual time."""

import asyncio
import contextlib

from etelecom_async import EtelecomError, ServerFault
from etelecom_async.clock import seconds


class Service:
    """Answers each item after 50 ms, but for times when it is down and for items that it never takes.

    It tells since when it takes nothing, as a throttle does: after three faults with no answer between them. While it
    takes nothing, calls wait for a second before they are sent. A call makes so many attempts.
    """

    def __init__(self, *, is_down=lambda _moment: False, own=(), fault=ServerFault, attempts=1):
        self.attempts = attempts
        self.is_down = is_down
        self.own = set(own)
        self.fault = fault
        self.asked = []
        self.first_fault = None
        self.faults = 0

    @property
    def unavailable_since(self):
        return self.first_fault if self.faults > 2 else None

    async def call(self, item):
        for attempt in range(1, self.attempts):
            with contextlib.suppress(EtelecomError):
                return await self._attempt(item)
            await asyncio.sleep(0.25 * attempt)
        return await self._attempt(item)

    async def _attempt(self, item):
        if self.unavailable_since is not None:
            await asyncio.sleep(1)
        self.asked.append(item)
        await asyncio.sleep(0.05)
        if item in self.own or self.is_down(seconds()):
            self.faults += 1
            self.first_fault = seconds() if self.first_fault is None else self.first_fault
            raise self.fault
        self.faults, self.first_fault = 0, None
        return item


def between(start, end):
    """Down from one moment to another, in seconds since the loop's start."""
    return lambda moment: start <= moment < end


def always(_moment):
    return True
