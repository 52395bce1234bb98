"""How an input is read is said once: by an option or an answer, kept in the job file, and used by each resume."""

import contextlib
import gzip
import io
import json
import os
import pty
import subprocess
import sys

import attrs
import pytest

from etelecom_async import ConfigError
from etelecom_async.cli.bulk import bulk
from etelecom_async.reports.from_output import statistics_of
from etelecom_async.tables import Reading, Undecided
from tests.support import KEY, OA, environment, invoke
from tests.support.job_files import Service, refuse

DOUBT = "An;không có\nBinh;0987654322\n"


@pytest.fixture
def job(tmp_path):
    def job(data, name="out.csv", **options):
        source = tmp_path / "in.csv"
        source.write_bytes(data if isinstance(data, bytes) else data.encode())
        return Service(refuse).job(source, tmp_path / name, **options)

    return job


async def test_a_resume_reads_as_the_first_run_settled(job, tmp_path):
    with pytest.raises(Undecided):
        await job(DOUBT).prepare()
    assert (await job(DOUBT, reading=Reading(header=False)).run()).rows == 2
    kept = json.loads((tmp_path / "out.csv.job").read_text())["reading"]
    assert kept == {"encoding": "utf-8", "header": False, "skip_rows": 0, "delimiter": ";", "sheet": None}
    # By itself the whole would be judged otherwise now: as Windows-1252, with commas.
    more = DOUBT.encode() + b"".join(b"H\xe9l\xe8ne, Besan\xe7on;0912345678\n" for _ in range(9))
    going_on = job(more, resume=True)
    plan = await going_on.prepare()
    assert plan.source.startswith("CSV, delimiter ';', UTF-8, 27 stray bytes kept, first in line 3")
    assert (plan.finished, (await going_on.run()).rows) == (2, 9)
    assert "H\udce9l\udce8ne".encode(errors="surrogateescape") in (tmp_path / "out.csv").read_bytes()
    assert statistics_of(tmp_path / "out.csv")


async def test_a_resume_that_says_otherwise_is_refused(job):
    await job(DOUBT, reading=Reading(header=False)).run()
    with pytest.raises(ConfigError, match=r"was read with header False, and --header or --no-header says True: leave"):
        await job(DOUBT, reading=Reading(header=True), resume=True).prepare()
    with pytest.raises(ConfigError, match="was read with encoding 'utf-8', and --encoding says 'cp1258'"):
        await job(DOUBT, reading=Reading(encoding="cp1258"), resume=True).prepare()
    assert (await job(DOUBT, reading=Reading(header=False), resume=True).run()).rows == 0


async def test_a_job_file_of_an_earlier_version_still_resumes(job, tmp_path):
    text = "name;phone\nAn;0987654321\n"
    await job(text).run()
    place = tmp_path / "out.csv.job"
    held = json.loads(place.read_text())
    del held["reading"]
    place.write_text(json.dumps(held))
    assert (await job(text + "Binh;0912345678\n", resume=True).run()).rows == 1
    place.write_text(json.dumps({**held, "reading": {"encoding": "utf-9"}}))
    with pytest.raises(ConfigError, match="is damaged"):
        await job(text, resume=True).prepare()


async def test_a_mark_for_excel_is_written_where_it_is_asked_for(job, tmp_path):
    """E11: or where the input has one; and it is said."""
    text = "name;phone\nTèo;0987654321\n"
    for name, data, excel in (
        ("plain.csv", text.encode(), False),
        ("asked.csv", text.encode(), True),
        ("marked.csv", text.encode("utf-8-sig"), False),
    ):
        going = job(data, name, excel=excel)
        plan = await going.prepare()
        await going.run()
        is_marked = (tmp_path / name).read_bytes().startswith(b"\xef\xbb\xbf")
        assert plan.is_marked == is_marked == (name != "plain.csv")
        assert (tmp_path / name).read_bytes().decode("utf-8-sig").startswith("name;phone;row")
    assert (await job(text, "asked.csv", excel=True, resume=True).run()).rows == 0
    with pytest.raises(ConfigError, match=r"\(--excel\) is for an output in CSV"):
        await job(text, "out.ndjson", excel=True).prepare()


async def test_a_packed_input_has_no_known_length(job):
    going = job(gzip.compress(b"phone\n" + b"0987654321\n" * 1000))
    assert (await going.prepare()).total is None
    assert (await going.run()).rows == 1000


async def test_titles_and_the_header_are_not_counted_as_rows(job):
    going = job("Danh sách\n\nTên;SĐT\nAn;0987654321\n")
    assert (await going.prepare()).total == 1
    await going.run()


@pytest.mark.parametrize(
    ("option", "word"),
    [
        (["--encoding", "utf-9"], "--encoding: There is no encoding 'utf-9'"),
        (["--delimiter", ";;"], "--delimiter: delimiter is one ASCII character"),
        (["--skip-rows", "-1"], "--skip-rows: skip_rows is a whole number from 0 to 1048576"),
        (["--sheet", " "], "'--sheet': It is empty: leave it out"),
    ],
)
@pytest.mark.parametrize("command", ["bulk", "demo"])
def test_a_wrong_value_is_one_sentence_that_names_the_option(tmp_path, command, option, word):
    arguments = ["in.csv", "-o", str(tmp_path / "out.csv"), *option]
    code, stdout, stderr = invoke(command, *arguments, ETELECOM_OA_ID=str(OA), ETELECOM_API_KEY=KEY)
    assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
    assert word in stderr


def test_in_a_script_doubt_stops_with_what_to_add(tmp_path):  # A3
    source = tmp_path / "in.csv"
    source.write_text(DOUBT, encoding="utf-8")
    arguments = ("bulk", str(source), "-o", str(tmp_path / "out.csv"))
    code, stdout, stderr = invoke(*arguments, ETELECOM_OA_ID=str(OA), ETELECOM_API_KEY=KEY)
    assert (code, stdout, len(stderr.splitlines())) == (2, "", 1)
    assert "add --header or --no-header" in stderr
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv"}


def test_on_a_terminal_doubt_is_asked_about(tmp_path):
    """A3: and each answer is used."""
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(DOUBT + "Chi;0912345678\n", encoding="utf-8")
    ours, theirs = pty.openpty()
    os.write(ours, b"7\n2\n")
    command = [sys.executable, "-m", "etelecom_async.cli", "demo", str(source), "-o", str(output)]
    with subprocess.Popen(
        command, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL, env=environment()
    ) as process:
        os.close(theirs)
        said = _all(ours)
    os.close(ours)
    assert "Is the first record of" in said
    assert "  2  a row like those below" in said
    assert "7 is not in the range 1<=x<=2" in said
    assert process.returncode == 3
    assert len(output.read_text(encoding="utf-8").splitlines()) == 4


def _all(descriptor):
    """What comes until the other side closes it."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := os.read(descriptor, 65536):
            pieces.append(piece)
    return b"".join(pieces).decode()


def test_the_options_are_those_of_a_reading():
    assert {field.name for field in attrs.fields(Reading)} <= {option.name for option in bulk.params}


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_column_that_is_named_settles_where_the_header_is(tmp_path, is_stream):
    """Also below a title, and above a row of its own shape."""
    source = tmp_path / "in.csv"
    source.write_text("Danh sách\n\ntên;p1;p2\nAn;0987654321;b\nBình;không có;c\n", encoding="utf-8")
    given = io.BytesIO(source.read_bytes()) if is_stream else source
    job = Service(refuse).job(given, tmp_path / "out.csv", column="P1")
    plan = await job.prepare()
    assert plan.source.endswith("header in line 3")
    assert (plan.column, (await job.run()).rows) == ("p1", 2)


async def test_a_column_that_is_numbered_settles_no_header(job):
    with pytest.raises(Undecided):
        await job(DOUBT, column="2").prepare()


def test_columns_that_the_jobs_own_replace_are_named_even_if_quiet(tmp_path):
    (tmp_path / "in.csv").write_text("phone,state,row\nx,a,b\n", encoding="utf-8")
    arguments = ("bulk", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--quiet", "--oa-id", str(OA))
    code, _, stderr = invoke(*arguments, ETELECOM_API_KEY=KEY)
    assert (code, stderr) == (3, "Replaced by the job's own columns: state, row.\n")
