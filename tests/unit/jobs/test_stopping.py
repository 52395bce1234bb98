"""C14: a stop gives up at once what waits to be sent, and finishes what is under way."""

import asyncio
import random

import pytest

from etelecom_async import CHECK_CONSENT, Consent, RateLimited, Retry, ServerFault, Session, Shop, Throttle, Timeout
from etelecom_async.jobs import ConsentJob
from etelecom_async.testing import MockTransport
from tests.support import HANG, KEY, OA, settled
from tests.support.job_files import people, rows


def job_over(session, folder, **options):
    source = people(folder / "in.csv", 50)
    return ConsentJob(session, source=source, output=folder / "out.csv", oa_id=OA, concurrency=20, **options)


async def stopped(job, when, then=lambda: None):
    """The summary of a job that is stopped as soon as this holds."""
    running = asyncio.create_task(job.run())
    await settled(when)
    job.stop()
    await asyncio.sleep(0)
    then()
    async with asyncio.timeout(HANG):
        return await running


async def test_a_stop_under_a_slow_rate_ends_with_what_is_under_way(tmp_path):
    mock = MockTransport()
    under_way = asyncio.Event()

    async def answer(_payload):
        await under_way.wait()
        return Consent(error=0)

    mock.on(CHECK_CONSENT).answer(answer)
    # One request an hour: to wait for the next permit would end in HANG.
    async with Session(Shop(KEY), transport=mock, throttle=Throttle(rate=1 / 3600, burst=2)) as session:
        summary = await stopped(job_over(session, tmp_path), lambda: len(mock.calls) == 2, then=under_way.set)
    assert (summary.rows, summary.is_complete) == (2, False)
    assert len(rows(tmp_path / "out.csv")) == 2
    assert session.throttle.snapshot().in_flight == 0


@pytest.mark.parametrize("pause", ["a Retry-After of an hour", "a backoff of an hour"])
async def test_a_stop_in_a_long_pause_ends_at_once(tmp_path, pause):
    mock = MockTransport()
    if pause.startswith("a Retry"):
        mock.on(CHECK_CONSENT).fail(RateLimited("slow down", status=429, retry_after=3600))
        retry = Retry()
    else:
        mock.on(CHECK_CONSENT).fail(ServerFault())
        retry = Retry(base=3600, cap=3600, random=lambda: 1.0)
    async with Session(Shop(KEY), transport=mock, retry=retry, timeout=Timeout(total=None)) as session:
        summary = await stopped(job_over(session, tmp_path), lambda: bool(session.waiting_tasks()))
    assert summary.is_complete is False
    assert not (tmp_path / "out.csv").exists() or rows(tmp_path / "out.csv") == []


async def test_a_resume_after_a_stop_has_every_row_once(tmp_path):
    mock = MockTransport()
    mock.on(CHECK_CONSENT).answer(lambda _payload: asyncio.sleep(random.random() / 100, Consent(error=0)))
    async with Session(Shop(KEY), transport=mock, throttle=Throttle(concurrency=2)) as session:
        await stopped(job_over(session, tmp_path), lambda: len(mock.calls) >= 10)
        summary = await job_over(session, tmp_path, resume=True).run()
    assert summary.is_complete
    assert rows(tmp_path / "out.csv") == list(range(1, 51))
