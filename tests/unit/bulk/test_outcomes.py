"""Outcomes are values: what a set or a dict knows them by cannot change."""

import copy
import pickle

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError

from etelecom_async import Checked, Consent, Failed, RateLimited
from etelecom_async.bulk import Done, NotDone

ERROR = RateLimited(retry_after=1)


@pytest.fixture(
    params=[
        Checked(0, "0987654321", Consent(error=0)),
        Failed(1, "0987654321", ERROR),
        Done(2, "item", "value"),
        NotDone(3, "item", ERROR),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def outcome(request):
    return request.param


def test_assigning_to_an_outcome_raises_and_its_hash_stays(outcome):
    known, shown = {outcome: "it"}, repr(outcome)
    for attribute in attrs.fields(type(outcome)):
        with pytest.raises(FrozenInstanceError):
            setattr(outcome, attribute.name, "x")
        with pytest.raises(FrozenInstanceError):
            delattr(outcome, attribute.name)
    with pytest.raises(AttributeError):
        outcome.more = "x"
    assert known[outcome] == "it"
    assert repr(outcome) == shown


def test_an_outcome_equals_its_copy(outcome):
    assert copy.copy(outcome) == outcome
    assert hash(copy.copy(outcome)) == hash(outcome)


def test_an_outcome_can_be_pickled(outcome):
    assert repr(pickle.loads(pickle.dumps(outcome))) == repr(outcome)
