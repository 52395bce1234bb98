"""What the tests of jobs share."""

import hashlib

import pytest


@pytest.fixture
def quick_hash(monkeypatch):
    """The hash of the key is slow by intent, and the tests make thousands of jobs."""
    monkeypatch.setattr(hashlib, "scrypt", lambda key, *, salt, dklen, **_: hashlib.sha256(salt + key).digest()[:dklen])
