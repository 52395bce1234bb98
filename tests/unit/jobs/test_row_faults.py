"""F1 to F3: whatever goes wrong with one row is that row's failure; the run goes on, and a resume goes past it."""

import csv
import json
from pathlib import Path

import pytest

from etelecom_async import CHECK_CONSENT, Consent, InternalError, Retry, Session, Shop
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.record import Recorder
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA, invoke

PHONES = [f"0987654{number:03d}" for number in range(60)]
STRANGE = "84987654030"


def source(folder, *, suffix="csv"):
    place = folder / f"in.{suffix}"
    if suffix == "csv":
        place.write_text("\n".join(["phone", *PHONES]), encoding="utf-8")
    else:
        place.write_text("".join(json.dumps({"phone": phone}) + "\n" for phone in PHONES), encoding="utf-8")
    return place


def session(answer):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(answer)
    return mock, Session(Shop(KEY), transport=mock, retry=Retry(attempts=1))


def rows(output):
    text = output.read_text(encoding="utf-8")
    if output.suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    return [json.loads(line) for line in text.splitlines()]


def strangely(payload):
    if payload.phone == STRANGE:
        raise ZeroDivisionError("0987654030 cannot be divided")
    return Consent(error=0)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_a_bug_in_one_call_is_the_failure_of_its_row(tmp_path, kind):
    _, client = session(strangely)
    output = tmp_path / f"out.{kind}"
    job = ConsentJob(client, source=source(tmp_path), output=output, oa_id=OA)
    summary = await job.run()
    assert (summary.is_complete, summary.granted, dict(summary.failures)) == (True, 59, {"InternalError": 1})
    failed = [row for row in rows(output) if row["failure"]]
    assert [(row["phone_normalized"], row["failure"]) for row in failed] == [(STRANGE, "InternalError")]
    # The place in the code, and nothing of what the exception said.
    assert failed[0]["message"].startswith("ZeroDivisionError in test_row_faults.py, line ")
    assert "cannot be divided" not in failed[0]["message"]
    assert isinstance(job.first_bug, ZeroDivisionError)


async def test_a_bug_in_reading_or_writing_one_row_is_that_rows_failure(tmp_path, monkeypatch):
    normal = Recorder._answered

    def answered(self, index, question, consent):
        if question.phone == STRANGE:
            raise KeyError(question.phone)
        return normal(self, index, question, consent)

    monkeypatch.setattr(Recorder, "_answered", answered)
    _, client = session(lambda _payload: Consent(error=3))
    output = tmp_path / "out.csv"
    summary = await ConsentJob(client, source=source(tmp_path), output=output, oa_id=OA).run()
    assert (summary.rows, dict(summary.failures)) == (60, {"InternalError": 1})
    assert sum(row["failure"] == "InternalError" for row in rows(output)) == 1


async def test_a_bug_that_every_row_meets_ends_the_run_and_leaves_the_rows_to_be_asked(tmp_path):
    def broken(_payload):
        raise ZeroDivisionError

    mock, client = session(broken)
    output = tmp_path / "out.csv"
    with pytest.raises(InternalError) as caught:
        await ConsentJob(client, source=source(tmp_path), output=output, oa_id=OA, concurrency=5).run()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert len(mock.calls) <= 3 + 5
    assert not output.exists()


async def test_a_resume_asks_the_rows_of_a_bug_again_and_goes_past_it(tmp_path):
    _, client = session(strangely)
    place, output = source(tmp_path), tmp_path / "out.csv"
    await ConsentJob(client, source=place, output=output, oa_id=OA).run()
    mock, client = session(lambda _payload: Consent(error=0))
    summary = await ConsentJob(client, source=place, output=output, oa_id=OA, retry_failed=True).run()
    assert (len(mock.calls), summary.is_complete, summary.rows) == (1, True, 1)
    assert sorted(int(row["row"]) for row in rows(output)) == list(range(1, 61))
    assert {row["failure"] for row in rows(output)} == {""}


class _Wordy:
    """Answers one customer in more words than a cell of any table holds."""

    def __call__(self, payload):
        return Consent(error=0, message="x" * (9 * 2**20) if payload.phone == STRANGE else "")


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_an_answer_that_a_file_cannot_hold_is_its_rows_failure(tmp_path, kind):
    """F2"""
    place, output = source(tmp_path), tmp_path / f"out.{kind}"
    _, client = session(_Wordy())
    first = await ConsentJob(client, source=place, output=output, oa_id=OA).run()
    assert first.is_complete
    assert first.rows == 60
    mock, client = session(lambda _payload: Consent(error=0))
    again = await ConsentJob(client, source=place, output=output, oa_id=OA, resume=True).run()
    assert (again.is_complete, again.rows, len(mock.calls)) == (True, 0, 0)
    if kind == "csv":
        assert dict(first.failures) == {"InvalidRow": 1}


def test_the_command_names_the_file_of_the_first_bug_and_exits_with_70(tmp_path, monkeypatch, sandbox_account):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    normal = Recorder._answered

    def answered(self, index, question, consent):
        if question.row.number == 3:
            raise KeyError(question.phone)
        return normal(self, index, question, consent)

    monkeypatch.setattr(Recorder, "_answered", answered)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    import os

    account = {name: value for name, value in os.environ.items() if name.startswith("ETELECOM_")}
    output = tmp_path / "out.csv"
    code, _, stderr = invoke("bulk", str(source(tmp_path)), "-o", str(output), **account)
    assert code == 70, stderr
    assert "This is a bug in etelecom, not in what you did (KeyError)" in stderr
    assert len(rows(output)) == 60
    (report,) = tmp_path.glob("etelecom-bug-*")
    assert str(report) in stderr.replace("\n", "")
    assert Path(report).stat().st_mode & 0o777 == 0o600
    assert "KeyError" in report.read_text(encoding="utf-8")
    assert "84987654002" not in report.read_text(encoding="utf-8")
