"""Excel workbooks as the input of a job."""

import datetime as dt
import io
import re
import sys
import zipfile

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from etelecom_async import ConfigError
from etelecom_async.tables import Reading, Row, Undecided, open_source
from etelecom_async.tables import workbook_bounds as bounds
from tests.support.job_files import Service
from tests.support.tables import cells

HEADER = ["phone", "name"]
TABLE = [HEADER, ["0987654321", "An"]]
SHEET = ("S", TABLE)
MOMENT = dt.datetime(2024, 2, 29, 1, 2, 3)  # noqa: DTZ001 - sheets have no zones


@pytest.fixture
def workbook(tmp_path):
    """Makes a workbook of sheets: a name and rows for each."""

    def make(*sheets, name="in.xlsx", change=lambda _: None):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets:
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        change(book)
        path = tmp_path / name
        book.save(path)
        return path

    return make


def test_a_sheet_is_a_table_with_values_as_they_stand(workbook):
    rows = [
        ["phone", "amount", "since", "at", "from", "vip", None],
        ["0987654321", 1.5, dt.date(2024, 2, 29), MOMENT, None, True, "x"],
        [84987654321, 1e20, None, None, dt.time(1, 2, 3), False, None],
        [],
        [None, "   "],
        [987654321.0, None, None, None, dt.timedelta(hours=27), None, None],
    ]
    source = open_source(workbook(("Khách hàng", rows)))
    assert (source.kind, source.description) == ("excel", "Excel, sheet 'Khách hàng', header in row 1")
    assert source.columns == ("phone", "amount", "since", "at", "from", "vip", "column7")
    assert source.length == 3
    assert list(source.rows()) == [
        Row(1, ("0987654321", 1.5, dt.date(2024, 2, 29), MOMENT, "", True, "x")),
        Row(2, (84987654321, 1e20, "", "", dt.time(1, 2, 3), False, "")),
        Row(3, (987654321, "", "", "", dt.timedelta(hours=27), "", "")),
    ]
    assert cells(source) == cells(source)
    assert type(cells(source)[1][0]) is int


def test_an_old_workbook_is_read(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Cũ")
    for place, value in enumerate(["phone", "0987654321", 84987654322, dt.date(2024, 1, 2)]):
        style = xlwt.easyxf(num_format_str="YYYY-MM-DD") if isinstance(value, dt.date) else xlwt.Style.default_style
        sheet.write(place, 0, value, style)
    book.save(str(tmp_path / "in.xls"))
    source = open_source(tmp_path / "in.xls")
    assert source.description == "Excel, sheet 'Cũ', header in row 1"
    assert cells(source) == [("0987654321",), (84987654322,), (dt.date(2024, 1, 2),)]


def test_formulas_give_what_excel_last_saw_and_merged_cells_the_first(workbook):
    def change(book):
        sheet = book["S"]
        sheet["B2"] = "=1+1"  # as a program writes it that calculates nothing
        sheet.merge_cells("A3:B4")
        sheet["A3"] = "0987654322"
        sheet.row_dimensions[2].hidden = True

    path = workbook(("S", [HEADER, ["0987654321", "x"]]), change=change)
    assert cells(open_source(path)) == [("0987654321", ""), ("0987654322", "")]


def test_a_workbook_that_counts_from_1904_has_the_same_dates(workbook):
    day = dt.date(2024, 2, 29)

    def change(book):
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        book["S"]["B2"] = day

    assert cells(open_source(workbook(("S", [HEADER, ["0987654321", None]]), change=change))) == [("0987654321", day)]


def test_a_first_row_with_a_phone_in_it_is_data_unless_the_reading_says_header(workbook):
    path = workbook(("S", [["0987654321", "An"], [84987654322, "Bình"]]))
    source = open_source(path)
    assert source.columns == ("column1", "column2")
    assert source.description.endswith("no header")
    assert len(cells(source)) == 2
    said = open_source(path, reading=Reading(header=True))
    assert said.columns == ("0987654321", "An")
    assert cells(said) == [(84987654322, "Bình")]


def test_titles_above_the_header_are_passed_over_where_they_are_known_or_told(workbook):
    path = workbook(("S", [["Danh sách khách hàng"], [], HEADER, ["0987654321", "An"]]))
    source = open_source(path)
    assert source.description == "Excel, sheet 'S', header in row 3"
    assert source.reading == Reading(header=True, skip_rows=2, sheet="S")
    for reading in (source.reading, Reading(skip_rows=2, header=True)):
        said = open_source(path, reading=reading)
        assert (said.columns, cells(said), cells(source)) == (("phone", "name"), [("0987654321", "An")], cells(said))
    with pytest.raises(ConfigError, match="sheet 'S', is empty"):
        open_source(path, reading=Reading(skip_rows=9))


@pytest.mark.parametrize("option", [{"encoding": "utf-8"}, {"delimiter": ";"}])
def test_an_option_of_text_files_is_refused_for_a_workbook(workbook, option):
    with pytest.raises(ConfigError, match="a workbook, takes no --"):
        open_source(workbook(("S", [HEADER])), reading=Reading(**option))


# Which sheet


def test_the_one_sheet_with_data_is_taken(workbook):
    path = workbook(("Bìa", []), ("Khoảng trắng", [[" "]]), ("Khách", TABLE))
    assert open_source(path).description.startswith("Excel, sheet 'Khách',")


def test_several_sheets_with_data_are_asked_about(workbook):
    path = workbook(("Bắc", TABLE), ("Leer", []), ("Nam", [*TABLE, ["0987654322", "Bình"]]))
    with pytest.raises(Undecided, match=r"in\.xlsx has several sheets with data \('Bắc', 'Nam'\).*--sheet") as caught:
        open_source(path)
    assert caught.value.field == "sheet"
    assert caught.value.question
    assert caught.value.choices == (("Bắc", "Bắc (2 rows)"), ("Nam", "Nam (3 rows)"))
    for choice, _ in caught.value.choices:
        assert repr(choice) in open_source(path, reading=Reading(sheet=choice)).description


@pytest.mark.parametrize(("wanted", "title"), [("Nam", "Nam"), ("nam ", "Nam"), ("1", "1"), ("2", "Nam"), ("3", "3x")])
def test_a_sheet_is_named_by_its_name_or_its_number(workbook, wanted, title):
    path = workbook(("x", TABLE), ("Nam", TABLE), ("1" if wanted == "1" else "3x", TABLE))
    assert open_source(path, reading=Reading(sheet=wanted)).description.startswith(f"Excel, sheet {title!r},")


@pytest.mark.parametrize("wanted", ["South", "0", "3", "-1"])
def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(workbook, wanted):
    path = workbook(("North", [HEADER]), ("Else", []))
    with pytest.raises(ConfigError, match=r"in\.xlsx has no sheet .* The sheets are 'North', 'Else'\."):
        open_source(path, reading=Reading(sheet=wanted))


def test_a_hidden_sheet_is_taken_only_where_it_is_named_or_alone(workbook):
    def hide(book):
        book["Lists"].sheet_state = "hidden"

    lists = ("Lists", [["phone"], ["0987654399"]])
    path = workbook(("Khách", TABLE), lists, change=hide)
    assert open_source(path).description.startswith("Excel, sheet 'Khách',")
    assert cells(open_source(path, reading=Reading(sheet="lists"))) == [("0987654399",)]
    assert open_source(workbook(("Bìa", []), lists, change=hide)).description.startswith("Excel, sheet 'Lists',")


def test_a_workbook_without_any_data_is_refused(workbook):
    with pytest.raises(ConfigError, match="has no sheet with data"):
        open_source(workbook(("a", []), ("b", [[None, " "]])))


# From where


def test_a_workbook_from_a_stream_is_read(workbook):
    data = workbook(SHEET).read_bytes()
    source = open_source(io.BytesIO(data))
    assert source.kind == "excel"
    assert cells(source) == [("0987654321", "An")]


def test_a_folder_of_workbooks_is_one_table(workbook, tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    for name in ("a", "b"):
        workbook(("S", [HEADER, ["0987654321", name]]), name=f"lake/{name}.xlsx")
    source = open_source(folder)
    assert source.description == "2 files, Excel, 2 rows"
    assert [(row.number, row.cells[1]) for row in source.rows()] == [(1, "a"), (2, "b")]


# What is refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"phone;name\r\n0987654321;An\r\n", r"is not an Excel workbook.*if it is CSV, name it \.csv"),
        (b"\xef\xbb\xbf <html><table><tr><td>0987654321", "is HTML or XML; open it in Excel and save it as .xlsx"),
        (b"%PDF-1.4\0\1\2", "is not an Excel workbook"),
        (b"PK\x03\x04" + b"x" * 100, "is a damaged workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), "is a damaged workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "is protected by a password: save it without one",
        ),
    ],
)
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".xlsm"])
def test_what_is_no_workbook_is_refused_in_one_sentence(tmp_path, data, words, suffix):
    path = tmp_path / f"in{suffix}"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=words) as caught:
        open_source(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_workbook_by_another_name_says_what_to_name_it(workbook, tmp_path):
    path = workbook(SHEET, name="in.xlsx").rename(tmp_path / "in.csv")
    with pytest.raises(ConfigError, match="workbook"):
        open_source(path)
    assert cells(open_source(path.rename(tmp_path / "in.xls"))) == [("0987654321", "An")]


@pytest.mark.parametrize("name", ["in.xlsb", "in.ods", "in.numbers"])
def test_workbooks_of_other_kinds_say_what_to_save_them_as(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ConfigError, match=r"save it as \.xlsx or CSV"):
        open_source(tmp_path / name)


@pytest.mark.parametrize(
    ("part", "what"), [("content.xml", "OpenDocument"), ("xl/workbook.bin", "xlsb"), ("a.txt", "ZIP archive without")]
)
def test_another_archive_named_xlsx_is_refused_by_its_kind(tmp_path, part, what):
    with zipfile.ZipFile(tmp_path / "in.xlsx", "w") as archive:
        archive.writestr(part, "x")
    with pytest.raises(ConfigError, match=f"{what}.*save it as"):
        open_source(tmp_path / "in.xlsx")


def test_a_workbook_without_the_extra_says_how_to_get_it(workbook, monkeypatch):
    path = workbook(SHEET)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ConfigError, match=r"Excel workbooks need an extra: pip install 'etelecom-async\[excel\]'"):
        open_source(path)


# What would be too large


def rewritten(path, part, change):
    """The workbook with one part of it changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_workbook_that_unpacks_to_too_much_is_refused(workbook, monkeypatch):
    path = workbook(SHEET)
    monkeypatch.setattr(bounds, "MAX_XML", 1_000_000)
    rewritten(path, "xl/worksheets/sheet1.xml", lambda data: data + b" " * 2_000_000)
    assert path.stat().st_size < 20_000
    with pytest.raises(ConfigError, match=r"decompresses to 2,[0-9,]+ bytes, more than the limit of 1,000,000"):
        open_source(path)


def test_an_archive_that_lies_about_its_sizes_is_damaged(workbook):
    path = workbook(SHEET)
    rewritten(path, "xl/worksheets/sheet1.xml", lambda data: data + b" " * 2_000_000)
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    data = path.read_bytes()
    assert data.count(size.to_bytes(4, "little")) == 2
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(ConfigError, match="is a damaged workbook"):
        open_source(path)


FAR = '<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>'


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{FAR}</row>',
        f'<row r="1"><c r="A1"><v>1</v></c>{FAR}</row>',
        f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{FAR.replace("XFD", "xfd")}</row>',
        f"<row r='1'><c t='n' r='A1'><v>1</v></c></row><row r='1048576'>{FAR.replace(chr(34), chr(39))}</row>",
        f'<row><c><v>1</v></c></row><row r="1048576">{"<c><v>1</v></c>" * 20}</row>',
        f'<row r="1"><c\n r="A1"><v>1</v></c></row><row r="1048576">{FAR.replace("<c ", "<c" + " " * 500)}</row>',
    ],
)
def test_cells_far_apart_are_refused_before_they_take_memory(workbook, rows):
    path = workbook(("S", [HEADER]))

    def change(data):
        start, end = data.index(b"<sheetData>") + 11, data.index(b"</sheetData>")
        return data[:start] + rows.encode() + data[end:]

    rewritten(path, "xl/worksheets/sheet1.xml", change)
    with pytest.raises(ConfigError, match=r"has [0-9,]+ cells between the first and the last of xl/worksheets/sheet1"):
        open_source(path)


@pytest.mark.parametrize("form", ["/>", "></c>", "><v/></c>", "><v></v></c>", ">\n<v />\n</c>"])
def test_formats_without_values_may_reach_to_the_end_of_the_sheet(workbook, form):
    """In each form in which programs write a cell without a value."""

    def change(book):
        book["S"]["XFD1048576"].font = Font(bold=True)

    path = workbook(SHEET, change=change)
    last = re.compile(rb'(<c r="XFD1048576"[^>]*?)\s*(?:/>|>.*?</c>)')
    rewritten(path, "xl/worksheets/sheet1.xml", lambda text: last.sub(rb"\1" + form.encode(), text))
    assert cells(open_source(path)) == [("0987654321", "An")]


def test_a_file_of_too_many_bytes_is_refused_from_a_stream_too(workbook, monkeypatch):
    path = workbook(SHEET)
    monkeypatch.setattr("etelecom_async.tables.workbook.MAX_BYTES", 1000)
    for source in (path, io.BytesIO(path.read_bytes())):
        with pytest.raises(ConfigError, match="is larger than the limit of 1,000 bytes"):
            open_source(source)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_but_nothing_else(workbook, tmp_path, data):
    path = tmp_path / "good.xlsx"
    if not path.exists():
        workbook(SHEET, name="good.xlsx")
    content = bytearray(path.read_bytes())
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)
    ):
        content[place] = byte
    content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    try:
        list(open_source(io.BytesIO(bytes(content)), kind="excel").rows())
    except ConfigError as error:
        refusal = str(error)
    else:
        refusal = "standard input "
    assert refusal.startswith("standard input ")


# A job over it


async def test_a_workbook_becomes_a_csv_that_excel_reads(workbook, tmp_path):
    path = workbook(("S", [["phone", "since"], ["0987654321", dt.date(2024, 2, 29)], [84987654322.0, dt.timedelta(1)]]))
    output, stream = tmp_path / "out.csv", io.BytesIO()
    job = Service().job(path, output)
    assert (await job.prepare()).total == 2
    assert (await job.run()).rows == 2
    await Service().run(path, stream)
    lines = output.read_bytes().decode().splitlines()
    assert lines[0].startswith("\ufeffphone,since,row,")
    assert sorted(line.split(",")[:4] for line in lines[1:]) == [
        ["0987654321", "2024-02-29", "1", "84987654321"],
        ["84987654322", "PT24H", "2", "84987654322"],
    ]
    assert stream.getvalue().decode().startswith("\ufeffphone,since,row,")
