"""The output and the input of a file job belong to it alone: what another program does to them does not go unseen."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from etelecom_async import CHECK_CONSENT, ConfigError, Consent, JobStopped, Retry, Session, Shop, Unavailable
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.input_fingerprint import InputFingerprint
from etelecom_async.tables import own_file
from etelecom_async.testing import MockTransport
from tests.support import HANG, KEY, OA

KINDS = ["csv", "ndjson", "parquet"]
each_kind = pytest.mark.parametrize("kind", KINDS)
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


def phone(number):
    return f"849{number:08d}"


def people(path, count=40, *, first=0):
    path.write_text("phone,name\n" + "".join(f"{phone(first + n)},An\n" for n in range(count)), encoding="utf-8")
    return path


def journal_of(output):
    return output.with_name(output.name + ".ndjson") if output.suffix == ".parquet" else output


def rows(output):
    """The row numbers of an output, in order."""
    if output.suffix == ".parquet":
        return sorted(pytest.importorskip("pyarrow.parquet").read_table(output)["row"].to_pylist())
    if output.suffix == ".ndjson":
        return sorted(json.loads(line)["row"] for line in output.read_bytes().splitlines())
    with output.open(encoding="utf-8", newline="") as file:
        return sorted(int(record["row"]) for record in csv.DictReader(file, strict=True))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class Office:
    """A job of which every call may be accompanied by something else that happens."""

    def __init__(self, on_call=lambda _: None, *, fails=()):
        self.asked = []

        def answer(payload):
            self.asked.append(payload.phone)
            on_call(len(self.asked))
            if payload.phone in fails:
                raise Unavailable("later")
            return Consent(error=0)

        mock = MockTransport()
        mock.on(CHECK_CONSENT).answer(answer)
        self.session = Session(Shop(KEY), transport=mock, retry=Retry(attempts=1))

    def job(self, source, output, **options):
        return ConsentJob(self.session, source=source, output=output, oa_id=OA, **{"concurrency": 1, **options})

    async def run(self, source, output, **options):
        return await self.job(source, output, **options).run()


def once(number, action):
    def on_call(count):
        if count == number:
            action()

    return on_call


# F5: the output


def appended(data):
    def change(path):
        with path.open("ab") as file:
            file.write(data)

    return change


def replaced(path):
    path.with_name("other").write_bytes(path.read_bytes())
    path.with_name("other").replace(path)


def moved_behind_a_link(path):
    """To another file of the same content."""
    path.rename(path.with_name("moved"))
    shutil.copy(path.with_name("moved"), path.with_name("copied"))
    path.symlink_to("copied")


OUTPUT_CHANGES = {
    "truncated": lambda path: path.write_bytes(b""),
    "cut by a byte": lambda path: os.truncate(path, path.stat().st_size - 1),
    "appended to": appended(b"x"),
    "appended a line to": appended(b"a,b\r\n"),
    "extended with NULs": lambda path: os.truncate(path, path.stat().st_size + 9),
    "removed": lambda path: path.unlink(),
    "renamed": lambda path: path.rename(path.with_name("elsewhere")),
    "replaced": replaced,
    "moved behind a link": moved_behind_a_link,
}


@posix
@each_kind
@pytest.mark.parametrize("change", OUTPUT_CHANGES)
async def test_an_output_that_another_program_changes_stops_the_run_at_the_next_append(tmp_path, kind, change):
    """F5: the output truncated, or appended to, by another program during the run."""
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    office = Office(once(20, lambda: OUTPUT_CHANGES[change](journal_of(output))))
    with pytest.raises(JobStopped, match=r"changed during the run: another program|removed, renamed or replaced"):
        await office.run(source, output)
    assert len(office.asked) <= 22


@each_kind
@pytest.mark.parametrize("change", ["truncated", "cut by a byte", "extended with NULs", "removed"])
async def test_a_resume_goes_on_with_what_another_program_left(tmp_path, kind, change):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    with pytest.raises(JobStopped):
        await Office(once(20, lambda: OUTPUT_CHANGES[change](journal_of(output)))).run(source, output)
    await Office().run(source, output, resume=True)
    assert rows(output) == list(range(1, 41))


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize("line", [b"a,b\r\n", b"mine\n", b'{"a": 1}\n'])
async def test_a_line_of_another_program_is_never_cut_off_by_a_resume(tmp_path, kind, line):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    with pytest.raises(JobStopped):
        await Office(once(20, lambda: appended(line)(output))).run(source, output)
    before = output.read_bytes()
    assert before.endswith(line)
    with pytest.raises(ConfigError, match=r"line \d+: the record is damaged"):
        await Office().run(source, output, resume=True)
    assert output.read_bytes() == before


@each_kind
async def test_a_change_after_the_last_append_is_noticed_too(tmp_path, kind):
    source, output = people(tmp_path / "in.csv", 5), tmp_path / f"out.{kind}"
    job = Office().job(source, output)
    plan = await job.prepare()
    assert plan.total == 5
    check = InputFingerprint.check

    def change(self, path):
        check(self, path)
        appended(b"x")(journal_of(output))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InputFingerprint, "check", change)
        with pytest.raises(JobStopped, match="another program wrote to it"):
            await job.run()


async def test_a_parquet_file_that_appears_during_the_run_is_not_replaced(tmp_path):
    pytest.importorskip("pyarrow")
    source, output = people(tmp_path / "in.csv", 5), tmp_path / "out.parquet"
    with pytest.raises(JobStopped, match=r"out\.parquet appeared during the run"):
        await Office(once(3, lambda: output.write_bytes(b"mine"))).run(source, output)
    assert output.read_bytes() == b"mine"
    output.rename(tmp_path / "mine")
    office = Office()
    await office.run(source, output, resume=True)
    assert (rows(output), office.asked) == ([1, 2, 3, 4, 5], [])


# F6: the input


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


INPUT_CHANGES = {
    "truncated": lambda path: os.truncate(path, 40),
    "emptied": lambda path: path.write_bytes(b""),
    "overwritten": overwritten,
    "overwritten, with its old time": overwritten_at_the_old_time,
    "appended to": appended(b"84900000099,An\n"),
    "replaced": lambda path: people(path.with_name("next.csv"), 41).replace(path),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("into", ["csv", "parquet", "stream"])
@pytest.mark.parametrize("change", INPUT_CHANGES)
async def test_an_input_that_is_changed_during_the_run_is_said_at_its_end(tmp_path, change, into):
    """F6: the input truncated, or overwritten in place, during the run."""
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{into}"
    office = Office(once(20, lambda: INPUT_CHANGES[change](source)))
    with pytest.raises(JobStopped, match=r"in\.csv was changed during the run"):
        if into == "stream":
            with output.open("wb") as stream:
                await office.run(source, stream)
        else:
            await office.run(source, output)
    if into != "stream":
        assert len(rows(journal_of(output).with_suffix(".ndjson") if into == "parquet" else output)) >= 20
    assert (tmp_path / "out.parquet").exists() is False


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
async def test_a_folder_that_is_changed_during_the_run_is_said_at_its_end(tmp_path, change):
    folder = tmp_path / "lake"
    folder.mkdir()
    people(folder / "a.csv", 20), people(folder / "b.csv", 20, first=20)
    with pytest.raises(JobStopped, match="lake was changed during the run"):
        await Office(once(39, lambda: change(folder))).run(folder, tmp_path / "out.csv")


async def test_an_input_that_was_only_touched_is_no_change(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"

    def touch():
        shutil.copy(source, tmp_path / "same")
        (tmp_path / "same").replace(source)
        source.chmod(0o600)

    assert (await Office(once(20, touch)).run(source, output)).is_complete


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
    source = people(tmp_path / "in.csv")

    class Growing:
        """A hash during which another program goes on writing."""

        def update(self, data):
            if data.count(b"\n") > 1:
                appended(b"84900000099,An\n")(source)

    assert InputFingerprint.of(source).lines == 41
    monkeypatch.setattr(hashlib, "sha256", Growing)
    with pytest.raises(ConfigError, match=r"in\.csv is being written by another program: wait until it is complete"):
        InputFingerprint.of(source)


async def test_an_input_that_cannot_be_read_on_stops_the_run(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    people(source, 300)
    with source.open("ab") as file:
        file.write(b'"84900000400,x\n')
    office = Office()
    with pytest.raises(JobStopped, match="a quote is opened and never closed"):
        await office.run(source, output)
    assert len(rows(output)) >= 200


# F7: the lock


async def half_done(tmp_path, kind="csv", **options):
    source, output = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
    office = Office(lambda count: job.stop() if count == 6 else None, **options)
    job = office.job(source, output)
    await job.run()
    return source, output


def same(output):
    return output


def linked(link):
    def alias(output):
        other = output.with_name("again" + output.suffix)
        link(other, output)
        shutil.copy(output.with_name(output.name + ".job"), other.with_name(other.name + ".job"))
        return other

    return alias


@posix
@pytest.mark.parametrize(
    "alias",
    [same, linked(lambda new, old: new.symlink_to(old)), linked(lambda new, old: new.hardlink_to(old))],
    ids=["the same name", "a symbolic link", "a hard link"],
)
@pytest.mark.parametrize("option", ["resume", "retry_failed"])
async def test_two_jobs_never_write_one_output_under_any_name(tmp_path, alias, option):
    """F7: a removed lock file; a hard link with a copied job file."""
    source, output = await half_done(tmp_path, fails={phone(1)})
    other = alias(output)
    first = Office().job(source, output, resume=True)
    await first.prepare()
    for left in tmp_path.glob("*.lock"):
        left.unlink()
    second = Office()
    with pytest.raises(ConfigError, match="Another process is writing"):
        await second.run(source, other, **{option: True})
    assert second.asked == []
    await first.run()
    assert rows(output) == list(range(1, 13))


@posix
@each_kind
@pytest.mark.parametrize("stage", ["new", "half done", "complete"])
async def test_the_lock_is_held_from_before_the_first_call_to_the_end(tmp_path, kind, stage):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    fails = {phone(1), phone(8)}
    if stage == "half done":
        source, output = await half_done(tmp_path, kind, fails=fails)
    else:
        source, output = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
        if stage == "complete":
            await Office(fails=fails).run(source, output)
    second = Office()
    refusals = []

    async def try_too(**options):
        try:
            await second.run(source, output, **options)
        except ConfigError as error:
            refusals.append(str(error))

    first = Office(lambda _: None).job(source, output, retry_failed=stage != "new")
    await first.prepare()
    await try_too()
    await try_too(resume=True)
    await try_too(retry_failed=True)
    await first.run()
    assert [("Another process is writing" in refusal) for refusal in refusals] == [True] * 3
    assert second.asked == []
    assert rows(output) == list(range(1, 13))


async def test_many_jobs_that_begin_at_once_write_one_output_once(tmp_path):
    source, output = people(tmp_path / "in.csv", 12), tmp_path / "out.csv"
    offices = [Office() for _ in range(8)]
    ends = await asyncio.gather(*(office.run(source, output) for office in offices), return_exceptions=True)
    assert sum(isinstance(end, ConfigError) for end in ends) == 7
    assert rows(output) == list(range(1, 13))
    assert sorted(len(office.asked) for office in offices) == [0] * 7 + [12]


# F8, F9: what lies beside


@posix
@each_kind
async def test_what_lies_beside_the_output_is_never_touched(tmp_path, kind):
    """F8: something at `.lock`, `.job.part` and the like, also a symlink."""
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    source, output = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    for suffix in (".lock", ".part", ".job.part", ".ndjson.part", ".ndjson.new", ".new"):
        output.with_name(output.name + suffix).write_text("mine")
        output.with_name("." + output.name + suffix).symlink_to(mine)
    before = {path: (path.is_symlink(), path.read_text()) for path in tmp_path.iterdir()}
    await Office(fails={phone(3)}).run(source, output)
    await Office().run(source, output, retry_failed=True)
    assert rows(output) == list(range(1, 13))
    assert {path: (path.is_symlink(), path.read_text()) for path in before} == before


@posix
@each_kind
@pytest.mark.parametrize("umask", [0o022, 0o000])
async def test_files_with_phone_numbers_are_their_owners_alone(tmp_path, kind, umask, monkeypatch):
    """Issue 11, F9: new files are 0600, temporary ones too, whatever the umask."""
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    source, output = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
    seen = {}

    def look(_):
        seen.update({path.name: mode(path) for path in tmp_path.iterdir() if path != source})

    real = own_file.OwnFile.replace

    def replace(self, path, **held):
        look(0)
        real(self, path, **held)

    monkeypatch.setattr(own_file.OwnFile, "replace", replace)
    before = os.umask(umask)
    try:
        await Office(look, fails={phone(3)}).run(source, output)
        await Office(look).run(source, output, retry_failed=True)
    finally:
        os.umask(before)
    look(0)
    assert any(name.endswith(".part") for name in seen)
    assert set(seen.values()) == {0o600}, seen


@posix
@each_kind
@pytest.mark.parametrize("wanted", [0o600, 0o640, 0o644])
async def test_the_mode_that_a_user_gave_an_output_stays_and_nothing_beside_it_is_wider(tmp_path, kind, wanted):
    """F9: `chmod 600 out.csv`, then `--retry-failed`; Parquet."""
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    source, output = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
    seen = set()

    def look(_):
        seen.update(mode(path) for path in tmp_path.iterdir() if path not in (source, output))

    await Office(fails={phone(3)}).run(source, output)
    output.chmod(wanted)
    await Office(look).run(source, output, retry_failed=True)
    assert mode(output) == wanted
    assert all(found & ~wanted == 0 for found in seen)
    assert rows(output) == list(range(1, 13))


@posix
async def test_an_empty_output_that_a_user_made_keeps_its_mode(tmp_path):
    source, output = people(tmp_path / "in.csv", 3), tmp_path / "out.csv"
    output.touch()
    output.chmod(0o664)
    await Office().run(source, output)
    assert mode(output) == 0o664


@posix
@each_kind
async def test_an_output_behind_a_link_is_written_where_the_link_leads(tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    source, link = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
    (tmp_path / "disk").mkdir()
    link.symlink_to(tmp_path / "disk" / f"real.{kind}")
    await Office(fails={phone(3)}).run(source, link)
    await Office().run(source, link, retry_failed=True)
    assert link.is_symlink()
    assert rows(link) == list(range(1, 13))
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [f"real.{kind}"]


# A crash at any of its steps


CRASHES = """
import asyncio, hashlib, os, sys
from pathlib import Path
from tests.unit.jobs.test_journal_guard import Office, people, phone, rows
from etelecom_async.jobs import job
from etelecom_async.jobs.answer_table import AnswerTable
from etelecom_async.tables import own_file

job.AnswerTable = lambda: AnswerTable(capacity=100)  # the whole one takes longer to make than such a job
hashlib.scrypt = lambda key, *, salt, dklen, **_: hashlib.sha256(salt + key).digest()[:dklen]
os.fsync = lambda _: None  # slow, and of no use to a process that dies alone


def crash_before(step):
    count = 0
    def counted(call):
        def run(*args, **options):
            nonlocal count
            count += 1
            if count == step:
                os._exit(9)
            return call(*args, **options)
        return run
    for name in ("replace", "write", "truncate", "remove", "sync"):
        setattr(own_file.OwnFile, name, counted(getattr(own_file.OwnFile, name)))
    own_file._opened = counted(own_file._opened)
    Path.replace = counted(Path.replace)
    Path.unlink = counted(Path.unlink)


async def run(source, output):
    await Office(fails={phone(3)}).run(source, output)
    await Office().run(source, output, retry_failed=True)


step = 0
while True:
    step += 2 + (sys.argv[2] == "parquet")  # every second, and of twice as many every third
    folder = Path(sys.argv[1]) / str(step)
    folder.mkdir()
    source, output = people(folder / "in.csv", 6), folder / ("out." + sys.argv[2])
    child = os.fork()
    if not child:
        crash_before(step)
        asyncio.run(run(source, output))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 9:
        break
    asyncio.run(Office().run(source, output, retry_failed=True))
    assert rows(output) == [1, 2, 3, 4, 5, 6], step
    names = {path.name for path in folder.iterdir()}
    assert names == {"in.csv", output.name, output.name + ".job"}, (step, names)
print(code, step)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_crash_before_any_step_of_the_files_is_gone_on_from(tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    path = os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", CRASHES, str(tmp_path), kind],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    assert done.returncode == 0, done.stderr
    code, steps = map(int, done.stdout.split())
    assert (code, steps > 20) == (0, True)


# F13: pipes in a folder


@posix
async def test_a_pipe_in_an_input_folder_is_passed_over_and_said(tmp_path):
    """F13: a named pipe in an input folder."""
    folder, output = tmp_path / "lake", tmp_path / "out.csv"
    folder.mkdir()
    people(folder / "a.csv", 5)
    os.mkfifo(folder / "b.csv")
    (folder / "null.csv").symlink_to("/dev/null")
    job = Office().job(folder, output)
    plan = await job.prepare()
    assert plan.source.startswith("1 file, CSV")
    assert plan.source.endswith("passed over, since they are pipes, sockets or devices: b.csv, null.csv")
    await job.run()
    assert rows(output) == [1, 2, 3, 4, 5]


@posix
async def test_a_folder_of_pipes_alone_and_a_link_that_leads_nowhere_are_refused(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    os.mkfifo(folder / "b.csv")
    with pytest.raises(ConfigError, match="a directory without files"):
        await Office().run(folder, tmp_path / "out.csv")
    (folder / "a.csv").symlink_to(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match=r"a\.csv does not exist"):
        await Office().run(folder, tmp_path / "out.csv")


# Systems that lack something


@each_kind
@pytest.mark.parametrize("lacks", ["locks", "O_NOFOLLOW", "owners", "modes of open files", "all of it"])
async def test_a_job_runs_on_a_system_that_lacks_what_posix_has(tmp_path, kind, lacks, monkeypatch):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    source, output = people(tmp_path / "in.csv", 12), tmp_path / f"out.{kind}"
    if lacks in ("locks", "all of it"):
        monkeypatch.setattr(own_file, "fcntl", None)
    if lacks in ("O_NOFOLLOW", "all of it"):
        monkeypatch.setattr(own_file, "_NO_FOLLOW", 0)
    if lacks in ("owners", "all of it"):
        monkeypatch.delattr(os, "fchown", raising=False)
    if lacks in ("modes of open files", "all of it"):
        monkeypatch.setattr(os, "supports_fd", frozenset())
    await Office(fails={phone(3)}).run(source, output)
    await Office(fails={phone(3)}).run(source, output, resume=True)
    await Office().run(source, output, retry_failed=True)
    assert rows(output) == list(range(1, 13))
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", output.name, output.name + ".job"}


@posix
def test_without_o_nofollow_a_link_is_not_followed_either(tmp_path, monkeypatch):
    monkeypatch.setattr(own_file, "_NO_FOLLOW", 0)
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to("mine")
    with pytest.raises(ConfigError):
        own_file.OwnFile.open(tmp_path / "link")
    with pytest.raises(ConfigError):
        own_file.OwnFile.create(tmp_path / "link")
    assert (tmp_path / "mine").read_text() == "mine"


@posix
def test_a_file_whose_group_cannot_be_kept_is_not_opened_to_another_group(tmp_path, monkeypatch):
    path, draft = tmp_path / "out.csv", tmp_path / "draft"
    path.touch()
    path.chmod(0o660)
    real = type(path).stat

    def stat_of(self, **options):
        found = real(self, **options)
        if self != path:
            return found
        return os.stat_result([*found[:4], found.st_uid + 1, found.st_gid + 1, *found[6:]])

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(type(path), "stat", stat_of)
    monkeypatch.setattr(os, "fchown", refuse)
    file = own_file.OwnFile.create(draft)
    file.replace(path)
    file.close()
    monkeypatch.undo()
    assert mode(path) == 0o600


async def test_an_output_that_another_program_emptied_during_the_run_stays_with_its_job_file(tmp_path):
    """F5: what another program made of it is that program's, however little it is."""
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("phone\n" + "".join(f"09{number:08d}\n" for number in range(60)), encoding="utf-8")
    mock = MockTransport()

    def answer(payload):
        if payload.phone.endswith("0030"):
            output.write_bytes(b"")
        return Consent(error=0)

    mock.on(CHECK_CONSENT).answer(answer)
    session = Session(Shop("1:test"), transport=mock)
    with pytest.raises(JobStopped):
        await ConsentJob(session, source=source, output=output, oa_id=7, concurrency=2).run()
    assert output.read_bytes() == b""
    assert output.with_name("out.csv.job").exists()
