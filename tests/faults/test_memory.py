"""An answer of a gigabyte or without end is not read into memory, whatever way it comes."""

import contextlib
import tracemalloc

import pytest
from support import KEY

from etelecom_async import (
    AttemptTimeout,
    BadAnswer,
    BodyTooLarge,
    EtelecomError,
    Retry,
    Session,
    Shop,
    Timeout,
)
from etelecom_async.transport.aiohttp import AiohttpTransport
from faults.case import MB
from faults.cases.body import BODY
from faults.cases.head import HEAD
from faults.observe import READ, ask
from faults.server import FaultServer

ENDS = {
    "1 GB, announced": BodyTooLarge,
    "1 GB in chunks": BodyTooLarge,
    "1 GB without a length": BodyTooLarge,
    "a gzip bomb of 1 GB": BadAnswer,
    "a chunk's extension without end": AttemptTimeout,
    "trailers without end": BadAnswer,
    "headers without end": BadAnswer,
    "empty lines without end": AttemptTimeout,
    "103 for ever": AttemptTimeout,
}


@pytest.mark.parametrize("name", ENDS)
async def test_an_answer_of_a_gigabyte_or_without_end_costs_no_more_memory_than_the_bound(name):
    (case,) = (case for case in (*HEAD, *BODY) if case.name == name)
    server = FaultServer(*case.does)
    async with server.serve() as origin, contextlib.aclosing(AiohttpTransport(max_body=MB)) as transport:
        limits = Timeout(attempt=case.attempt)
        session = Session(Shop(KEY, base_url=origin), transport=transport, timeout=limits, retry=Retry(attempts=1))
        tracemalloc.start()
        try:
            with pytest.raises(EtelecomError) as caught:
                await ask(session, READ, 7)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert type(caught.value) is ENDS[name]
    # The bound itself while it grows, what aiohttp and the server buffer, and the bomb as it is sent.
    assert peak < 6 * MB
