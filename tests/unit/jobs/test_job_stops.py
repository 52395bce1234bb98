"""A job that ends early, by a stop, an error or a folder that vanishes, keeps what is finished."""

import asyncio
import shutil

import pytest

from etelecom_async import BadRoute, JobStopped, PermissionDenied, Unauthenticated
from tests.support import HANG
from tests.support.job_files import (
    Service,
    answer,
    by_row,
    failing_with,
    journal_of,
    once,
    people,
    phone,
    read,
    uninterrupted,
)


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_stop_finishes_what_is_under_way(tmp_path, kind, concurrency):
    source, output = people(tmp_path / f"in.{kind}", 50), tmp_path / f"out.{kind}"

    async def yielding(payload):
        await asyncio.sleep(0)
        return answer(payload)

    service = Service(yielding, on_call=once(20, lambda: job.stop()))
    job = service.job(source, output, concurrency=concurrency)
    summary = await job.run()
    assert not summary.is_complete
    assert 20 <= summary.rows == len(service.asked) < 20 + concurrency
    assert len(read(journal_of(output))) == summary.rows
    second = Service()
    await second.run(source, output, resume=True)
    assert sorted(service.asked + second.asked) == [phone(n) for n in range(50)]
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


async def test_a_job_that_was_stopped_before_it_began_makes_no_call(tmp_path):
    service = Service()
    job = service.job(people(tmp_path / "in.csv"), tmp_path / "out.csv")
    job.stop()
    summary = await job.run()
    assert (summary.rows, summary.is_complete, service.asked) == (0, False, [])


@pytest.mark.parametrize("error", [Unauthenticated("no"), PermissionDenied("no"), BadRoute("no")], ids=repr)
async def test_an_error_that_all_rows_would_meet_keeps_what_is_finished(tmp_path, kind, error):
    source, output = people(tmp_path / f"in.{kind}", 60), tmp_path / f"out.{kind}"
    before = asyncio.all_tasks()
    with pytest.raises(type(error)):
        await Service(failing_with(error, when=lambda n: n >= 30)).run(source, output, concurrency=3)
    assert asyncio.all_tasks() == before
    done = len(read(journal_of(output)))
    assert 28 <= done <= 32
    second = Service()
    summary = await second.run(source, output, resume=True)
    assert (summary.finished_before, len(second.asked)) == (done, 60 - done)
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


async def test_answers_that_come_after_a_fatal_error_are_kept(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}", 60), tmp_path / f"out.{kind}"
    refused = asyncio.Event()
    fatal = {phone(0), phone(1), phone(2)}

    async def give_up(payload):
        if payload.phone in fatal:
            if payload.phone == max(fatal):
                refused.set()
            raise Unauthenticated("no")
        await refused.wait()
        await asyncio.sleep(0)
        return answer(payload)

    first = Service(give_up)
    with pytest.raises(Unauthenticated):
        await first.run(source, output, concurrency=10)
    done = [record["phone"] for record in read(journal_of(output))]
    assert sorted(done) == [number for number in sorted(first.asked) if number not in fatal]
    assert len(first.asked) < 20
    assert (await Service().run(source, output, resume=True)).finished_before == len(done)
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


async def test_an_answer_that_does_not_come_delays_no_fatal_error(tmp_path, monkeypatch):
    monkeypatch.setattr("etelecom_async.bulk.run._GRACE", 0.01)
    source, output = people(tmp_path / "in.csv", 60), tmp_path / "out.csv"

    async def give_up(payload):
        if payload.phone >= phone(9):
            raise Unauthenticated("no")
        if payload.phone == phone(8):
            await asyncio.Event().wait()
        return answer(payload)

    before = asyncio.all_tasks()
    async with asyncio.timeout(HANG):
        with pytest.raises(Unauthenticated):
            await Service(give_up).run(source, output, concurrency=4)
    assert asyncio.all_tasks() == before
    assert sorted(by_row(output))[:8] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_a_job_that_is_cancelled_keeps_what_is_finished(tmp_path):
    source, output = people(tmp_path / "in.csv", 60), tmp_path / "out.csv"
    reached = asyncio.Event()

    async def hang(payload):
        if payload.phone >= phone(30):
            reached.set()
            await asyncio.Event().wait()
        return answer(payload)

    running = asyncio.create_task(Service(hang).run(source, output, concurrency=2))
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert 28 <= len(read(output)) <= 30
    await Service().run(source, output, resume=True)
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


@pytest.mark.parametrize("into", ["csv", "parquet"])
@pytest.mark.parametrize("way", ["removed", "renamed"])
async def test_a_directory_that_vanishes_is_one_sentence(tmp_path, into, way):
    folder, moved = tmp_path / "folder", tmp_path / "elsewhere" / f"out.{into}"
    folder.mkdir()
    source = people(tmp_path / "in.csv", 200)
    vanish = (lambda: shutil.rmtree(folder)) if way == "removed" else lambda: folder.rename(moved.parent)
    service = Service(on_call=once(51, vanish))
    with pytest.raises(JobStopped, match=r"^Cannot write .*\.$") as caught:
        await service.run(source, folder / moved.name, concurrency=1)
    assert "\n" not in str(caught.value)
    assert len(service.asked) < 60
    if way == "renamed":
        assert len(read(journal_of(moved))) >= 50
        await Service().run(source, moved, resume=True)
        assert by_row(moved) == await uninterrupted(tmp_path, source, moved.name)
