"""C14: a stop gives up at once what workers have and did not send yet; what is under way is answered and written."""

from __future__ import annotations

import asyncio
import csv

import pytest

from etelecom_async import CHECK_CONSENT, Consent, InternalError, Session, Shop
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.executor import Blocks, ExecutorStatus
from etelecom_async.sandbox import SANDBOX_API_KEY, World, serve
from etelecom_async.testing import MockTransport, run_virtually
from etelecom_async.workers.worker import Worker, WorkerSetup
from tests.support import HANG, KEY, OA, settled


def phone(number):
    return f"849{number:08d}"


class Workers:
    """Two workers that send two phones at a time, each for a minute, and give the rest up when they are told to."""

    capacity = 24

    def __init__(self):
        self._blocks = Blocks([self._worker(), self._worker()], size=4)
        self._is_given_up = False
        self.sent = []
        self.ask = self._blocks.ask

    def _worker(self):
        slots = asyncio.Semaphore(2)

        async def check(phone):
            async with slots:
                if self._is_given_up:
                    return None
                self.sent.append(phone)
                await asyncio.sleep(60)
                return Consent(error=0)

        async def submit(phones):
            return await asyncio.gather(*map(check, phones))

        return submit

    def give_up(self):
        self._is_given_up = True
        self._blocks.give_up()

    def status(self):
        return ExecutorStatus(is_ready=True, workers=2, under_way=self._blocks.under_way, lost=0)


def job(tmp_path, workers, **options):
    source = tmp_path / "in.csv"
    source.write_text("phone\n" + "".join(f"{phone(n)}\n" for n in range(100)), encoding="utf-8")
    session = Session(Shop(KEY), transport=MockTransport())  # it would raise if it were asked
    return ConsentJob(session, source=source, output=tmp_path / "out.csv", oa_id=OA, executor=workers, **options)


def rows(tmp_path):
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        return sorted(int(row["row"]) for row in csv.DictReader(file))


def test_a_stop_ends_with_what_the_workers_have_under_way(tmp_path):
    async def main():
        workers = Workers()
        todo = job(tmp_path, workers)
        running = asyncio.create_task(todo.run())
        await settled(lambda: len(workers.sent) == 4)
        todo.stop()
        summary = await running
        return summary, workers, asyncio.get_running_loop().time()

    summary, workers, seconds = run_virtually(main())
    # Of the 24 phones that they had, 20 were not sent; those would have taken five minutes more.
    assert (summary.rows, summary.is_complete) == (4, False)
    assert len(workers.sent) == 4
    assert seconds < 61
    assert workers.status().under_way == 0
    assert len(rows(tmp_path)) == 4
    run_virtually(resumed(tmp_path))
    assert rows(tmp_path) == list(range(1, 101))


async def resumed(tmp_path):
    assert (await job(tmp_path, Workers(), resume=True).run()).is_complete


async def test_what_no_worker_has_yet_is_given_up():
    sent = []

    async def submit(phones):
        sent.extend(phones)
        return [Consent(error=0) for _ in phones]

    blocks = Blocks([submit], size=10)
    asking = [asyncio.create_task(blocks.ask(phone(n))) for n in range(3)]
    await asyncio.sleep(0)
    blocks.give_up()
    outcomes = await asyncio.gather(*asking, blocks.ask(phone(3)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
    assert sent == []


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("ETELECOM_API_KEY", SANDBOX_API_KEY)
    monkeypatch.delenv("ETELECOM_ACCOUNT", raising=False)
    return lambda server: monkeypatch.setenv("ETELECOM_BASE_URL", str(server.base_url))


@pytest.mark.parametrize("rate", [None, 0.001])
async def test_a_worker_answers_what_it_has_sent_and_gives_up_the_rest(account, rate):
    world = World(oa_id=OA)
    async with serve(world, latency=0.3) as server:
        account(server)
        worker = Worker(WorkerSetup(oa_id=OA, concurrency=2, rate=rate))
        checking = asyncio.create_task(worker.check([phone(n) for n in range(50)]))
        await settled(lambda: len(world.log) > 0)
        await worker.give_up()
        async with asyncio.timeout(HANG):
            answers = (await checking).answers
        assert answers.count(None) == 50 - len(world.log)
        assert 1 <= len(world.log) <= 2
        assert sum(isinstance(answer, Consent) for answer in answers) == len(world.log)
        assert (await worker.check([phone(50)])).answers == [None]
        await worker.aclose()


async def test_a_bug_in_a_worker_is_the_failure_of_its_phone(account, monkeypatch):
    normal = Session.call

    async def call(self, endpoint, payload, **options):
        if endpoint is CHECK_CONSENT and payload.phone == phone(1):
            raise ZeroDivisionError("0987654321")
        return await normal(self, endpoint, payload, **options)

    monkeypatch.setattr(Session, "call", call)
    async with serve(World(oa_id=OA)) as server:
        account(server)
        worker = Worker(WorkerSetup(oa_id=OA, concurrency=2))
        first, second = (await worker.check([phone(0), phone(1)])).answers
        await worker.aclose()
    assert isinstance(first, Consent)
    assert type(second) is InternalError
    assert "ZeroDivisionError in test_give_up.py" in str(second)
    assert "0987654321" not in str(second)


async def test_a_bug_that_a_worker_tells_of_is_the_jobs_first_bug(tmp_path):
    class Buggy(Workers):
        def _worker(self):
            async def submit(phones):
                return [InternalError("a bug") if it == phone(7) else Consent(error=0) for it in phones]

            return submit

    todo = job(tmp_path, Buggy())
    summary = await todo.run()
    assert (summary.is_complete, dict(summary.failures)) == (True, {"InternalError": 1})
    assert isinstance(todo.first_bug, InternalError)
