"""Every fault, over real sockets: a right answer or a right error in time, nothing left behind, and never the key."""

import logging

import pytest

from tests.faults.cases import CHAPTERS, STATUSES
from tests.faults.cases.statuses import SAMPLE
from tests.faults.observe import phone
from tests.support import CANARY


@pytest.mark.parametrize("case", [case for cases in CHAPTERS.values() for case in cases], ids=lambda case: case.name)
async def test_a_fault_ends_as_it_must(case, transport, observed, caplog):
    caplog.set_level(logging.DEBUG)
    assert await observed(case, transport) == case.ends_over(transport)
    assert CANARY not in caplog.text
    assert phone(100) not in caplog.text


@pytest.mark.parametrize("status", sorted(SAMPLE))
async def test_a_status_ends_as_it_must_whatever_its_body(status, transport, observed):
    cases = [case for (of, _), case in STATUSES.items() if of == status]
    assert [await observed(case, transport) for case in cases] == [case.ends_over(transport) for case in cases]
