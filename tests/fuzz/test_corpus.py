"""Every input that fuzzing found worth keeping holds to its target; no fuzzer is needed for that."""

import pytest

from fuzz.corpus import load
from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_found_holds(name):
    corpus = load(name)
    assert len(corpus) > 10
    for data in [*SEEDS[name], *corpus]:
        TARGETS[name](data)
