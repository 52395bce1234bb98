"""An executor asks in place of the session: blocks that fill up, and workers that know their account by themselves."""

from __future__ import annotations

import asyncio
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError, Consent, JobStopped, RateLimited, Session, Shop, Unauthenticated
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.executor import Blocks, ExecutorStatus
from etelecom_async.testing import MockTransport
from etelecom_async.transport.fast import HttptoolsTransport
from etelecom_async.workers.ray_workers import RayWorkers
from etelecom_async.workers.worker import AccountFingerprint, Worker, WorkerSetup
from tests.support import CANARY, KEY, OA, everything_shown, invoke
from tests.support.job_files import phone

SETUP = WorkerSetup(oa_id=OA, concurrency=5)


class Station:
    """A worker of the test's own: answers a phone with its last digits, when it is told to."""

    def __init__(self, *turns):
        self.turns = turns
        self.blocks = []
        self.under_way = self.most = 0

    async def __call__(self, phones):
        self.blocks.append(phones)
        self.under_way += len(phones)
        self.most = max(self.most, self.under_way)
        for _ in range(self.turns[len(self.blocks) % len(self.turns)] if self.turns else 0):
            await asyncio.sleep(0)
        self.under_way -= len(phones)
        return [Consent(error=int(phone[-8:])) for phone in phones]


@given(
    st.integers(min_value=0, max_value=300),
    st.integers(min_value=1, max_value=9),
    st.lists(st.lists(st.integers(min_value=0, max_value=30), min_size=1, max_size=5), min_size=1, max_size=4),
)
async def test_every_phone_has_its_own_answer_and_no_worker_more_than_its_room(count, size, turns):
    stations = [Station(*each) for each in turns]
    blocks = Blocks(stations, size=size)
    answers = await asyncio.gather(*(blocks.ask(phone(n)) for n in range(count)))
    assert [answer.error for answer in answers] == list(range(count))
    asked = [each for station in stations for block in station.blocks for each in block]
    assert sorted(asked) == [phone(n) for n in range(count)]
    assert all(len(block) <= size for station in stations for block in station.blocks)
    assert all(station.most <= 3 * size for station in stations)
    assert Blocks.capacity(workers=len(stations), size=size) == len(stations) * 3 * size
    assert blocks.under_way == 0


async def test_an_error_of_a_worker_reaches_the_phones_of_its_block():
    async def failing(_):
        raise ConfigError("no cluster")

    async def broken(_):
        raise ZeroDivisionError

    async def busy(phones):
        return [RateLimited("slow down") if phone.endswith("1") else Consent(error=0) for phone in phones]

    for submit, kind in ((failing, ConfigError), (broken, ZeroDivisionError)):
        blocks = Blocks([submit], size=2)
        outcomes = await asyncio.gather(*(blocks.ask(phone(n)) for n in range(5)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {kind}
        assert blocks.under_way == 0
    blocks = Blocks([busy], size=2)
    outcomes = await asyncio.gather(*(blocks.ask(phone(n)) for n in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Consent, RateLimited, Consent]


async def test_a_cancelled_phone_is_not_sent_to_a_worker():
    station = Station()
    blocks = Blocks([station], size=10)
    gone, there = (asyncio.create_task(blocks.ask(phone(n))) for n in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await there
    assert station.blocks == [[phone(1)]]


async def test_closing_ends_what_is_under_way():
    async def never(_):
        await asyncio.Event().wait()

    blocks = Blocks([never], size=1)
    asking = asyncio.create_task(blocks.ask(phone(1)))
    await asyncio.sleep(0.02)
    assert blocks.under_way == 1
    await blocks.aclose()
    assert blocks.under_way == 0
    asking.cancel()


class Executor:
    """An executor over blocks."""

    capacity = 12

    def __init__(self, submit, *, is_ready=True):
        self._blocks = Blocks([submit], size=4)
        self._is_ready = is_ready
        self.ask, self.give_up = self._blocks.ask, self._blocks.give_up

    def status(self):
        return ExecutorStatus(is_ready=self._is_ready, workers=1, under_way=self._blocks.under_way, lost=0)


def job(tmp_path, executor, count=50, **options):
    source = tmp_path / "in.csv"
    source.write_text("phone\n" + "".join(f"{phone(n)}\n" for n in range(count)) + "no phone\n")
    session = Session(Shop(KEY), transport=MockTransport())  # it would raise if it were asked
    return ConsentJob(session, source=source, output=tmp_path / "out.csv", oa_id=OA, executor=executor, **options)


async def test_a_job_is_the_same_with_an_engine(tmp_path):
    station = Station()
    todo = job(tmp_path, Executor(station))
    summary = await todo.run()
    assert (summary.rows, summary.failures["InvalidPhone"], summary.is_complete) == (51, 1, True)
    assert sum(map(len, station.blocks)) == 50
    assert station.most <= 12
    assert (todo.under_way, todo.executor.workers) == (0, 1)


@pytest.mark.parametrize(("is_ready", "kind"), [(False, ConfigError), (True, JobStopped)])
async def test_workers_that_do_not_start_are_a_wrong_setting_and_workers_that_fail_later_stop_the_job(
    tmp_path, is_ready, kind
):
    async def failing(phones):
        raise ConfigError("The workers fail.")

    with pytest.raises(kind, match=r"^The workers fail\.$") as caught:
        await job(tmp_path, Executor(failing, is_ready=is_ready)).run()
    assert type(caught.value) is kind


async def test_a_dead_key_ends_it_and_what_is_finished_is_kept(tmp_path):
    async def dying(phones):
        return [Unauthenticated("no") if phone >= "84900000020" else Consent(error=0) for phone in phones]

    # Twenty rows in a row have to meet it, so the input is long enough for none to come near its end.
    with pytest.raises(Unauthenticated):
        await job(tmp_path, Executor(dying), count=100).run()
    summary = await job(tmp_path, Executor(Station()), count=100, resume=True).run()
    assert 12 <= summary.finished_before <= 20
    assert summary.finished_before + summary.rows == 101


async def test_a_worker_answers_with_values_only(monkeypatch, sandbox_account):
    worker = Worker(WorkerSetup(oa_id=OA, concurrency=5))
    answers = (await worker.check(["84987654321", "no phone"])).answers
    assert answers[0].error == 20
    assert type(answers[1]).__name__ == "InvalidPhone"
    elsewhere = Worker(WorkerSetup(oa_id=7, concurrency=5))
    (error,) = (await elsewhere.check(["84987654321"])).answers
    assert type(pickle.loads(pickle.dumps(error))).__name__ == "NotFound"
    await worker.aclose()
    await elsewhere.aclose()
    monkeypatch.delenv("ETELECOM_API_KEY")
    assert isinstance(await Worker(SETUP).identify("00"), ConfigError)


@pytest.mark.parametrize("is_installed", [True, False])
async def test_a_worker_takes_the_fast_transport_where_it_is_installed(monkeypatch, sandbox_account, is_installed):
    sent, send = [], HttptoolsTransport.send

    async def watched(self, request, /):
        sent.append(request.endpoint.name)
        return await send(self, request)

    monkeypatch.setattr(HttptoolsTransport, "send", watched)
    if not is_installed:
        monkeypatch.setitem(sys.modules, "etelecom_async.transport.fast.pool", None)
    worker = Worker(SETUP)
    answers = (await worker.check([phone(1), phone(2)])).answers
    await worker.aclose()
    assert all(isinstance(answer, Consent) for answer in answers)
    assert sent == ["Zalo/CheckConsent"] * (2 if is_installed else 0)


async def test_a_worker_tells_for_whom_it_calls_and_never_the_key(monkeypatch):
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    monkeypatch.setenv("ETELECOM_BASE_URL", "https://a.example")
    told = await Worker(SETUP).identify("00")
    assert told == AccountFingerprint.of(Shop(KEY, base_url="https://a.example"), salt="00")
    assert told != AccountFingerprint.of(Shop(KEY, base_url="https://a.example"), salt="01")
    assert told != AccountFingerprint.of(Shop(KEY), salt="00")
    assert CANARY not in repr(told)
    assert CANARY.encode() not in pickle.dumps((told, SETUP))


def test_the_parts_of_a_rate_are_the_rate():
    setup = WorkerSetup(oa_id=OA, concurrency=5, workers=4, rate=200)
    assert setup.throttle().snapshot().rate == 50
    assert WorkerSetup(oa_id=OA, concurrency=5, workers=4).throttle().snapshot().rate is None


def test_a_shared_rate_wants_its_number_and_its_redis(monkeypatch):
    monkeypatch.delenv("ETELECOM_REDIS_URL", raising=False)
    with pytest.raises(ConfigError, match="give --rate too"):
        WorkerSetup(oa_id=OA, concurrency=5, is_shared=True).throttle()
    with pytest.raises(ConfigError, match="Set ETELECOM_REDIS_URL"):
        WorkerSetup(oa_id=OA, concurrency=5, rate=9, is_shared=True).throttle()
    monkeypatch.setenv("ETELECOM_REDIS_URL", f"nonsense://:{CANARY}@host")
    with pytest.raises(ConfigError) as refused:
        WorkerSetup(oa_id=OA, concurrency=5, rate=9, is_shared=True).throttle()
    assert CANARY not in everything_shown(refused.value)


def test_ray_is_asked_for_only_when_it_is_used(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'etelecom-async\[ray\]'"):
        RayWorkers(SETUP, account=Shop(KEY))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--workers", "2"], "give --executor too"), (["--address", "auto"], "give --executor too"),
        (["--redis"], "give --rate too"), (["--redis", "--rate", "5"], "Set ETELECOM_REDIS_URL"),
        (["--executor", "spark"], "is not 'ray'"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(tmp_path, options, sentence):
    (tmp_path / "in.csv").write_text("phone\n0987654321\n")
    output = tmp_path / "out.csv"
    command = ("bulk", str(tmp_path / "in.csv"), "-o", str(output), "--oa-id", str(OA), *options)
    code, _, stderr = invoke(*command, ETELECOM_API_KEY=KEY)
    assert code == 2
    assert sentence in stderr
    assert not output.exists()
