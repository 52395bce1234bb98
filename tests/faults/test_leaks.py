"""Thousands of calls under a mix of faults leave nothing behind."""

import asyncio
import contextlib
from itertools import cycle, islice

import pytest

from etelecom_async import EtelecomError, Retry, Session, Shop, Throttle, Timeout
from etelecom_async.transport.httpx import HttpxTransport
from tests.faults.case import PLENTY
from tests.faults.cases import CHAPTERS, STATUSES
from tests.faults.leaks import nothing_left_behind
from tests.faults.observe import READ, ask
from tests.faults.server import FaultServer
from tests.support import KEY, descriptors

WORKERS = 8
CASES = [case for cases in CHAPTERS.values() for case in cases if case.cheap]
# One in thirty-three, so that each of the five bodies has its turn.
CASES += list(STATUSES.values())[::33]


async def calls(played, transport, number):
    """So many calls, each to the next server in turn; how often each error came."""
    for case, server in islice(cycle(played), number):
        session = Session(
            Shop(KEY, base_url=server.origin),
            transport=transport,
            timeout=Timeout(attempt=PLENTY),
            retry=Retry(attempts=1),
            throttle=Throttle(adaptive=False),
        )
        error = None
        try:
            await ask(session, READ, 7)
        except EtelecomError as failure:
            error = type(failure)
        assert error is case.ends_over(type(transport)).error, case.name


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
async def test_faulted_calls_leave_no_socket_and_no_task(transport, count):
    async with nothing_left_behind(), contextlib.AsyncExitStack() as stack:
        played = []
        for case in CASES:
            server = FaultServer(*case.does, repeats=True, scheme=case.scheme, elsewhere="http://127.0.0.1:1")
            await stack.enter_async_context(server.serve())
            played.append((case, server))
        if isinstance(carrier := transport(), HttpxTransport):
            count = min(count, 500)  # httpcore looks at every connection for each that it has, at every request
        await stack.enter_async_context(contextlib.aclosing(carrier))
        before = descriptors()
        # Each server has one worker that calls it, so the pool keeps one connection to it, of two ends.
        await asyncio.gather(*(calls(played[n::WORKERS], carrier, count // WORKERS) for n in range(WORKERS)))
        assert descriptors() <= before + 2 * len(CASES)
        assert sum(server.connections for _, server in played) > count // 4
