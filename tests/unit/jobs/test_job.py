"""What a job writes for each row, in every format."""

import asyncio
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from etelecom_async import ConfigError
from etelecom_async.jobs.record import RESULT_COLUMNS
from tests.support import CANARY
from tests.support.job_files import (
    KINDS,
    NOW,
    REFUSED,
    Service,
    by_row,
    files,
    manifest_of,
    names,
    people,
    phone,
    read,
    write,
)  # fmt: skip

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("into", KINDS)
@pytest.mark.parametrize("out_of", KINDS)
async def test_every_format_of_input_becomes_every_format_of_output(tmp_path, out_of, into):
    source, output = people(tmp_path / f"in.{out_of}"), tmp_path / f"out.{into}"
    job = Service().job(source, output)
    summary = await job.run()
    records = by_row(output)
    assert list(records[1]) == ["phone", "name", *RESULT_COLUMNS]
    assert [records[n]["name"] for n in range(1, 11)] == [f"Nguyễn Văn {n}" for n in range(10)]
    columns = ("state", "granted", "expired_time", "error", "failure")
    assert [[records[n][name] for name in columns] for n in (1, *range(2, 8))] == [
        ["granted", "true", "", "0", ""],
        ["granted", "true", "2026-01-06T08:30:00Z", "0", ""],
        ["expired", "false", "2026-01-05T08:30:00Z", "0", ""],
        ["refused", "false", "", "3", ""],
        ["unknown", "", "", "77", "unknown"],
        ["failed", "", "", "-32", "failed"],
        ["", "", "", "", "ServerFault"],
    ]
    assert [records[n]["message"] for n in (2, 4, 7)] == ["Thành công", '"Không", xin\nlỗi', "boom"]
    assert {record["checked_at"] for record in records.values()} == {"2026-01-05T08:30:00Z"}
    assert all(record["phone_normalized"] == record["phone"] == phone(n - 1) for n, record in records.items())
    assert (summary.rows, summary.finished_before, summary.granted, summary.not_granted) == (10, 0, 5, 2)
    assert summary.states == {"granted": 5, "expired": 1, "refused": 1}
    assert summary.failures == {"unknown": 1, "failed": 1, "ServerFault": 1}
    assert (job.states, job.failures, summary.is_complete) == (summary.states, summary.failures, True)
    assert names(tmp_path) == {source.name, output.name, output.name + ".job"}


async def test_ndjson_has_json_values_and_parquet_has_types(tmp_path):
    source = people(tmp_path / "in.ndjson", 5)
    await Service().run(source, tmp_path / "out.ndjson")
    await Service().run(source, tmp_path / "out.parquet")
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text(encoding="utf-8").splitlines()]
    lines.sort(key=lambda line: line["row"])
    assert [(line["row"], line["granted"], line["error"]) for line in lines] == [
        (1, True, 0), (2, True, 0), (3, False, 0), (4, False, 3), (5, None, 77)
    ]  # fmt: skip
    table = parquet.read_table(tmp_path / "out.parquet").sort_by("row").to_pydict()
    assert table["granted"] == [True, True, False, False, None]
    assert table["expired_time"] == [None, NOW + timedelta(days=1), NOW, None, None]
    assert table["checked_at"] == [NOW] * 5


OBJECTS = (
    f'{{"phone": "{phone(1)}"}}\n'
    f'{{"phone": "{phone(2)}", "note": [1, {{"a": null}}], "state": "x"}}\n'
    f'{{"phone": "{phone(3)}", "vip": true}}\n'
)


async def test_keys_that_the_first_object_lacks_are_not_lost(tmp_path, kind):
    source, output = tmp_path / "in.ndjson", tmp_path / f"out.{kind}"
    source.write_text(OBJECTS)
    await Service().run(source, output)
    records = by_row(output)
    assert [records[n]["state"] for n in (1, 2, 3)] == ["granted", "expired", "refused"]
    assert json.loads(records[2]["note"]) == [1, {"a": None}]
    assert records[3]["vip"] == "true"
    if kind == "ndjson":
        assert not {"note", "vip"} & records[1].keys()
    else:
        assert list(records[1]) == ["phone", "note", "vip", *RESULT_COLUMNS]
        assert (records[1]["note"], records[1]["vip"]) == ("", "")


async def test_a_table_from_a_stream_has_the_keys_of_the_first_objects_as_columns(tmp_path):
    output = tmp_path / "out.csv"
    rows = "".join(f'{{"phone": "{phone(8)}", "n": "{"x" * 1000}"}}\n' for _ in range(300))
    await Service().run(io.BytesIO((OBJECTS + rows + f'{{"phone": "{phone(7)}", "late": 1}}\n').encode()), output)
    records = by_row(output)
    assert list(records[1]) == ["phone", "note", "vip", "n", *RESULT_COLUMNS]
    assert [records[n]["failure"] for n in (1, 2, 3, 303, 304)] == ["", "", "", "", "InvalidRow"]
    assert "the key 'late' is in none of the first objects" in records[304]["message"]


async def test_objects_with_over_1000_keys_become_ndjson_but_no_table(tmp_path):
    source = tmp_path / "in.ndjson"
    source.write_text("".join(f'{{"phone": "{phone(n)}", "key {n}": 1}}\n' for n in range(1001)))
    with pytest.raises(ConfigError, match=r"in\.ndjson has over 1,000 keys: write \.ndjson"):
        await Service().run(source, tmp_path / "out.csv")
    assert names(tmp_path) == {"in.ndjson"}
    assert (await Service().run(source, tmp_path / "out.ndjson")).rows == 1001


@pytest.mark.parametrize("out_of", KINDS)
@pytest.mark.parametrize("into", KINDS)
async def test_result_columns_of_an_earlier_output_are_replaced(tmp_path, out_of, into):
    source = write(tmp_path / f"in.{out_of}", ["state", "phone", "row", "failure"], [("old", phone(1), "99", "Old")])
    output = tmp_path / f"out.{into}"
    job = Service().job(source, output)
    plan = await job.prepare()
    await job.run()
    assert plan.replaced == ("state", "row", "failure")
    (record,) = read(output)
    assert list(record) == ["phone", *RESULT_COLUMNS]
    assert (record["row"], record["state"], record["failure"]) == ("1", "granted", "")


async def test_rows_that_cannot_be_used_are_failures_and_cost_no_call(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"phone,name\n{phone(0)},a\nhello,b\n\n{phone(7)},c,surplus\n,d\n{phone(8)}\n", encoding="utf-8")
    service = Service()
    summary = await service.run(source, output)
    records = by_row(output)
    assert [records[n]["failure"] for n in range(1, 6)] == ["", "InvalidPhone", "InvalidRow", "InvalidPhone", ""]
    assert [records[n]["phone_normalized"] for n in range(1, 6)] == [phone(0), "", "", "", phone(8)]
    assert [records[n]["name"] for n in range(1, 6)] == ["a", "b", "c", "d", ""]
    assert "3 fields" in records[3]["message"]
    assert summary.failures == {"InvalidPhone": 2, "InvalidRow": 1}
    assert sorted(service.asked) == [phone(0), phone(8)]


async def test_an_empty_table_is_complete_at_once(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("phone,name\n", encoding="utf-8")
    summary = await Service().run(source, output)
    assert (summary.rows, summary.is_complete, read(output)) == (0, True, [])


async def test_the_dialect_of_a_spreadsheet_is_kept(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(f"Họ tên;SĐT\r\nÁnh;{phone(3)}\r\n".encode("utf-16"))
    job = Service().job(source, output)
    plan = await job.prepare()
    await job.run()
    described = "CSV, delimiter ';', UTF-16, certain, header in line 1"
    assert (plan.column, plan.source, plan.finished) == ("SĐT", described, 0)
    assert output.read_bytes().startswith("\ufeffHọ tên;SĐT;row;".encode())


async def test_a_phone_that_comes_again_costs_one_call(tmp_path):
    writings = ["0987654321", "+84 987 654 321", "84987654321", "0987.654.321"] * 10
    source, output = write(tmp_path / "in.csv", ["phone"], [[writing] for writing in writings]), tmp_path / "out.csv"
    service = Service(lambda _payload: asyncio.sleep(0, REFUSED))
    summary = await service.run(source, output, concurrency=7)
    assert service.asked == ["84987654321"]
    assert summary.states == {"refused": 40}
    assert {record["state"] for record in by_row(output).values()} == {"refused"}


async def test_the_phone_column_can_be_named(tmp_path):
    source = write(tmp_path / "in.csv", ["phone", "second"], [(phone(1), phone(3))])
    for column, asked in [("second", phone(3)), ("2", phone(3)), ("PHONE", phone(1))]:
        service = Service()
        await service.run(source, tmp_path / f"{column}.csv", column=column)
        assert service.asked == [asked]
    with pytest.raises(ConfigError, match="There is no column 'third'"):
        await Service().run(source, tmp_path / "none.csv", column="third")
    assert not list(tmp_path.glob("none*"))


@pytest.mark.usefixtures("slow_hash")
async def test_the_key_is_in_no_file(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
    seen = []
    await Service(on_call=lambda _: seen.extend(files(tmp_path).values())).run(source, output, concurrency=1)
    seen.extend(files(tmp_path).values())
    assert len(seen) > 20
    assert not any(CANARY.encode() in data for data in seen)
    assert len(json.loads(manifest_of(output).read_text())["account"]) == 32


async def test_types_of_parquet_survive_a_retry(tmp_path):
    moment = datetime(2025, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
    columns = {
        "phone": [phone(n) for n in range(8)],
        "born": [date(1990, 1, n + 1) for n in range(8)],
        "seen": [moment] * 8,
        "score": [n / 3 for n in range(8)],
        "vip": [True, None] * 4,
        "tags": [["a"], None] * 4,
    }
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    parquet.write_table(pyarrow.table(columns), source)
    await Service().run(source, output)
    first = parquet.read_table(output).sort_by("row")
    await Service().run(source, output, retry_failed=True)
    assert parquet.read_table(output).sort_by("row").equals(first, check_metadata=True)
    for name in ("born", "seen", "score"):
        assert first.column(name).to_pylist() == columns[name]


async def test_a_job_runs_once(tmp_path):
    job = Service().job(people(tmp_path / "in.csv"), tmp_path / "out.csv")
    assert job.progress is None
    await job.run()
    assert job.progress.done == 10
    with pytest.raises(ConfigError):
        await job.run()
