"""What is written is safe, and a disk that takes no more is one sentence."""

import asyncio
import os
import subprocess
import sys

import pytest

from tests.support import KEY, OA
from tests.support.job_files import Service, answer, by_row, journal_of, names, people, read, refuse

FULL_DISK = """
import asyncio, logging, resource, signal, sys
from pathlib import Path
from etelecom_async import CHECK_CONSENT, ConfigError, Consent, JobStopped, Retry, Session, Shop
from etelecom_async.jobs import ConsentJob
from etelecom_async.testing import MockTransport
# asyncio's dev mode tells of slow steps: a busy machine is not what is looked for.
logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing "))
room, source, output, key, oa_id = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
mock = MockTransport()
mock.on(CHECK_CONSENT).reply(Consent(error=3))
session = Session(Shop(key), transport=mock, retry=Retry(attempts=1))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
try:
    asyncio.run(ConsentJob(session, source=Path(source), output=Path(output), oa_id=oa_id, concurrency=3).run())
except (ConfigError, JobStopped) as error:
    print(error)
"""


@pytest.mark.usefixtures("slow_hash")
@pytest.mark.parametrize(
    ("kind", "room"), [("csv", 0), ("csv", 300), ("csv", 3000), ("ndjson", 3000), ("parquet", 3000), ("parquet", 9500)]
)
async def test_a_full_disk_is_one_sentence_and_keeps_what_was_finished(tmp_path, kind, room):
    pytest.importorskip("resource")
    source, output = people(tmp_path / "in.csv", 45), tmp_path / f"out.{kind}"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-W", "error", "-c", FULL_DISK),
        *(str(room), str(source), str(output), KEY, str(OA)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stdout, stderr = await child.communicate()
    assert stderr.decode() == ""
    assert stdout.decode().startswith("Cannot write ")
    assert stdout.decode().endswith(": File too large.\n")
    assert stdout.count(b"\n") == 1
    service = Service(refuse)
    summary = await service.run(source, output, resume=True)
    assert len(service.asked) == summary.rows == 45 - summary.finished_before
    assert summary.finished_before > 0 or room < 1000
    assert sorted(by_row(output)) == list(range(1, 46))
    assert {record["state"] for record in by_row(output).values()} == {"refused"}
    assert names(tmp_path) == {"in.csv", output.name, output.name + ".job"}


@pytest.fixture
def on_sync(monkeypatch):
    """Lets a function see the state of each file that is synced to the disk."""

    def watch(see):
        real = os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: (see(os.fstat(file)), real(file)))

    return watch


async def test_the_name_of_an_output_is_durable_before_the_first_call(tmp_path, on_sync, kind):
    source, folder = people(tmp_path / f"in.{kind}"), tmp_path / "folder"
    folder.mkdir()
    output = folder / f"out.{kind}"
    synced, seen = [], []
    on_sync(lambda state: synced.append((state.st_ino, journal_of(output).exists())))
    await Service(on_call=lambda _: seen.append((folder.stat().st_ino, True) in synced)).run(source, output)
    assert seen == [True] * 10


async def test_each_row_is_written_before_the_next_answer(tmp_path):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    seen = []
    await Service(on_call=lambda _: seen.append(len(read(output)))).run(source, output, concurrency=1)
    assert seen == list(range(20))


async def test_what_was_written_is_made_durable_about_every_second(tmp_path, on_sync):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    now, sizes = [0.0], []

    def half_a_second(payload):
        now[0] += 0.5
        return answer(payload)

    job = Service(half_a_second).job(source, output, concurrency=1, clock=lambda: now[0])
    await job.prepare()
    on_sync(lambda state: sizes.append(state.st_size))
    summary = await job.run()
    assert sizes == sorted(sizes)
    assert 6 <= len(sizes) <= 11
    assert sizes[-1] == output.stat().st_size
    assert (summary.seconds, summary.rate) == (10, 2)
