"""C3: while the service is down, a batch waits, and a worker says which of its calls that concerns."""

import asyncio

import pytest

from etelecom_async import CHECK_CONSENT, Consent, ServerFault, Session, Shop, Unavailable
from etelecom_async.clock import seconds
from etelecom_async.testing import MockTransport
from etelecom_async.workers.batches import ConsentBatches
from etelecom_async.workers.worker import Worker, WorkerSetup
from tests.support import KEY, OA, virtually
from tests.support.bulk import phones
from tests.support.outages import always, between

pyarrow = pytest.importorskip("pyarrow")


def mocked(is_down):
    mock = MockTransport()

    async def answer(_payload):
        await asyncio.sleep(0.05)
        if is_down(seconds()):
            raise ServerFault
        return Consent(error=0)

    mock.on(CHECK_CONSENT).answer(answer)
    return mock


def batches(is_down, **options):
    session = Session(Shop(KEY), transport=mocked(is_down))
    return ConsentBatches(oa_id=OA, open_session=lambda: session, **options)


@virtually
async def test_no_row_of_a_batch_fails_in_an_outage():
    checked = await batches(between(0.1, 60))(pyarrow.table({"phone": phones(50)}))
    assert set(checked.column("failure").to_pylist()) <= {None, ""}
    assert 60 < seconds() < 120


@virtually
async def test_a_batch_that_waited_long_enough_raises():
    with pytest.raises(Unavailable, match="for 20 s"):
        await batches(always, give_up_after=20)(pyarrow.table({"phone": phones(5)}))
    assert 20 <= seconds() < 30


@pytest.mark.parametrize(("is_down", "is_told"), [(always, True), (lambda _: False, False)], ids=["down", "up"])
def test_a_worker_tells_that_its_calls_failed_in_an_outage(monkeypatch, is_down, is_told):
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    monkeypatch.delenv("ETELECOM_ACCOUNT", raising=False)
    monkeypatch.setattr("etelecom_async.workers.worker.best_transport", lambda _url: mocked(is_down))

    @virtually
    async def check():
        worker = Worker(WorkerSetup(oa_id=OA, concurrency=2))
        found = await worker.check([f"849{number:08d}" for number in range(5)])
        assert all(isinstance(answer, ServerFault) is is_told for answer in found.answers)
        assert (found.unavailable_for is not None) == is_told
        assert not is_told or 0 < found.unavailable_for <= seconds()
        await worker.aclose()

    check()
