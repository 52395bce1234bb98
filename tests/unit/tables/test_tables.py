"""Tables as people have them are read whole, and an output cut anywhere goes on as if it had never been cut."""

import codecs
import csv
import io
import json
import os
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.errors import ConfigError
from etelecom_async.tables import (
    CsvLayout,
    Dialect,
    Journal,
    NdjsonLayout,
    OwnFile,
    Row,
    find_phone_column,
    kind_of,
    named_column,
    open_source,
    to_parquet,
    without_failed,
)

PEOPLE = "Họ tên;SĐT;Địa chỉ\r\nNguyễn Văn Tèo;0987654321;12, Lê Lợi\r\nĐỗ Ánh;0912 345 678;Huế\r\n"
PEOPLE_CELLS = [("Nguyễn Văn Tèo", "0987654321", "12, Lê Lợi"), ("Đỗ Ánh", "0912 345 678", "Huế")]


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives only a little at a time."""

    def __init__(self, data, step=7):
        self._left = data
        self._step = step

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self._left[: min(self._step, len(buffer))]
        self._left = self._left[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.fixture
def source(tmp_path):
    def make(data, name="phones.csv", **options):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return open_source(path, **options)

    return make


def cells(source):
    return [row.cells for row in source.rows()]


# CSV: what comes out of which program


@pytest.mark.parametrize(
    ("data", "description", "dialect"),
    [
        (PEOPLE.encode(), "CSV, delimiter ';', UTF-8, certain, header in line 1", Dialect(delimiter=";")),
        (
            PEOPLE.encode("utf-8-sig"),
            "CSV, delimiter ';', UTF-8 with BOM, certain, header in line 1",
            Dialect(delimiter=";", has_bom=True),
        ),
        (
            PEOPLE.replace(";", "\t").encode("utf-16"),
            "CSV, delimiter tab, UTF-16, certain, header in line 1",
            Dialect(delimiter="\t", has_bom=True),
        ),
        (
            codecs.BOM_UTF16_BE + PEOPLE.encode("utf-16-be"),
            "CSV, delimiter ';', UTF-16, certain, header in line 1",
            Dialect(delimiter=";", has_bom=True),
        ),
        (
            PEOPLE.encode("utf-16-le"),
            "CSV, delimiter ';', UTF-16 without BOM, likely, header in line 1",
            Dialect(delimiter=";", has_bom=True),
        ),
        (
            PEOPLE.encode("utf-16-be"),
            "CSV, delimiter ';', UTF-16 without BOM, likely, header in line 1",
            Dialect(delimiter=";", has_bom=True),
        ),
        (
            ("sep=;\r\n" + PEOPLE).encode(),
            "CSV, delimiter ';', UTF-8, certain, header in line 2",
            Dialect(delimiter=";"),
        ),
        (
            ("sep=;\r\n" + PEOPLE).encode("utf-8-sig"),
            "CSV, delimiter ';', UTF-8 with BOM, certain, header in line 2",
            Dialect(delimiter=";", has_bom=True),
        ),
        (
            PEOPLE.replace(";", "|").encode(),
            "CSV, delimiter '|', UTF-8, certain, header in line 1",
            Dialect(delimiter="|"),
        ),
        (
            PEOPLE.replace("\r\n", "\n").encode(),
            "CSV, delimiter ';', UTF-8, certain, header in line 1",
            Dialect(delimiter=";"),
        ),
        (
            PEOPLE.replace("\r\n", "\r").encode(),
            "CSV, delimiter ';', UTF-8, certain, header in line 1",
            Dialect(delimiter=";"),
        ),
        (PEOPLE.rstrip().encode(), "CSV, delimiter ';', UTF-8, certain, header in line 1", Dialect(delimiter=";")),
    ],
)
def test_every_export_of_a_spreadsheet_is_the_same_table(source, data, description, dialect):
    table = source(data)
    assert table.columns == ("Họ tên", "SĐT", "Địa chỉ")
    assert table.description == description
    assert table.dialect == dialect
    assert [row.cells for row in table.rows()] == PEOPLE_CELLS
    assert [row.number for row in table.rows()] == [1, 2], "a file can be read again"


@pytest.mark.parametrize("mark", ["sep=^\n", '"sep=^"\r\n', "SEP=^\r\n"])
def test_a_declared_delimiter_is_believed(source, mark):
    table = source(mark + "a,b^phone\n1,2^0987654321\n")
    assert (table.columns, cells(table)) == (("a,b", "phone"), [("1,2", "0987654321")])


def test_text_of_a_vietnamese_windows_is_read_and_composed(source):
    # Windows-1258 has the tone of a vowel as a character of its own.
    data = "Tên,Sô\u0301\nNguyê\u0303n Đô\u0303,0987654321\n".encode("cp1258")
    table = source(data)
    assert table.description == "CSV, delimiter ',', Windows-1258, likely, header in line 1"
    assert (table.columns, cells(table)) == (("Tên", "Số"), [("Nguyễn Đỗ", "0987654321")])


def test_bytes_that_are_no_text_come_out_as_they_went_in(source, tmp_path):
    rows = b"0987654321,ok\n" * 20_000
    table = source(b"phone,note\n" + rows + b"0912345678,caf\xe9\n")
    *_, last = table.rows()
    assert last.number == 20_001
    output = tmp_path / "out.csv"
    write(output, CsvLayout(columns=["phone", "note", "row", "failure"]), [(*last.cells, 1, None)])
    assert b"0912345678,caf\xe9,1,\r\n" in output.read_bytes()


def test_utf8_is_known_even_if_the_look_ends_within_a_letter(source):
    head = b"phone,name\n"
    for shift in range(3):
        data = head + b"x" * shift + "0987654321,ễ\n".encode() * 20_000
        assert source(data).description == "CSV, delimiter ',', UTF-8, certain, header in line 1"


def test_a_file_cut_within_a_letter_keeps_its_encoding(source):
    assert (
        "UTF-8, likely, 1 stray byte kept, in line 2" in source("phone,tên\n0987654321,Tèo\n".encode()[:-3]).description
    )


def test_fields_in_quotes_keep_their_delimiters_quotes_and_line_breaks(source):
    table = source('name,phone\r\n"Tèo ""Anh""\r\n, Lê",0987654321\r\n"","x"\r\n')
    assert cells(table) == [('Tèo "Anh"\r\n, Lê', "0987654321"), ("", "x")]


def test_the_delimiter_is_counted_outside_quotes(source):
    assert source('"a,b,c";"d,e"\n"1,2,3";"4,5"\n').columns == ("a,b,c", "d,e")


def test_commas_in_texts_are_no_delimiters(source):
    assert source("tên;địa chỉ;sđt\nTèo;1, Lê Lợi, Q1;0987654321\n").columns == ("tên", "địa chỉ", "sđt")
    assert source("Tèo;1, Lê Lợi, Q1;0987654321\nTí;Huế;0912345678\n").columns == ("column1", "column2", "column3")


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_single_column_is_a_table(source, end):
    table = source(f"phone\n0987654321\n\n0912345678{end}", name="phones.txt")
    assert (table.columns, cells(table)) == (("phone",), [("0987654321",), ("0912345678",)])


def test_a_first_row_with_a_phone_is_no_header(source):
    table = source("Tèo,+84 987 654 321\nTí,0912345678\n")
    assert table.columns == ("column1", "column2")
    assert [(row.number, row.cells[1]) for row in table.rows()] == [(1, "+84 987 654 321"), (2, "0912345678")]
    assert table.description.endswith(", no header")


def test_lines_without_text_are_no_rows(source):
    table = source("\n \nphone,name\n\n0987654321,Tèo\n,\n  \n\r\n0912345678,Tí\n,,,,\n")
    assert [(row.number, row.cells[0]) for row in table.rows()] == [(1, "0987654321"), (2, "0912345678")]


def test_short_rows_are_filled_and_long_ones_say_so(source):
    table = source("a,b,c\n1\n1,2,3,4,5\n1,2,3,,\n1,2,3\n")
    assert list(table.rows()) == [
        Row(1, ("1", "", "")),
        Row(2, ("1", "2", "3"), "the row has 5 fields where the header has 3"),
        Row(3, ("1", "2", "3")),
        Row(4, ("1", "2", "3")),
    ]


def test_headings_are_made_unique(source):
    table = source("name,phone,name,,name_2, name ,\n1,2,3,4,5,6,7\n")
    assert table.columns == ("name", "phone", "name_3", "column4", "name_2", "name_4", "column7")
    assert source("name,name\n1,2\n").columns == ("name", "name_2")


@pytest.mark.parametrize("rows", ['1,"open\n2,x\n', '1,"open', '1,"open\n'])
def test_a_quote_that_is_never_closed_names_its_line(source, rows):
    with pytest.raises(ConfigError, match=r"phones\.csv, line 3: a quote is opened and never closed; fix that line"):
        source("phone,name\n0987654321,Tèo\n" + rows)
    table = source("phone,name\n" + "0987654321,Tèo\n" * 1000 + rows)
    with pytest.raises(ConfigError, match=r"phones\.csv, line 1002: a quote is opened and never closed"):
        list(table.rows())


def test_a_field_without_end_names_its_line(source):
    with pytest.raises(ConfigError, match=r"line 5: a record is longer than 4,194,304 characters, mostly because a"):
        source('sep=,\nphone,name\n"a\nb",Tèo\n1,"open\n' + "x,y\n" * 1_100_000)


def test_stray_quotes_in_a_field_do_no_harm(source):
    assert cells(source('name,phone\nTèo "Anh" Lê,1\n"Tí" Lê,2\n')) == [('Tèo "Anh" Lê', "1"), ("Tí Lê", "2")]


# What is no table at all


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"sep=;\n"])
def test_an_empty_file_is_refused(source, data):
    with pytest.raises(ConfigError, match="is empty: it needs a header"):
        source(data)


def test_files_that_cannot_be_read_are_refused_in_plain_words(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.csv does not exist: check the name"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match=r"none\.parquet does not exist: check the name"):
        open_source(tmp_path / "none.parquet")
    with pytest.raises(ConfigError, match="is a directory without files: name a file"):
        open_source(tmp_path)
    (tmp_path / "a.pdf").touch()
    with pytest.raises(ConfigError, match=r"a\.pdf has no suffix .*: save it as one of \.csv, \.tsv, \.txt, \.ndjson"):
        open_source(tmp_path / "a.pdf")
    with pytest.raises(ConfigError, match="no kind of table named 'xml'"):
        open_source(tmp_path / "a.pdf", kind="xml")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("A.CSV", "csv"), ("a.tsv", "csv"), ("a.txt", "csv"), ("a.jsonl", "ndjson"), ("a.b.pq", "parquet")],
)
def test_the_suffix_says_the_kind(tmp_path, name, kind):
    assert kind_of(tmp_path / name) == kind


def test_a_stated_kind_goes_before_the_suffix(source):
    assert source('{"phone":1}\n', name="a.csv", kind="ndjson").columns == ("phone",)


# Standard input


@pytest.mark.parametrize(("step", "rows"), [(1, 40), (7, 20_000), (1 << 20, 20_000)])
@pytest.mark.parametrize("wrap", [lambda pipe: pipe, io.BufferedReader], ids=["raw", "buffered"])
def test_a_stream_that_cannot_seek_is_read_whole_and_once(step, rows, wrap):
    pipe = Pipe(b"phone,name\n" + "0987654321,Tèo\n".encode() * rows, step)
    stream = wrap(pipe)
    table = open_source(stream)
    assert [row.cells for row in table.rows()] == [("0987654321", "Tèo")] * rows
    with pytest.raises(ConfigError, match="standard input can be read only once"):
        list(table.rows())
    assert not pipe.closed


@pytest.mark.parametrize(
    ("data", "description"),
    [
        (b' \n{"phone": "1"}\n', "NDJSON, UTF-8, certain"),
        (codecs.BOM_UTF8 + b'{"phone": "1"}\n', "NDJSON, UTF-8 with BOM, certain"),
        ('{"phone": "1"}\n'.encode("utf-16"), "NDJSON, UTF-16, certain"),
        (b"phone\n1\n", "CSV, delimiter ',', UTF-8, certain, header in line 1"),
    ],
)
def test_a_stream_is_ndjson_if_it_begins_with_a_brace(data, description):
    table = open_source(Pipe(data))
    assert (table.description, table.columns) == (description, ("phone",))
    assert [row.cells for row in table.rows()] == [("1",)]


def test_parquet_from_a_stream_is_refused():
    with pytest.raises(ConfigError, match="Parquet cannot be read from standard input: save it"):
        open_source(Pipe(b"PAR1"), kind="parquet")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_with_a_name_is_a_stream(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"phone,name\n" + b"0987654321,x\n" * 50_000,))
    writer.start()
    assert sum(1 for _ in open_source(path).rows()) == 50_000
    writer.join()


# NDJSON


def test_objects_are_rows_and_their_other_keys_are_extra(source):
    table = source(
        '{"phone": "1", "age": 3}\n\n{"age": 4, "phone": null}\n'
        '{"phone": "2", "vip": true}\r\n[1]\n{"phone": NaN}\n{"a',
        name="a.jsonl",
    )
    bad = "the line is not a JSON object"
    assert table.columns == ("phone", "age")
    assert list(table.rows()) == [
        Row(1, ("1", 3)),
        Row(2, (None, 4)),
        Row(3, ("2", None), "", {"vip": True}),
        Row(4, (None, None), bad),
        Row(5, (None, None), f"{bad}: JSON has no NaN"),
        Row(6, (None, None), bad),
    ]


def test_lines_before_the_first_object_are_rows_with_a_problem(source):
    table = source('oops\n{"phone": "1"}\n', name="a.ndjson")
    assert [(row.number, bool(row.problem)) for row in table.rows()] == [(1, True), (2, False)]


def test_lines_nested_too_deep_are_a_problem(source):
    table = source('{"phone": 1}\n{"phone": ' + "[" * 100_000 + "\n", name="a.ndjson")
    assert [bool(row.problem) for row in table.rows()] == [False, True]


@pytest.mark.parametrize(
    ("data", "words"), [("", "is empty"), ('[{"a": 1}]', "jq -c"), ("a,b\n", "no JSON object among its first lines")]
)
def test_ndjson_without_objects_is_refused(source, data, words):
    with pytest.raises(ConfigError, match=words):
        source(data, name="a.ndjson")


# Parquet


@pytest.fixture
def parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")

    def make(columns, schema=None):
        path = tmp_path / "in.parquet"
        names = [name for name, _ in columns]
        arrays = [values if isinstance(values, pyarrow.Array) else pyarrow.array(values) for _, values in columns]
        pq.write_table(pyarrow.Table.from_arrays(arrays, names=names), path, row_group_size=1000)
        return path

    return make


def test_parquet_values_are_pythons(parquet):
    import pyarrow as pa

    nanos = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns", tz="UTC"))
    path = parquet(
        [
            ("phone", [84987654321, None]),
            ("name", ["Tèo", ""]),
            ("name", ["x", "y"]),
            ("when", nanos),
            ("day", [date(2024, 2, 29), None]),
            ("tags", [["a"], []]),
            ("sum", [Decimal("1.50"), None]),
        ]
    )
    table = open_source(path)
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


def test_importing_the_tables_does_not_import_pyarrow():
    code = "import sys, etelecom_async.tables; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The column of the phones


@pytest.mark.parametrize(
    "name",
    [
        "phone",
        "Phone Number",
        "PHONE_NUMBER",
        "phoneNumber",
        "Mobile",
        "tel",
        "Tel.",
        "SĐT",
        "sdt",
        "Số điện thoại",
        "so_dien_thoai",
        "ĐIỆN THOẠI",
        "Di động",
        "so dt",
        "Số ĐT",
        "SĐT khách hàng",
        "customer_phone",
        "ĐTDĐ",
    ],
)
def test_the_phones_are_found_by_the_name_of_their_column(name):
    assert find_phone_column(["id", "hotel", name], []) == (2, "found by its name")


def test_an_exact_name_goes_before_a_longer_one():
    assert find_phone_column(["phone type", "phone", "my phone"], [])[0] == 1


def test_of_several_names_the_one_with_phones_counts():
    rows = [Row(1, ("iPhone", "0987654321")), Row(2, ("Nokia", "0912345678"))]
    assert find_phone_column(["phone model", "customer phone"], rows)[0] == 1


def test_the_phones_are_found_by_content():
    rows = [Row(n, (n, f"09876543{n:02d}" if n % 10 else "?", None, "")) for n in range(100)]
    assert find_phone_column(["a", "b", "c", "d"], rows) == (1, "found by content: 90 of 100 values are phone numbers")


def test_phones_that_are_numbers_are_found_by_content():
    rows = [Row(1, ("x", 84987654321)), Row(2, ("y", 987654321.0)), Row(3, ("z", True))]
    assert find_phone_column(["a", "b"], rows) == (1, "found by content: 2 of 2 values are phone numbers")


def test_no_phones_or_too_few_is_an_error_that_lists_the_columns():
    rows = [Row(n, ("x", "0987654321" if n < 2 else "y")) for n in range(10)]
    for sample in (rows, []):
        with pytest.raises(ConfigError, match=r"No column holds .*--column\. The columns are 'a', 'b'"):
            find_phone_column(["a", "b"], sample)


def test_columns_that_are_equally_likely_are_an_error():
    rows = [Row(1, ("0987654321", "0912345678"))]
    with pytest.raises(ConfigError, match=r"columns may hold the phones \('a', 'b'\): choose one with --column"):
        find_phone_column(["a", "b"], rows)
    with pytest.raises(ConfigError, match=r"Several columns .*\('phone', 'mobile'\)"):
        find_phone_column(["phone", "x", "mobile"], [])


def test_a_named_column_is_found_by_name_case_or_number():
    columns = ["SĐT", "Phone", "phone", "7", "Tên"]
    assert [named_column(columns, name) for name in ("sđt", "Phone", "phone", "2", "7", " TÊN", "5")] == [
        0,
        1,
        2,
        1,
        3,
        4,
        4,
    ]
    assert named_column(["Số"], "So\u0302\u0301") == 0
    for name in ("x", "0", "6", "-1", ""):
        with pytest.raises(ConfigError, match="There is no column"):
            named_column(columns, name)
    with pytest.raises(ConfigError, match="2 columns are named 'PHONE'"):
        named_column(columns, "PHONE")


# The journal

COLUMNS = ("row", "tên, họ", "ghi chú", "failure", "row", "granted", "failure")
ROWS = [
    (9, "Nguyễn Văn Tèo", 'một\r\nhai "ba"\n', "own", 1, True, None),
    (8, "=HYPERLINK(1)", "\n", "", 2, None, "timeout"),
    (7, "Đỗ, Ánh", '"', None, 3, False, ""),
    (6, "", "\r\n", "x", 4, True, "không gọi được"),
]
LAYOUTS = [
    CsvLayout(columns=COLUMNS),
    CsvLayout(columns=COLUMNS, dialect=Dialect(delimiter="\t", has_bom=True)),
    NdjsonLayout(columns=COLUMNS),
]
each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=["csv", "tsv with BOM", "ndjson"])


def own(path):
    return OwnFile.open(path) if path.exists() else OwnFile.create(path)


def take_failed_out(path, layout):
    with closing(OwnFile.open(path)) as file:
        without_failed(file, layout=layout).close()


def write(path, layout, rows):
    with closing(own(path)) as file:
        journal = Journal.create(file, layout=layout)
        journal.append(rows)
        journal.sync()
    return path.read_bytes()


def resume(path, layout, rows=()):
    """Go on with a file. Returns what it says is finished; `rows` are called when that is known."""
    finished = []
    with closing(own(path)) as file:
        journal = Journal.reopen(file, layout=layout, on_row=lambda number, failed: finished.append((number, failed)))
        done = {number for number, _ in finished}
        journal.append([row for row in rows if row[4] not in done])
    return finished


FINISHED = [(1, False), (2, True), (3, False), (4, True)]


@each_layout
@pytest.mark.parametrize("tail", [b"", b"\0", b"\0" * 5000], ids=["cut", "cut and a NUL", "cut and a page of NULs"])
def test_a_journal_cut_at_any_byte_ends_as_if_it_had_not_been(tmp_path, layout, tail):
    path = tmp_path / "out"
    whole = write(path, layout, ROWS)
    ends = []
    for count in range(1, len(ROWS) + 1):
        ends.append(len(layout.header) + len(layout.encode(ROWS[:count])))
    assert ends[-1] == len(whole)
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut] + tail)
        assert resume(path, layout, ROWS) == FINISHED[: sum(end <= cut for end in ends)], cut
        assert path.read_bytes() == whole, cut


texts = st.text(st.sampled_from("ab\"',;\r\n\t =+-@0\0ễ\ud800\udce9\ufeff"), max_size=6)
rows_of_texts = st.lists(st.tuples(texts, texts, st.booleans()), min_size=1, max_size=4)


@given(rows_of_texts, st.data())
@each_layout
def test_whatever_the_cells_hold_a_cut_loses_nothing(tmp_path_factory, layout, drawn, data):
    rows = [(0, a, b, "", n, None, "bad" if bad else None) for n, (a, b, bad) in enumerate(drawn, 1)]
    path = tmp_path_factory.mktemp("journal") / "out"
    whole = write(path, layout, rows)
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    resume(path, layout, rows)
    assert path.read_bytes() == whole
    assert resume(path, layout) == [(row[4], row[6] is not None) for row in rows]


@given(st.lists(st.tuples(texts, texts), min_size=1), st.sampled_from(",;\t|"))
def test_every_csv_reader_reads_what_is_written(drawn, delimiter):
    layout = CsvLayout(columns=("a", "b", "row", "failure"), dialect=Dialect(delimiter=delimiter))
    rows = [(f"x{a}", f"y{b}", n, None) for n, (a, b) in enumerate(drawn, 1)]
    written = layout.encode(rows).decode(errors="surrogateescape")
    read = csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, strict=True)
    wanted = [[a.replace("\0", "\ufffd").replace("\ud800", "\ufffd"), b, str(n), ""] for a, b, n, _ in rows]
    for row in wanted:
        row[1] = row[1].replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    assert list(read) == wanted
    assert written == "".join(layout.encode([row]).decode(errors="surrogateescape") for row in rows), (
        "groups do not show"
    )


@each_layout
def test_a_new_journal_never_writes_over_a_file(tmp_path, layout):
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"out\.csv exists: add --resume to go on with it, or choose another name"):
        write(path, layout, ROWS)
    assert path.read_text() == "mine"
    path.write_text("")
    write(path, layout, ROWS)
    with pytest.raises(ConfigError, match="exists"):
        OwnFile.create(path)
    with pytest.raises(ConfigError, match="is not a file"):
        OwnFile.open(tmp_path)
    with pytest.raises(ConfigError, match=r"Cannot write .*: No such file"):
        OwnFile.create(tmp_path / "none" / "out")


@each_layout
def test_resuming_before_anything_was_written_begins(tmp_path, layout):
    path = tmp_path / "out"
    assert resume(path, layout, ROWS) == []
    assert path.read_bytes() == write(tmp_path / "other", layout, ROWS)


@each_layout
@pytest.mark.parametrize(
    "mine", [b"mine", b'"mine', b"row\r\n", b"row,x\r\n1,2\r\n", b'{"row":1,"failure":""}\n{"a":1}\n']
)
def test_a_file_with_other_columns_is_left_alone(tmp_path, layout, mine):
    if isinstance(layout, NdjsonLayout) and not mine.startswith(b"{"):
        mine += b"\n" + mine + b"\n"
    path = tmp_path / "out"
    path.write_bytes(mine)
    with pytest.raises(ConfigError, match=r"choose another output"):
        resume(path, layout)
    with pytest.raises(ConfigError, match=r"choose another output"):
        take_failed_out(path, layout)
    assert path.read_bytes() == mine
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:4] + b"\n",
        lambda line: line.replace(b",2,", b",two,"),
        lambda line: line.replace(b"HYPER", b"\0\0\0\0\0"),
        lambda line: line.replace(b"timeout", b'"time'),
        lambda line: line.replace(b"timeout", b'"time"out'),
    ],
    ids=["cut line", "no number", "lost page", "quote opened", "quote within"],
)
def test_damage_before_the_end_of_a_sheet_names_its_line(tmp_path, damage):
    columns = ("name", "row", "failure")
    layout = CsvLayout(columns=columns)
    path = tmp_path / "out"
    write(path, layout, [("a\r\nb", 1, None), ("=HYPERLINK", 2, "timeout"), ("c", 3, None), ("d", 4, None)])
    header, a, b, second, *rest = path.read_bytes().splitlines(keepends=True)
    data = b"".join([header, a, b, damage(second), *rest])
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"out, line 4: the record is damaged; correct or delete it"):
        resume(path, layout)
    with pytest.raises(ConfigError, match="line 4"):
        take_failed_out(path, layout)
    assert path.read_bytes() == data


def test_damage_before_the_end_of_ndjson_names_its_line(tmp_path):
    layout = NdjsonLayout(columns=("name", "row", "failure"))
    path = tmp_path / "out"
    lines = write(path, layout, [("a", n, None) for n in range(1, 5)]).splitlines(keepends=True)
    for bad in (lines[1][:5] + b"\n", b"[]\n", b"\0" * 20 + b"\n", lines[1].replace(b"2", b'"2"'), b"\xff\n"):
        path.write_bytes(lines[0] + bad + lines[2])
        with pytest.raises(ConfigError, match=r"out, line 2: the record is damaged"):
            resume(path, layout)
        path.write_bytes(lines[0] + bad)
        if b"\0" in bad:
            assert resume(path, layout) == [(1, False)], "at the end it is a torn one"
        else:  # a whole line, which no crash leaves: another program wrote it
            with pytest.raises(ConfigError, match=r"out, line 2: the record is damaged"):
                resume(path, layout)
            assert path.read_bytes() == lines[0] + bad


def test_a_journal_that_an_editor_saved_is_still_one(tmp_path):
    layout = CsvLayout(columns=COLUMNS, dialect=Dialect(has_bom=True))
    path = tmp_path / "out"
    plain = [(0, "a", "b", "", n, None, None) for n in (1, 2)]
    data = write(path, layout, plain)
    path.write_bytes(data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n") + b"\n")
    assert resume(path, layout) == [(1, False), (2, False)]


def test_a_failed_row_may_be_there_twice(tmp_path):
    layout = CsvLayout(columns=("row", "failure"))
    write(tmp_path / "out", layout, [(1, "x"), (1, None)])
    assert resume(tmp_path / "out", layout) == [(1, True), (1, False)]


@each_layout
def test_failed_rows_are_taken_out_whole(tmp_path, layout):
    path = tmp_path / "out"
    write(path, layout, ROWS)
    torn = path.read_bytes() + layout.encode(ROWS)[:20]
    path.write_bytes(torn)
    path.chmod(0o640)
    take_failed_out(path, layout)
    assert path.read_bytes() == write(tmp_path / "other", layout, [ROWS[0], ROWS[2]])
    assert path.stat().st_mode & 0o777 == 0o640
    take_failed_out(path, layout)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other", "out"]
    with pytest.raises(ConfigError, match="No such file"):
        take_failed_out(tmp_path / "none", layout)


def test_a_group_that_does_not_fit_on_the_disk_leaves_no_half(tmp_path):
    resource = pytest.importorskip("resource")
    layout = CsvLayout(columns=("name", "row", "failure"))
    path = tmp_path / "out"
    code = f"""
import resource, signal
from pathlib import Path
from etelecom_async.tables import Journal, OwnFile, CsvLayout
from etelecom_async.errors import JobStopped
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal.create(OwnFile.create(Path({str(path)!r})), layout=CsvLayout(columns=("name", "row", "failure")))
journal.append([("x" * 50, 1, None)])
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    journal.append([("y" * 50, 2, None)])
except JobStopped as error:
    print(error)
journal.append([("z", 3, None)])
journal.close()
"""
    assert resource
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.startswith("Cannot write ")
    assert resume(path, layout) == [(1, False), (3, False)]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("\tx", "'\tx"),
        ("\r=1", "'\r=1"),
        ("+84 (0)987.654-321", "+84 (0)987.654-321"),
        ("-1,5", "-1,5"),
        ("-", "-"),
        ("0987", "0987"),
        ("a=1", "a=1"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (-5, "-5"),
        (1.5, "1.5"),
        (["a", 1], '["a",1]'),
        (date(2024, 2, 29), "2024-02-29"),
        (Decimal("-1.50"), "-1.50"),
        (b"abc", "abc"),
    ],
)
def test_cells_are_written_so_that_no_spreadsheet_runs_them(cell, written):
    layout = CsvLayout(columns=("cell", "row", "failure"))
    text = layout.encode([(cell, 1, None), ("other", 2, None)]).decode()
    assert next(csv.reader(io.StringIO(text, newline=""))) == [written, "1", ""]


def test_headings_are_no_formulas_either():
    assert CsvLayout(columns=("=1+1", "row", "failure")).header == b"'=1+1,row,failure\r\n"


def test_a_cell_that_no_csv_reader_would_take_is_refused():
    layout = CsvLayout(columns=("cell", "row", "failure"))
    with pytest.raises(ConfigError, match=r"8388609 characters, .*write an \.ndjson file"):
        layout.encode([("x" * (8 * 1024 * 1024 + 1), 1, None)])
    assert layout.encode([("x" * (8 * 1024 * 1024), 1, None)])


@pytest.mark.parametrize("make", [CsvLayout, NdjsonLayout])
def test_a_journal_without_its_own_columns_is_refused(make):
    with pytest.raises(ConfigError, match="needs a column 'failure'"):
        make(columns=("row",))


@each_layout
def test_a_row_of_another_width_is_never_written(layout):
    with pytest.raises(ValueError, match="cells"):
        layout.encode([ROWS[0], (1, 2)])


def test_ndjson_keeps_values_and_extra_keys_and_each_key_once():
    layout = NdjsonLayout(columns=COLUMNS)
    line = layout.encode([(9, "Đỗ", {"a": [float("nan")]}, "own", 1, True, None, {"vip": 1, "row": 7})]).decode()
    assert line.endswith("}\n")
    assert "Đỗ" in line
    assert json.loads(line) == {
        "row": 1, "tên, họ": "Đỗ", "ghi chú": {"a": ["NaN"]}, "failure": None, "granted": True, "vip": 1
    }  # fmt: skip


def test_memory_does_not_grow_with_the_rows(tmp_path):
    """In a process of its own, whose peak is known."""
    pytest.importorskip("resource")
    code = f"""
import resource
from pathlib import Path
from etelecom_async.tables import Journal, OwnFile, CsvLayout, open_source, without_failed
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path, layout = Path({str(tmp_path / "out.csv")!r}), CsvLayout(columns=("phone", "row", "failure"))
journal = Journal.create(OwnFile.create(path), layout=layout)
for start in range(0, 200_000, 1000):
    journal.append([("0987654321", n + 1, "x" if n % 2 else None) for n in range(start, start + 1000)])
journal.close()
count = sum(1 for _ in open_source(path).rows())
kept = without_failed(OwnFile.open(path), layout=layout)
Journal.reopen(kept, layout=layout, on_row=lambda number, failed: None).close()
assert sum(1 for _ in open_source(path).rows()) == 100_000
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert said[0] == "200000"
    assert int(said[1]) < 20 * 1024 * (1024 if sys.platform == "darwin" else 1)


# The finish in Parquet


def test_a_finished_journal_becomes_parquet_with_types(tmp_path, parquet):
    import pyarrow.parquet as pq

    moment = datetime(2024, 2, 29, 1, 2, 3, 456789, tzinfo=UTC)
    source = open_source(
        parquet(
            [
                ("phone", [84987654321, 1]),
                ("day", [date(2024, 2, 29), None]),
                ("at", [moment, None]),
                ("tags", [["á"], None]),
            ]
        )
    )
    columns = (*source.columns, "row", "granted", "error", "expired_time", "message", "checked_at", "failure")
    rows = [
        (*row.cells, row.number, granted, error, expiry, "ok", "2026-01-01T07:00:00+07:00", failure)
        for row, granted, error, expiry, failure in zip(
            source.rows(), [True, None], [0, None], ["2026-01-01T00:00:00Z", None], [None, "timeout"], strict=True
        )
    ]
    journal = tmp_path / "out.ndjson"
    write(journal, NdjsonLayout(columns=columns), rows)
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
    pq = pytest.importorskip("pyarrow.parquet")
    columns = ("error", "vip", "row", "error", "failure")
    journal = tmp_path / "out.ndjson"
    write(journal, NdjsonLayout(columns=columns), [("mine", True, 1, 5, None), ("x", 1.5, 2, None, "")])
    to_parquet(journal, tmp_path / "out.parquet", columns=columns)
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [
        {"error": 5, "vip": "true", "row": 1, "failure": None},
        {"error": None, "vip": "1.5", "row": 2, "failure": ""},
    ]


def test_a_torn_journal_becomes_no_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    columns = ("row", "error", "failure")
    journal, output = tmp_path / "out.ndjson", tmp_path / "out.parquet"
    data = write(journal, NdjsonLayout(columns=columns), [(1, 0, None), (2, 0, None)])
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
    write(tmp_path / "good", NdjsonLayout(columns=columns), [(1, 0, None)])
    with pytest.raises(ConfigError, match="Cannot write"):
        to_parquet(tmp_path / "good", tmp_path / "none" / "out.parquet", columns=columns)
