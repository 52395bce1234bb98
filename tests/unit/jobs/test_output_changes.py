"""F5: what another program does to an output during a run does not go unseen, and is not undone."""

import os
import shutil

import pytest

from etelecom_async import ConfigError, JobStopped
from etelecom_async.jobs.input_fingerprint import InputFingerprint
from tests.support.job_files import Service, files, journal_of, manifest_of, once, people, posix, rows


def appended(data):
    def change(path):
        with path.open("ab") as file:
            file.write(data)

    return change


def replaced(path, data=None):
    path.with_name("other").write_bytes(path.read_bytes() if data is None else data)
    path.with_name("other").replace(path)


def moved_behind_a_link(path):
    """To another file of the same content."""
    path.rename(path.with_name("moved"))
    shutil.copy(path.with_name("moved"), path.with_name("copied"))
    path.symlink_to("copied")


CHANGES = {
    "truncated": lambda path: path.write_bytes(b""),
    "cut by a byte": lambda path: os.truncate(path, path.stat().st_size - 1),
    "appended to": appended(b"x"),
    "appended a line to": appended(b"a,b\r\n"),
    "extended with NULs": lambda path: os.truncate(path, path.stat().st_size + 9),
    "removed": lambda path: path.unlink(),
    "renamed": lambda path: path.rename(path.with_name("elsewhere")),
    "replaced": replaced,
    "replaced by other content": lambda path: replaced(path, b"theirs"),
    "moved behind a link": moved_behind_a_link,
}


@posix
@pytest.mark.parametrize("change", CHANGES)
async def test_an_output_that_another_program_changes_stops_the_run_at_the_next_append(tmp_path, kind, change):
    """F5: the output truncated, or appended to, by another program during the run; what that made of it stays."""
    source, output = people(tmp_path / "in.csv", 40), tmp_path / f"out.{kind}"
    left = {}

    def change_it():
        CHANGES[change](journal_of(output))
        left.update(files(tmp_path))

    service = Service(on_call=once(20, change_it))
    with pytest.raises(JobStopped, match=r"changed during the run: another program|removed, renamed or replaced"):
        await service.run(source, output, concurrency=1)
    assert len(service.asked) <= 22
    assert files(tmp_path) == left
    assert manifest_of(output).exists()


@pytest.mark.parametrize("change", ["truncated", "cut by a byte", "extended with NULs", "removed"])
async def test_a_resume_goes_on_with_what_another_program_left(tmp_path, kind, change):
    source, output = people(tmp_path / "in.csv", 40), tmp_path / f"out.{kind}"
    with pytest.raises(JobStopped):
        await Service(on_call=once(20, lambda: CHANGES[change](journal_of(output)))).run(source, output, concurrency=1)
    await Service().run(source, output, resume=True)
    assert rows(output) == list(range(1, 41))


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize("line", [b"a,b\r\n", b"mine\n", b'{"a": 1}\n'])
async def test_a_line_of_another_program_is_never_cut_off_by_a_resume(tmp_path, kind, line):
    source, output = people(tmp_path / "in.csv", 40), tmp_path / f"out.{kind}"
    with pytest.raises(JobStopped):
        await Service(on_call=once(20, lambda: appended(line)(output))).run(source, output, concurrency=1)
    before = output.read_bytes()
    assert before.endswith(line)
    with pytest.raises(ConfigError, match=r"line \d+: the record is damaged"):
        await Service().run(source, output, resume=True)
    assert output.read_bytes() == before


async def test_a_change_after_the_last_append_stops_the_run_too(tmp_path, kind, monkeypatch):
    output, check = tmp_path / f"out.{kind}", InputFingerprint.check

    def change(self, path):
        check(self, path)
        appended(b"x")(journal_of(output))

    job = Service().job(people(tmp_path / "in.csv", 5), output)
    assert (await job.prepare()).total == 5
    monkeypatch.setattr(InputFingerprint, "check", change)
    with pytest.raises(JobStopped, match="another program wrote to it"):
        await job.run()


async def test_a_parquet_file_that_appears_during_the_run_is_not_replaced(tmp_path):
    source, output = people(tmp_path / "in.csv", 5), tmp_path / "out.parquet"
    with pytest.raises(JobStopped, match=r"out\.parquet appeared during the run"):
        await Service(on_call=once(3, lambda: output.write_bytes(b"mine"))).run(source, output, concurrency=1)
    assert output.read_bytes() == b"mine"
    output.rename(tmp_path / "mine")
    service = Service()
    await service.run(source, output, resume=True)
    assert (rows(output), service.asked) == ([1, 2, 3, 4, 5], [])


async def test_a_file_that_took_the_name_of_the_output_is_not_removed(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    job = Service().job(source, output)
    await job.prepare()
    replaced(output, b"")
    job.stop()
    await job.run()
    assert output.read_bytes() == b""
