"""The check as a function from Arrow to Arrow: what any executor that hands out batches of a table calls."""

from __future__ import annotations

import asyncio
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError, Consent, InvalidId, RateLimited, Session, Shop, Unauthenticated
from etelecom_async.jobs.record import RESULT_COLUMNS
from etelecom_async.reports.from_output import statistics_of
from etelecom_async.sandbox import SANDBOX_API_KEY
from etelecom_async.workers.batches import ConsentBatches
from tests.support import KEY, OA
from tests.support.bulk import phones
from tests.support.job_files import KINDS, NOW, Service, people, phone

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

CODES = (0, 1, 3, 5, 8, 14, 16, 20, 99)


def answering(payload):
    """Every kind of answer there is, told by the phone's last digits."""
    ending = int(payload.phone[-2:])
    expires = datetime(2026, 2, 1, tzinfo=UTC) if ending % 2 else None
    return Consent(error=CODES[ending % len(CODES)], message=f"số {ending}", expired_time=expires)


def checking(service=None, **options):
    """The function under test over a service that answers as above, and that service."""
    service = service or Service(answering)
    given = {"oa_id": OA, "now": lambda: NOW, "open_session": lambda: service.session, **options}
    return ConsentBatches(**given), service


async def test_a_batch_comes_back_as_a_file_job_would_write_it(tmp_path):
    numbers = ["0987 654 321", "+84 987-654-322", "no phone", "", None, "0084987654300", *phones(40)]
    table = pyarrow.table(
        {
            "tên": [f"Nguyễn {n}" for n in range(len(numbers))], "phone": numbers,
            "age": pyarrow.array(range(len(numbers)), pyarrow.int16()), "state": ["gives way"] * len(numbers),
        }
    )  # fmt: skip
    parquet.write_table(table, tmp_path / "in.parquet")
    output = tmp_path / "out.parquet"
    check, service = checking()
    await service.run(tmp_path / "in.parquet", output)
    checked = await check(table)
    assert checked.equals(parquet.read_table(output).sort_by("row").cast(checked.schema))
    assert checked.schema.equals(parquet.read_schema(output), check_metadata=False)
    assert set(checked["failure"].to_pylist()) >= {"", "InvalidPhone", "RateLimited", "failed", "unknown"}


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=12), st.sampled_from(phones(3))), max_size=60),
    st.integers(min_value=1, max_value=2**40),
)
async def test_every_row_comes_back_once_in_its_place(numbers, first):
    table = pyarrow.table({"phone": pyarrow.array(numbers, pyarrow.string()), "n": range(len(numbers))})
    check, _ = checking()
    checked = await check(table, first_row=first)
    assert checked.select(["phone", "n"]).equals(table)
    assert checked["row"].to_pylist() == list(range(first, first + len(numbers)))
    assert [bool(phone) for phone in checked["phone_normalized"].to_pylist()] == [
        failure != "InvalidPhone" for failure in checked["failure"].to_pylist()
    ]


async def test_a_record_batch_stays_one_and_a_number_is_asked_once():
    batch = pyarrow.record_batch({"SĐT": ["0987654320"] * 50, "row": list(range(50))})
    check, service = checking(column="sđt")
    checked = await check(batch)
    assert isinstance(checked, pyarrow.RecordBatch)
    assert checked.schema.names == ["SĐT", *RESULT_COLUMNS]
    assert len(service.asked) == 1


async def test_an_empty_batch_gets_the_columns_too():
    check, service = checking()
    checked = await check(pyarrow.table({"phone": pyarrow.array([], pyarrow.string())}))
    assert (checked.num_rows, checked.schema.names) == (0, ["phone", *RESULT_COLUMNS])
    assert str(checked.schema.field("checked_at").type) == "timestamp[us, tz=UTC]"
    assert service.asked == []


async def test_numbers_of_numeric_columns_are_phones():
    check, service = checking()
    await check(pyarrow.table({"phone": [84987654321, 84987654322]}))
    await check(pyarrow.table({"phone": [84987654323.0, None]}))
    assert sorted(service.asked) == [f"8498765432{n}" for n in (1, 2, 3)]


async def test_a_failed_check_is_a_row_and_a_dead_key_is_an_error():
    def fail(payload):
        if is_dead:
            raise Unauthenticated("no")
        if payload.phone == "84987654321":
            raise RateLimited("slow down")
        return Consent(error=0)

    is_dead = False
    check, _ = checking(Service(fail))
    for numbers in (["0987654321", "0912345678"], ["0987654321"]):
        first = await check(pyarrow.table({"phone": numbers}))
        assert first["failure"].to_pylist() == ["RateLimited", ""][: len(numbers)]
        assert first["granted"].to_pylist() == [None, True][: len(numbers)]
    is_dead = True
    with pytest.raises(Unauthenticated):
        await check(pyarrow.table({"phone": ["0987654321"]}))


async def test_a_missing_column_is_refused_by_name():
    check, _ = checking(column="mobile")
    with pytest.raises(ConfigError, match=r"no column 'mobile'. The columns are 'phone'"):
        await check(pyarrow.table({"phone": ["0987654321"]}))
    with pytest.raises(InvalidId):
        ConsentBatches(oa_id="x")


async def test_it_travels_to_a_worker_without_its_session_and_without_a_key(sandbox_account):
    check = ConsentBatches(oa_id=OA)
    await check(pyarrow.table({"phone": phones(1)}))
    sent = pickle.dumps(check)
    assert SANDBOX_API_KEY.partition(":")[2].encode() not in sent
    there = pickle.loads(sent)
    checked = await there(pyarrow.table({"phone": phones(1)}))
    assert checked["state"].to_pylist() == ["never asked"]
    await there.aclose()
    await check.aclose()


def test_an_account_cannot_be_sent_along():
    check = ConsentBatches(oa_id=OA, open_session=partial(Session, Shop(KEY)))
    with pytest.raises(TypeError, match="A key does not pickle"):
        pickle.dumps(check)


async def test_one_session_serves_all_batches_until_it_is_closed():
    opened = []

    def open_session():
        opened.append(Service(answering).session)
        return opened[-1]

    check, _ = checking(open_session=open_session)
    assert not opened
    tables = [pyarrow.table({"phone": [phone]}) for phone in phones(3)]
    await asyncio.gather(*map(check, tables))
    assert len(opened) == 1
    await check.aclose()
    await check.aclose()
    await check(tables[0])
    assert len(opened) == 2


def test_a_loop_for_each_batch_works(sandbox_account):
    """As in executors whose functions are not async."""
    check = ConsentBatches(oa_id=OA)
    for number in phones(3):
        checked = asyncio.run(check(pyarrow.table({"phone": [number]})))
        assert checked["failure"].to_pylist() == [""]


async def test_without_an_account_in_the_environment_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("ETELECOM_API_KEY", raising=False)
    check = ConsentBatches(oa_id=OA)
    with pytest.raises(ConfigError, match="Set ETELECOM_API_KEY"):
        await check(pyarrow.table({"phone": ["0987654321"]}))


async def test_an_expiry_at_the_end_of_the_calendar_is_its_row_alone(tmp_path):
    """F1: in a batch and in every format of a job; each resume would meet it again."""
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=7)))
    ends = {phone(1): last}
    check, service = checking(Service(lambda payload: Consent(error=0, expired_time=ends.get(payload.phone, NOW))))
    table = await check(pyarrow.table({"phone": phones(3)}))
    assert table["failure"].to_pylist() == ["", "", ""]
    assert table["granted"].to_pylist() == [False, True, False]
    source = people(tmp_path / "in.csv", 3)
    for kind in KINDS:
        output = tmp_path / f"out.{kind}"
        summary = await service.run(source, output)
        assert (summary.rows, summary.failures, summary.is_complete) == (3, {}, True)
        assert statistics_of(output).expiries[date(9999, 12, 31)] == 1
        if kind != "parquet":
            assert "9999-12-31T23:59:59-07:00" in output.read_text()
