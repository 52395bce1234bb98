"""Who is measured against a hidden limit: each is a session with work without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from botocore.retries.adaptive import RateClocker
from botocore.retries.bucket import Clock, TokenBucket
from botocore.retries.throttling import CubicCalculator

from etelecom_async import EtelecomError, RateLimited, Retry, Session, Shop, Throttle, Unavailable
from etelecom_async.pipeline import CallNext
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA
from etelecom_async.transport.base import Request, Response


class Cubic:
    """The adaptive mode of AWS's SDK: its own clocker, cubic calculator and bucket, with a wait that suits asyncio."""

    _SCALE = 2.0
    _LOOK = 0.005

    def __init__(self) -> None:
        self._clock = Clock()
        self._adjustor = CubicCalculator(starting_max_rate=0, start_time=self._clock.current_time())
        self._bucket = TokenBucket(max_rate=1, clock=self._clock)
        self._clocker = RateClocker(self._clock)
        self._turn = asyncio.Lock()
        self._is_on = False

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        if self._is_on:
            async with self._turn:
                while not self._has_token():  # noqa: ASYNC110 - the bucket tells nobody when it has one
                    await asyncio.sleep(self._LOOK)
        try:
            response = await call_next(request)
        except (RateLimited, Unavailable):
            self._learn(is_refused=True)
            raise
        self._learn(is_refused=False)
        return response

    def _has_token(self) -> bool:
        # The bucket counts what it has when it is asked for some, and raises where that is too little.
        try:
            return self._bucket.acquire(block=False)
        except Exception as error:
            if type(error).__name__ != "CapacityNotAvailableError":
                raise
            return False

    def _learn(self, *, is_refused: bool) -> None:
        measured, now = self._clocker.record(), self._clock.current_time()
        if is_refused:
            rate = self._adjustor.error_received(min(measured, self._bucket.max_rate) if self._is_on else measured, now)
            self._is_on = True
        else:
            rate = self._adjustor.success_received(now)
        self._bucket.max_rate = min(rate, self._SCALE * measured)


def _session(url: str, *, throttle: Throttle, cubic: bool = False) -> Session:
    return Session(
        Shop(SANDBOX_API_KEY, base_url=url),
        throttle=throttle,
        retry=Retry(attempts=10),
        middlewares=(Cubic(),) if cubic else (),
    )


CLIENTS: dict[str, tuple[int, Callable[[str], Session]]] = {
    "etelecom_async": (600, lambda url: _session(url, throttle=Throttle(concurrency=600))),
    "fixed 10": (10, lambda url: _session(url, throttle=Throttle(concurrency=10, adaptive=False))),
    "fixed 50": (50, lambda url: _session(url, throttle=Throttle(concurrency=50, adaptive=False))),
    "botocore adaptive": (
        200,
        lambda url: _session(url, throttle=Throttle(concurrency=200, adaptive=False), cubic=True),
    ),
}
"""By name: how many workers, and their session on a base URL."""


async def work(name: str, url: str, *, phone: str, seconds: float) -> int:
    """Ask about one phone without end; return how many calls failed."""
    workers, make = CLIENTS[name]
    failed = 0

    async def ask(session: Session) -> None:
        nonlocal failed
        while True:
            try:
                await session.zalo.check_consent(oa_id=SANDBOX_OA, phone=phone)
            except EtelecomError:
                failed += 1

    async with make(url) as session:
        tasks = [asyncio.create_task(ask(session)) for _ in range(workers)]
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()
    return failed
