"""F7: one job at a time writes an output, under whatever name, and a process that was killed holds no lock."""

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys

import pytest

from etelecom_async import ConfigError
from tests.support.job_files import (
    Service,
    by_row,
    interrupt,
    manifest_of,
    people,
    posix,
    rows,
    uninterrupted,
)

HELD = r"Another process is writing .*: wait for it"


def linked(link):
    def alias(output):
        other = output.with_name("again" + output.suffix)
        link(other, output)
        shutil.copy(manifest_of(output), manifest_of(other))
        return other

    return alias


@posix
@pytest.mark.parametrize(
    "alias",
    [lambda same: same, linked(lambda new, old: new.symlink_to(old)), linked(lambda new, old: new.hardlink_to(old))],
    ids=["the same name", "a symbolic link", "a hard link"],
)
@pytest.mark.parametrize("option", ["resume", "retry_failed"])
async def test_two_jobs_never_write_one_output_under_any_name(tmp_path, alias, option):
    """F7: a removed lock file; a hard link with a copied job file."""
    source, output = await interrupt(tmp_path, count=12, done=6)
    other = alias(output)
    first, second = Service().job(source, output, resume=True), Service()
    await first.prepare()
    for left in tmp_path.glob("*.lock"):
        left.unlink()
    with pytest.raises(ConfigError, match=HELD):
        await second.run(source, other, **{option: True})
    assert second.asked == []
    await first.run()
    assert rows(output) == list(range(1, 13))


@posix
@pytest.mark.parametrize("stage", ["new", "half done", "complete"])
async def test_the_lock_is_held_from_before_the_first_call_to_the_end(tmp_path, kind, stage):
    source, output = people(tmp_path / f"in.{kind}", 12), tmp_path / f"out.{kind}"
    if stage == "half done":
        await interrupt(tmp_path, kind, 12, done=6)
    elif stage == "complete":
        await Service().run(source, output)
    first, second = Service().job(source, output, retry_failed=stage != "new"), Service()
    await first.prepare()
    written = output.read_bytes() if output.exists() else None
    for options in ({}, {"resume": True}, {"retry_failed": True}):
        with pytest.raises(ConfigError, match=HELD):
            await second.run(source, output, **options)
    assert second.asked == []
    assert (output.read_bytes() if output.exists() else None) == written
    await first.run()
    assert rows(output) == list(range(1, 13))


async def test_of_many_jobs_that_begin_at_once_one_writes_the_output(tmp_path):
    source, output = people(tmp_path / "in.csv", 12), tmp_path / "out.csv"
    services = [Service() for _ in range(8)]
    ends = await asyncio.gather(*(service.run(source, output) for service in services), return_exceptions=True)
    assert sum(isinstance(end, ConfigError) for end in ends) == 7
    assert rows(output) == list(range(1, 13))
    assert sorted(len(service.asked) for service in services) == [0] * 7 + [12]


HOLDER = """
import sys
from pathlib import Path
from etelecom_async.tables import OwnFile
file = OwnFile.open(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_process_that_was_killed_holds_no_output(tmp_path):
    pytest.importorskip("fcntl")
    source, output = await interrupt(tmp_path)
    pipe = subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(output), stdin=pipe, stdout=pipe)
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(ConfigError, match="Another process"):
        await Service().run(source, output, resume=True)
    holder.send_signal(signal.SIGKILL)
    await holder.communicate()
    await Service().run(source, output, resume=True)
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
async def test_a_file_system_without_locks_is_one_sentence(tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")

    def flock(_file, _operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    with pytest.raises(ConfigError, match=rf"^Cannot lock .*out\.csv: {os.strerror(number)}\. Write it to a disk of"):
        await Service().run(source, output)
    assert not output.exists()


async def test_an_output_that_is_replaced_while_it_is_locked_is_locked_anew(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    source, output = await interrupt(tmp_path)
    real = fcntl.flock
    taken = []

    def flock(file, operation):
        real(file, operation)
        taken.append(file)
        if len(taken) == 1:
            shutil.copy(output, tmp_path / "other")
            (tmp_path / "other").replace(output)

    monkeypatch.setattr(fcntl, "flock", flock)
    first = Service().job(source, output, resume=True)
    await first.prepare()
    assert len(taken) == 2
    with pytest.raises(ConfigError, match="Another process is writing"):
        await Service().run(source, output, resume=True)
    await first.run()
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)
