"""F15: reading and writing of a job go on in threads, a few rows at a time, so that they hold up no event loop."""

import asyncio
import itertools
import json
import threading

import pytest

from etelecom_async import ConfigError
from etelecom_async.jobs.row_bitmap import RowBitmap
from etelecom_async.jobs.row_reader import RowReader
from etelecom_async.tables import CsvLayout, NdjsonLayout, Row
from tests.support.job_files import Service, phone, refuse, write


def rows(count, *, seen=None, fault=None):
    for number in range(1, count + 1):
        if seen is not None:
            seen.append(threading.current_thread())
        yield Row(number, (f"row {number}",))
    if fault is not None:
        raise fault


def reader(given, *, finished=(), is_wanted=lambda: True):
    bitmap = RowBitmap()
    for number in finished:
        bitmap.add(number)
    return RowReader(given, finished=bitmap, make=lambda row: row.number, is_wanted=is_wanted)


async def test_rows_are_read_in_another_thread_and_few_ahead():
    seen = []
    reading = reader(rows(1_000, seen=seen))
    for number in range(1, 1_001):
        assert await anext(reading) == number
        assert number <= len(seen) < number + 100
    with pytest.raises(StopAsyncIteration):
        await anext(reading)
    assert threading.current_thread() not in seen


async def test_finished_rows_are_passed_over_a_few_between_two_turns_of_the_loop():
    reading = reader(rows(10_000), finished=range(1, 10_000))
    asking = asyncio.ensure_future(anext(reading))
    passed = [0]
    while not asking.done():
        await asyncio.sleep(0)
        passed.append(reading.passed)
    assert await asking == 10_000
    assert max(after - before for before, after in itertools.pairwise(passed)) <= 1_000


async def test_passing_over_ends_when_the_rows_are_not_wanted_any_more():
    reading = reader(rows(10_000), finished=range(1, 10_001), is_wanted=lambda: reading.passed < 500)
    with pytest.raises(StopAsyncIteration):
        await anext(reading)
    assert reading.passed < 1_600


async def test_rows_before_one_that_cannot_be_read_are_given_and_the_fault_after_them_each_time():
    reading = reader(rows(250, fault=ConfigError("line 251 is damaged")))
    assert [await anext(reading) for _ in range(250)] == list(range(1, 251))
    for _ in range(2):
        with pytest.raises(ConfigError, match="line 251"):
            await anext(reading)


async def test_a_reader_whose_asker_was_cancelled_loses_no_row():
    gate = threading.Event()

    def slow():
        for row in rows(5):
            gate.wait(60)
            yield row

    reading = reader(slow())
    gone = asyncio.ensure_future(anext(reading))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    gate.set()
    assert [number async for number in reading] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("columns", "cell"), [(5_000, "x"), (3, "x" * 100_000)])
async def test_little_is_written_at_once_on_the_event_loop(tmp_path, monkeypatch, columns, cell):
    written = []
    encode = CsvLayout.encode

    def watched(self, table):
        table = list(table)
        if threading.current_thread() is threading.main_thread():
            written.append(sum(8 + len(cell) if isinstance(cell, str) else 8 for row in table for cell in row))
        return encode(self, table)

    monkeypatch.setattr(CsvLayout, "encode", watched)
    headings = ["phone", *(f"column {at}" for at in range(columns))]
    source = write(tmp_path / "in.csv", headings, [[phone(number), *[cell] * columns] for number in range(30)])
    summary = await Service(refuse).run(source, tmp_path / "out.csv")
    assert (summary.rows, summary.is_complete) == (30, True)
    assert max(written, default=0) <= 128 * 1024


TEXT = "x" * 200_000


@pytest.mark.parametrize(
    "nested",
    [
        {"a": {"b": [TEXT]}},
        [[TEXT]],
        [{"a": "x" * 1000}] * 200,
        {"x" * 2000 + str(at): None for at in range(100)},
        [None] * 50_000,
        [[1, 2.5, True]] * 20_000,
    ],
    ids=["text in objects", "text in lists", "objects", "keys", "empty values", "numbers"],
)
async def test_what_is_nested_in_a_value_counts_for_what_is_written_on_the_event_loop(tmp_path, monkeypatch, nested):
    """As a column, and as a further key of one object."""
    on_the_loop = []
    encode = NdjsonLayout.encode

    def watched(self, table):
        table = list(table)
        if threading.current_thread() is threading.main_thread():
            on_the_loop.append(sum(len(json.dumps(row)) for row in table))
        return encode(self, table)

    monkeypatch.setattr(NdjsonLayout, "encode", watched)
    source = tmp_path / "in.ndjson"
    records = [{"phone": phone(1)}, {"phone": phone(2), "nested": nested}]
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    summary = await Service(refuse).run(source, tmp_path / "out.ndjson")
    assert (summary.rows, summary.is_complete) == (2, True)
    source.write_text(json.dumps(records[1]) + "\n", encoding="utf-8")
    await Service(refuse).run(source, tmp_path / "again.ndjson")
    assert max(on_the_loop, default=0) <= 128 * 1024
