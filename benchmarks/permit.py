"""Measure what the throttle's permit costs: when nobody waits, and in a line of a hundred or of fifty thousand."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable

from benchmarks.run import machine, whole
from etelecom_async import CHECK_CONSENT, CheckConsent, Session, Shop, Throttle
from etelecom_async.transport.base import Request, Response

_FREE, _QUEUED = 20_000, 200_000
_PLACES = 50
_LINES = (100, 50_000)
_ANSWER = Response(200, {"content-type": "application/json"}, b'{"error":0}')
_DESCRIPTION = """\
CPU per permit of a throttle, in microseconds. "bare" is the same line of tasks in front of a deque of futures that
does nothing else: the difference between a short line and a long one that it shows is the machine's and asyncio's.
"""


class _Keep:
    """A transport that keeps the request."""

    def __init__(self) -> None:
        self.request: Request | None = None

    async def send(self, request: Request, /) -> Response:
        self.request = request
        return _ANSWER

    async def aclose(self) -> None:
        pass


async def _request() -> Request:
    transport = _Keep()
    async with Session(Shop("1:made-up"), transport=transport) as session:
        await session.call(CHECK_CONSENT, CheckConsent(oa_id=1, phone="0900000001"))
    assert transport.request
    return transport.request


async def _at_once(_: Request) -> Response:
    return _ANSWER


async def _next_turn(_: Request) -> Response:
    await asyncio.sleep(0)
    return _ANSWER


async def _free(request: Request) -> float:
    throttle = Throttle()
    for _ in range(1000):
        await throttle(request, _at_once)
    cpu = time.process_time()
    for _ in range(_FREE):
        await throttle(request, _at_once)
    whole_cost = time.process_time() - cpu
    cpu = time.process_time()
    for _ in range(_FREE):
        await _at_once(request)
    return (whole_cost - (time.process_time() - cpu)) / _FREE


async def _line(length: int, one: Callable[[], Awaitable[object]]) -> float:
    """Seconds per call where so many tasks ask again and again."""
    left = _QUEUED

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await one()

    tasks = [asyncio.ensure_future(work()) for _ in range(length)]
    await asyncio.sleep(0)
    calls, cpu = left, time.process_time()
    await asyncio.gather(*tasks)
    return (time.process_time() - cpu) / calls


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


async def _measure(rounds: int) -> str:
    request = await _request()
    names = ["nobody waits", *(f"{kind}, {length:,} wait" for kind in ("throttle", "bare") for length in _LINES)]
    costs: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        costs[names[0]].append(await _free(request))
        for length in _LINES:
            throttle = Throttle(concurrency=_PLACES)
            costs[f"throttle, {length:,} wait"].append(await _line(length, lambda t=throttle: t(request, _next_turn)))
            costs[f"bare, {length:,} wait"].append(await _line(length, _Bare()))
    rows = [f"| {name} | {statistics.median(cost) * 1e6:.2f} |" for name, cost in costs.items()]
    return "\n".join([f"{machine()}; medians of {rounds} rounds\n", "| permit | us of CPU |", "|---|---:|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.permit",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=whole(1, 100), default=5)
    print(asyncio.run(_measure(parser.parse_args().rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
