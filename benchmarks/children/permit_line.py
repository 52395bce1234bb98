"""A line of so many tasks that ask for permits, so many in all, and nothing else: what the permits cost is counted."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable

from benchmarks.lib.null import NullTransport
from etelecom_async import CHECK_CONSENT, CheckConsent, Session, Shop, Throttle
from etelecom_async.pipeline.attempt import Attempt
from etelecom_async.transport.base import Request, Response

__all__ = ["KINDS", "a_request", "stand_in_line"]

_PLACES = 50


class _Keep(NullTransport):
    """A transport that keeps the request."""

    async def send(self, request: Request, /) -> Response:
        self.request = request
        return await super().send(request)


async def a_request() -> Request:
    """One as a session makes it."""
    transport = _Keep()
    async with Session(Shop("1:made-up"), transport=transport) as session:
        await session.call(CHECK_CONSENT, CheckConsent(oa_id=1, phone="0900000001"))
    return transport.request


async def _next_turn(_: Request, __: Attempt) -> Response:
    await asyncio.sleep(0)
    return Response(200, {}, b"")


class _Bare:
    """Places and a line in front of them, and nothing else."""

    def __init__(self) -> None:
        self._free = _PLACES
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self) -> None:
        if self._free:
            self._free -= 1
        else:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        await asyncio.sleep(0)
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1


def _throttle(request: Request) -> Callable[[], Awaitable[object]]:
    send = Throttle(concurrency=_PLACES)(_next_turn)
    return lambda: send(request, Attempt())


KINDS: dict[str, Callable[[Request], Callable[[], Awaitable[object]]]] = {
    "throttle": _throttle,
    "bare": lambda _: _Bare(),
}


async def stand_in_line(kind: str, length: int, permits: int) -> None:
    """Let so many tasks ask again and again."""
    one = KINDS[kind](await a_request())
    left = permits

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await one()

    await asyncio.gather(*(work() for _ in range(length)))


if __name__ == "__main__":
    asyncio.run(stand_in_line(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
