"""Every fault over every transport, and the page about reliability says what was observed."""

import asyncio
import logging

import pytest

from tests.faults.cases import STATUSES
from tests.faults.cases.statuses import SAMPLE
from tests.faults.observe import phone
from tests.faults.table import PAGE, written
from tests.support import CANARY

USUAL = {id(case) for (status, _), case in STATUSES.items() if status not in SAMPLE}


@pytest.mark.long
@pytest.mark.longest
async def test_the_page_says_what_the_tests_saw(observed, caplog):
    caplog.set_level(logging.DEBUG)

    async def seen(case, transport):
        # All in asyncio's debug mode but the statuses that are as others are: there a call takes many times as long.
        asyncio.get_running_loop().set_debug(id(case) not in USUAL)
        return await observed(case, transport)

    assert PAGE.read_text("utf-8") == await written(seen), "make reliability writes it anew"
    assert observed.wrong == []
    assert CANARY not in caplog.text
    assert phone(100) not in caplog.text
