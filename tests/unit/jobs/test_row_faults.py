"""F1 to F3: whatever goes wrong with one row is that row's failure; the run goes on, and a resume goes past it."""

import os

import pytest

from etelecom_async import Consent, InternalError
from etelecom_async.jobs.record import Recorder
from tests.support import invoke
from tests.support.job_files import Service, by_row, failing_with, people, phone, read, refuse

BUG = ZeroDivisionError("84900000030 cannot be divided")


def granted(_payload):
    return Consent(error=0)


failing_once = failing_with(BUG, when=lambda number: number == 30, otherwise=granted)


@pytest.fixture
def source(tmp_path):
    return people(tmp_path / "in.csv", 60)


@pytest.fixture
def broken_recorder(monkeypatch):
    """A bug in what is done with the answer about one phone."""
    normal = Recorder._answered

    def answered(self, index, question, consent):
        if question.phone == phone(30):
            raise KeyError(question.phone)
        return normal(self, index, question, consent)

    monkeypatch.setattr(Recorder, "_answered", answered)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_a_bug_in_one_call_is_the_failure_of_its_row(tmp_path, source, kind):
    output = tmp_path / f"out.{kind}"
    job = Service(failing_once).job(source, output)
    summary = await job.run()
    assert (summary.is_complete, summary.granted, dict(summary.failures)) == (True, 59, {"InternalError": 1})
    (failed,) = [row for row in read(output) if row["failure"]]
    assert (failed["phone_normalized"], failed["failure"]) == (phone(30), "InternalError")
    # The place in the code, and nothing of what the exception said.
    assert failed["message"].startswith("ZeroDivisionError in job_files.py, line ")
    assert "cannot be divided" not in failed["message"]
    assert job.first_bug is BUG


@pytest.mark.usefixtures("broken_recorder")
async def test_a_bug_in_reading_or_writing_one_row_is_the_failure_of_that_row(tmp_path, source):
    output = tmp_path / "out.csv"
    summary = await Service(refuse).run(source, output)
    assert (summary.rows, dict(summary.failures)) == (60, {"InternalError": 1})
    assert [row["failure"] for row in read(output)].count("InternalError") == 1


async def test_a_bug_that_every_row_meets_ends_the_run_and_leaves_the_rows_to_be_asked(tmp_path, source):
    service = Service(failing_with(BUG))
    with pytest.raises(InternalError) as caught:
        await service.run(source, tmp_path / "out.csv", concurrency=5)
    assert caught.value.__cause__ is BUG
    assert len(service.asked) <= 3 + 5
    assert not (tmp_path / "out.csv").exists()


async def test_a_retry_asks_the_rows_of_a_bug_again_and_goes_past_it(tmp_path, source):
    output = tmp_path / "out.csv"
    await Service(failing_once).run(source, output)
    service = Service(granted)
    summary = await service.run(source, output, retry_failed=True)
    assert (service.asked, summary.is_complete, summary.rows) == ([phone(30)], True, 1)
    assert sorted(by_row(output)) == list(range(1, 61))
    assert {row["failure"] for row in read(output)} == {""}


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_an_answer_that_a_file_cannot_hold_is_the_failure_of_its_row(tmp_path, source, kind):  # F2
    output = tmp_path / f"out.{kind}"
    wordy = Service(lambda payload: Consent(error=0, message="x" * (9 * 2**20) if payload.phone == phone(30) else ""))
    first = await wordy.run(source, output)
    assert (first.is_complete, first.rows) == (True, 60)
    service = Service(granted)
    again = await service.run(source, output, resume=True)
    assert (again.is_complete, again.rows, service.asked) == (True, 0, [])
    if kind == "csv":
        assert dict(first.failures) == {"InvalidRow": 1}


@pytest.mark.usefixtures("broken_recorder")
def test_the_command_names_the_file_of_the_first_bug_and_exits_with_70(tmp_path, source, monkeypatch, sandbox_account):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    account = {name: value for name, value in os.environ.items() if name.startswith("ETELECOM_")}
    output = tmp_path / "out.csv"
    code, _, stderr = invoke("bulk", str(source), "-o", str(output), **account)
    assert code == 70, stderr
    assert "This is a bug in etelecom, not in what you did (KeyError)" in stderr
    assert len(read(output)) == 60
    (report,) = tmp_path.glob("etelecom-bug-*")
    assert str(report) in stderr.replace("\n", "")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "KeyError" in report.read_text(encoding="utf-8")
    assert phone(30) not in report.read_text(encoding="utf-8")
