"""How a command ends: one sentence, one exit code, and the table of these codes in the help and in the guide."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import re
import signal
import stat
import sys
import tempfile
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etelecom_async.cli import app
from etelecom_async.cli import check as check_module  # noqa: F401 - so that it can be replaced below
from etelecom_async.cli.app import etelecom
from etelecom_async.cli.bug_report import redact
from etelecom_async.cli.exit_codes import MEANINGS, ExitCode, most_serious
from etelecom_async.cli.exits import StoppedByFault, WrongUsage
from etelecom_async.cli.render import as_json
from etelecom_async.errors import ConfigError, JobStopped, Unauthenticated, Unavailable
from etelecom_async.sandbox import SANDBOX_API_KEY, World, serve
from tests.support import HANG, KEY, environment, invoke, spawn
from tests.support.bulk_command import Watched

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "command-line.md"
COMMON = {0, 2, 70, 130, 141}


def codes_in(help_text):
    """The exit codes that a help lists, each with its meaning on one line."""
    listed = help_text[help_text.index("Exit code:") :]
    lines = re.findall(r"^  (\d+) +(\S[^\n]*(?:\n {6,}\S[^\n]*)*)", listed, re.MULTILINE)
    return {int(code): " ".join(meaning.split()) for code, meaning in lines}


def test_the_groups_help_has_every_exit_code():
    assert codes_in(invoke("--help")[1]) == {code.value: meaning for code, meaning in MEANINGS.items()}


@pytest.mark.parametrize(
    ("command", "own"),
    [
        ("check", {1, 3, 4}),
        ("bulk", {3, 4}),
        ("request", {3, 4, 5}),
        ("ensure", {1, 3, 4, 5}),
        ("call", {3, 4, 5}),
        ("doctor", {4}),
        ("demo", {3, 4}),
        ("sandbox", set()),
    ],
)
def test_a_commands_help_has_the_exit_codes_that_it_can_end_with(command, own):
    assert set(codes_in(invoke(command, "--help")[1])) == COMMON | own


def test_the_guide_has_the_table_of_exit_codes():
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == {code.value: text for code, text in MEANINGS.items()}


def test_every_exit_code_has_a_meaning():
    assert list(MEANINGS) == list(ExitCode)


@pytest.mark.parametrize("name", app.etelecom.modules)
def test_the_groups_help_names_each_command_that_can_be_loaded(name):
    command = etelecom.get_command(click.Context(etelecom), name)
    assert command is not None
    assert command.name == name


@given(st.sets(st.sampled_from([70, 5, 4, 3, 1]).map(ExitCode)))
def test_of_several_exit_codes_the_first_of_70_5_4_3_1_is_taken(codes):
    order = [code for code in (70, 5, 4, 3, 1) if code in codes]
    for several in itertools.permutations(codes):
        assert most_serious([ExitCode.DONE, *several]) == (order or [0])[0]


def ended_by(error, monkeypatch, capsys, *arguments):
    """The exit code of a command in which this is raised, and what stands on stderr."""

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(sys, "argv", ["etelecom", "check", "0987654321", "--oa-id", "1", *arguments])
    monkeypatch.setattr(sys.modules["etelecom_async.cli.check"], "open_session", fail)
    code = app.run()
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (WrongUsage("No."), 2, "Error: No.\n"),
        (StoppedByFault("No more."), 4, "Error: No more.\n"),
        (ConfigError("Fix it."), 2, "Error: Fix it.\n"),
        (Unauthenticated("no such key"), 2, "Error: no such key\n"),
        (Unavailable("busy"), 4, "Error: busy\n"),
        (JobStopped("The disk is full."), 4, "Error: The disk is full.\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 4, "Error: No space left on device.\n"),
        (PermissionError(errno.EACCES, "Denied", "a.csv"), 4, "Error: a.csv: Denied.\n"),
        (MemoryError(), 4, "Error: There is too little memory.\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
        (ExceptionGroup("", [BrokenPipeError(errno.EPIPE, "Broken pipe")]), 141, ""),
        (ExceptionGroup("", [ExceptionGroup("", [ConfigError("Inner.")])]), 2, "Error: Inner.\n"),
        (ExceptionGroup("", [ConfigError("a"), Unavailable("b")]), 4, "Error: b\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_error_is_one_sentence_and_its_exit_code(error, code, sentence, monkeypatch, capsys):
    """E1"""
    assert ended_by(error, monkeypatch, capsys) == (code, sentence)


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("division by zero"),
        OverflowError("date value out of range"),  # E2: whatever happens
        RecursionError("maximum recursion depth exceeded"),
        AssertionError(),
        asyncio.CancelledError(),
        EOFError(),
        ExceptionGroup("", [Unavailable("busy"), TypeError("a bug beside it")]),
        UnicodeEncodeError("ascii", "\ud800", 0, 1, "no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_any_other_error_is_a_bug_with_what_to_report(error, monkeypatch, capsys, tmp_path):
    """E1"""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, stderr = ended_by(error, monkeypatch, capsys)
    (report,) = tmp_path.iterdir()
    assert code == 70
    assert stderr.count("\n") == 1
    assert str(report) in stderr
    assert "Traceback" not in stderr
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in stderr
    assert "`etelecom check ... --oa-id ...`" in stderr
    assert "Traceback" in report.read_text(encoding="utf-8")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_a_bugs_report_holds_no_key_and_no_whole_phone_number(monkeypatch, capsys, tmp_path):
    """E1"""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("ETELECOM_API_KEY", KEY)
    monkeypatch.setenv("ETELECOM_REDIS_URL", "redis://:pass-word@127.0.0.1/0")
    error = ValueError(
        f"{KEY} 'Bearer abc.def' 0987 654 321 +84-987-654-321 http://u:pw@proxy:3128 pass-word canary-b7f3"
    )
    error.add_note("84987654321")
    code, stderr = ended_by(error, monkeypatch, capsys, "--json", "84912345678")
    written = next(tmp_path.iterdir()).read_text(encoding="utf-8")
    assert code == 70
    for text in (stderr, written):
        for secret in ("canary", "abc.def", "pass-word", "u:pw", "654 321", "654-321", "987654321", "912345678"):
            assert secret not in text
    assert "ValueError" in written


def test_a_bug_whose_report_cannot_be_written_is_told_all_the_same(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    code, stderr = ended_by(ZeroDivisionError(), monkeypatch, capsys)
    assert (code, stderr.count("\n")) == (70, 1)
    assert "no file could be written" in stderr


@given(
    digits=st.lists(st.tuples(st.sampled_from("0123456789٣９"), st.sampled_from(["", " ", ".", "-", " (", ") "]))),
    around=st.sampled_from(["", " ", "'", "tel:", "\n", "a phone: "]),
)
def test_no_writing_of_a_phone_number_gets_through(digits, around):
    number = "".join(digit + separator for digit, separator in digits)
    kept = re.sub(r"\D", "", redact(around + number + around))
    assert len(kept) <= 6


@given(st.text())
def test_json_is_utf_8_and_half_a_character_is_escaped(text):
    """E8"""
    line = as_json({"phone": text + "\ud83d", "message": "Thành công"})
    assert "Thành công" in line
    assert json.loads(line.encode().decode())["phone"] == text + "\ud83d"


async def ended(*command, stdout=asyncio.subprocess.PIPE, **options):
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=asyncio.subprocess.PIPE, **options
    )
    _, stderr = await process.communicate()
    return process.returncode, stderr.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_an_output_that_cannot_be_written_is_one_sentence_and_exit_code_4():
    """E1"""
    commands = (["check", "0987654321"], ["check", "--json", "0987654321"], ["--help"])
    full = os.open("/dev/full", os.O_WRONLY)
    async with serve(World()) as served:
        env = environment(served)
        command = (sys.executable, "-m", "etelecom_async.cli")
        ends = await asyncio.gather(*(ended(*command, *words, stdout=full, env=env) for words in commands))
    os.close(full)
    assert [code for code, _ in ends] == [4] * len(commands)
    assert all(re.fullmatch(r"Error: .*No space left on device\.\n", stderr) for _, stderr in ends)


async def test_a_reader_that_has_ended_is_exit_code_141_and_no_word():
    """E1"""
    commands = (["--help"], ["sandbox", "--port", "0"])
    reader, writer = os.pipe()
    os.close(reader)
    command = (sys.executable, "-m", "etelecom_async")
    ends = await asyncio.gather(*(ended(*command, *words, stdout=writer, env=environment()) for words in commands))
    os.close(writer)
    assert ends == [(141, "")] * len(commands)


INTERRUPTED_IMPORT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[0]:
            os.kill(os.getpid(), signal.{number})

from etelecom_async.cli import main
sys.meta_path.insert(0, Interrupting())
sys.argv = [{module!r}, *{arguments!r}]
main()
"""
INTERRUPTED_END = """
import atexit, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
import sys
sys.argv = ["etelecom", "--version"]
from etelecom_async.cli import main
main()
"""


OTHERS = ["SIGTERM", "SIGHUP"]


@pytest.mark.parametrize("number", ["SIGINT", *OTHERS])
@pytest.mark.parametrize("command", [["check", "0987654321"], ["sandbox", "--port", "0"]], ids=" ".join)
async def test_a_signal_ends_a_command_with_its_exit_code_of_the_table(command, number):
    """A process manager stops with SIGTERM, a terminal that closes with SIGHUP; for the sandbox that is its end."""
    world = Watched()
    async with serve(world, latency=600) as served, asyncio.timeout(HANG):
        process = await spawn(*command, env=environment(served))
        if command[0] == "check":
            await world.asked_again(1)
        else:
            while not (await process.stdout.readline()).startswith(b"Ctrl-C"):
                pass
        process.send_signal(getattr(signal, number))
        _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (130 if command[0] == "check" else 0, b"")


async def test_ctrl_c_while_it_starts_or_ends_is_130_without_a_traceback():
    """E1: in the first half second."""
    modules = ["click", "etelecom_async.cli.check", "rich.console"]
    given = ["check", "0987654321"]
    programs = [INTERRUPTED_IMPORT.format(module=it, arguments=given, number="SIGINT") for it in modules]
    programs += [INTERRUPTED_IMPORT.format(module="rich.console", arguments=given, number=it) for it in OTHERS]
    programs.append(INTERRUPTED_END)
    env = environment(ETELECOM_BASE_URL="http://127.0.0.1:9")
    ends = await asyncio.gather(*(ended(sys.executable, "-c", program, env=env) for program in programs))
    assert ends == [(130, "")] * len(programs)


def test_an_ignored_ctrl_c_stays_ignored():
    """A job of a shell's background has it so."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert invoke("check", "--help")[0] == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


async def test_the_package_runs_as_a_module():
    """E14"""
    code, stderr = await ended(sys.executable, "-m", "etelecom_async", "--version")
    assert (code, stderr) == (0, "")


@pytest.mark.parametrize(
    ("module", "extra", "arguments"),
    [
        ("pyarrow", "parquet", ["in.csv", "-o", "out.parquet"]),
        ("pyarrow", "parquet", ["in.parquet", "-o", "out.csv"]),
        ("vl_convert", "report", ["in.csv", "-o", "out.csv", "--report", "page.html"]),
        ("ray", "ray", ["in.csv", "-o", "out.csv", "--executor", "ray"]),
        ("redis", "redis", ["in.csv", "-o", "out.csv", "--rate", "5", "--redis"]),
    ],
)
async def test_an_extra_that_is_missing_is_told_before_the_first_call(module, extra, arguments, tmp_path):
    """E3"""
    (tmp_path / "in.csv").write_text("phone\n0987654321\n", encoding="utf-8")
    (tmp_path / "in.parquet").write_bytes(b"PAR1")
    program = f"import sys; sys.modules[{module!r}] = None; from etelecom_async.cli import main; main()"
    world = World()
    async with serve(world) as served:
        env = environment(served, ETELECOM_REDIS_URL="redis://127.0.0.1:9")
        code, stderr = await ended(sys.executable, "-c", program, "bulk", *arguments, env=env, cwd=tmp_path)
    assert code == 2
    assert re.fullmatch(rf"Error: .*pip install 'etelecom-async\[{extra}\]'\.\n", stderr)
    assert world.log == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "in.parquet"]


def test_standard_output_that_was_closed_is_refused_as_the_output(tmp_path, monkeypatch):
    with Path(os.devnull).open("w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        monkeypatch.setattr(sys, "argv", ["etelecom", "bulk", "-", "-o", "-", "--oa-id", "1"])
        monkeypatch.setenv("ETELECOM_API_KEY", SANDBOX_API_KEY)
        assert app.run() == 2
