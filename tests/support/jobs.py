"""What makes a job begin quickly."""

import hashlib

import pytest

from etelecom_async.jobs.answer_table import AnswerTable


@pytest.fixture(autouse=True)
def quick_jobs(monkeypatch):
    """The hash of the key is slow by intent, and a table for a million answers takes longer to make than these jobs."""
    monkeypatch.setattr("etelecom_async.jobs.opening.AnswerTable", lambda: AnswerTable(capacity=100))
    monkeypatch.setattr(hashlib, "scrypt", lambda key, *, salt, dklen, **_: hashlib.sha256(salt + key).digest()[:dklen])
