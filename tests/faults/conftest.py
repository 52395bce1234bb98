"""What the tests of faults share: the transports, and what was seen so far."""

import pytest

from tests.faults.case import TRANSPORTS
from tests.faults.observe import Observed


@pytest.fixture(scope="session")
def observed():
    return Observed()


@pytest.fixture(params=TRANSPORTS, ids=lambda transport: transport.__name__)
def transport(request):
    """A class of transports."""
    return request.param
