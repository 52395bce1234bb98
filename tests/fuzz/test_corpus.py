"""Every input that fuzzing found worth keeping holds to its target; no fuzzer is needed for that."""

import pytest

from tests.fuzz.corpus import load
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_found_holds(name):
    corpus = load(name)
    assert len(corpus) > 10
    for data in [*SEEDS[name], *corpus]:
        TARGETS[name](data)
