"""An output is a journal: cut anywhere, it goes on as if it had never been cut."""

import codecs
import csv
import io
import json
import subprocess
import sys
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async import ConfigError
from etelecom_async.tables import CsvLayout, Dialect, Journal, NdjsonLayout, OwnFile, without
from tests.support.tables import own, write_journal

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


def take_failed_out(path, layout):
    with closing(OwnFile.open(path)) as file:
        without(file, layout=layout, is_dropped=lambda _, failed: failed).close()


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
    whole = write_journal(path, layout, ROWS)
    ends = [len(layout.header) + len(layout.encode(ROWS[:count])) for count in range(1, len(ROWS) + 1)]
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
    whole = write_journal(path, layout, rows)
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
    readable = str.maketrans("\0\ud800", "\ufffd\ufffd")
    assert list(read) == [[a.translate(readable), b.translate(readable), str(n), ""] for a, b, n, _ in rows]
    one_by_one = "".join(layout.encode([row]).decode(errors="surrogateescape") for row in rows)
    assert written == one_by_one, "groups do not show"


@each_layout
def test_a_new_journal_never_writes_over_a_file(tmp_path, layout):
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"out\.csv exists: add --resume to go on with it, or choose another name"):
        write_journal(path, layout, ROWS)
    assert path.read_text() == "mine"
    path.write_text("")
    write_journal(path, layout, ROWS)
    with pytest.raises(ConfigError, match="exists"):
        OwnFile.create(path)
    with pytest.raises(ConfigError, match="is not a file"):
        OwnFile.open(tmp_path)
    with pytest.raises(ConfigError, match=r"Cannot write .*: No such file"):
        OwnFile.create(tmp_path / "none" / "out")


@each_layout
@pytest.mark.parametrize(
    "mine", [b"mine", b'"mine', b"row\r\n", b"row,x\r\n1,2\r\n", b'{"row":1,"failure":""}\n{"a":1}\n']
)
def test_a_file_with_other_columns_is_left_alone(tmp_path, layout, mine):
    if isinstance(layout, NdjsonLayout) and not mine.startswith(b"{"):
        mine += b"\n" + mine + b"\n"
    path = tmp_path / "out"
    path.write_bytes(mine)
    for call in (resume, take_failed_out):
        with pytest.raises(ConfigError, match=r"choose another output"):
            call(path, layout)
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
def test_damage_before_the_end_of_csv_names_its_line(tmp_path, damage):
    layout, path = CsvLayout(columns=("name", "row", "failure")), tmp_path / "out"
    rows = [("a\r\nb", 1, None), ("=HYPERLINK", 2, "timeout"), ("c", 3, None), ("d", 4, None)]
    header, a, b, second, *rest = write_journal(path, layout, rows).splitlines(keepends=True)
    data = b"".join([header, a, b, damage(second), *rest])
    path.write_bytes(data)
    for call in (resume, take_failed_out):
        with pytest.raises(ConfigError, match=r"out, line 4: the record is damaged; correct or delete it"):
            call(path, layout)
    assert path.read_bytes() == data


def test_damage_before_the_end_of_ndjson_names_its_line(tmp_path):
    layout = NdjsonLayout(columns=("name", "row", "failure"))
    path = tmp_path / "out"
    lines = write_journal(path, layout, [("a", n, None) for n in range(1, 5)]).splitlines(keepends=True)
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
    data = write_journal(path, layout, plain)
    path.write_bytes(data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n") + b"\n")
    assert resume(path, layout) == [(1, False), (2, False)]


def test_a_failed_row_may_be_there_twice(tmp_path):
    layout = CsvLayout(columns=("row", "failure"))
    write_journal(tmp_path / "out", layout, [(1, "x"), (1, None)])
    assert resume(tmp_path / "out", layout) == [(1, True), (1, False)]


@each_layout
def test_failed_rows_are_taken_out_whole(tmp_path, layout):
    path = tmp_path / "out"
    write_journal(path, layout, ROWS)
    torn = path.read_bytes() + layout.encode(ROWS)[:20]
    path.write_bytes(torn)
    path.chmod(0o640)
    take_failed_out(path, layout)
    assert path.read_bytes() == write_journal(tmp_path / "other", layout, [ROWS[0], ROWS[2]])
    assert path.stat().st_mode & 0o777 == 0o640
    take_failed_out(path, layout)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other", "out"]
    with pytest.raises(ConfigError, match="No such file"):
        take_failed_out(tmp_path / "none", layout)


def test_a_group_that_does_not_fit_on_the_disk_leaves_no_half(tmp_path):
    pytest.importorskip("resource")
    layout, path = CsvLayout(columns=("name", "row", "failure")), tmp_path / "out"
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
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.startswith("Cannot write ")
    assert resume(path, layout) == [(1, False), (3, False)]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        *((text, f"'{text}") for text in ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "\tx", "\r=1")),
        *((f"{sign}name", f"'{sign}name") for sign in "=+-@＝＋－＠\t"),
        *((text, text) for text in ("+84 (0)987.654-321", "-1,5", "-", "0987", "a=1")),
        *((True, "true"), (False, "false"), (None, ""), (-5, "-5"), (1.5, "1.5"), (["a", 1], '["a",1]')),
        *((date(2024, 2, 29), "2024-02-29"), (Decimal("-1.50"), "-1.50"), (b"abc", "abc")),
    ],
)
def test_cells_are_written_so_that_no_spreadsheet_runs_them(cell, written):
    """E12, F17: full-width signs too."""
    layout = CsvLayout(columns=("cell", "row", "failure"))
    text = layout.encode([(cell, 1, None), ("other", 2, None)]).decode()
    assert next(csv.reader(io.StringIO(text, newline=""))) == [written, "1", ""]


def test_headings_are_no_formulas_either():
    layout = CsvLayout(columns=("=1+1", "row", "failure"), dialect=Dialect(has_bom=True))
    assert layout.header == b"\xef\xbb\xbf'=1+1,row,failure\r\n"


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
from etelecom_async.tables import Journal, OwnFile, CsvLayout, open_source, without
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path, layout = Path({str(tmp_path / "out.csv")!r}), CsvLayout(columns=("phone", "row", "failure"))
journal = Journal.create(OwnFile.create(path), layout=layout)
for start in range(0, 200_000, 1000):
    journal.append([("0987654321", n + 1, "x" if n % 2 else None) for n in range(start, start + 1000)])
journal.close()
count = sum(1 for _ in open_source(path).rows())
kept = without(OwnFile.open(path), layout=layout, is_dropped=lambda _, failed: failed)
Journal.reopen(kept, layout=layout, on_row=lambda number, failed: None).close()
assert sum(1 for _ in open_source(path).rows()) == 100_000
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert said[0] == "200000"
    assert int(said[1]) < 20 * 1024 * (1024 if sys.platform == "darwin" else 1)


@pytest.mark.parametrize("name", ["\udce9", "a\ud800", "\0"])
@pytest.mark.parametrize("make", [CsvLayout, NdjsonLayout])
def test_a_heading_that_cannot_be_written_as_it_is_can_be_read_back(make, name):
    """F2: the resume finds the columns that it would write."""
    layout = make(columns=(name, "row", "failure"))
    data = layout.header + layout.encode([("x", 1, None)])
    found = layout.scan(io.BytesIO(data), size=len(data), name="out")
    assert [number for number, *_ in found if number] == [1]
