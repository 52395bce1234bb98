"""The page about reliability says what was observed."""

import pytest

from tests.faults.table import PAGE, written


@pytest.mark.long
async def test_the_page_says_what_the_tests_saw(observed):
    assert PAGE.read_text("utf-8") == await written(observed), "make reliability writes it anew"
