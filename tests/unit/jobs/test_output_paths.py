"""A1: a path that is written is new or was made by this program, and is never an input, whatever it is called."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etelecom_async import ConfigError
from etelecom_async.jobs.output_paths import REPORT_MARK, check_output, check_report, check_stream
from etelecom_async.reports import page as report
from etelecom_async.reports.statistics import Statistics
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA
from tests.support import invoke
from tests.support.job_files import files, posix

CUSTOMERS = b"phone,name\n84900000001,An\n84900000002,Binh\n"
PAGE = f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{REPORT_MARK}\n'


def linked(make, name):
    """Of a file that is not there, one that leads nowhere yet."""

    def link(path):
        made = path.with_name(name + path.suffix)
        make(made, path)
        return made

    return link


def through_parent(path):
    (path.parent / "sub").mkdir(exist_ok=True)
    return path.parent / "sub" / ".." / path.name


def symlinked_folder(path):
    (path.parent.parent / "shortcut").symlink_to(path.parent)
    return path.parent.parent / "shortcut" / path.name


symlink, hard_link = linked(Path.symlink_to, "link"), linked(Path.hardlink_to, "hard")
relative_symlink = linked(lambda link, path: link.symlink_to(path.name), "second")
ALIASES = {
    "plain": lambda path: path,
    "through here": lambda path: path.parent / "." / path.name,
    "through the parent": through_parent,
    "relative": lambda path: Path(os.path.relpath(path)),
    "symlink": symlink,
    "symlink to a symlink": lambda path: relative_symlink(symlink(path)),
    "symlinked folder": symlinked_folder,
}


def under_every_name(**more):
    aliases = [pytest.param(alias, id=name, marks=posix) for name, alias in (ALIASES | more).items()]
    return pytest.mark.parametrize("alias", aliases)


of_a_file = under_every_name(hard_link=hard_link)
of_a_new_file = under_every_name(other_case=lambda path: path.with_name(path.name.upper()))


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "office"
    place.mkdir()
    (place / "customers.csv").write_bytes(CUSTOMERS)
    return place


def refused(call, *words):
    with pytest.raises(ConfigError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert all(word in sentence for word in words), sentence


# What is written, against what is protected, under every name


@of_a_file
@pytest.mark.parametrize("aliased", ["output", "input"])
def test_an_output_that_is_the_input_is_refused_under_every_name(folder, alias, aliased):
    source = folder / "customers.csv"
    output, source = (alias(source), source) if aliased == "output" else (source, alias(source))
    refused(lambda: check_output(output, source=source), "input itself")


@of_a_file
@pytest.mark.parametrize("name", ["out.parquet.ndjson", "out.parquet.job"])
def test_a_file_beside_the_output_that_is_the_input_is_refused(folder, alias, name):
    source = folder / name
    source.write_bytes(CUSTOMERS)
    refused(lambda: check_output(folder / "out.parquet", source=alias(source)), name, "input itself")


@of_a_file
def test_a_report_that_is_the_input_is_refused_even_if_it_looks_like_a_report(folder, alias):
    source = folder / "page.csv"
    source.write_text(PAGE, encoding="utf-8")
    refused(lambda: check_report(alias(source), output=folder / "out.csv", source=source), "input itself")


@of_a_new_file
@pytest.mark.parametrize("name", ["out.parquet", "out.parquet.job", "out.parquet.ndjson"])
def test_a_report_that_the_job_writes_itself_is_refused(folder, alias, name):
    report = alias(folder / name)
    refused(lambda: check_report(report, output=folder / "out.parquet", source=None), "would be one file")


def test_names_that_differ_in_their_unicode_form_are_one_file(folder):
    composed, decomposed = folder / "ti\u1ebfng.csv", folder / "tie\u0302\u0301ng.csv"
    refused(lambda: check_report(decomposed, output=composed, source=None), "would be one file")


@of_a_file
def test_a_page_that_is_no_report_of_this_program_is_refused_as_a_report(folder, alias):
    page = folder / "plan.html"
    page.write_text("<!DOCTYPE html><title>Mine</title>" + " " * 200 + REPORT_MARK, encoding="utf-8")
    refused(lambda: check_report(alias(page), output=folder / "out.csv", source=None), "not a report of this program")


@of_a_file
def test_a_report_of_this_program_may_be_replaced(folder, alias):
    page = folder / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    check_report(alias(page), output=folder / "out.csv", source=folder / "customers.csv")


@of_a_new_file
def test_a_new_report_and_a_new_output_may_have_any_name(folder, alias):
    check_output(alias(folder / "out.csv"), source=folder / "customers.csv")
    check_report(folder / "page.html", output=folder / "out.csv", source=folder / "customers.csv")


@of_a_new_file
def test_nothing_is_written_into_an_input_folder(tmp_path, folder, alias):
    place = alias(folder / "out.csv")
    refused(lambda: check_output(place, source=folder), "lies in the input's folder")
    refused(lambda: check_report(place, output=tmp_path / "out.csv", source=folder), "lies in the input's folder")


@posix
@pytest.mark.parametrize("link", [symlink, hard_link], ids=["symlink", "hard link"])
def test_a_file_of_an_input_folder_is_protected_from_outside_too(tmp_path, folder, link):
    outside = link(folder / "customers.csv").rename(tmp_path / "outside.csv")
    refused(lambda: check_output(outside, source=folder), "input")


@posix
def test_an_output_whose_input_folder_is_reached_by_another_name_is_refused(tmp_path, folder):
    (tmp_path / "lake").symlink_to(folder)
    refused(lambda: check_output(folder / "out.csv", source=tmp_path / "lake"), "lies in the input's folder")
    refused(lambda: check_output(folder / "deep.csv", source=tmp_path / "lake" / ".." / "lake"), "input's folder")


@posix
def test_standard_output_that_is_the_input_is_refused(folder):
    source = folder / "customers.csv"
    with source.open("ab") as appended, (folder / "other.csv").open("wb") as other:
        refused(lambda: check_stream(appended.fileno(), source=source), "Standard output is the input")
        refused(lambda: check_stream(appended.fileno(), source=folder), "Standard output is the input")
        check_stream(other.fileno(), source=source)


# What is no file, and what was not made by a job


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)  # the whole path may be longer than the system takes
        server.bind(path.name)
        os.chdir(here)


NO_FILES = {
    "named pipe": os.mkfifo,
    "socket": unix_socket,
    "device": lambda path: path.symlink_to("/dev/null"),
    "directory": lambda path: path.mkdir(),
}
of_no_file = pytest.mark.parametrize("kind", [pytest.param(kind, marks=posix) for kind in NO_FILES])


@of_no_file
def test_what_is_no_file_is_refused_as_what_it_is(folder, kind):
    """F13: `-o` a named pipe, and the like."""
    place = folder / "out.csv"
    NO_FILES[kind](place)
    refused(lambda: check_output(place, source=None), f"is a {kind}")
    refused(lambda: check_report(place, output=folder / "x.csv", source=None), kind.removeprefix("named "))


@pytest.mark.parametrize("side", ["out.parquet.job", "out.parquet.ndjson"])
@of_no_file
def test_what_is_no_file_beside_the_output_is_refused(folder, side, kind):
    NO_FILES[kind](folder / side)
    refused(lambda: check_output(folder / "out.parquet", source=None), side)


@posix
@pytest.mark.parametrize("side", ["out.parquet.job", "out.parquet.ndjson"])
def test_a_link_beside_the_output_is_not_followed(folder, side):
    """F8: something at the name of a side file, also a symlink."""
    mine = folder / "mine.txt"
    mine.write_text("mine")
    for target in (mine, folder / "none"):
        (folder / side).symlink_to(target)
        refused(lambda: check_output(folder / "out.parquet", source=None), "is a link")
        (folder / side).unlink()
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("content", ["", "mine", "{}", "[]", '{"input": 1}', "\0"])
def test_a_file_with_the_name_of_the_job_file_that_is_none_is_refused(folder, content):
    (folder / "out.csv.job").write_text(content)
    refused(lambda: check_output(folder / "out.csv", source=None), "out.csv.job is no job file")


def test_an_output_with_the_name_of_another_outputs_side_file_is_refused(folder):
    refused(lambda: check_output(folder / "a.csv.job", source=None), "the name of a job file")
    check_output(folder / "a.parquet.ndjson", source=None)
    (folder / "a.parquet").write_bytes(b"PAR1")
    refused(lambda: check_output(folder / "a.parquet.ndjson", source=None), "the journal of")


@posix
def test_a_path_that_leads_nowhere_is_one_sentence(folder):
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    for name in ("none/x.csv", "customers.csv/x.csv", "loop.csv", "a\0b.csv"):
        place = folder / name
        refused(lambda place=place: check_output(place, source=None), "Cannot write")
        refused(lambda place=place: check_report(place, output=folder / "x.csv", source=None), "Cannot write")


def test_a_report_in_a_folder_that_takes_no_file_is_refused_before_the_first_call(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, _: path != folder)
    refused(lambda: check_report(folder / "page.html", output=folder / "x.csv", source=None), "folder is not writable")


# The command


@posix
@pytest.mark.parametrize(
    "options",
    [
        *("-o a.csv --report customers.csv", "-o a.csv --report a.csv", "-o a.csv --report ./a.csv"),
        *("-o a.csv --report A.CSV", "-o a.csv --report a.csv.job", "-o a.parquet --report a.parquet.ndjson"),
        *("-o a.csv --report letter.html", "-o a.csv --report pipe", "-o a.csv --report /dev/null"),
        *("-o a.csv --report .", "-o customers.csv", "-o customers.csv --resume"),
        *("-o hard.csv", "-o hard.csv --retry-failed", "-o link.csv", "-o pipe", "-o pipe --resume"),
        *("-o /dev/null", "-o /dev/stdout", "-o letter.html"),
        *("-o other.csv.job", "-o other.csv.job --resume", "-o mine.csv"),
    ],
)
def test_a_path_that_may_not_be_written_is_one_sentence_and_exit_code_2(folder, monkeypatch, options):
    """A1, F13: decided before the first call, and nothing is touched."""
    monkeypatch.chdir(folder)
    (folder / "hard.csv").hardlink_to(folder / "customers.csv")
    (folder / "link.csv").symlink_to("customers.csv")
    (folder / "letter.html").write_text("<!DOCTYPE html>\n<p>Dear customer</p>")
    (folder / "mine.csv.job").write_text("mine")
    (folder / "other.csv.job").write_text(json.dumps({"input": "x"}))
    os.mkfifo(folder / "pipe")
    before = files(folder)
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    # A port on which nothing listens: any call would be an error of another kind.
    code, stdout, stderr = invoke(
        "bulk", "customers.csv", *options.split(), ETELECOM_BASE_URL="http://127.0.0.1:9/v1/shop", **account
    )
    assert (code, stdout, stderr.count("\n")) == (2, "", 1), stderr
    assert files(folder) == before


def test_a_page_that_was_written_is_recognised_as_a_report(folder):
    pytest.importorskip("vl_convert")
    page = folder / "page.html"
    for _ in range(2):
        check_report(page, output=folder / "out.csv", source=None)
        report.write(page, Statistics(), title="T" * 500, source="x", now=datetime(2026, 1, 5, tzinfo=UTC))
    assert REPORT_MARK.encode() in page.read_bytes()[:200]
    assert [path.name for path in folder.iterdir() if "page" in path.name] == ["page.html"]
