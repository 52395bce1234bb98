"""The words that people read in place of the names of classes."""

from __future__ import annotations

import pytest

from etelecom_async import errors
from etelecom_async.api.consent import ConsentState
from etelecom_async.messages import failure_name, hint
from etelecom_async.messages.english import FAILURES, OTHER_FAILURE

ERRORS = [name for name in errors.__all__ if issubclass(getattr(errors, name), errors.EtelecomError)]


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_has_words(name):
    """E10"""
    assert name in FAILURES
    assert name not in failure_name(name)


@pytest.mark.parametrize("state", [state for state in ConsentState if not state.conclusive])
def test_every_state_that_settles_nothing_has_words(state):
    assert state.value in FAILURES


def test_no_two_failures_have_the_same_words_unless_they_mean_the_same():
    names = [reason.name for reason in FAILURES.values()]
    assert len(names) - len(set(names)) <= 1  # refused by the service: in general, and for one argument


@pytest.mark.parametrize("failure", [*FAILURES, "Neverheardof"])
def test_advice_names_an_option_only_where_the_command_has_it(failure):
    """E9"""
    assert "--" not in hint(failure, can_retry=False)
    assert "`--retry-failed`" in hint(failure, can_retry=True)
    for text in (hint(failure, can_retry=False), hint(failure, can_retry=True)):
        assert text[0].isupper()
        assert text.endswith(".")


def test_a_failure_without_words_is_named_as_it_is():
    assert failure_name("Neverheardof") == f"{OTHER_FAILURE.name} (Neverheardof)"
