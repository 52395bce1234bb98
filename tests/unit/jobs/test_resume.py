"""A job that goes on: every row once, of the same job only, and again what failed where that is wanted."""

import asyncio
import itertools
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etelecom_async import ConfigError, Consent, JobStopped, Unauthenticated, Unavailable
from etelecom_async.jobs.changed_rows import first_changed
from etelecom_async.jobs.row_bitmap import RowBitmap
from tests.support import CANARY, OA
from tests.support.job_files import (
    OTHER_KEY,
    Service,
    by_row,
    failing_with,
    files,
    interrupt,
    journal_of,
    manifest_of,
    names,
    once,
    people,
    phone,
    read,
    refuse,
    uninterrupted,
    write,
)

OTHER_SERVER = "https://example.com/v1/shop"
each_option = pytest.mark.parametrize("option", ["resume", "retry_failed"])


# Where the output was cut


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        *(("csv", 13), ("ndjson", 13), ("parquet", 101)),
        *(pytest.param(kind, 1, marks=pytest.mark.long) for kind in ("csv", "ndjson")),
        pytest.param("parquet", 17, marks=pytest.mark.long),
    ],
)
async def test_an_output_cut_at_any_byte_ends_like_one_that_was_not(tmp_path, kind, step):
    source, output, journal = people(tmp_path / "in.csv", 4), tmp_path / f"out.{kind}", tmp_path / "whole.ndjson"
    await Service().run(source, output)
    await Service().run(source, journal)
    wanted, manifest = by_row(output), manifest_of(output).read_bytes()
    whole = (journal if kind == "parquet" else output).read_bytes()
    asked = []
    for cut in [*range(kind == "parquet", len(whole), step), len(whole)]:
        output.unlink()
        manifest_of(output).write_bytes(manifest)
        journal_of(output).write_bytes(whole[:cut])
        service = Service()
        summary = await service.run(source, output, resume=True)
        assert by_row(output) == wanted, cut
        assert summary.is_complete
        assert summary.rows == len(service.asked) == 4 - summary.finished_before
        assert journal_of(output) == output or not journal_of(output).exists()
        asked.append(len(service.asked))
    assert asked == sorted(asked, reverse=True)
    assert (asked[0], asked[-1]) == (4, 0)


async def test_a_complete_parquet_output_with_a_journal_left_behind_stays_complete(tmp_path):
    source, output = people(tmp_path / "in.csv", 4), tmp_path / "out.parquet"
    await Service().run(source, tmp_path / "whole.ndjson")
    await Service().run(source, output)
    wanted = by_row(output)
    (tmp_path / "whole.ndjson").replace(journal_of(output))
    output.with_name(".out.parquet.0123abcd.part").write_bytes(b"half of it")
    service = Service()
    await service.run(source, output, resume=True)
    assert (by_row(output), service.asked) == (wanted, [])
    assert {name for name in names(tmp_path) if "out" in name} == {"out.parquet", "out.parquet.job"}


async def test_the_resume_of_a_complete_output_makes_no_call(tmp_path, kind):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    await Service().run(source, output)
    wanted, before = read(output), output.read_bytes()
    service = Service()
    summary = await service.run(source, output, resume=True)
    assert service.asked == []
    assert (summary.rows, summary.finished_before, summary.is_complete) == (0, 10, True)
    assert read(output) == wanted
    if kind != "parquet":
        assert output.read_bytes() == before


@each_option
async def test_a_first_run_may_be_called_a_resume(tmp_path, kind, option):
    source, output = people(tmp_path / "in.csv"), tmp_path / f"out.{kind}"
    summary = await Service().run(source, output, **{option: True})
    assert (summary.rows, summary.finished_before) == (10, 0)
    assert len(by_row(output)) == 10


async def test_the_total_of_a_resume_is_what_is_left(tmp_path):
    source, output = await interrupt(tmp_path, "parquet")
    job = Service().job(source, output, resume=True)
    plan = await job.prepare()
    assert (plan.total, plan.finished) == (10, 4)
    await job.run()
    assert (job.progress.done, job.progress.total) == (6, 6)


async def test_passing_over_finished_rows_lets_others_work_and_can_be_stopped(tmp_path):
    # Few customers in many rows, since each row of a customer after the first takes no call.
    count, source, output = 6_000, tmp_path / "in.csv", tmp_path / "out.csv"
    write(source, ["phone", "name"], [(phone(n % 10), f"x{n}") for n in range(count)])
    await Service(refuse).run(source, output)
    with source.open("a", encoding="utf-8") as file:
        file.write(f"{phone(7)},new\n")
    for is_stopped in (True, False):
        service = Service()
        job = service.job(source, output, resume=True)
        plan = await job.prepare()
        assert (plan.finished, job.finished, job.passed) == (count, count, 0)
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
            assert (service.asked, job.passed) == ([phone(7)], count)
            assert (await running).rows == 1


# Another job's output


CHANGES = {
    "another input": {"phone": phone(70)},
    "another Official Account": {"oa_id": OA + 1},
    "another account's key": {"key": OTHER_KEY},
    "another server": {"base_url": OTHER_SERVER},
    "another phone column": {"column": "name"},
}


@each_option
@pytest.mark.parametrize("sentence", CHANGES)
async def test_a_resume_of_another_job_is_refused_and_touches_nothing(tmp_path, kind, option, sentence):
    source, output = await interrupt(tmp_path, kind)
    changes = dict(CHANGES[sentence])
    if other := changes.pop("phone", None):
        people(source, phones={2: other})
    service = Service(**{name: changes.pop(name) for name in ("key", "base_url") if name in changes})
    before = files(tmp_path)
    with pytest.raises(ConfigError, match=f"^The output belongs to {sentence}.* write to another file") as caught:
        await service.run(source, output, **{option: True}, **changes)
    assert CANARY not in str(caught.value)
    assert (files(tmp_path), service.asked) == (before, [])


@pytest.mark.parametrize(
    "change",
    [{"count": 3}, {"without": [0]}, {"without": [2]}, {"phones": {0: phone(1), 1: phone(0)}}, {"phones": {3: "none"}}],
    ids=["cut", "first gone", "third gone", "swapped", "spoilt"],
)
async def test_an_input_in_which_an_answered_row_changed_is_refused_and_touches_nothing(tmp_path, kind, change):
    source, output = await interrupt(tmp_path, kind)
    people(source, **change)
    before = files(tmp_path)
    service = Service()
    with pytest.raises(ConfigError, match=r"another input: row [1-4] has an answer, and is gone or has another phone"):
        await service.run(source, output, resume=True)
    assert (files(tmp_path), service.asked) == (before, [])


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
    "server": ({"base_url": OTHER_SERVER}, {}),
    "Official Account": ({}, {"oa_id": OA + 1}),
}
each_wrong_start = pytest.mark.parametrize(("account", "options"), WRONG_AT_FIRST.values(), ids=WRONG_AT_FIRST)


@each_wrong_start
@pytest.mark.parametrize("resume", [False, True])
async def test_a_run_that_finished_nothing_leaves_nothing_and_restricts_no_later_job(
    tmp_path, kind, account, options, resume
):
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
    with pytest.raises(Unauthenticated):
        await Service(failing_with(Unauthenticated("no")), **account).run(source, output, **options)
    assert names(tmp_path) == {source.name}
    assert (await Service().run(source, output, resume=resume)).rows == 10


@each_wrong_start
async def test_an_output_without_an_answer_is_begun_anew_by_the_resume_of_another_job(tmp_path, kind, account, options):
    source, output = people(tmp_path / f"in.{kind}", phones={0: "hello", 1: "world"}), tmp_path / f"out.{kind}"
    with pytest.raises(Unauthenticated):
        await Service(failing_with(Unauthenticated("no")), **account).run(source, output, **options)
    assert [record["failure"] for record in read(journal_of(output))] == ["InvalidPhone"] * 2
    with pytest.raises(ConfigError, match="exists: add --resume"):
        await Service().run(source, output)
    summary = await Service().run(source, output, resume=True)
    assert (summary.rows, summary.finished_before) == (10, 0)
    assert sorted(by_row(output)) == list(range(1, 11))
    assert (await Service().run(source, output, resume=True)).finished_before == 10


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b"7", b"{}", b"\xff", b'{"input": "x"}', {"salt": "no hex"}, {"salt": 5}],
    ids=str,
)
async def test_an_output_without_its_job_file_cannot_be_resumed(tmp_path, content):
    source, output = await interrupt(tmp_path)
    manifest = manifest_of(output)
    if content is None:
        manifest.unlink()
    elif isinstance(content, bytes):
        manifest.write_bytes(content)
    else:
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **content}))
    before = files(tmp_path)
    with pytest.raises(ConfigError, match="cannot be resumed"):
        await Service().run(source, output, resume=True)
    assert files(tmp_path) == before


async def test_a_column_may_be_named_otherwise_if_it_is_the_same(tmp_path, kind):
    source, output = await interrupt(tmp_path, kind)
    await Service().run(source, output, resume=True, column="1")
    assert by_row(output) == await uninterrupted(tmp_path, source, output.name)


# Rows that were corrected, and rows that failed


async def test_rows_without_an_answer_may_be_corrected_and_new_ones_added(tmp_path, kind):
    source, output = await interrupt(tmp_path, kind)
    people(source, 12, phones={6: phone(60), 8: "hello"})
    for resume in range(2):
        service = Service()
        summary = await service.run(source, output, resume=True)
        asked = [phone(n) for n in (4, 5, 60, 7, 9, 10, 11)]
        assert service.asked == ([] if resume else asked)
        assert (summary.finished_before, summary.is_complete) == (12 if resume else 4, True)
    records = by_row(output)
    assert sorted(records) == list(range(1, 13))
    assert (records[7]["phone"], records[9]["failure"]) == (phone(60), "InvalidPhone")


async def test_a_corrected_row_is_checked_when_the_failed_ones_are(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}", phones={2: "09o0", 8: ""}), tmp_path / f"out.{kind}"
    await Service(refuse).run(source, output)
    people(source, phones={2: phone(20), 8: "still none"})
    service = Service()
    summary = await service.run(source, output, resume=True)
    assert (service.asked, summary.finished_before, summary.failed_before) == ([], 10, 2)
    summary = await service.run(source, output, retry_failed=True)
    assert (service.asked, summary.finished_before, summary.failed_before) == ([phone(20)], 8, 0)
    records = by_row(output)
    assert sorted(records) == list(range(1, 11))
    assert (records[3]["phone"], records[3]["state"], records[9]["phone"]) == (phone(20), "granted", "still none")
    assert {records[n]["state"] for n in records if n not in (3, 9)} == {"refused"}


async def test_a_line_that_cannot_be_read_stops_the_job_and_can_be_corrected(tmp_path):
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = [f"{phone(n)},x{n}" for n in range(400)]
    source.write_text("\n".join(["phone,name", *lines[:300], f'{phone(300)},"x300', *lines[301:]]), encoding="utf-8")
    first, second = Service(), Service()
    before = asyncio.all_tasks()
    with pytest.raises(JobStopped, match=r"in\.csv, line 302: a quote is opened and never closed; fix that line\.$"):
        await first.run(source, output, concurrency=4)
    assert asyncio.all_tasks() == before
    assert set(by_row(output)) >= set(range(1, 297))
    source.write_text("\n".join(["phone,name", *lines]), encoding="utf-8")
    await second.run(source, output, resume=True)
    assert first.asked + second.asked == [phone(n) for n in range(400)]
    assert sorted(by_row(output)) == list(range(1, 401))


@pytest.mark.parametrize("is_complete", [False, True])
async def test_a_retry_asks_again_for_what_failed_and_only_that(tmp_path, kind, is_complete):
    source, output = people(tmp_path / f"in.{kind}", 12), tmp_path / f"out.{kind}"

    def fail_often(payload):
        if int(payload.phone[-1]) % 2:
            raise Unavailable("later")
        return Consent(error=14) if payload.phone.endswith("4") else Consent(error=0)

    first = Service(fail_often, on_call=once(0 if is_complete else 8, lambda: job.stop()))
    job = first.job(source, output, concurrency=1)
    await job.run()
    second = Service(refuse)
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


async def test_a_row_that_fails_again_is_there_once(tmp_path, kind):
    source, output = people(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
    await Service().run(source, output)
    wanted = by_row(output)
    for _ in range(2):
        service = Service()
        await service.run(source, output, retry_failed=True)
        assert sorted(service.asked) == [phone(4), phone(5), phone(6)]
        assert by_row(output) == wanted


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
