"""The work that the gate counts the instructions of: one kind of call, so many times, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import selectors
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import cycle, islice

from benchmarks.children import worker
from benchmarks.lib import job
from benchmarks.lib.null import NullTransport, YieldingTransport
from benchmarks.lib.roster import ROSTER
from etelecom_async import Consent, Session, Shop, clock

_CONCURRENCY = 100
_NOWHERE = f"http://{job.HOST}"
_PAUSE = 0.02


class _Patient(selectors.DefaultSelector):
    """Gives the server time to answer all that it was asked, so that a turn of the loop finds the same in every run.

    Where a busy machine holds the server up, the answers come in smaller groups, and more turns take more instructions:
    up to a fortieth more for each call.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        time.sleep(_PAUSE)
        return super().select(timeout)


async def typed(_: str, calls: int) -> object:
    """Typed calls one after the other, over no network."""
    consent, phones = None, job.phones(_CONCURRENCY)
    async with _session(NullTransport()) as session:
        for phone in islice(cycle(phones), calls):
            consent = await session.zalo.check_consent(oa_id=job.OA_ID, phone=phone)
    return consent


async def bulk(_: str, calls: int) -> object:
    """A bulk run, over no network."""
    consents: list[Consent] = []
    async with _session(YieldingTransport()) as session:
        phones = job.phones(calls)
        async with session.zalo.check_consents(oa_id=job.OA_ID, phones=phones, concurrency=_CONCURRENCY) as run:
            async for outcome in run:
                consents[:] = [outcome.consent]  # a Failed has none, and ends this
        assert run.progress.done == calls
    return consents[-1]


async def loopback(origin: str, calls: int) -> object:
    """Typed calls of a hundred workers over the default transport."""
    return await _contender("sdk-workers", origin, calls)


async def tuned(origin: str, calls: int) -> object:
    """The same job in tuned aiohttp code."""
    return await _contender("tuned", origin, calls)


async def plain(origin: str, calls: int) -> object:
    """The same job in aiohttp code as most people write it."""
    return await _contender("plain", origin, calls)


async def _contender(name: str, origin: str, calls: int) -> object:
    drive = worker.by_gather if ROSTER[name].gather else worker.by_workers
    async with worker.client(name)(origin, _CONCURRENCY) as check:
        results = await drive(check, job.phones(calls), _CONCURRENCY)
    assert len(results) == calls
    return results[-1]


def _session(transport: NullTransport) -> Session:
    return Session(Shop(job.API_KEY, base_url=f"{_NOWHERE}{job.BASE_PATH}"), transport=transport)


WORK: dict[str, Callable[[str, int], Awaitable[object]]] = {
    "typed": typed,
    "bulk": bulk,
    "loopback": loopback,
    "tuned": tuned,
    "plain": plain,
}


async def _checked(work: str, origin: str, calls: int) -> None:
    assert worker.plain(await WORK[work](origin, calls)) == job.RESULT


if __name__ == "__main__":
    # One tick for each look at it: under valgrind a call takes fifty times as long, differently in each run, and the
    # throttle would learn from that.
    clock.monotonic = itertools.count(0.0, 1e-6).__next__
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_Patient())) as runner:
        runner.run(_checked(sys.argv[1], sys.argv[2], int(sys.argv[3])))
