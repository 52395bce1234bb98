"""Every fault over every transport, and the page about reliability says what was observed."""

import asyncio
import logging

import pytest

from tests.faults.observe import phone
from tests.faults.table import PAGE, written
from tests.support import CANARY


@pytest.mark.long
async def test_the_page_says_what_the_tests_saw(observed, caplog):
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    assert PAGE.read_text("utf-8") == await written(observed), "make reliability writes it anew"
    assert observed.wrong == []
    assert CANARY not in caplog.text
    assert phone(100) not in caplog.text
