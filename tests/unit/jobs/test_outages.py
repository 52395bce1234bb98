"""C3, C4, C5, C14: a job waits outages out, ends with a sentence, and after a stop nothing is tried again."""

import asyncio

import pytest

from etelecom_async import (
    CHECK_CONSENT,
    AttemptTimeout,
    Checked,
    ConnectError,
    Consent,
    Disconnected,
    JobStopped,
    RateLimited,
    Retry,
    ServerFault,
    Session,
    Shop,
    Throttle,
    TlsError,
    Unavailable,
)
from etelecom_async.clock import seconds
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.executor import Blocks, ExecutorStatus
from etelecom_async.testing import MockTransport
from tests.support import KEY, OA, open_files, virtually
from tests.support.job_files import people, read, rows
from tests.support.outages import Service, always, between

OK = Consent(error=0)
FAULTS = [ServerFault(), Unavailable("try later"), ConnectError("refused"), RateLimited("slow down", status=429)]


def session(is_down=lambda _moment: False, fault=None, *, own=(), attempts=4, concurrency=20):
    """A session whose server meets this fault while it is down, and for phones of these numbers."""
    mock = MockTransport()

    async def answer(payload):
        await asyncio.sleep(0.05)
        if is_down(seconds()) or int(payload.phone[-4:]) in own:
            raise fault or ServerFault()
        return OK

    mock.on(CHECK_CONSENT).answer(answer)
    retry, throttle = Retry(attempts=attempts), Throttle(concurrency=concurrency)
    return mock, Session(Shop(KEY), transport=mock, retry=retry, throttle=throttle)


def job_over(client, folder, count=100, **options):
    source = people(folder / "in.csv", count)
    given = {"concurrency": 20, **options}
    return ConsentJob(client, source=source, output=folder / "out.csv", oa_id=OA, **given)


@pytest.mark.parametrize("attempts", [1, 4])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("start", [0, 1])
def test_no_row_fails_in_an_outage_of_a_minute(tmp_path, fault, attempts, start):
    @virtually
    async def check():
        _, client = session(between(start, start + 60), fault, attempts=attempts)
        summary = await job_over(client, tmp_path, 200, concurrency=5).run()
        assert (summary.is_complete, summary.rows, dict(summary.failures)) == (True, 200, {})
        assert start + 60 < seconds() < start + 100
        assert rows(tmp_path / "out.csv") == list(range(1, 201))

    check()


@pytest.mark.parametrize("attempts", [1, 4])
def test_check_consents_waits_as_a_job_does(attempts):
    @virtually
    async def check():
        _, client = session(between(0.5, 60), own=[7], attempts=attempts)
        phones = [f"09{number:08d}" for number in range(100)]
        outcomes = await client.zalo.check_consents(oa_id=OA, phones=phones, concurrency=5).collect()
        assert [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Checked)] == [7]

    check()


def test_a_job_that_waited_long_enough_ends_and_a_resume_goes_on(tmp_path):
    @virtually
    async def check():
        _, client = session(between(0.6, 10_000))
        job = job_over(client, tmp_path, 1000, give_up_after=90)
        with pytest.raises(JobStopped, match=r"accepted no request for 1.5 min \(ServerFault\)") as caught:
            await job.run()
        assert caught.tb  # it holds the frames of the job
        assert not any(str(tmp_path / "in.csv") in name for name in open_files())
        assert seconds() < 0.6 + 90 + 10
        done = len(rows(tmp_path / "out.csv"))
        assert 100 < done < 300
        _, client = session()
        summary = await job_over(client, tmp_path, 1000, resume=True).run()
        assert (summary.finished_before, summary.rows) == (done, 1000 - done)
        assert all(not record["failure"] for record in read(tmp_path / "out.csv"))

    check()


def test_rows_that_fail_alone_at_the_end_of_a_file_are_told_by_a_row_that_was_answered(tmp_path):
    @virtually
    async def check():
        mock, client = session(own=[97, 98, 99])
        summary = await job_over(client, tmp_path).run()
        assert dict(summary.failures) == {"ServerFault": 3}
        assert seconds() < 60
        assert len(mock.calls) < 97 + 3 * 20

    check()


def test_a_certificate_that_is_not_trusted_ends_a_job_at_its_start(tmp_path):
    @virtually
    async def check():
        mock, client = session(always, TlsError("untrusted"))
        with pytest.raises(TlsError):
            await job_over(client, tmp_path).run()
        assert (len(mock.calls) <= 20, seconds() < 1) == (True, True)

    check()


@pytest.mark.parametrize("limit", [5, "5", "5%"])
def test_a_job_stops_where_more_rows_fail_than_may_and_writes_what_was_under_way(tmp_path, limit):
    @virtually
    async def check():
        _, client = session(own=range(0, 1000, 10), attempts=1)
        with pytest.raises(JobStopped, match=r"^\d+ of \d+ rows failed, and at most 5%? may\.$"):
            await job_over(client, tmp_path, 1000, max_failures=limit).run()
        records = read(tmp_path / "out.csv")
        failed = sum(bool(record["failure"]) for record in records)
        least = 100 if limit == "5%" else 50
        assert (failed > 5, least <= len(records) < least + 60) == (True, True)
        summary = await job_over(client, tmp_path, 1000, resume=True).run()
        assert (summary.is_complete, summary.failed_before) == (True, failed)

    check()


@pytest.mark.parametrize("limit", [100, "10%", None])
def test_as_many_failures_as_may_be_stop_no_job(tmp_path, limit):
    @virtually
    async def check():
        _, client = session(own=range(9, 1000, 10), attempts=1)
        summary = await job_over(client, tmp_path, 1000, max_failures=limit, concurrency=1).run()
        assert dict(summary.failures) == {"ServerFault": 100}

    check()


@pytest.mark.parametrize("fault", [AttemptTimeout(), Disconnected(), ServerFault()], ids=lambda it: type(it).__name__)
def test_after_a_stop_nothing_is_tried_again(tmp_path, fault):
    @virtually
    async def check():
        mock = MockTransport()

        async def hang(_payload):
            await asyncio.sleep(10)
            raise fault

        mock.on(CHECK_CONSENT).answer(hang)
        client = Session(Shop(KEY), transport=mock, retry=Retry(random=lambda: 0.0))
        job = job_over(client, tmp_path)
        asyncio.get_running_loop().call_later(3, job.stop)
        summary = await job.run()
        assert (summary.rows, summary.is_complete, len(mock.calls)) == (0, False, 4)
        assert seconds() == pytest.approx(10, abs=0.1)

    check()


class Workers:
    """An executor of which one worker's service is down for a while."""

    capacity = 12

    def __init__(self, service):
        self._service = service
        self._blocks = Blocks([self._submit], size=4)
        self.ask, self.give_up = self._blocks.ask, self._blocks.give_up

    async def _submit(self, phones):
        async def check(phone):
            try:
                await self._service.call(phone)
            except ServerFault as error:
                return error
            return OK

        return await asyncio.gather(*map(check, phones))

    def status(self):
        since = self._service.unavailable_since
        return ExecutorStatus(is_ready=True, workers=1, under_way=0, lost=0, unavailable_since=since)


def test_workers_of_an_executor_wait_too(tmp_path):
    @virtually
    async def check():
        service = Service(is_down=between(0.2, 60), own=["84900000099"])
        _, client = session()
        summary = await job_over(client, tmp_path, executor=Workers(service)).run()
        assert (summary.rows, dict(summary.failures)) == (100, {"ServerFault": 1})
        assert 60 < seconds() < 90

    check()
