"""A folder of files is one table: every row of every file, under the same columns, with a number of its own."""

from __future__ import annotations

import json

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import open_source
from tests.support.job_files import Service, by_row, phone, refuse

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    return place


@pytest.fixture
def run(folder, tmp_path):
    """Runs a job over the folder."""
    service = Service(refuse)

    async def run(name="out.ndjson", **options):
        job = service.job(folder, tmp_path / name, **options)
        plan = await job.prepare()
        return plan, await job.run()

    run.service = service
    return run


async def test_the_rows_of_all_files_are_numbered_through_in_the_order_of_their_names(folder, run, tmp_path):
    (folder / "b.csv").write_text(f"phone,name\n{phone(3)},C\n")
    (folder / "a.csv").write_text(f"name,phone\nA,{phone(1)}\nB,{phone(2)}\n")
    (folder / "_SUCCESS").touch()
    (folder / ".a.csv.crc").write_bytes(b"\0")
    plan, summary = await run()
    described = "2 files, CSV, delimiter ',', UTF-8, certain, header in line 1"
    assert (plan.source, plan.column, plan.total) == (described, "phone", 3)
    assert (summary.rows, summary.is_complete) == (3, True)
    records = by_row(tmp_path / "out.ndjson").items()
    found = {row: (record["name"], record["phone_normalized"]) for row, record in records}
    assert found == {1: ("A", phone(1)), 2: ("B", phone(2)), 3: ("C", phone(3))}


async def test_parquet_files_keep_the_types_that_they_agree_on(folder, run, tmp_path):
    parquet.write_table(pyarrow.table({"phone": [phone(1)], "n": [1], "m": [1]}), folder / "a.parquet")
    parquet.write_table(pyarrow.table({"phone": [phone(2)], "n": [2], "m": ["x"]}), folder / "b.parquet")
    plan, _ = await run("out.parquet")
    assert (plan.source, plan.total) == ("2 files, Parquet, 2 rows", 2)
    table = parquet.read_table(tmp_path / "out.parquet").sort_by("row")
    assert (table["n"].to_pylist(), table["m"].to_pylist()) == ([1, 2], ["1", "x"])


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.parquet"])
async def test_no_key_of_any_object_is_lost(folder, run, tmp_path, name):
    first = [{"phone": phone(1), "a": 1}, {"phone": phone(2), "b": 2}]
    second = [{"c": 3, "phone": phone(3)}, {"phone": phone(4), "a": 4, "d": 4}]
    for place, records in {"1.ndjson": first, "2.ndjson": second}.items():
        (folder / place).write_text("".join(json.dumps(record) + "\n" for record in records))
    await run(name)
    written = open_source(tmp_path / name)
    # What an object lacks is missing, empty or null, as the kind of the output has it.
    found = {}
    for row in written.rows():
        record = {**dict(zip(written.columns, row.cells, strict=True)), **row.extra}
        found[int(record["row"])] = {key: str(record[key]) for key in "abcd" if record.get(key) not in (None, "")}
    assert found == {1: {"a": "1"}, 2: {"b": "2"}, 3: {"c": "3"}, 4: {"a": "4", "d": "4"}}


async def test_a_resume_goes_on_over_the_files_and_new_ones_behind_them(folder, run, tmp_path):
    (folder / "1.csv").write_text(f"phone\n{phone(1)}\n")
    await run()
    (folder / "2.csv").write_text(f"phone\n{phone(2)}\n")
    plan, summary = await run(resume=True)
    assert (plan.finished, summary.rows) == (1, 1)
    (folder / "0.csv").write_text(f"phone\n{phone(9)}\n")
    with pytest.raises(ConfigError, match="belongs to another input: row 1 has an answer"):
        await run(resume=True)
    assert run.service.asked == [phone(1), phone(2)]


async def test_files_that_do_not_go_together_are_refused_by_name(folder, run):
    (folder / "a.csv").write_text(f"phone\n{phone(1)}\n")
    for name, content, words in (
        ("b.csv", f"phone,name\n{phone(1)},B\n", r"b\.csv has other columns than .*a\.csv"),
        ("b.md", "x", r"b\.md has no suffix"),
        ("b.ndjson", json.dumps({"phone": phone(1)}), r"b\.ndjson is ndjson, .*a\.csv is csv"),
    ):
        (folder / name).write_text(content)
        with pytest.raises(ConfigError, match=words):
            await run()
        (folder / name).unlink()
    (folder / "b").mkdir()
    with pytest.raises(ConfigError, match=r"has folders in it \(b\): name one that has only files"):
        await run()


async def test_an_output_among_the_inputs_is_refused(folder, run):
    (folder / "a.csv").write_text(f"phone\n{phone(1)}\n")
    with pytest.raises(ConfigError, match="lies in the input's folder"):
        await run("in/out.csv")
    assert [path.name for path in folder.iterdir()] == ["a.csv"]
