"""Jobs whose input or output is a stream."""

import asyncio
import io
import os
import threading
from pathlib import Path

import pytest

from etelecom_async import ConfigError, JobStopped
from tests.support import HANG
from tests.support.job_files import REFUSED, Service, by_row, people, phone, read, uninterrupted, write


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_a_stream_becomes_a_stream_of_its_own_format(tmp_path, kind):
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


async def test_an_output_from_a_stream_belongs_to_no_earlier_job(tmp_path):
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
    source, pipe = people(tmp_path / "in.csv"), tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for ends in [(io.BytesIO(), tmp_path / "out.csv"), (source, io.BytesIO()), (pipe, tmp_path / "out.csv")]:
        with pytest.raises(ConfigError, match="a stream can be read only once"):
            Service().job(*ends, **{option: True})


async def test_every_row_of_a_named_pipe_is_checked(tmp_path):
    count, source, output = 700, tmp_path / "pipe.csv", tmp_path / "out.csv"
    table = write(tmp_path / "in.csv", ["phone", "name"], [(phone(n), "x" * 400) for n in range(count)]).read_bytes()
    os.mkfifo(source)
    feed = asyncio.create_task(asyncio.to_thread(source.write_bytes, table))
    summary = await Service().run(source, output)
    await feed
    assert len(table) > 256 * 1024
    assert summary.rows == count
    assert sorted(by_row(output)) == list(range(1, count + 1))


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
    with pytest.raises(JobStopped, match=r"^Cannot write .*No space left on device\.$"):
        await Service().run(people(tmp_path / "in.csv"), full)


@pytest.mark.parametrize("room", [0, 2000])
async def test_a_reader_that_closes_the_pipe_ends_the_calls(tmp_path, room):
    service = Service()
    before = asyncio.all_tasks()
    with pytest.raises(BrokenPipeError):
        await service.run(people(tmp_path / "in.csv", 10_000), Full(room, BrokenPipeError()), concurrency=5)
    assert len(service.asked) < 100
    assert asyncio.all_tasks() == before


class Slow(io.RawIOBase):
    """A stream that gives its second half only when it may."""

    def __init__(self, first, second, may_go_on):
        self._halves = [io.BytesIO(first), io.BytesIO(second)]
        self._may_go_on = may_go_on
        self.timed_out = False

    def readable(self):
        return True

    def readinto(self, buffer):
        if count := self._halves[0].readinto(buffer):
            return count
        if not self._may_go_on.wait(10):
            self.timed_out = True
        return self._halves[1].readinto(buffer)


async def test_calls_under_way_do_not_wait_for_a_slow_input():
    lines = [f"{phone(n)},{'x' * 2000}\n".encode() for n in range(300)]
    answered = threading.Event()

    async def late(_payload):
        for _ in range(5):
            await asyncio.sleep(0)
        answered.set()
        return REFUSED

    source = Slow(b"phone,name\n" + b"".join(lines[:150]), b"".join(lines[150:]), answered)
    summary = await Service(late).run(source, io.BytesIO(), concurrency=200)
    assert not source.timed_out
    assert (summary.rows, summary.is_complete) == (300, True)


@pytest.mark.parametrize(
    "given",
    [b"phone,name\n849\n84900000000,An\n", b"84900000000\n", b"ten;so\nAn;84900000000\nBinh;84900000001\n"],
    ids=["a header and rows", "one row without a header", "a column found by its content"],
)
async def test_rows_of_a_pipe_that_then_gives_nothing_are_asked_and_written(given):
    """Fewer rows than are sampled or read at once, and more of them only when the first are answered."""
    reader, writer = os.pipe()
    answered = asyncio.Event()
    service = Service(on_call=lambda _count: answered.set())
    output = io.BytesIO()
    with os.fdopen(reader, "rb") as source:
        os.write(writer, given)
        running = asyncio.create_task(service.run(source, output))
        async with asyncio.timeout(HANG):
            await answered.wait()
            while b"84900000000" not in output.getvalue():
                await asyncio.sleep(0.01)
        for number in (b"17", b"18"):
            answered.clear()
            os.write(writer, given.splitlines(keepends=True)[-1].replace(b"8490000000", b"84900000" + number))
            async with asyncio.timeout(HANG):
                await answered.wait()
        os.close(writer)
        assert (await running).is_complete
    assert {asked[8:10] for asked in service.asked} == {"00", "17", "18"}


async def test_a_header_alone_does_not_settle_the_column_of_a_slow_pipe(monkeypatch):
    may_go_on = threading.Event()

    def nothing_yet(*_):
        may_go_on.set()
        return False

    monkeypatch.setattr("etelecom_async.tables.input._has_more", nothing_yet)
    source = Slow(b"ten;so\n", b"An;84900000001\n", may_go_on)
    service = Service()
    job = service.job(source, io.BytesIO())
    plan = await job.prepare()
    summary = await job.run()
    assert not source.timed_out
    assert (plan.column, plan.found) == ("so", "found by content: 1 of 1 values are phone numbers")
    assert (summary.rows, service.asked) == (1, ["84900000001"])


async def test_calls_under_way_do_not_wait_for_a_slow_reader(tmp_path):
    answered = threading.Event()

    class Reader(io.BytesIO):
        timed_out = False

        def write(self, data):
            if self.tell() and not answered.wait(10):
                self.timed_out = True
            return super().write(data)

    async def late(payload):
        for _ in range(5 * int(payload.phone[-1])):
            await asyncio.sleep(0)
        if payload.phone.endswith("9"):
            answered.set()
        return REFUSED

    reader = Reader()
    summary = await Service(late).run(people(tmp_path / "in.csv"), reader, concurrency=10)
    assert not reader.timed_out
    assert summary.rows == len(read(tmp_path / "x.csv", reader.getvalue())) == 10


async def test_rows_of_a_stream_before_one_that_cannot_be_read_are_kept(tmp_path):
    lines = "".join(f"{phone(n)},x\n" for n in range(250))
    output = io.BytesIO()
    with pytest.raises(JobStopped, match="a quote is opened and never closed"):
        await Service().run(io.BytesIO(f'phone,name\n{lines}"'.encode()), output, concurrency=4)
    assert len(read(tmp_path / "x.csv", output.getvalue())) >= 246
