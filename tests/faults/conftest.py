"""What the tests of faults share: the certificates, and what was seen so far."""

import pytest

from faults.certificates import Certificates
from faults.observe import observe


class Observed:
    """What came of each fault; each is played once in a test run, by whichever test asks first."""

    def __init__(self):
        self._certificates = Certificates()
        self._outcomes = {}

    async def __call__(self, case):
        if case.name not in self._outcomes:
            self._outcomes[case.name] = await observe(case, self._certificates)
        return self._outcomes[case.name]


@pytest.fixture(scope="session")
def observed():
    return Observed()
