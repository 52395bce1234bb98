"""Text files as people have them: titles, missing headers, long cells, packed files, and what is no table at all."""

import csv
import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError
from etelecom_async.tables import CsvLayout, Reading, Undecided, open_source
from etelecom_async.tables.base import unique_names
from etelecom_async.tables.bounds import MAX_CELL, MAX_COLUMNS, MAX_RECORD
from tests.support.tables import cells

# The header


@pytest.mark.parametrize(
    "text",
    [
        "Tèo,+84 987 654 321\nTí,0912345678\n", "An;098765432\nBinh;0987654322\nChi;0987654323\n",
        "Mobile;0987654321\nHome;0912345678\n", "098765432\n0987654322\n", "An,+1 202 555 0123\nBinh,0912\n",
        "1;An;2024-01-15\n2;Binh;2024-02-15\n3;Chi;2024-03-15\n", "An;9.87654321E+08\nBinh;0987654322\n",
        "an@example.com;An\nbinh@example.com;Binh\n", '="0987654321",An\n="0912345678",Binh\n',
        "tel:098 765 432,An\n0912345678,Binh\n",
    ],
)  # fmt: skip
def test_a_first_record_shaped_like_those_below_is_a_row(source, text):
    """A3: shape counts, and not whether the number is valid."""
    table = source(text)
    assert table.reading.header is False
    assert table.description.endswith(", no header")
    assert table.columns == tuple(f"column{at}" for at in range(1, len(table.columns) + 1))
    assert [row.number for row in table.rows()] == list(range(1, text.count("\n") + 1))


@pytest.mark.parametrize(
    "text",
    [
        "name;phone\nAn;0987654321\n", "Họ và tên;Liên hệ\nAn;0987654321\n", "SĐT khách hàng\n0987654321\n",
        "phone,2024\n0987654321,5\n", "customer_nr;wa\nA-1;0987654321\n", "a,b,c\n1,2,3\n", "phone\n",
        "phone;note\nkhông có;x\n", "Kunde Nr;Handynummer\n17;0987654321\n",
    ],
)  # fmt: skip
def test_a_first_record_of_headings_is_the_header(source, text):
    table = source(text)
    assert table.reading.header is True
    assert len(cells(table)) == text.count("\n") - 1


@pytest.mark.parametrize(
    "text",
    ["An;không có\nBinh;0987654322\nChi;0987654323\n", "Kunde;Handynummer\nAn;0987654321\n", "An;Huế\nBinh;Hà Nội\n"],
)
def test_a_first_record_that_can_be_either_is_asked_for(source, text):
    """A3: in doubt a script stops with what to add."""
    with pytest.raises(Undecided, match=r"can be the header or a row: add --header or --no-header\.") as caught:
        source(text)
    assert (caught.value.field, [value for value, _ in caught.value.choices]) == ("header", [True, False])
    assert len(cells(source(text, header=False))) == text.count("\n")
    assert len(cells(source(text, header=True))) == text.count("\n") - 1


# Titles and the delimiter


@pytest.mark.parametrize(
    ("above", "skipped"),
    [
        ("DANH SÁCH KHÁCH HÀNG\n", 1), ("DANH SÁCH KHÁCH HÀNG;;\nNgày 01/02/2026;;\n\n", 3),
        ("Công ty A, chi nhánh Huế\r\n\r\n", 2), ('"Báo cáo\ntháng 2"\n', 2), ("sep=;\nBáo cáo\n", 2),
    ],
)  # fmt: skip
def test_title_lines_above_the_header_are_found(source, above, skipped):
    """E12: they are passed over, and the line of the header is said."""
    table = source(above + "Tên;SĐT;Nơi\nAn;0987654321;1, Lê Lợi\nBinh;0912345678;Huế\n")
    assert table.columns == ("Tên", "SĐT", "Nơi")
    assert (table.reading.skip_rows, table.reading.delimiter) == (skipped, ";")
    assert f"header in line {skipped + 1}" in table.description
    assert cells(table) == [("An", "0987654321", "1, Lê Lợi"), ("Binh", "0912345678", "Huế")]


def test_a_title_above_one_column_is_found(source):
    assert source("Danh sách gọi\nSĐT\n0987654321\n").columns == ("SĐT",)


def test_a_short_line_that_may_be_a_title_or_a_row_is_asked_for(source):
    """E12: `--skip-rows` settles it, and so does an answer."""
    text = "An\nBinh;0987654322\nChi;0987654323\n"
    with pytest.raises(Undecided, match=r"add --skip-rows 1 to skip it, or --skip-rows 0") as caught:
        source(text)
    assert (caught.value.field, [value for value, _ in caught.value.choices]) == ("skip_rows", [1, 0])
    assert len(cells(source(text, skip_rows=1))) == 2
    assert cells(source(text, skip_rows=0, header=False))[0] == ("An",)


def test_a_given_reading_goes_before_the_judged_one(source):
    text = "x|y\nphone|name\n0987654321|An, Binh\n"
    table = source(text, skip_rows=1, header=True, delimiter="|", encoding="latin-1")
    assert (table.columns, cells(table)) == (("phone", "name"), [("0987654321", "An, Binh")])
    assert "iso8859-1, header" in table.description
    assert source("phone name\n0987654321 An\n", delimiter=" ").columns == ("phone", "name")
    assert source("phone\tname\n0987654321\tAn\n", delimiter="tab").columns == ("phone", "name")


def test_more_lines_to_skip_than_there_are_is_refused(source):
    with pytest.raises(ConfigError, match="has no row after its first 9 lines: give a smaller --skip-rows"):
        source("phone\n0987654321\n", skip_rows=9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("delimiter", value) for value in ("", ";;", "a", "1", '"', "\n", "\0", "ă", 5)),
        *(("skip_rows", -1), ("skip_rows", 1.5), ("skip_rows", True), ("header", 1), ("sheet", ""), ("sheet", 1)),
    ],
)
def test_a_value_of_a_wrong_kind_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=f"^{name} is {'one ASCII character' if name == 'delimiter' else ''}"):
        Reading(**{name: value})


def test_what_has_no_meaning_for_a_kind_is_refused(source):
    with pytest.raises(ConfigError, match=r"phones\.csv, a CSV file, takes no --sheet: leave it out"):
        source("phone\n1\n", sheet="1")
    with pytest.raises(ConfigError, match="an NDJSON file, takes no --delimiter"):
        source('{"phone":1}\n', name="a.ndjson", delimiter=";")


@pytest.mark.parametrize("text", ["An;098765432\nBinh;0987654322\n", "Danh sách\nTên;SĐT\nAn;0987654321\n"])
def test_what_was_settled_reads_the_same_again(source, text):
    table = source(text)
    again = open_source(table._input._path, reading=table.reading)
    assert (again.columns, cells(again), again.reading) == (table.columns, cells(table), table.reading)


# Every dialect and encoding

TEXT = st.text(st.sampled_from("abAB09ăễĐñ .-'\"\n"), max_size=8)
FORMS = {
    "utf-8": TEXT,
    "utf-8-sig": TEXT,
    "utf-16": TEXT,
    "utf-16-be": TEXT,
    "cp1252": st.text(st.sampled_from("abAB09éòñ .-'\"\n"), max_size=8),
    "shift_jis": st.text(st.sampled_from("ab09表ソ山田 .-'\"\n"), max_size=8),
}


@given(st.data())
def test_rows_of_the_csv_module_come_back_equal_in_every_encoding_and_dialect(tmp_path_factory, data):
    encoding = data.draw(st.sampled_from(sorted(FORMS)))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    width = data.draw(st.integers(2, 4))
    row = st.tuples(st.just("0987654321"), *[FORMS[encoding]] * (width - 1))
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([["phone", *"xyz"[: width - 1]], *rows])
    path = tmp_path_factory.mktemp("form") / "in.csv"
    path.write_bytes(written.getvalue().encode(encoding))
    said = Reading(encoding=encoding, delimiter=delimiter)
    assert cells(open_source(path, reading=said)) == rows


# Bounds


@pytest.mark.parametrize("size", [131_072, 131_073, 200_000, MAX_CELL])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_long_cell_is_read_written_and_read_back(source, size, quote):
    """E12, F2: and the rows behind it too."""
    table = source(f"phone,note\n1,{quote}{'x' * size}{quote}\n2,y\n")
    rows = cells(table)
    assert [len(note) for _, note in rows] == [size, 1]
    layout = CsvLayout(columns=("phone", "note", "row", "failure"))
    written = layout.encode([(*row, number, None) for number, row in enumerate(rows, 1)])
    data = layout.header + written
    assert [found[0] for found in layout.scan(io.BytesIO(data), size=len(data), name="out")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1," + "x" * (MAX_CELL + 1), "a cell has 1,048,577 characters, more than the limit of 1,048,576"),
        ("1," + "x" * (2 * MAX_RECORD), "the row is longer than 4,194,304 characters"),
        ('1,"' + "x" * (2 * MAX_RECORD) + '",z', "the row is longer than 4,194,304 characters"),
    ],
)
def test_a_row_that_is_too_long_fails_alone(source, row, words):
    """F2: the rows around it are read, and what is left of it can be written."""
    rows = list(source(f"phone,note\n0,a\n{row}\n2,b\n").rows())
    assert [row.cells for row in (rows[0], rows[2])] == [("0", "a"), ("2", "b")]
    assert rows[1].problem.startswith(words)
    assert sum(map(len, rows[1].cells)) < 3000


def test_many_equal_headings_are_made_unique_in_linear_time():
    """F10: each look at a name that is taken is counted."""
    looks = 0

    class Name(str):
        __slots__ = ()

        def strip(self):
            return self

        def __hash__(self):
            nonlocal looks
            looks += 1
            return super().__hash__()

        __eq__ = str.__eq__

    count = 5000
    names = unique_names([Name("name")] * count)
    assert names[:3] == ("name", "name_2", "name_3")
    assert len(set(names)) == count
    assert looks < 20 * count


def test_a_header_of_over_256_kib_is_read_whole(source):
    """F10: and the rows below it."""
    names = [f"{'heading' * 40}{number}" for number in range(2000)]
    header = ",".join(["phone", *names])
    assert len(header) > 500_000
    table = source(f"{header}\n0987654321{',x' * 2000}\n")
    assert table.columns == ("phone", *names)
    assert cells(table) == [("0987654321", *["x"] * 2000)]


def test_a_header_that_a_stream_does_not_show_whole_is_refused():
    """F10: in one sentence."""
    with pytest.raises(ConfigError, match=r"first record of standard input is longer than .*: save it as a file"):
        open_source(io.BytesIO(b"phone," + b"x" * 300_000 + b"\n1,2\n"))


@pytest.mark.parametrize("name", ["phones.csv", "phones.ndjson"])
def test_too_many_columns_are_refused(source, name):
    """F10: the bound is in docs/guide/reading-files.md."""
    record = json.dumps({f"k{number}": 1 for number in range(100_000)})
    text = "phone" + ",phone" * 99_999 + "\n1\n" if name.endswith("csv") else record + "\n"
    with pytest.raises(ConfigError, match=f"has 100,000 columns, more than the limit of {MAX_COLUMNS:,}"):
        source(text, name=name)


# Packed files


@pytest.mark.parametrize("name", ["phones.csv.gz", "phones.csv", "phones.CSV.GZ"])
def test_a_file_of_gzip_is_read_whatever_its_name(source, name):  # E12
    table = source(gzip.compress(b"phone\n0987654321\n"), name=name)
    assert cells(table) == cells(table) == [("0987654321",)]


def test_ndjson_of_gzip_and_a_packed_stream_are_read(source):  # E12
    packed = gzip.compress(b'{"phone":"0987654321"}\n')
    assert cells(source(packed, name="a.ndjson.gz")) == [("0987654321",)]
    assert cells(open_source(io.BytesIO(packed))) == [("0987654321",)]
    assert cells(source(b"phone\n0987654321\n", name="unpacked.csv.gz")) == [("0987654321",)]


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:30] + b"\0" * 30 + data[60:]])
def test_a_damaged_file_of_gzip_is_refused_in_a_sentence(source, damage):
    data = gzip.compress("".join(f"{n},{n * 7919 % 10007}\n" for n in range(5000)).encode())
    with pytest.raises(ConfigError, match=r"Cannot read .*phones\.csv\.gz: .*the gzip data in it is damaged"):
        source(damage(data), name="phones.csv.gz")


def test_a_bomb_of_gzip_takes_no_memory(source, tmp_path):
    """E12: 24 MiB without a line end, and a row behind it."""
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"phone,x\n1,")
        for _ in range(24):
            file.write(b"x" * 1024 * 1024)
        file.write(b"\n0987654321,y\n")
    assert path.stat().st_size < 400_000
    tracemalloc.start()
    try:
        rows = list(open_source(path).rows())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [bool(row.problem) for row in rows] == [True, False]
    assert peak < 8 * MAX_RECORD


# What is no table


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html>\n<html>", "is a web page"), (b"\xef\xbb\xbf\r\n  <HTML><BODY>", "is a web page"),
        ("<html><table><tr><td>1".encode("utf-16"), "is a web page"), (b"<table border=1><tr>", "is a web page"),
        (b"<?xml version='1.0'?><Workbook>", "is an XML file"),
        (b"MIME-Version: 1.0\nContent-Type: multipart", "is a web page"), (b"%PDF-1.7", "is a PDF"),
        (b"{\\rtf1\\ansi", "RTF"), (b"SQLite format 3\0", "SQLite"), (b"PK\x03\x04", "workbook or an archive"),
        (b"BZh91AY", "bzip2"), (b'[{"phone": 1}]', "is JSON"), (b'{"phone": 1}\n', r"name it \.ndjson"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_its_kind(source, data, words):
    """E12: whatever its name says."""
    with pytest.raises(ConfigError, match=words):
        source(data)


# A folder, and a resume


def test_files_of_a_folder_are_read_alike_or_refused(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("phone;name\n0987654321;An\n")
    (folder / "b.csv").write_text("phone,name\n0912345678,Binh\n")
    with pytest.raises(ConfigError, match=r"b\.csv is read with delimiter ',', .*a\.csv with ';': save them alike"):
        open_source(folder)
    (folder / "b.csv").write_text("phone;name\n0912345678;Tèo\n", encoding="cp1252")
    with pytest.raises(ConfigError, match="or give --encoding for all of them"):
        open_source(folder)
    table = open_source(folder, reading=Reading(encoding="cp1252"))
    assert cells(table) == [("0987654321", "An"), ("0912345678", "Tèo")]
    assert table.reading == Reading(encoding="cp1252", header=True, skip_rows=0, delimiter=";")


def test_a_resumed_reading_is_the_settled_one_unless_it_contradicts():
    settled = Reading(encoding="utf-8", header=False, skip_rows=0, delimiter=";")
    assert Reading(encoding="UTF8").resumed(settled) == Reading().resumed(settled) == settled
    for said in (Reading(encoding="cp1258"), Reading(header=True), Reading(skip_rows=1), Reading(delimiter=",")):
        with pytest.raises(ConfigError, match="leave it out, or write to another file"):
            said.resumed(settled)
