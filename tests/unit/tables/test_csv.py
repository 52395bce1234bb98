"""CSV as people have it, and what is no table."""

import codecs

import pytest

from etelecom_async import ConfigError
from etelecom_async.tables import Dialect, Row, kind_of, open_source
from tests.support.tables import cells

PEOPLE = "Họ tên;SĐT;Địa chỉ\r\nNguyễn Văn Tèo;0987654321;12, Lê Lợi\r\nĐỗ Ánh;0912 345 678;Huế\r\n"
PEOPLE_CELLS = [("Nguyễn Văn Tèo", "0987654321", "12, Lê Lợi"), ("Đỗ Ánh", "0912 345 678", "Huế")]


@pytest.mark.parametrize(
    ("data", "dialect", "encoding", "line"),
    [
        (PEOPLE.encode(), (";", False), "UTF-8, certain", 1),
        (PEOPLE.encode("utf-8-sig"), (";", True), "UTF-8 with BOM, certain", 1),
        (PEOPLE.replace(";", "\t").encode("utf-16"), ("\t", True), "UTF-16, certain", 1),
        (codecs.BOM_UTF16_BE + PEOPLE.encode("utf-16-be"), (";", True), "UTF-16, certain", 1),
        (PEOPLE.encode("utf-16-le"), (";", True), "UTF-16 without BOM, likely", 1),
        (PEOPLE.encode("utf-16-be"), (";", True), "UTF-16 without BOM, likely", 1),
        (("sep=;\r\n" + PEOPLE).encode(), (";", False), "UTF-8, certain", 2),
        (("sep=;\r\n" + PEOPLE).encode("utf-8-sig"), (";", True), "UTF-8 with BOM, certain", 2),
        (PEOPLE.replace(";", "|").encode(), ("|", False), "UTF-8, certain", 1),
        (PEOPLE.replace("\r\n", "\n").encode(), (";", False), "UTF-8, certain", 1),
        (PEOPLE.replace("\r\n", "\r").encode(), (";", False), "UTF-8, certain", 1),
        (PEOPLE.rstrip().encode(), (";", False), "UTF-8, certain", 1),
    ],
)
def test_every_export_of_a_spreadsheet_is_the_same_table(source, data, dialect, encoding, line):
    table = source(data)
    delimiter, has_bom = dialect
    shown = "tab" if delimiter == "\t" else repr(delimiter)
    assert table.columns == ("Họ tên", "SĐT", "Địa chỉ")
    assert table.description == f"CSV, delimiter {shown}, {encoding}, header in line {line}"
    assert table.dialect == Dialect(delimiter=delimiter, has_bom=has_bom)
    assert cells(table) == PEOPLE_CELLS
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


def test_utf8_is_known_even_if_the_look_ends_within_a_letter(source):
    head = b"phone,name\n"
    for shift in range(3):
        data = head + b"x" * shift + "0987654321,ễ\n".encode() * 20_000
        assert source(data).description == "CSV, delimiter ',', UTF-8, certain, header in line 1"


def test_a_file_cut_within_a_letter_keeps_its_encoding(source):
    table = source("phone,tên\n0987654321,Tèo\n".encode()[:-3])
    assert "UTF-8, likely, 1 stray byte kept, in line 2" in table.description


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
    assert source("a,a,a_2,a,a_4\n1,2,3,4,5\n").columns == ("a", "a_3", "a_2", "a_5", "a_4")


@pytest.mark.parametrize("rows", ['1,"open\n2,x\n', '1,"open', '1,"open\n'])
def test_a_quote_that_is_never_closed_names_its_line(source, rows):
    with pytest.raises(ConfigError, match=r"phones\.csv, line 3: a quote is opened and never closed; fix that line"):
        source("phone,name\n0987654321,Tèo\n" + rows)
    table = source("phone,name\n" + "0987654321,Tèo\n" * 1000 + rows)
    with pytest.raises(ConfigError, match=r"phones\.csv, line 1002: a quote is opened and never closed"):
        list(table.rows())


def test_a_field_without_end_names_its_line(source):
    with pytest.raises(
        ConfigError,
        match=r"line 5: a record is longer than 4,194,304 .* a quote is never closed; fix that",
    ):
        source('sep=,\nphone,name\n"a\nb",Tèo\n1,"open\n' + "x,y\n" * 1_100_000)


def test_stray_quotes_in_a_field_do_no_harm(source):
    assert cells(source('name,phone\nTèo "Anh" Lê,1\n"Tí" Lê,2\n')) == [('Tèo "Anh" Lê', "1"), ("Tí Lê", "2")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"sep=;\n"])
def test_an_empty_file_is_refused(source, data):
    with pytest.raises(ConfigError, match="is empty: it needs a header"):
        source(data)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("none.csv", None, r"none\.csv does not exist: check the name"),
        ("none.parquet", None, r"none\.parquet does not exist: check the name"),
        ("folder", None, "is a directory without files: name a file, or a folder of them"),
        ("a.pdf", None, r"a\.pdf has no suffix .*: save it as one of \.csv, \.tsv, \.txt, \.ndjson"),
        ("a.pdf", "xml", "no kind of table named 'xml'"),
    ],
)
def test_files_that_cannot_be_read_are_refused_in_plain_words(tmp_path, name, kind, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.pdf").touch()
    with pytest.raises(ConfigError, match=words):
        open_source(tmp_path / name, kind=kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("A.CSV", "csv"), ("a.tsv", "csv"), ("a.txt", "csv"), ("a.jsonl", "ndjson"), ("a.b.pq", "parquet")],
)
def test_the_suffix_says_the_kind(tmp_path, name, kind):
    assert kind_of(tmp_path / name) == kind


def test_a_stated_kind_goes_before_the_suffix(source):
    assert source('{"phone":1}\n', name="a.csv", kind="ndjson").columns == ("phone",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.csv.gz", r"out\.csv\.gz would be compressed, .*: leave \.gz out"),
        *((name, r"cannot be written: name a \.csv file, which Excel opens") for name in ("a.xlsx", "a.xls", "a.ods")),
    ],
)
def test_an_output_that_is_not_written_here_says_what_is(tmp_path, name, words):
    with pytest.raises(ConfigError, match=words):
        kind_of(tmp_path / name)
