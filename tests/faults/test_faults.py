"""Every fault, over real sockets: a right answer or a right error in time, nothing left behind, and never the key."""

import pytest

from faults.cases import CHAPTERS, STATUSES
from faults.certificates import Certificates
from faults.observe import observe

CASES = [case for chapter in CHAPTERS.values() for case in chapter]


@pytest.fixture(scope="session")
def certificates():
    return Certificates()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_fault_ends_as_the_table_says(case, certificates):
    assert await observe(case, certificates) == case.ends


@pytest.mark.parametrize("status", sorted({status for status, _ in STATUSES}))
async def test_a_status_ends_as_the_table_says_whatever_its_body(status, certificates):
    for (of, _), case in STATUSES.items():
        if of == status:
            assert await observe(case, certificates) == case.ends
