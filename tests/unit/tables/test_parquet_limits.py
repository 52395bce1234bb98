"""Parquet files that are wide, packed or strange: read in bounded memory, passed on, or refused by column."""

import asyncio
import csv
import math
import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError, Consent
from etelecom_async.jobs import sink as destination
from etelecom_async.jobs.input_fingerprint import InputFingerprint
from etelecom_async.tables import CsvLayout, NdjsonLayout, open_source, parquet_batches, to_parquet
from etelecom_async.tables.moments import day_of, day_text, moment_of, moment_text
from tests.support import HANG
from tests.support.job_files import KINDS, Service, people, read, rows

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FINISH = ("row", "failure")


def written(path, columns, **options):
    arrays = [values if isinstance(values, pa.Array) else pa.array(values) for _, values in columns]
    pq.write_table(pa.Table.from_arrays(arrays, names=[name for name, _ in columns]), path, **options)
    return path


def packed(text, count):
    """Any number of copies of a text, as a dictionary of one entry."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([text]))


def counted(values, kind):
    """Values by the numbers that Arrow stores for them."""
    width = pa.int32() if str(kind).startswith("date32") else pa.int64()
    return pa.array(values, width).cast(kind)


def cells(path):
    return [row.cells for row in open_source(path).rows()]


# Memory


def peak_of(path, rows):
    """MiB that reading some rows of a file takes at the most, in a process of its own."""
    code = (
        "import itertools, resource, sys; from pathlib import Path\n"
        "from etelecom_async.tables import open_source\n"
        "import pyarrow.parquet\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak()\n"
        "print(sum(1 for _ in itertools.islice(open_source(Path(sys.argv[1])).rows(), int(sys.argv[2]))))\n"
        "print(peak() - before)"
    )
    ran = subprocess.run([sys.executable, "-c", code, path, str(rows)], capture_output=True, text=True, check=True)
    read, peak = ran.stdout.split()
    assert int(read) == rows
    return float(peak)


@pytest.mark.skipif(sys.platform != "linux", reason="counts KiB as Linux does")
def test_a_small_file_that_unpacks_to_gigabytes_is_read_in_bounded_memory(tmp_path):
    """F14: 200,000 copies of half a megabyte, 100 GB in a file of 1.5 KB."""
    columns = [("phone", packed("0987654321", 200_000)), ("note", packed("x" * 524_288, 200_000))]
    path = written(tmp_path / "bomb.parquet", columns, compression="zstd", store_schema=False)
    assert path.stat().st_size < 5000
    assert peak_of(path, 500) < 400


@pytest.mark.skipif(sys.platform != "linux", reason="counts KiB as Linux does")
def test_many_wide_columns_are_read_in_bounded_memory(tmp_path):
    """F14: pages of 300 columns, 300 MB at once, are read a group of columns after the other."""
    texts = [pa.array([os.urandom(512).hex() for _ in range(600)]) for _ in range(4)]
    columns = [("phone", ["0987654321"] * 600), *((f"c{at}", texts[at % 4]) for at in range(300))]
    path = written(tmp_path / "wide.parquet", columns, compression="none", use_dictionary=False)
    assert path.stat().st_size > 150_000_000
    assert peak_of(path, 600) < 350


def test_columns_read_in_groups_are_what_they_are_at_once(tmp_path, monkeypatch):  # F14
    tags = pa.array([["a"] * (n % 3) if n % 7 else None for n in range(5000)])
    columns = [
        ("phone", [f"09{n:08d}" for n in range(5000)]),
        ("tags", tags),
        ("s", pa.array([{"x": n, "y": str(n % 10)} for n in range(5000)])),
        ("n", list(range(5000))),
        ("city", ["Hà Nội", None, "Huế", "Đà Nẵng", ""] * 1000),
    ]
    path = written(tmp_path / "in.parquet", columns, row_group_size=2000)
    at_once = cells(path)
    assert at_once == list(zip(*(pq.read_table(path).column(name).to_pylist() for name, _ in columns), strict=True))
    monkeypatch.setattr(parquet_batches, "_AT_ONCE", 0)
    monkeypatch.setattr(parquet_batches, "_GROUP", 0)
    assert cells(path) == at_once


@pytest.mark.parametrize("names", [("phone", "x", "x"), ("phone", "a", "a.b")])
def test_columns_that_a_name_does_not_tell_are_read_at_once(tmp_path, monkeypatch, names):  # F14
    monkeypatch.setattr(parquet_batches, "_AT_ONCE", 0)
    path = written(tmp_path / "in.parquet", [(name, [at] * 3) for at, name in enumerate(names)])
    assert cells(path) == [(0, 1, 2)] * 3


def test_one_list_that_unpacks_to_gigabytes_is_refused_by_its_columns_name(tmp_path):
    """F14: 200,000 copies of half a megabyte in one cell."""
    tags = pa.ListArray.from_arrays(pa.array([0, 200_000], pa.int32()), packed("x" * 524_288, 200_000))
    path = written(
        tmp_path / "in.parquet", [("phone", ["0987654321"]), ("tags", tags)], compression="zstd", store_schema=False
    )
    assert path.stat().st_size < 5000
    with pytest.raises(ConfigError, match=r"one value of column 'tags' takes 10[0-9],[0-9,]+ bytes"):
        cells(path)


def test_lists_that_are_large_together_are_read_a_few_rows_at_a_time(tmp_path, monkeypatch):  # F14
    monkeypatch.setattr(parquet_batches, "_HELD", 1_000_000)
    rows = [[f"{n}" * 100] * 100 for n in range(100)]
    path = written(tmp_path / "in.parquet", [("phone", ["0987654321"] * 100), ("tags", rows)])
    assert [row[1] for row in cells(path)] == rows


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_a_page_that_is_too_large_is_refused_by_its_columns_name(tmp_path, monkeypatch, use_dictionary):
    """F14: a text of a megabyte, packed into nothing."""
    monkeypatch.setattr(parquet_batches, "LARGEST_PAGE", 1_000_000)
    columns = [("phone", ["0987654321"] * 2), ("note", ["x" * 1_048_576, ""])]
    path = written(tmp_path / "in.parquet", columns, compression="zstd", use_dictionary=use_dictionary)
    with pytest.raises(
        ConfigError, match=r"column 'note' has a page of 1,0[0-9,]+ bytes, more than the limit of 1,000,000"
    ):
        cells(path)


def test_lists_of_too_many_values_are_refused_by_their_columns_name(tmp_path, monkeypatch):  # F14
    monkeypatch.setattr(parquet_batches, "_LISTED", 1000)
    path = written(tmp_path / "in.parquet", [("phone", ["0987654321"]), ("codes", [[7] * 1001])])
    with pytest.raises(ConfigError, match=r"the lists of column 'codes' have 1,001 values in one row group"):
        cells(path)


# Values that Python has no type for


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        # E2: the years 9999 and 1 with a zone, and far beyond
        (counted([253402300799999999, None], pa.timestamp("us", tz="Asia/Ho_Chi_Minh")), ["9999-12-31T23:59:59.999999Z", ""]),  # noqa: E501
        (counted([-62135596800000000], pa.timestamp("us", tz="America/New_York")), ["0001-01-01T00:00:00Z"]),
        (counted([-62135596800000000, 0], pa.timestamp("us", tz="Asia/Ho_Chi_Minh")), ["0001-01-01T07:06:30+07:06:30", "1970-01-01T08:00:00+08:00"]),  # noqa: E501
        (counted([253402300800000, 0], pa.timestamp("ms", tz="UTC")), ["+10000-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"]),  # noqa: E501
        (counted([-62167219200001], pa.timestamp("ms")), ["-00001-12-31T23:59:59.999"]),
        (counted([0], pa.timestamp("us", tz="Mars/Phobos")), ["1970-01-01T00:00:00Z"]),
        (counted([2**30, -719162], pa.date32()), ["+2941775-04-07", "0001-01-01"]),
        (counted([2**62, -1500], pa.duration("ms")), ["PT1281023894007H36M27.904S", "-PT1.5S"]),
        (pa.array([timedelta(days=1, seconds=5)]), ["PT24H5S"]),
        (pa.array([Decimal(0), Decimal("1.5")], pa.decimal128(38, 10)), ["0.0000000000", "1.5000000000"]),
        (pa.array([b"\xff\xfe", b"Hu\xe1\xba\xbf", b"a\0b", b"0x00", b""]), ["0xfffe", "Huế", "0x610062", "0x30783030", ""]),  # noqa: E501
        (pa.array([b"\xff\xfe", b"a"]).view(pa.string()), ["0xfffe", "a"]),
        (pa.array([math.nan, math.inf, -math.inf, 1.5]), ["NaN", "Infinity", "-Infinity", "1.5"]),
        (pa.array([1.5]).cast(pa.float16()), ["1.5"]),
        (pa.array([[math.nan, 1.0]]), ['["NaN",1.0]']),
        (pa.array([[1]], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("ns"))), ['["1970-01-01T00:00:00.000000001"]']),  # noqa: E501
        (pa.array([{"at": 253402300800000000, "n": b"\xff"}], pa.struct([("at", pa.timestamp("us")), ("n", pa.binary())])), ['{"at":"+10000-01-01T00:00:00","n":"0xff"}']),  # noqa: E501
        (pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), ['{"a":1,"a_2":2}']),
        (pa.array([[("k", 2**62)]], pa.map_(pa.string(), pa.duration("ms"))), ['[["k","PT1281023894007H36M27.904S"]]']),
        (pa.array(["x", None], pa.large_string()), ["x", ""]),
        (pa.array(["x", None]).dictionary_encode(), ["x", ""]),
        (pa.array([None, None], pa.null()), ["", ""]),
        (pa.array([18446744073709551615], pa.uint64()), ["18446744073709551615"]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)  # fmt: skip
def test_a_value_of_another_column_is_passed_on_as_text(tmp_path, column, texts):  # E2, F17
    path = written(tmp_path / "in.parquet", [("phone", ["0987654321"] * len(column)), ("x", column)])
    layout = CsvLayout(columns=("x", *FINISH))
    rows = [(row.cells[1], row.number, "") for row in open_source(path).rows()]
    data = layout.encode(rows).decode()
    # Behind an apostrophe where a spreadsheet would take it for a formula.
    assert [record[0].removeprefix("'") for record in csv.reader(data.splitlines())] == texts
    NdjsonLayout(columns=("x", *FINISH)).encode(rows)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["s", "ms", "us", "ns"]))
def test_a_moment_as_text_is_the_same_moment_again(value, unit):  # E2
    text = moment_text(value, unit=unit, is_utc=True)
    assert moment_of(text, unit=unit) == value
    assert day_of(day_text(value)) == value


@given(st.datetimes())
def test_a_moment_of_pythons_years_is_written_as_python_writes_it(moment):  # E2
    value = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001 - as Arrow counts
    assert datetime.fromisoformat(moment_text(value, unit="us", is_utc=False)) == moment
    assert moment_of(moment.isoformat(), unit="us") == value


def test_a_parquet_file_comes_out_of_a_job_with_its_values_and_types(tmp_path):
    """E2, F17: strange values of easy types go in and out as they are."""
    columns = [
        ("phone", ["0987654321", "0987654322"]),
        ("at", counted([253402300800000000, -62135596800000001], pa.timestamp("us", tz="Asia/Ho_Chi_Minh"))),
        ("seen", counted([2**60, 0], pa.timestamp("ms"))),
        ("day", counted([2**30, 0], pa.date32())),
        ("x", [math.nan, -math.inf]),
        ("y", pa.array([math.inf, 1.5], pa.float32())),
        ("raw", [b"\xff\x00", b"0xAn"]),
        ("big", pa.array([18446744073709551615, 0], pa.uint64())),
    ]
    path = written(tmp_path / "in.parquet", columns)
    source = open_source(path)
    journal, output = tmp_path / "j.ndjson", tmp_path / "out.parquet"
    names = (*source.columns, *FINISH)
    journal.write_bytes(NdjsonLayout(columns=names).encode([(*row.cells, row.number, "") for row in source.rows()]))
    to_parquet(journal, output, columns=names, types=source.types)
    before, after = pq.read_table(path), pq.read_table(output)
    for name, _ in columns:
        assert str(after[name].combine_chunks()) == str(before[name].combine_chunks()), name
        assert after.schema.field(name).type == before.schema.field(name).type, name


# The finish


def test_a_column_that_was_typed_anew_between_two_runs_is_text(tmp_path):
    """F3: rows of the first run held numbers, and a finish must not fail when all rows are asked."""
    journal, output = tmp_path / "j.ndjson", tmp_path / "out.parquet"
    names = ("age", "since", "n", *FINISH)
    rows = [(30, "2024-02-29", 1, 1, ""), ("thirty", "later", 2, 2, ""), (1e400, None, 2**70, 3, "")]
    journal.write_bytes(NdjsonLayout(columns=names).encode(rows))
    to_parquet(journal, output, columns=names, types={"age": "int64", "since": "date32[day]", "n": "int64"})
    table = pq.read_table(output)
    assert [str(table.schema.field(name).type) for name in names] == ["string", "string", "string", "int64", "string"]
    assert table["age"].to_pylist() == ["30", "thirty", "Infinity"]
    assert table["n"].to_pylist() == ["1", "2", str(2**70)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [18446744073709551615, -(2**63) - 1, 2**63, 10**100])
async def test_an_error_number_beyond_64_bits_is_the_rows_failure(tmp_path, kind, error):  # F3
    output = tmp_path / f"out.{kind}"
    service = Service(lambda payload: Consent(error=error if payload.phone.endswith("1") else 0))
    summary = await service.run(people(tmp_path / "in.csv", 2), output)
    assert summary.is_complete
    assert summary.failures == {"DecodeError": 1}
    (failed,) = [row for row in read(output) if row["failure"]]
    assert failed["failure"] == "DecodeError"
    assert "64 bits" in failed["message"]


# The event loop of the caller


def job_over_three_rows(folder, **options):
    return Service().job(people(folder / "in.csv", 3), folder / "out.parquet", **options)


class Held:
    """Takes the place of a function, and goes on only when the event loop says so."""

    def __init__(self, real, loop):
        self._real = real
        self._loop = loop
        self._go = threading.Event()
        self.started = threading.Event()

    def __call__(self, *args, **options):
        self.started.set()
        self._loop.call_soon_threadsafe(self._loop.call_later, 0, self._go.set)
        assert self._go.wait(HANG), "the event loop stands still"
        return self._real(*args, **options)


async def test_finishing_a_parquet_file_leaves_the_event_loop_free(tmp_path, monkeypatch):  # F15
    held = Held(to_parquet, asyncio.get_running_loop())
    monkeypatch.setattr(destination, "to_parquet", held)
    assert (await job_over_three_rows(tmp_path).run()).is_complete
    assert held.started.is_set()
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 3


async def test_preparing_a_resume_leaves_the_event_loop_free(tmp_path, monkeypatch):  # F15
    await job_over_three_rows(tmp_path).run()
    held = Held(InputFingerprint.of, asyncio.get_running_loop())
    monkeypatch.setattr(InputFingerprint, "of", held)
    job = job_over_three_rows(tmp_path, resume=True)
    assert (await job.prepare()).finished == 3
    assert held.started.is_set()
    await job.run()


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_a_finish_that_is_not_wanted_any_more_is_given_up_and_done_by_the_resume(tmp_path, monkeypatch, how):
    """F15"""
    loop = asyncio.get_running_loop()
    job = job_over_three_rows(tmp_path)
    running = loop.create_task(job.run())

    def stopped(*args, is_wanted, **options):
        loop.call_soon_threadsafe(job.stop if how == "stop" else running.cancel)
        waiting = threading.Event()
        while is_wanted():
            waiting.wait(0.001)
        return to_parquet(*args, is_wanted=is_wanted, **options)

    with monkeypatch.context() as patch:
        patch.setattr(destination, "to_parquet", stopped)
        if how == "cancel":
            with pytest.raises(asyncio.CancelledError):
                await running
        else:
            assert not (await running).is_complete
    output = tmp_path / "out.parquet"
    assert not output.exists()
    assert len((tmp_path / "out.parquet.ndjson").read_text().splitlines()) == 3
    assert not list(tmp_path.glob("*.part"))
    assert (await job_over_three_rows(tmp_path, resume=True).run()).is_complete
    assert rows(output) == [1, 2, 3]
