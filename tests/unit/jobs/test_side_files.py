"""F8, F9: what lies beside an output is not touched, modes are kept, and a crash at any step is recovered from."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import own_file
from tests.support import HANG
from tests.support.job_files import Service, names, people, posix, rows


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def source(tmp_path):
    return people(tmp_path / "in.csv", 12)


async def run_and_retry(source, output, **options):
    await Service(**options).run(source, output)
    await Service(**options).run(source, output, retry_failed=True)
    assert rows(output) == list(range(1, 13))


@posix
async def test_what_lies_beside_the_output_is_never_touched(tmp_path, source, kind):
    """F8: something at `.lock`, `.job.part` and the like, also a symlink."""
    output, mine = tmp_path / f"out.{kind}", tmp_path / "mine.txt"
    mine.write_text("mine")
    for suffix in (".lock", ".part", ".job.part", ".ndjson.part", ".ndjson.new", ".new"):
        output.with_name(output.name + suffix).write_text("mine")
        output.with_name("." + output.name + suffix).symlink_to(mine)
    before = {path: (path.is_symlink(), path.read_bytes()) for path in tmp_path.iterdir()}
    await run_and_retry(source, output)
    assert {path: (path.is_symlink(), path.read_bytes()) for path in before} == before


@posix
@pytest.mark.parametrize("umask", [0o022, 0o000])
async def test_files_with_phone_numbers_are_for_their_owner_alone(tmp_path, source, kind, umask, monkeypatch):
    """Issue 11, F9: new files are 0600, temporary ones too, whatever the umask."""
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
        await run_and_retry(source, tmp_path / f"out.{kind}", on_call=look)
    finally:
        os.umask(before)
    look(0)
    assert any(name.endswith(".part") for name in seen)
    assert set(seen.values()) == {0o600}, seen


@posix
@pytest.mark.parametrize("wanted", [0o600, 0o640, 0o644])
async def test_an_output_keeps_the_mode_that_a_user_gave_it_and_its_side_files_are_no_wider(
    tmp_path, source, kind, wanted
):
    """F9: `chmod 600 out.csv`, then `--retry-failed`; Parquet."""
    output, seen = tmp_path / f"out.{kind}", set()
    await Service().run(source, output)
    output.chmod(wanted)

    def look(_):
        seen.update(mode(path) for path in tmp_path.iterdir() if path not in (source, output))

    await Service(on_call=look).run(source, output, retry_failed=True)
    assert mode(output) == wanted
    assert all(found & ~wanted == 0 for found in seen)
    assert rows(output) == list(range(1, 13))


@posix
async def test_an_empty_output_that_a_user_made_keeps_its_mode(tmp_path, source):
    output = tmp_path / "out.csv"
    output.touch()
    output.chmod(0o664)
    await Service().run(source, output)
    assert mode(output) == 0o664


@posix
async def test_an_output_behind_a_link_is_written_where_the_link_leads(tmp_path, source, kind):
    link, disk = tmp_path / f"out.{kind}", tmp_path / "disk"
    disk.mkdir()
    link.symlink_to(disk / f"real.{kind}")
    await run_and_retry(source, link)
    assert link.is_symlink()
    assert names(disk) == {f"real.{kind}"}


CRASHES = """
import asyncio, hashlib, os, sys
from pathlib import Path
from tests.support.job_files import Service, people, rows
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
    await Service().run(source, output, concurrency=1)
    await Service().run(source, output, concurrency=1, retry_failed=True)


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
    asyncio.run(Service().run(source, output, retry_failed=True))
    assert rows(output) == [1, 2, 3, 4, 5, 6], step
    names = {path.name for path in folder.iterdir()}
    assert names == {"in.csv", output.name, output.name + ".job"}, (step, names)
print(code, step)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_crash_before_any_step_of_the_files_is_recovered_from(tmp_path, kind):
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


# Systems that lack something


LACKS = {
    "locks": lambda patch: patch.setattr(own_file, "fcntl", None),
    "O_NOFOLLOW": lambda patch: patch.setattr(own_file, "_NO_FOLLOW", 0),
    "owners": lambda patch: patch.delattr(os, "fchown", raising=False),
    "modes of open files": lambda patch: patch.setattr(os, "supports_fd", frozenset()),
}


@pytest.mark.parametrize("lacks", [*LACKS, "all of it"])
async def test_a_job_runs_on_a_system_that_lacks_what_posix_has(tmp_path, source, kind, lacks, monkeypatch):
    output = tmp_path / f"out.{kind}"
    for name, remove in LACKS.items():
        if lacks in (name, "all of it"):
            remove(monkeypatch)
    await Service().run(source, output)
    await Service().run(source, output, resume=True)
    await Service().run(source, output, retry_failed=True)
    assert rows(output) == list(range(1, 13))
    assert names(tmp_path) == {"in.csv", output.name, output.name + ".job"}


@posix
def test_without_o_nofollow_a_link_is_not_followed_either(tmp_path, monkeypatch):
    monkeypatch.setattr(own_file, "_NO_FOLLOW", 0)
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to("mine")
    for make in (own_file.OwnFile.open, own_file.OwnFile.create):
        with pytest.raises(ConfigError):
            make(tmp_path / "link")
    assert (tmp_path / "mine").read_text() == "mine"


@posix
def test_a_file_whose_group_cannot_be_kept_is_not_opened_to_another_group(tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
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
    file = own_file.OwnFile.create(tmp_path / "draft")
    file.replace(path)
    file.close()
    monkeypatch.undo()
    assert mode(path) == 0o600
