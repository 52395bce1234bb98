"""An answer of megabytes or without end is not read into memory, whatever way it comes."""

import contextlib
import tracemalloc

import pytest

from etelecom_async import EtelecomError, Retry, Session, Shop, Timeout
from tests.faults.case import MB
from tests.faults.cases.body import BODY
from tests.faults.cases.head import HEAD
from tests.faults.observe import READ, ask
from tests.faults.server import FaultServer
from tests.support import KEY

CASES = ["1 GB, announced", "1 GB in chunks", "1 GB without a length", "a gzip bomb of 1 GB"]
CASES += ["a chunk's extension of 8 MB, then closed", "trailers without end", "headers without end"]
CASES += ["8 MB of empty lines, then closed", "103 for ever"]


@pytest.mark.parametrize("name", CASES)
async def test_an_answer_of_a_gigabyte_or_without_end_costs_no_more_memory_than_the_bound(name, transport):
    (case,) = (case for case in (*HEAD, *BODY) if case.name == name)
    server = FaultServer(*case.does)
    async with server.serve() as origin, contextlib.aclosing(transport(max_body=MB)) as carrier:
        limits = Timeout(attempt=case.attempt_over(transport))
        session = Session(Shop(KEY, base_url=origin), transport=carrier, timeout=limits, retry=Retry(attempts=1))
        tracemalloc.start()
        try:
            with pytest.raises(EtelecomError) as caught:
                await ask(session, READ, 7)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert type(caught.value) is case.ends_over(transport).error
    # The bound itself while it grows, what the transport and the server buffer, and the bomb as it is sent.
    assert peak < 6 * MB
