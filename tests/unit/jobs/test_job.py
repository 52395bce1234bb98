"""From file to file: every row exactly once, whatever happens on the way."""

import asyncio
import csv
import errno
import gzip
import hashlib
import io
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etelecom_async import (
    CHECK_CONSENT,
    BadRoute,
    ConfigError,
    Consent,
    InvalidId,
    JobStopped,
    PermissionDenied,
    Retry,
    ServerFault,
    Session,
    Shop,
    Unauthenticated,
    Unavailable,
)
from etelecom_async.jobs import ConsentJob
from etelecom_async.jobs.changed_rows import first_changed
from etelecom_async.jobs.record import RESULT_COLUMNS
from etelecom_async.jobs.row_bitmap import RowBitmap
from etelecom_async.testing import MockTransport
from tests.support import CANARY, HANG, KEY, OA

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

NOW = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
SCRYPT = hashlib.scrypt
KINDS = ["csv", "ndjson", "parquet"]
OTHER_KEY = "1234567890123456789:another-canary"

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def slow_hash(quick_jobs, monkeypatch):
    monkeypatch.setattr(hashlib, "scrypt", SCRYPT)


def phone(number):
    return f"849{number:08d}"


def answer(payload):
    """What a phone's last digit says: granted, with an expiry ahead or past, refused, unknown, failed, an error."""
    match int(payload.phone[-1]):
        case 1:
            return Consent(error=0, message="Thành công", expired_time=NOW + timedelta(days=1))
        case 2:
            return Consent(error=0, expired_time=NOW)
        case 3:
            return Consent(error=3, message='"Không", xin\nlỗi')
        case 4:
            return Consent(error=77)
        case 5:
            return Consent(error=-32, message="Nền tảng")
        case 6:
            raise ServerFault("boom")
    return Consent(error=0)


class Service:
    """An operator of the test's own, who knows who was asked about."""

    def __init__(self, answer=answer, *, key=KEY, **account):
        mock = MockTransport()
        self.route = mock.on(CHECK_CONSENT).answer(answer)
        self.session = Session(Shop(key, **account), transport=mock, retry=Retry(attempts=1))

    @property
    def asked(self):
        return [payload.phone for payload in self.route.payloads]

    def job(self, source, output, **options):
        return ConsentJob(self.session, source=source, output=output, **{"oa_id": OA, "now": lambda: NOW, **options})

    async def run(self, source, output, **options):
        return await self.job(source, output, **options).run()


def write(path, columns, rows):
    if path.suffix == ".parquet":
        parquet.write_table(pyarrow.table(list(zip(*rows, strict=True)), names=columns), path)
    elif path.suffix == ".ndjson":
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
    return path


def people(path, count=10):
    return write(path, ["phone", "name"], [(phone(n), f"Nguyễn Văn {n}") for n in range(count)])


def text(value):
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat().replace("+00:00", "Z")
        case dict() | list():
            return json.dumps(value)
    return str(value)


def read(path, data=None):
    """The records of a file, each cell as its text."""
    if path.suffix == ".parquet":
        records = parquet.read_table(path).to_pylist()
    elif path.suffix == ".ndjson":
        records = [json.loads(line) for line in (data or path.read_bytes()).splitlines()]
    else:
        content = (data or path.read_bytes()).decode("utf-8-sig")
        records = list(csv.DictReader(io.StringIO(content, newline=""), strict=True))
    return [{name: text(value) for name, value in record.items()} for record in records]


def by_row(path):
    """The records by their rows, which are there once each."""
    records = {int(record["row"]): record for record in read(path)}
    assert len(records) == len(read(path))
    return records


async def uninterrupted(tmp_path, source, name, **options):
    output = tmp_path / f"uninterrupted-{name}"
    await Service().run(source, output, **options)
    return by_row(output)


def journal_of(output):
    return output.with_name(output.name + ".ndjson") if output.suffix == ".parquet" else output


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What comes out


@pytest.mark.parametrize("into", KINDS)
@pytest.mark.parametrize("out_of", KINDS)
async def test_every_kind_of_table_becomes_every_other(tmp_path, out_of, into):
    source, output = people(tmp_path / f"in.{out_of}"), tmp_path / f"out.{into}"
    summary = await Service().run(source, output)
    records = by_row(output)
    assert list(records[1]) == ["phone", "name", *RESULT_COLUMNS]
    assert [records[n]["name"] for n in range(1, 11)] == [f"Nguyễn Văn {n}" for n in range(10)]
    found = [
        [records[n][name] for name in ("state", "granted", "expired_time", "error", "failure")]
        for n in (1, *range(2, 8))
    ]
    assert found == [
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
    assert summary.is_complete
    assert {path.name for path in tmp_path.iterdir()} == {source.name, output.name, output.name + ".job"}


async def test_the_counts_of_a_summary_are_those_of_its_rows(tmp_path):
    source, output = people(tmp_path / "in.csv", 30), tmp_path / "out.csv"
    job = Service().job(source, output)
    summary = await job.run()
    records = by_row(output).values()
    failed = [record["failure"] for record in records if record["failure"]]
    assert {reason: failed.count(reason) for reason in failed} == summary.failures
    assert summary.granted == sum(record["granted"] == "true" for record in records)
    assert summary.not_granted == sum(record["granted"] == "false" for record in records)
    assert sum(summary.states.values()) + sum(summary.failures.values()) == summary.rows == 30
    assert (job.states, job.failures) == (summary.states, summary.failures)


async def test_ndjson_has_json_values_and_parquet_has_types(tmp_path):
    source = people(tmp_path / "in.ndjson", 5)
    await Service().run(source, tmp_path / "out.ndjson")
    await Service().run(source, tmp_path / "out.parquet")
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text(encoding="utf-8").splitlines()]
    lines.sort(key=lambda line: line["row"])
    assert [line["granted"] for line in lines] == [True, True, False, False, None]
    assert [line["error"] for line in lines] == [0, 0, 0, 3, 77]
    assert [line["row"] for line in lines] == [1, 2, 3, 4, 5]
    table = parquet.read_table(tmp_path / "out.parquet").sort_by("row").to_pydict()
    assert table["granted"] == [True, True, False, False, None]
    assert table["expired_time"] == [None, NOW + timedelta(days=1), NOW, None, None]
    assert table["checked_at"] == [NOW] * 5


OBJECTS = (
    f'{{"phone": "{phone(1)}"}}\n'
    f'{{"phone": "{phone(2)}", "note": [1, {{"a": null}}], "state": "x"}}\n'
    f'{{"phone": "{phone(3)}", "vip": true}}\n'
)


@each_kind
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


async def test_a_stream_into_a_table_takes_its_columns_from_what_comes_first(tmp_path):
    output = tmp_path / "out.csv"
    rows = "".join(f'{{"phone": "{phone(8)}", "n": "{"x" * 1000}"}}\n' for _ in range(300))
    await Service().run(io.BytesIO((OBJECTS + rows + f'{{"phone": "{phone(7)}", "late": 1}}\n').encode()), output)
    records = by_row(output)
    assert list(records[1]) == ["phone", "note", "vip", "n", *RESULT_COLUMNS]
    assert [records[n]["failure"] for n in (1, 2, 3, 303, 304)] == ["", "", "", "", "InvalidRow"]
    assert "the key 'late' is in none of the first objects" in records[304]["message"]


async def test_objects_with_keys_without_end_do_not_become_a_table(tmp_path):
    source = tmp_path / "in.ndjson"
    source.write_text("".join(f'{{"phone": "{phone(n)}", "key {n}": 1}}\n' for n in range(1001)))
    with pytest.raises(ConfigError, match=r"in\.ndjson has over 1,000 keys: write \.ndjson"):
        await Service().run(source, tmp_path / "out.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"in.ndjson"}
    assert (await Service().run(source, tmp_path / "out.ndjson")).rows == 1001


@pytest.mark.parametrize("out_of", KINDS)
@pytest.mark.parametrize("into", KINDS)
async def test_columns_of_an_earlier_output_give_way_to_the_new_ones(tmp_path, out_of, into):
    source = write(tmp_path / f"in.{out_of}", ["state", "phone", "row", "failure"], [("old", phone(1), "99", "Old")])
    output = tmp_path / f"out.{into}"
    job = Service().job(source, output)
    plan = await job.prepare()
    await job.run()
    assert plan.replaced == ("state", "row", "failure")
    (record,) = read(output)
    assert list(record) == ["phone", *RESULT_COLUMNS]
    assert (record["row"], record["state"], record["failure"]) == ("1", "granted", "")


async def test_rows_that_cannot_be_used_are_failures_of_their_own_and_cost_no_call(tmp_path):
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


async def test_a_line_that_is_no_object_is_a_row_with_a_problem(tmp_path):
    source, output = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    source.write_text(f'{{"phone": {phone(1)}}}\nnull\n{{"phone": "{phone(2)}"\n', encoding="utf-8")
    await Service().run(source, output)
    records = by_row(output)
    assert [records[n]["failure"] for n in (1, 2, 3)] == ["", "InvalidRow", "InvalidRow"]


async def test_an_empty_table_is_done_at_once(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("phone,name\n", encoding="utf-8")
    summary = await Service().run(source, output)
    assert (summary.rows, summary.is_complete) == (0, True)
    assert read(output) == []


async def test_the_form_of_a_spreadsheet_is_kept(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(f"Họ tên;SĐT\r\nÁnh;{phone(3)}\r\n".encode("utf-16"))
    job = Service().job(source, output)
    plan = await job.prepare()
    await job.run()
    assert (plan.column, plan.source, plan.finished) == (
        "SĐT",
        "CSV, delimiter ';', UTF-16, certain, header in line 1",
        0,
    )
    assert output.read_bytes().startswith("\ufeffHọ tên;SĐT;row;".encode())


async def test_a_number_that_comes_again_costs_one_call(tmp_path):
    writings = ["0987654321", "+84 987 654 321", "84987654321", "0987.654.321"] * 10
    source, output = write(tmp_path / "in.csv", ["phone"], [[writing] for writing in writings]), tmp_path / "out.csv"

    async def late(_payload):
        await asyncio.sleep(0)
        return Consent(error=3)

    service = Service(late)
    summary = await service.run(source, output, concurrency=7)
    assert service.asked == ["84987654321"]
    assert summary.states == {"refused": 40}
    assert {record["state"] for record in by_row(output).values()} == {"refused"}


async def test_the_phones_column_can_be_named(tmp_path):
    source = write(tmp_path / "in.csv", ["phone", "second"], [(phone(1), phone(3))])
    for column, asked in [("second", phone(3)), ("2", phone(3)), ("PHONE", phone(1))]:
        service = Service()
        await service.run(source, tmp_path / f"{column}.csv", column=column)
        assert service.asked == [asked]
    with pytest.raises(ConfigError, match="There is no column 'third'"):
        await Service().run(source, tmp_path / "none.csv", column="third")
    assert not list(tmp_path.glob("none*"))


@pytest.mark.usefixtures("slow_hash")
@each_kind
async def test_the_key_is_in_no_file(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
    seen = []

    def look(payload):
        seen.extend(files(tmp_path).values())
        return answer(payload)

    await Service(look).run(source, output, concurrency=1)
    seen.extend(files(tmp_path).values())
    assert len(seen) > 20
    assert not any(CANARY.encode() in data for data in seen)
    manifest = json.loads((tmp_path / f"out.{kind}.job").read_text())
    assert len(manifest["account"]) == 32


# Streams


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_a_stream_becomes_a_stream_of_its_own_kind(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}", 20), io.BytesIO()
    summary = await Service().run(io.BytesIO(source.read_bytes()), output, concurrency=3)
    assert (summary.rows, summary.is_complete) == (20, True)
    records = {int(record["row"]): record for record in read(source, output.getvalue())}
    assert records == await uninterrupted(tmp_path, source, f"out.{kind}")
    assert not output.closed


async def test_parquet_becomes_a_stream_of_ndjson(tmp_path):
    output = io.BytesIO()
    await Service().run(people(tmp_path / "in.parquet"), output)
    assert len(read(Path("x.ndjson"), output.getvalue())) == 10


async def test_a_stream_becomes_a_file_that_belongs_to_no_earlier_job(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    await Service().run(source, output)
    output.unlink()
    await Service().run(io.BytesIO(f"phone,name\n{phone(3)},other\n".encode()), output)
    written = output.read_bytes()
    with pytest.raises(ConfigError, match=r"out\.csv\.job"):
        await Service().run(source, output, resume=True)
    assert output.read_bytes() == written


@pytest.mark.parametrize("option", ["resume", "retry_failed"])
async def test_a_stream_cannot_be_resumed(tmp_path, option):
    source = people(tmp_path / "in.csv")
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for ends in [(io.BytesIO(), tmp_path / "out.csv"), (source, io.BytesIO()), (pipe, tmp_path / "out.csv")]:
        with pytest.raises(ConfigError, match="a stream can be read only once"):
            Service().job(*ends, **{option: True})


async def test_every_row_of_a_pipe_with_a_name_is_checked(tmp_path):
    rows = 700
    table = write(tmp_path / "in.csv", ["phone", "name"], [(phone(n), "x" * 400) for n in range(rows)])
    source, output = tmp_path / "pipe.csv", tmp_path / "out.csv"
    os.mkfifo(source)
    feed = asyncio.create_task(asyncio.to_thread(lambda: source.write_bytes(table.read_bytes())))
    summary = await Service().run(source, output)
    await feed
    assert table.stat().st_size > 256 * 1024
    assert summary.rows == rows
    assert sorted(by_row(output)) == list(range(1, rows + 1))


class Full(io.RawIOBase):
    """A stream that takes some bytes and then fails."""

    def __init__(self, room, error):
        self.room = room
        self.error = error

    def writable(self):
        return True

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise self.error
        return len(data)


@pytest.mark.parametrize("room", [0, 500])
async def test_a_stream_that_takes_no_more_is_one_sentence(tmp_path, room):
    full = Full(room, OSError(28, "No space left on device"))
    with pytest.raises(JobStopped if room else ConfigError, match=r"^Cannot write .*No space left on device\.$"):
        await Service().run(people(tmp_path / "in.csv"), full)


@pytest.mark.parametrize("room", [0, 2000])
async def test_a_reader_who_has_enough_ends_the_calls(tmp_path, room):
    service = Service()
    before = asyncio.all_tasks()
    with pytest.raises(BrokenPipeError):
        await service.run(people(tmp_path / "in.csv", 10_000), Full(room, BrokenPipeError()), concurrency=5)
    assert len(service.asked) < 100
    assert asyncio.all_tasks() == before


class Slow(io.RawIOBase):
    """A stream that gives its second half only when it may."""

    def __init__(self, first, second, may_go_on):
        self._halves = [first, second]
        self._may_go_on = may_go_on
        self.waited_in_vain = False

    def readable(self):
        return True

    def readinto(self, buffer):
        if len(self._halves) == 1 and not self._may_go_on.wait(10):
            self.waited_in_vain = True
        piece = self._halves[0][: len(buffer)] if self._halves else b""
        buffer[: len(piece)] = piece
        if self._halves:
            self._halves[0] = self._halves[0][len(piece) :]
            if not self._halves[0]:
                self._halves.pop(0)
        return len(piece)


async def test_calls_under_way_do_not_wait_for_an_input_that_is_slow():
    rows = [f"{phone(n)},{'x' * 2000}\n".encode() for n in range(300)]
    answered = threading.Event()

    async def late(_payload):
        for _ in range(5):
            await asyncio.sleep(0)
        answered.set()
        return Consent(error=3)

    source = Slow(b"phone,name\n" + b"".join(rows[:150]), b"".join(rows[150:]), answered)
    summary = await Service(late).run(source, io.BytesIO(), concurrency=200)
    assert not source.waited_in_vain
    assert (summary.rows, summary.is_complete) == (300, True)


async def test_calls_under_way_do_not_wait_for_a_reader_who_is_slow(tmp_path):
    answered = threading.Event()

    class Reader(io.BytesIO):
        waited_in_vain = False

        def write(self, data):
            if self.tell() and not answered.wait(10):
                self.waited_in_vain = True
            return super().write(data)

    async def late(payload):
        for _ in range(5 * int(payload.phone[-1])):
            await asyncio.sleep(0)
        if payload.phone.endswith("9"):
            answered.set()
        return Consent(error=3)

    reader = Reader()
    summary = await Service(late).run(people(tmp_path / "in.csv"), reader, concurrency=10)
    assert not reader.waited_in_vain
    assert summary.rows == len(read(tmp_path / "x.csv", reader.getvalue())) == 10


async def test_rows_of_a_stream_before_one_that_cannot_be_read_are_kept(tmp_path):
    rows = "".join(f"{phone(n)},x\n" for n in range(250))
    output = io.BytesIO()
    with pytest.raises(JobStopped, match="a quote is opened and never closed"):
        await Service().run(io.BytesIO(f'phone,name\n{rows}"'.encode()), output, concurrency=4)
    assert len(read(tmp_path / "x.csv", output.getvalue())) >= 246


# What is refused


@each_kind
async def test_an_output_that_exists_is_not_touched(tmp_path, kind):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    output.write_bytes(b"mine")
    before = files(tmp_path)
    service = Service()
    with pytest.raises(
        ConfigError, match=rf"out\.{kind} exists: add --resume to go on with it, or choose another name"
    ):
        await service.run(source, output)
    assert files(tmp_path) == before
    assert service.asked == []


async def test_a_journal_that_exists_is_not_touched(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.parquet"
    journal_of(output).write_bytes(b"mine")
    before = files(tmp_path)
    with pytest.raises(ConfigError, match="exists"):
        await Service().run(source, output)
    assert files(tmp_path) == before


@pytest.mark.parametrize("resume", [False, True])
async def test_the_input_is_never_its_own_output(tmp_path, resume):
    source = people(tmp_path / "in.csv")
    before = files(tmp_path)
    with pytest.raises(ConfigError):
        await Service().run(source, source, resume=resume)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("none.csv", r"none\.csv does not exist"),
        ("empty.csv", "is empty"),
        ("names.csv", "No column holds phone numbers"),
        ("in.xlsx", r"in\.xlsx is not an Excel workbook, whatever its name says"),
        ("book.csv", r"book\.csv is an Excel workbook or an archive"),
        ("old.csv", r"old\.csv is an old Excel workbook"),
        ("packed.csv", "is empty"),
        ("parquet.csv", r"parquet\.csv is Parquet: save it as a \.parquet file"),
        ("in.pdf", "no suffix of a known kind"),
        ("quote.csv", "line 3: a quote is opened and never closed"),
    ],
)
async def test_an_input_that_cannot_be_used_leaves_nothing_behind(tmp_path, name, sentence):
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "names.csv").write_bytes(b"name\nx\n")
    (tmp_path / "in.xlsx").write_bytes(b"PK")
    (tmp_path / "in.pdf").write_bytes(b"%PDF")
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04\x14\x00")
    (tmp_path / "old.csv").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1")
    (tmp_path / "packed.csv").write_bytes(gzip.compress(b""))
    people(tmp_path / "in.parquet").replace(tmp_path / "parquet.csv")
    (tmp_path / "quote.csv").write_bytes(b'phone\n84900000001\n"84900000002\n')
    before = files(tmp_path)
    with pytest.raises(ConfigError, match=sentence):
        await Service().run(tmp_path / name, tmp_path / "out.csv")
    assert files(tmp_path) == before


async def test_options_that_cannot_work_are_refused(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    with pytest.raises(InvalidId):
        Service().job(source, output, oa_id=0)
    with pytest.raises(ConfigError, match="from 1 to 10000"):
        Service().job(source, output, concurrency=0)
    with pytest.raises(ConfigError, match="no suffix"):
        await Service().run(source, tmp_path / "out")
    with pytest.raises(ConfigError, match="Cannot write"):
        await Service().run(source, tmp_path / "none" / "out.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match="is a directory"):
        await Service().run(source, tmp_path / "folder.csv")


async def test_a_job_runs_once(tmp_path):
    job = Service().job(people(tmp_path / "in.csv"), tmp_path / "out.csv")
    assert job.progress is None
    await job.run()
    assert job.progress.done == 10
    with pytest.raises(ConfigError):
        await job.run()


# Going on


async def resumed_from(source, output, manifest, whole, cut):
    """Go on with the first `cut` bytes of a journal. Returns who was asked."""
    output.with_name(output.name + ".job").write_bytes(manifest)
    journal_of(output).write_bytes(whole[:cut])
    service = Service()
    summary = await service.run(source, output, resume=True)
    assert summary.is_complete
    assert summary.rows + summary.finished_before == 4
    assert len(service.asked) == summary.rows
    return service


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_an_output_cut_at_any_byte_ends_like_one_that_was_not(tmp_path, kind, step):
    source, output = people(tmp_path / "in.csv", 4), tmp_path / f"out.{kind}"
    await Service().run(source, output)
    wanted = by_row(output)
    whole, manifest = output.read_bytes(), output.with_name(output.name + ".job").read_bytes()
    asked = []
    for cut in [*range(0, len(whole), step), len(whole)]:
        service = await resumed_from(source, output, manifest, whole, cut)
        asked.append(len(service.asked))
        assert by_row(output) == wanted, cut
    assert asked == sorted(asked, reverse=True)
    assert (asked[0], asked[-1]) == (4, 0)


@pytest.mark.parametrize("step", [101, pytest.param(17, marks=pytest.mark.long)])
async def test_a_parquet_output_cut_anywhere_ends_like_one_that_was_not(tmp_path, step):
    source, output = people(tmp_path / "in.parquet", 4), tmp_path / "out.parquet"
    journal = tmp_path / "whole.ndjson"
    await Service().run(source, journal)
    await Service().run(source, output)
    wanted = by_row(output)
    whole, manifest = journal.read_bytes(), output.with_name(output.name + ".job").read_bytes()
    for cut in [*range(1, len(whole), step), len(whole)]:
        output.unlink()
        await resumed_from(source, output, manifest, whole, cut)
        assert by_row(output) == wanted, cut
        assert not journal_of(output).exists()


async def test_a_parquet_output_whose_journal_was_left_behind_is_complete(tmp_path):
    source, output = people(tmp_path / "in.csv", 4), tmp_path / "out.parquet"
    await Service().run(source, tmp_path / "whole.ndjson")
    await Service().run(source, output)
    wanted = by_row(output)
    (tmp_path / "whole.ndjson").replace(journal_of(output))
    output.with_name(".out.parquet.0123abcd.part").write_bytes(b"half of it")
    service = Service()
    await service.run(source, output, resume=True)
    assert (by_row(output), service.asked) == (wanted, [])
    assert {path.name for path in tmp_path.iterdir() if "out" in path.name} == {output.name, "out.parquet.job"}


@each_kind
async def test_resuming_a_complete_output_makes_no_call(tmp_path, kind):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    await Service().run(source, output)
    wanted = read(output)
    before = output.read_bytes()
    service = Service()
    summary = await service.run(source, output, resume=True)
    assert service.asked == []
    assert (summary.rows, summary.finished_before, summary.is_complete) == (0, 10, True)
    assert read(output) == wanted
    if kind != "parquet":
        assert output.read_bytes() == before


@each_kind
@pytest.mark.parametrize("option", ["resume", "retry_failed"])
async def test_a_first_run_may_say_resume(tmp_path, kind, option):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    summary = await Service().run(source, output, **{option: True})
    assert (summary.rows, summary.finished_before) == (10, 0)
    assert len(by_row(output)) == 10


async def interrupt(tmp_path, kind="csv"):
    """A job of ten rows of which four are done."""
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"

    def stop_soon(payload):
        if len(service.asked) == 4:
            job.stop()
        return answer(payload)

    service = Service(stop_soon)
    job = service.job(source, output, concurrency=1)
    summary = await job.run()
    assert (summary.rows, summary.is_complete) == (4, False)
    return source, output


def rewrite(source, phones, *, count=10, without=()):
    """The people of a file once more, some of them with other phones, some of them gone."""
    rows = [(phones.get(n, phone(n)), f"Nguyễn Văn {n}") for n in range(count) if n not in without]
    return write(source, ["phone", "name"], rows)


CHANGES = {
    "another input": {"phone": phone(70)},
    "another Official Account": {"oa_id": OA + 1},
    "another account's key": {"key": OTHER_KEY},
    "another server": {"base_url": "https://example.com/v1/shop"},
    "another phone column": {"column": "name"},
}


@each_kind
@pytest.mark.parametrize("option", ["resume", "retry_failed"])
@pytest.mark.parametrize("sentence", CHANGES)
async def test_a_resume_of_another_job_is_refused_and_touches_nothing(tmp_path, kind, option, sentence):
    source, output = await interrupt(tmp_path, kind)
    changes = dict(CHANGES[sentence])
    if other := changes.pop("phone", None):
        rewrite(source, {2: other})
    service = Service(**{name: changes.pop(name) for name in ("key", "base_url") if name in changes})
    before = files(tmp_path)
    with pytest.raises(ConfigError, match=f"^The output belongs to {sentence}.* write to another file") as caught:
        await service.run(source, output, **{option: True}, **changes)
    assert CANARY not in str(caught.value)
    assert files(tmp_path) == before
    assert service.asked == []


@each_kind
@pytest.mark.parametrize(
    "change",
    [{"count": 3}, {"without": [0]}, {"without": [2]}, {"phones": {0: phone(1), 1: phone(0)}}, {"phones": {3: "none"}}],
    ids=["cut", "first gone", "third gone", "swapped", "spoilt"],
)
async def test_an_input_in_which_an_answered_row_changed_is_refused_and_touches_nothing(tmp_path, kind, change):
    source, output = await interrupt(tmp_path, kind)
    rewrite(source, **{"phones": {}, **change})
    before = files(tmp_path)
    service = Service()
    with pytest.raises(ConfigError, match=r"another input: row [1-4] has an answer, and is gone or has another phone"):
        await service.run(source, output, resume=True)
    assert (files(tmp_path), service.asked) == (before, [])


@each_kind
async def test_rows_without_an_answer_may_be_corrected_and_new_ones_added(tmp_path, kind):
    source, output = await interrupt(tmp_path, kind)
    rewrite(source, {6: phone(60), 8: "hello"}, count=12)
    for resume in range(2):
        service = Service()
        summary = await service.run(source, output, resume=True)
        asked = [phone(n) for n in (4, 5, 60, 7, 9, 10, 11)]
        assert service.asked == ([] if resume else asked)
        assert (summary.finished_before, summary.is_complete) == (12 if resume else 4, True)
    records = by_row(output)
    assert sorted(records) == list(range(1, 13))
    assert (records[7]["phone"], records[9]["failure"]) == (phone(60), "InvalidPhone")


@each_kind
async def test_a_corrected_row_is_checked_when_the_failed_ones_are(tmp_path, kind):
    source, output = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    rewrite(source, {2: "09o0", 8: ""})
    await Service(lambda _: Consent(error=3)).run(source, output)
    rewrite(source, {2: phone(20), 8: "still none"})
    service = Service()
    summary = await service.run(source, output, resume=True)
    assert (service.asked, summary.finished_before, summary.failed_before) == ([], 10, 2)
    summary = await service.run(source, output, retry_failed=True)
    assert (service.asked, summary.finished_before, summary.failed_before) == ([phone(20)], 8, 0)
    records = by_row(output)
    assert sorted(records) == list(range(1, 11))
    assert (records[3]["phone"], records[3]["state"], records[9]["phone"]) == (phone(20), "granted", "still none")
    assert {records[n]["state"] for n in records if n not in (3, 9)} == {"refused"}


async def test_a_line_that_could_not_be_read_is_corrected_and_the_job_goes_on(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [f"{phone(n)},x{n}" for n in range(400)]
    source.write_text("\n".join(["phone,name", *rows[:300], f'{phone(300)},"x300', *rows[301:]]), encoding="utf-8")
    first, second = Service(), Service()
    with pytest.raises(JobStopped, match="line 302: a quote is opened and never closed; fix that line"):
        await first.run(source, output, concurrency=4)
    source.write_text("\n".join(["phone,name", *rows]), encoding="utf-8")
    await second.run(source, output, resume=True)
    assert first.asked + second.asked == [phone(n) for n in range(400)]
    assert sorted(by_row(output)) == list(range(1, 401))


@settings(max_examples=500)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
async def test_the_first_answer_that_lost_its_row_is_found(before, data):
    after = data.draw(st.lists(st.integers(0, 3), max_size=7))
    answered = data.draw(st.sets(st.integers(1, len(before))))
    # Far apart, so that they lie in several blocks.
    numbers = [1 + 900 * n for n in range(7)]
    lost = [n for n in sorted(answered) if after[n - 1 : n] != before[n - 1 : n]]
    found = first_changed(
        answered=lambda: [(numbers[n - 1], str(before[n - 1])) for n in answered],
        current=lambda: [(numbers[n], str(phone)) for n, phone in enumerate(after)],
    )
    assert found == (numbers[lost[0] - 1] if lost else None)


WRONG_AT_FIRST = {
    "account's key": ({"key": OTHER_KEY}, {}),
    "server": ({"base_url": "https://example.com/v1/shop"}, {}),
    "Official Account": ({}, {"oa_id": OA + 1}),
}


@each_kind
@pytest.mark.parametrize("what", WRONG_AT_FIRST)
@pytest.mark.parametrize("resume", [False, True])
async def test_a_run_that_finished_nothing_leaves_nothing_and_binds_nobody(tmp_path, kind, what, resume):
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
    account, options = WRONG_AT_FIRST[what]

    def refuse(_payload):
        raise Unauthenticated("no")

    with pytest.raises(Unauthenticated):
        await Service(refuse, **account).run(source, output, **options)
    assert {path.name for path in tmp_path.iterdir()} == {source.name}
    assert (await Service().run(source, output, resume=resume)).rows == 10


@each_kind
@pytest.mark.parametrize("what", WRONG_AT_FIRST)
async def test_an_output_without_an_answer_is_begun_anew_by_the_resume_of_another_job(tmp_path, kind, what):
    source, output = rewrite(tmp_path / f"in.{kind}", {0: "hello", 1: "world"}), tmp_path / f"out.{kind}"
    account, options = WRONG_AT_FIRST[what]

    def refuse(_payload):
        raise Unauthenticated("no")

    with pytest.raises(Unauthenticated):
        await Service(refuse, **account).run(source, output, **options)
    assert [record["failure"] for record in read(journal_of(output))] == ["InvalidPhone"] * 2
    with pytest.raises(ConfigError, match="exists: add --resume"):
        await Service().run(source, output)
    summary = await Service().run(source, output, resume=True)
    assert (summary.rows, summary.finished_before) == (10, 0)
    assert sorted(by_row(output)) == list(range(1, 11))
    assert (await Service().run(source, output, resume=True)).finished_before == 10


async def test_a_file_that_took_the_outputs_name_is_not_removed(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    job = Service().job(source, output)
    await job.prepare()
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / "other").replace(output)
    job.stop()
    await job.run()
    assert output.read_bytes() == b""


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"7", b"{}", b"\xff", b'{"input": "x"}', "salt", "number"], ids=str
)
async def test_without_its_identity_an_output_cannot_be_resumed(tmp_path, content):
    source, output = await interrupt(tmp_path)
    place = tmp_path / "out.csv.job"
    if content is None:
        place.unlink()
    elif isinstance(content, bytes):
        place.write_bytes(content)
    else:
        damaged = {"salt": "no hex", "number": 5}[content]
        place.write_text(json.dumps({**json.loads(place.read_text()), "salt": damaged}))
    before = files(tmp_path)
    with pytest.raises(ConfigError, match="cannot be resumed"):
        await Service().run(source, output, resume=True)
    assert files(tmp_path) == before


@each_kind
async def test_a_column_may_be_named_otherwise_if_it_is_the_same(tmp_path, kind):
    source, output = await interrupt(tmp_path, kind)
    await Service().run(source, output, resume=True, column="1")
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


async def test_an_output_that_somebody_changed_is_refused_and_not_touched(tmp_path):
    source, output = await interrupt(tmp_path)
    output.write_bytes(output.read_bytes().replace(b",1,", b",one,", 1) + b"84,x\r\n")
    before = files(tmp_path)
    with pytest.raises(ConfigError, match=r"line 2: the record is damaged"):
        await Service().run(source, output, resume=True)
    assert files(tmp_path) == before


@each_kind
@pytest.mark.parametrize("is_complete", [False, True])
async def test_retrying_asks_again_for_what_failed_and_only_that(tmp_path, kind, is_complete):
    source, output = people(tmp_path / f"in.{kind}", 12), tmp_path / f"out.{kind}"

    def fail_often(payload):
        if not is_complete and len(first.asked) == 8:
            jobs[0].stop()
        if int(payload.phone[-1]) % 2:
            raise Unavailable("later")
        return Consent(error=14) if payload.phone.endswith("4") else Consent(error=0)

    first = Service(fail_often)
    jobs = [first.job(source, output, concurrency=1)]
    await jobs[0].run()
    second = Service(lambda _: Consent(error=3))
    summary = await second.run(source, output, retry_failed=True)
    kept = [n for n in range(12 if is_complete else 8) if n not in (1, 3, 4, 5, 7, 9, 11)]
    again = [n for n in range(12) if n not in kept]
    assert sorted(second.asked) == [phone(n) for n in again]
    assert (summary.rows, summary.finished_before) == (len(again), len(kept))
    states = {n: record["state"] for n, record in by_row(output).items()}
    assert states == {n + 1: "granted" if n in kept else "refused" for n in range(12)}
    third = Service()
    await third.run(source, output, retry_failed=True)
    assert third.asked == []


@each_kind
async def test_what_fails_again_is_there_once(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
    await Service().run(source, output)
    wanted = by_row(output)
    for _ in range(2):
        service = Service()
        await service.run(source, output, retry_failed=True)
        assert sorted(service.asked) == [phone(4), phone(5), phone(6)]
        assert by_row(output) == wanted


async def test_parquets_own_types_survive_a_retry(tmp_path):
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
    second = parquet.read_table(output).sort_by("row")
    assert second.schema == first.schema
    assert second.to_pylist() == first.to_pylist()
    assert first.column("born").to_pylist() == columns["born"]
    assert first.column("seen").to_pylist() == columns["seen"]
    assert first.column("score").to_pylist() == columns["score"]


# What can happen on the way


@each_kind
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_stopping_finishes_what_is_under_way(tmp_path, kind, concurrency):
    source, output = people(tmp_path / f"in.{kind}", 50), tmp_path / f"out.{kind}"

    async def stop_soon(payload):
        if len(service.asked) == 20:
            job.stop()
        await asyncio.sleep(0)
        return answer(payload)

    service = Service(stop_soon)
    job = service.job(source, output, concurrency=concurrency)
    summary = await job.run()
    assert not summary.is_complete
    assert 20 <= summary.rows == len(service.asked) < 20 + concurrency
    assert len(read(journal_of(output))) == summary.rows
    second = Service()
    await second.run(source, output, resume=True)
    assert sorted(service.asked + second.asked) == [phone(n) for n in range(50)]
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


async def test_passing_over_finished_rows_lets_others_work_and_can_be_stopped(tmp_path):
    # Few customers in many rows, since each row of a customer after the first takes no call.
    rows, source, output = 6_000, tmp_path / "in.csv", tmp_path / "out.csv"
    write(source, ["phone", "name"], [(phone(n % 10), f"x{n}") for n in range(rows)])
    await Service(lambda _: Consent(error=3)).run(source, output)
    with source.open("a", encoding="utf-8") as file:
        file.write(f"{phone(7)},new\n")
    for is_stopped in (True, False):
        service = Service()
        job = service.job(source, output, resume=True)
        plan = await job.prepare()
        assert (plan.finished, job.finished, job.passed) == (rows, rows, 0)
        running = asyncio.create_task(job.run())
        seen = []
        while not running.done():
            await asyncio.sleep(0)
            seen.append(job.passed)
            if is_stopped and job.passed > 2_000:
                job.stop()
        assert max(now - before for before, now in itertools.pairwise(seen)) <= 1_000
        if is_stopped:
            assert (service.asked, (await running).is_complete) == ([], False)
            assert job.passed < 4_000
        else:
            assert (service.asked, job.passed) == ([phone(7)], rows)
            assert (await running).rows == 1


async def test_a_job_that_was_stopped_before_it_began_asks_nobody(tmp_path):
    service = Service()
    job = service.job(people(tmp_path / "in.csv"), tmp_path / "out.csv")
    job.stop()
    summary = await job.run()
    assert (summary.rows, summary.is_complete, service.asked) == (0, False, [])


@each_kind
@pytest.mark.parametrize("error", [Unauthenticated("no"), PermissionDenied("no"), BadRoute("no")], ids=repr)
async def test_an_error_that_all_would_meet_keeps_what_is_finished(tmp_path, kind, error):
    source, output = people(tmp_path / f"in.{kind}", 60), tmp_path / f"out.{kind}"

    def give_up(payload):
        if payload.phone >= phone(30):
            raise error
        return answer(payload)

    first = Service(give_up)
    before = asyncio.all_tasks()
    with pytest.raises(type(error)):
        await first.run(source, output, concurrency=3)
    assert asyncio.all_tasks() == before
    done = len(read(journal_of(output)))
    assert 28 <= done <= 32
    second = Service()
    summary = await second.run(source, output, resume=True)
    assert (summary.finished_before, len(second.asked)) == (done, 60 - done)
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


@each_kind
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

    first, second = Service(give_up), Service()
    with pytest.raises(Unauthenticated):
        await first.run(source, output, concurrency=10)
    done = [record["phone"] for record in read(journal_of(output))]
    assert sorted(done) == [number for number in sorted(first.asked) if number not in fatal]
    assert len(first.asked) < 20
    summary = await second.run(source, output, resume=True)
    assert summary.finished_before == len(done)
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


async def test_an_answer_that_does_not_come_holds_up_no_fatal_error(tmp_path, monkeypatch):
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


async def test_a_row_that_cannot_be_read_keeps_those_before_it(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = "".join(f"{phone(n)},x\n" for n in range(300))
    source.write_text(f'phone,name\n{rows}{phone(300)},"x\n{phone(301)},x\n', encoding="utf-8")
    before = asyncio.all_tasks()
    with pytest.raises(JobStopped, match=r"in\.csv, line 302: a quote is opened and never closed; fix that line\.$"):
        await Service().run(source, output, concurrency=4)
    assert asyncio.all_tasks() == before
    assert set(by_row(output)) >= set(range(1, 297))


@pytest.mark.parametrize("into", ["csv", "parquet"])
@pytest.mark.parametrize("way", ["removed", "renamed"])
async def test_a_directory_that_vanishes_is_one_sentence(tmp_path, into, way):
    folder = tmp_path / "folder"
    folder.mkdir()
    source, output = people(tmp_path / "in.csv", 200), folder / f"out.{into}"

    def vanish(payload):
        if payload.phone == phone(50):
            shutil.rmtree(folder) if way == "removed" else folder.rename(tmp_path / "elsewhere")
        return answer(payload)

    service = Service(vanish)
    with pytest.raises(JobStopped, match=r"^Cannot write .*\.$") as caught:
        await service.run(source, output, concurrency=1)
    assert "\n" not in str(caught.value)
    assert len(service.asked) < 60
    if way == "renamed":
        moved = tmp_path / "elsewhere" / output.name
        assert len(read(journal_of(moved))) >= 50
        await Service().run(source, moved, resume=True)
        assert by_row(moved) == await uninterrupted(tmp_path, source, output.name)


async def test_an_output_that_somebody_replaces_is_one_sentence(tmp_path):
    source, output = people(tmp_path / "in.csv", 200), tmp_path / "out.csv"

    def replace(payload):
        if payload.phone == phone(50):
            (tmp_path / "other").write_bytes(b"theirs")
            (tmp_path / "other").replace(output)
        return answer(payload)

    with pytest.raises(JobStopped, match="Cannot write"):
        await Service(replace).run(source, output, concurrency=1)
    assert output.read_bytes() == b"theirs"


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
    arguments = (str(room), str(source), str(output), KEY, str(OA))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-W", "error", "-c", FULL_DISK, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stdout, stderr = await child.communicate()
    assert stderr.decode() == ""
    assert stdout.decode().startswith("Cannot write ")
    assert stdout.decode().endswith(": File too large.\n")
    assert stdout.count(b"\n") == 1
    service = Service(lambda _: Consent(error=3))
    summary = await service.run(source, output, resume=True)
    assert len(service.asked) == summary.rows == 45 - summary.finished_before
    assert summary.finished_before > 0 or room < 1000
    assert sorted(by_row(output)) == list(range(1, 46))
    assert {record["state"] for record in by_row(output).values()} == {"refused"}
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", output.name, output.name + ".job"}


async def test_two_jobs_never_write_one_output(tmp_path):
    source, output = people(tmp_path / "in.csv"), tmp_path / "out.csv"
    first = Service().job(source, output)
    await first.prepare()
    written = output.read_bytes()
    for options in ({}, {"resume": True}, {"retry_failed": True}):
        second = Service()
        with pytest.raises(ConfigError, match=r"Another process is writing .*out\.csv: wait for it"):
            await second.run(source, output, **options)
        assert second.asked == []
    assert output.read_bytes() == written
    await first.run()
    assert len(by_row(output)) == 10


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


async def test_an_output_that_its_holder_replaces_at_the_last_moment_is_locked_anew(tmp_path, monkeypatch):
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


@each_kind
async def test_the_name_of_an_output_is_durable_before_the_first_call(tmp_path, monkeypatch, kind):
    source, folder = people(tmp_path / f"in.{kind}"), tmp_path / "folder"
    folder.mkdir()
    output = folder / f"out.{kind}"
    synced = []
    real = os.fsync

    def fsync(file):
        state = os.fstat(file)
        synced.append((state.st_ino, journal_of(output).exists()))
        real(file)

    def look(payload):
        assert (folder.stat().st_ino, True) in synced
        return answer(payload)

    monkeypatch.setattr(os, "fsync", fsync)
    await Service(look).run(source, output)


async def test_rows_are_safe_before_the_next_are_waited_for(tmp_path):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    seen = []

    def look(payload):
        seen.append(len(read(output)))
        return answer(payload)

    await Service(look).run(source, output, concurrency=1)
    assert seen == list(range(20))


async def test_what_was_written_is_made_durable_about_every_second(tmp_path, monkeypatch):
    source, output = people(tmp_path / "in.csv", 20), tmp_path / "out.csv"
    synced = []
    real = os.fsync

    def fsync(file):
        synced.append(os.fstat(file).st_size)
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    now = [0.0]

    def half_a_second(payload):
        now[0] += 0.5
        return answer(payload)

    job = Service(half_a_second).job(source, output, concurrency=1, clock=lambda: now[0])
    await job.prepare()
    synced.clear()
    summary = await job.run()
    assert synced == sorted(synced)
    assert 6 <= len(synced) <= 11
    assert synced[-1] == output.stat().st_size
    assert summary.seconds == 10
    assert summary.rate == 2


async def test_the_total_is_what_is_left(tmp_path):
    source, output = await interrupt(tmp_path, "parquet")
    job = Service().job(source, output, resume=True)
    plan = await job.prepare()
    assert (plan.total, plan.finished) == (10, 4)
    await job.run()
    assert (job.progress.done, job.progress.total) == (6, 6)


# Which rows are finished


@given(st.lists(st.integers(1, 3000)))
def test_finished_rows_are_a_set(numbers):
    finished = RowBitmap()
    for number in numbers:
        finished.add(number)
    assert len(finished) == len(set(numbers))
    assert [number for number in range(1, 3100) if number in finished] == sorted(set(numbers))


@pytest.mark.parametrize("count", [1_000, 1_000_000])
def test_a_finished_row_costs_less_than_two_bits(count):
    finished = RowBitmap()
    for number in range(1, count + 1):
        finished.add(number)
    assert len(finished) == count
    assert 8 * sys.getsizeof(finished._bits) < 2 * count
