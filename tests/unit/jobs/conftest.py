import hashlib

import pytest

from tests.support.job_files import KINDS
from tests.support.jobs import quick_jobs

__all__ = ["quick_jobs"]

SCRYPT = hashlib.scrypt


@pytest.fixture
def slow_hash(quick_jobs, monkeypatch):
    """The hash of the key as it is outside of the tests."""
    monkeypatch.setattr(hashlib, "scrypt", SCRYPT)


@pytest.fixture(params=KINDS)
def kind(request):
    """Each format of an output; a test that names some formats takes those."""
    return request.param
