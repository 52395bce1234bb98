"""F6: an input that changes during a run is noticed at its end, and what is no file in a folder is passed over."""

import hashlib
import os
import shutil

import pytest

from etelecom_async import ConfigError, JobStopped
from etelecom_async.jobs.input_fingerprint import InputFingerprint
from etelecom_async.tables import Reading
from tests.support.job_files import Service, by_row, journal_of, once, people, posix, read, refuse, rows


def appended(path):
    with path.open("ab") as file:
        file.write(b"84900000099,An\n")


def overwritten(path):
    """With other phones of the same length."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(b"849", b"848"))
    assert path.stat().st_size == size


def overwritten_at_the_old_time(path):
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    overwritten(path)
    os.utime(path, ns=times)


CHANGES = {
    "truncated": lambda path: os.truncate(path, 40),
    "emptied": lambda path: path.write_bytes(b""),
    "overwritten": overwritten,
    "overwritten, with its old time": overwritten_at_the_old_time,
    "appended to": appended,
    "replaced": lambda path: people(path.with_name("next.csv"), 41).replace(path),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("into", ["csv", "parquet", "stream"])
@pytest.mark.parametrize("change", CHANGES)
async def test_an_input_that_changes_during_the_run_is_an_error_at_its_end(tmp_path, change, into):
    """F6: the input truncated, or overwritten in place, during the run."""
    source, output = people(tmp_path / "in.csv", 40), tmp_path / f"out.{into}"
    service = Service(on_call=once(20, lambda: CHANGES[change](source)))
    with pytest.raises(JobStopped, match=r"in\.csv was changed during the run"):
        if into == "stream":
            with output.open("wb") as stream:
                await service.run(source, stream, concurrency=1)
        else:
            await service.run(source, output, concurrency=1)
    if into != "stream":
        assert len(rows(journal_of(output))) >= 20
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: people(folder / "c.csv", 3),
        lambda folder: (folder / "b.csv").unlink(),
        lambda folder: overwritten(folder / "a.csv"),
        lambda folder: (folder / "b.csv").rename(folder / "0.csv"),
    ],
    ids=["a file comes", "a file goes", "a file is overwritten", "a file is renamed"],
)
async def test_a_folder_that_changes_during_the_run_is_an_error_at_its_end(tmp_path, change):
    folder = tmp_path / "lake"
    folder.mkdir()
    people(folder / "a.csv", 20), people(folder / "b.csv", 20, first=20)
    service = Service(on_call=once(39, lambda: change(folder)))
    with pytest.raises(JobStopped, match="lake was changed during the run"):
        await service.run(folder, tmp_path / "out.csv", concurrency=1)


async def test_an_input_that_was_only_touched_is_no_change(tmp_path):
    source, output = people(tmp_path / "in.csv", 40), tmp_path / "out.csv"

    def touch():
        shutil.copy(source, tmp_path / "same")
        (tmp_path / "same").replace(source)
        source.chmod(0o600)

    assert (await Service(on_call=once(20, touch)).run(source, output, concurrency=1)).is_complete


def test_an_input_left_alone_is_not_read_again_and_one_just_written_is(tmp_path, monkeypatch):
    source = people(tmp_path / "in.csv")
    late = InputFingerprint.of(source, now=lambda: source.stat().st_ctime_ns + 60_000_000_000)
    early = InputFingerprint.of(source, now=lambda: source.stat().st_ctime_ns)
    read = []
    real = hashlib.sha256
    monkeypatch.setattr(hashlib, "sha256", lambda *data: read.append(data) or real(*data))
    late.check(source)
    assert read == []
    early.check(source)
    assert read
    # Within the tick of the disk's clock a change does not show in any time.
    monkeypatch.setattr("etelecom_async.jobs.input_fingerprint._stamps", lambda _: early.stamps)
    overwritten(source)
    with pytest.raises(JobStopped):
        early.check(source)


def test_an_input_that_another_program_still_writes_is_refused(tmp_path, monkeypatch):
    source = people(tmp_path / "in.csv", 40)

    class Growing:
        """A hash during which another program goes on writing."""

        def update(self, data):
            if data.count(b"\n") > 1:
                appended(source)

    assert InputFingerprint.of(source).lines == 41
    monkeypatch.setattr(hashlib, "sha256", Growing)
    with pytest.raises(ConfigError, match=r"in\.csv is being written by another program: wait until it is complete"):
        InputFingerprint.of(source)


@posix
async def test_a_pipe_in_an_input_folder_is_passed_over_and_named(tmp_path):
    """F13: a named pipe in an input folder."""
    folder, output = tmp_path / "lake", tmp_path / "out.csv"
    folder.mkdir()
    people(folder / "a.csv", 5)
    os.mkfifo(folder / "b.csv")
    (folder / "null.csv").symlink_to("/dev/null")
    job = Service().job(folder, output)
    plan = await job.prepare()
    assert plan.source.startswith("1 file, CSV")
    assert plan.source.endswith("; skipped pipes, sockets or devices: b.csv, null.csv")
    await job.run()
    assert rows(output) == [1, 2, 3, 4, 5]


@posix
async def test_a_folder_of_pipes_alone_and_a_link_that_leads_nowhere_are_refused(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    os.mkfifo(folder / "b.csv")
    with pytest.raises(ConfigError, match="a directory without files"):
        await Service().run(folder, tmp_path / "out.csv")
    (folder / "a.csv").symlink_to(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match=r"a\.csv does not exist"):
        await Service().run(folder, tmp_path / "out.csv")


HALF = "phone,name,city\n84900000001,An,Huế\n84900000002,Bì"
REST = {
    "the rest of the row": "nh,Hà Nội\n",
    "the rest and more rows": "nh,Hà Nội\n84900000003,Chi,Vinh\n",
    "the rest of the row without a line end": "nh,Hà Nội",
}


def names(output):
    return {record["row"]: (record["phone"], record["name"], record["city"]) for record in read(output)}


@pytest.mark.parametrize("rest", REST.values(), ids=REST)
@pytest.mark.parametrize("into", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
async def test_a_row_that_was_read_half_is_asked_again_whole(tmp_path, rest, into, encoding):
    """An input without a line end at its end, since a program is still writing it."""
    source, output = tmp_path / "in.csv", tmp_path / f"out.{into}"
    source.write_bytes(HALF.encode(encoding))
    reading = Reading(encoding=encoding)
    assert (await Service().run(source, output, reading=reading)).is_complete
    assert names(output)["2"] == ("84900000002", "Bì", "")
    source.write_bytes((HALF + rest).encode(encoding))
    job = Service().job(source, output, resume=True)
    assert (await job.prepare()).read_half == 1
    assert (await job.run()).is_complete
    assert len(read(output)) == len(names(output)) == rest.count(",Vinh") + 2
    assert names(output)["2"] == ("84900000002", "Bình", "Hà Nội")


async def test_a_phone_that_was_read_half_is_asked_whole(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b"name,phone\nAn,84900000001\nB,0243826")
    service = Service(refuse)
    await service.run(source, output)
    source.write_bytes(b"name,phone\nAn,84900000001\nB,02438260001\n")
    service = Service(refuse)
    await service.run(source, output, resume=True, retry_failed=True)
    assert service.asked == ["842438260001"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
async def test_a_last_row_that_was_whole_is_not_asked_again(tmp_path, end):
    """Only its line end comes, and rows below it."""
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(f"phone,name\n84900000001,An\n84900000002,Binh{end}".encode())
    await Service(refuse).run(source, output)
    before = output.read_bytes()
    source.write_bytes(b"phone,name\n84900000001,An\n84900000002,Binh" + (end or "\n").encode() + b"84900000003,Chi\n")
    service = Service(refuse)
    await service.run(source, output, resume=True)
    assert service.asked == ["84900000003"]
    assert output.read_bytes().startswith(before)


async def test_rows_that_came_while_a_stopped_run_read_are_asked_again(tmp_path):
    """Its fingerprint is of the first, and it read a half one behind them."""
    source, output = people(tmp_path / "in.csv", 2_000), tmp_path / "out.csv"
    job = Service(refuse).job(source, output)
    await job.prepare()
    with source.open("ab") as file:
        file.write(b"84900002000,Ch")
    with pytest.raises(JobStopped, match="was changed during the run"):
        await job.run()
    assert rows(output) == list(range(1, 2_002))
    with source.open("ab") as file:
        file.write(b"i\n84900002001,Dung\n")
    service = Service(refuse)
    await service.run(source, output, resume=True)
    assert sorted(service.asked) == ["84900002000", "84900002001"]
    assert rows(output) == list(range(1, 2_003))
    assert by_row(output)[2001]["name"] == "Chi"


async def test_a_row_that_was_read_half_in_a_folder_is_asked_again_whole(tmp_path):
    folder, output = tmp_path / "lake", tmp_path / "out.csv"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"phone,name\n84900000001,An\n")
    (folder / "b.csv").write_bytes(b"phone,name\n84900000002,Binh\n84900000003,Ch")
    await Service(refuse).run(folder, output)
    (folder / "b.csv").write_bytes(b"phone,name\n84900000002,Binh\n84900000003,Chi\n")
    service = Service(refuse)
    await service.run(folder, output, resume=True)
    assert service.asked == ["84900000003"]
    assert [record["name"] for record in read(output)] == ["An", "Binh", "Chi"]
