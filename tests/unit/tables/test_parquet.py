"""Parquet in, and the journal of a job as Parquet out."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import NdjsonLayout, Row, open_source, to_parquet
from tests.support.tables import write_journal

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def parquet(tmp_path):
    def make(columns):
        path = tmp_path / "in.parquet"
        arrays = [values if isinstance(values, pa.Array) else pa.array(values) for _, values in columns]
        table = pa.Table.from_arrays(arrays, names=[name for name, _ in columns])
        pq.write_table(table, path, row_group_size=1000)
        return path

    return make


def test_parquet_values_become_python_values(parquet):
    nanos = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns", tz="UTC"))
    columns = [("phone", [84987654321, None]), ("name", ["Tèo", ""]), ("name", ["x", "y"]), ("when", nanos)]
    columns += [("day", [date(2024, 2, 29), None]), ("tags", [["a"], []]), ("sum", [Decimal("1.50"), None])]
    table = open_source(parquet(columns))
    assert table.columns == ("phone", "name", "name_2", "when", "day", "tags", "sum")
    assert table.description == "Parquet, 2 rows"
    when = datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    assert list(table.rows()) == [
        Row(1, (84987654321, "Tèo", "x", when, date(2024, 2, 29), ["a"], Decimal("1.50"))),
        Row(2, (None, "", "y", None, None, [], None)),
    ]


def test_parquet_rows_are_numbered_through_all_batches(parquet):
    numbers = [(row.number, row.cells) for row in open_source(parquet([("n", list(range(1, 10_001)))])).rows()]
    assert numbers == [(n, (n,)) for n in range(1, 10_001)]


def test_what_is_no_parquet_is_refused(parquet, tmp_path):
    path = parquet([("n", list(range(100)))])
    for data in [b"", b"phone\n1\n", path.read_bytes()[:-10]]:
        path.write_bytes(data)
        with pytest.raises(ConfigError, match="is not a Parquet file"):
            open_source(path)


def test_parquet_damaged_within_is_an_error_that_says_where(parquet):
    path = parquet([("n", [str(n) * 50 for n in range(5000)])])
    data = bytearray(path.read_bytes())
    data[20_000:20_400] = b"\xff" * 400
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"cannot be read after row [0-9,]+"):
        list(open_source(path).rows())


def test_parquet_without_its_extra_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call in (lambda: open_source(tmp_path / "a.pq"), lambda: to_parquet(tmp_path, tmp_path, columns=[])):
        with pytest.raises(ConfigError, match=r"Parquet needs an extra: pip install 'etelecom-async\[parquet\]'"):
            call()


def test_importing_the_tables_imports_neither_pyarrow_nor_calamine():
    code = "import sys, etelecom_async.tables; sys.exit(bool({'pyarrow', 'python_calamine'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_finished_journal_becomes_parquet_with_types(tmp_path, parquet):
    moment = datetime(2024, 2, 29, 1, 2, 3, 456789, tzinfo=UTC)
    inputs = [("phone", [84987654321, 1]), ("day", [date(2024, 2, 29), None]), ("at", [moment, None])]
    source = open_source(parquet([*inputs, ("tags", [["á"], None])]))
    columns = (*source.columns, "row", "granted", "error", "expired_time", "message", "checked_at", "failure")
    rows = [
        (*row.cells, row.number, granted, error, expiry, "ok", "2026-01-01T07:00:00+07:00", failure)
        for row, granted, error, expiry, failure in zip(
            source.rows(), [True, None], [0, None], ["2026-01-01T00:00:00Z", None], [None, "timeout"], strict=True
        )
    ]
    journal = tmp_path / "out.ndjson"
    write_journal(journal, NdjsonLayout(columns=columns), rows)
    output = tmp_path / "out.parquet"
    output.write_text("an old one")
    to_parquet(journal, output, columns=columns, types=source.types)
    table = pq.read_table(output)
    utc = "timestamp[us, tz=UTC]"
    assert {field.name: str(field.type) for field in table.schema} == {
        "phone": "int64", "day": "date32[day]", "at": utc, "tags": "string", "row": "int64", "granted": "bool",
        "error": "int64", "expired_time": utc, "message": "string", "checked_at": utc, "failure": "string",
    }  # fmt: skip
    checked = datetime(2026, 1, 1, tzinfo=UTC)
    assert [tuple(record.values()) for record in table.to_pylist()] == [
        (84987654321, date(2024, 2, 29), moment, '["á"]', 1, True, 0, checked, "ok", checked, None),
        (1, None, None, None, 2, None, None, None, "ok", checked, "timeout"),
    ]
    assert not list(tmp_path.glob("*.part"))


def test_columns_of_other_inputs_are_text_in_parquet(tmp_path):
    columns = ("error", "vip", "row", "error", "failure")
    journal = tmp_path / "out.ndjson"
    write_journal(journal, NdjsonLayout(columns=columns), [("mine", True, 1, 5, None), ("x", 1.5, 2, None, "")])
    to_parquet(journal, tmp_path / "out.parquet", columns=columns)
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [
        {"error": 5, "vip": "true", "row": 1, "failure": None},
        {"error": None, "vip": "1.5", "row": 2, "failure": ""},
    ]


def test_a_torn_journal_becomes_no_parquet(tmp_path):
    columns = ("row", "error", "failure")
    journal, output = tmp_path / "out.ndjson", tmp_path / "out.parquet"
    data = write_journal(journal, NdjsonLayout(columns=columns), [(1, 0, None), (2, 0, None)])
    output.write_text("an old one")
    for bad, words in [
        (data[:-5], r"line 2: the record is damaged; finish the job with --resume"),
        (data.replace(b'"error":0', b'"error":"no"'), "Column 'error' of the journal has a value that is not int64"),
    ]:
        journal.write_bytes(bad)
        with pytest.raises(ConfigError, match=words):
            to_parquet(journal, output, columns=columns)
    assert output.read_text() == "an old one"
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(ConfigError, match="does not exist"):
        to_parquet(tmp_path / "none", output, columns=columns)
    write_journal(tmp_path / "good", NdjsonLayout(columns=columns), [(1, 0, None)])
    with pytest.raises(ConfigError, match="Cannot write"):
        to_parquet(tmp_path / "good", tmp_path / "none" / "out.parquet", columns=columns)
