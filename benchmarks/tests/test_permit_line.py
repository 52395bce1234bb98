"""The line that the cost of a permit is counted in."""

import pytest

from benchmarks.children.permit_line import KINDS, stand_in_line


@pytest.mark.parametrize("kind", KINDS)
async def test_a_line_that_is_counted_comes_to_its_end(kind):
    await stand_in_line(kind, 200, 500)
