"""What the commands show: tables that fit, one time zone, words in place of classes, and a stderr that may be gone."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import io
import json
import os
import pty
import re
import struct
import sys
import termios
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from etelecom_async._times import utc_text
from etelecom_async.cli.descriptors import prepare_standard_streams
from etelecom_async.cli.exits import report
from etelecom_async.cli.language import LanguageChoice
from etelecom_async.cli.render import counted, local, plain, show, table
from etelecom_async.messages.translation import ENGLISH
from etelecom_async.sandbox import Customer, World, serve
from tests.support import environment, run

GRANTED, REFUSED = "84912345678", "84987654321"
ENDS = datetime(2099, 12, 31, 18, 30, 5, tzinfo=UTC)
WORDS = st.lists(st.text(alphabet="aăâđêôơưHồ10", min_size=1, max_size=12), max_size=12).map(" ".join)


def world():
    customers = [
        Customer(phone=GRANTED, expires=ENDS),
        Customer(phone=REFUSED, error=3, message="Khách hàng từ chối cấp quyền gọi"),
    ]
    return World(customers={customer.phone: customer for customer in customers})


class Piped(io.StringIO):
    """A stdout that is no terminal."""

    encoding = "utf-8"


@given(
    rows=st.lists(st.tuples(st.sampled_from(["0987654321", "+84 (0)987.654.321"]), WORDS, WORDS), max_size=5),
    width=st.integers(45, 220),
)
def test_a_table_of_any_width_breaks_no_word_and_no_time(rows, width):
    """E8"""
    grid = table("Phone", "Normalized", "State", "Expires (UTC+07:00)", "Message", spare=("Normalized",))
    for phone, state, message in rows:
        grid.add_row(plain(phone), "84987654321", plain(state), "2026-12-31 23:59:59", plain(message))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(Piped()) as out:
        patch.setenv("COLUMNS", str(width))
        show(grid)
    text = out.getvalue()
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert text.count("2026-12-31 23:59:59") == len(rows)
    shown = set(re.split(r"[\s│]+", text))
    for phone, state, message in rows:
        assert phone in text
        assert set(f"{state} {message}".split()) <= shown


def test_into_a_pipe_each_row_of_a_table_is_one_line(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    grid = table("Phone", "Message")
    for _ in range(3):
        grid.add_row("0987654321", "long words " * 60)
    show(grid)
    assert len(capsys.readouterr().out.splitlines()) == 3 + 4


async def in_terminal(*arguments, columns, env):
    """A command in a terminal of so many columns: its exit code and all that it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = (sys.executable, "-m", "etelecom_async.cli", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    shown = await asyncio.to_thread(read_to_the_end, ours)
    os.close(ours)
    return await process.wait(), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def read_to_the_end(descriptor):
    parts = []
    with contextlib.suppress(OSError):
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
    return b"".join(parts)


async def test_times_are_local_on_the_screen_and_the_heading_says_so():
    """E8"""
    async with serve(world()) as served:
        env = environment(served, TZ="Asia/Ho_Chi_Minh", TERM="xterm")
        arguments = ("check", GRANTED, REFUSED, "hello")
        ends = await asyncio.gather(*(in_terminal(*arguments, columns=n, env=env) for n in (60, 100)))
        _, as_json, _ = await run("check", "--json", GRANTED, env=env)
    for code, shown in ends:
        assert code == 3
        assert "2100-01-01 01:30:05" in shown
        assert "Expires (UTC+07:00)" in shown
        assert "từ chối" in shown
        assert "not a phone number" in " ".join(re.split(r"[\s│]+", shown))
        assert "InvalidPhone" not in shown  # E10
    assert json.loads(as_json)["expired_time"] == "2099-12-31T18:30:05Z"


def test_a_time_at_the_end_of_all_dates_is_shown_as_it_was_sent():
    """F1"""
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-7)))
    assert utc_text(last) == "9999-12-31T23:59:59-07:00"
    assert local(last, zone=UTC) == "9999-12-31 23:59:59-07:00"
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=7)))
    assert utc_text(first) == "0001-01-01T00:00:00+07:00"


async def test_json_is_utf_8_whatever_the_terminal_is():
    """E8"""
    async with serve(world()) as served:
        env = environment(served, PYTHONIOENCODING="latin-1")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "etelecom_async", "check", "--json", REFUSED, b"\xff"),
            stdout=asyncio.subprocess.PIPE,
            env=env,
        )
        stdout, _ = await process.communicate()
    assert "Khách hàng từ chối" in stdout.decode("utf-8")
    assert b"\\udcff" in stdout


async def test_numbers_on_standard_input_may_be_utf_16():
    async with serve(world()) as served:
        env = environment(served)
        code, stdout, _ = await run("check", "-", "--json", env=env, stdin=f"{GRANTED}\r\n".encode("utf-16"))
    assert (code, json.loads(stdout)["phone"]) == (0, GRANTED)


def test_a_long_check_tells_how_far_it_is(capsys):
    """E8: a bar on a terminal, a line now and then elsewhere."""
    times = iter([0.0, 1.0, 5.0, 6.0, 9.9, 10.0, 99.0])
    with counted(1_006, texts=ENGLISH, seconds=5.0, clock=lambda: next(times, 0.0)) as advance:
        for _ in range(1_006):
            advance()
    assert capsys.readouterr().err == "".join(f"{n} of 1,006 checked\n" for n in (2, 5, 6))


REDIRECTIONS = ["2>&-", "<&-", ">&-", "2>/dev/full", "<&- >&- 2>&-", ">/dev/full"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_the_rows_come_first_whatever_the_standard_descriptors_are(tmp_path):
    """F11"""
    source = tmp_path / "in.csv"
    source.write_text(f"phone\n{GRANTED}\n{REFUSED}\n", encoding="utf-8")

    async def ended(number, redirection, *, stderr=None):
        script = f'exec "$0" -m etelecom_async bulk "$@" {redirection}'
        output = tmp_path / f"{number}.csv"
        command = ("sh", "-c", script, sys.executable, str(source), "-o", str(output))
        process = await asyncio.create_subprocess_exec(*command, env=env, stderr=stderr)
        code = await process.wait()
        return redirection, code, output.read_bytes().count(b"\n")

    reader, writer = os.pipe()
    os.close(reader)
    async with serve(world()) as served:
        env = environment(served)
        ends = await asyncio.gather(
            ended("pipe", "", stderr=writer),
            *(ended(*numbered, stderr=asyncio.subprocess.DEVNULL) for numbered in enumerate(REDIRECTIONS)),
        )
    os.close(writer)
    assert ends == [(redirection, 0, 3) for redirection in ["", *REDIRECTIONS]]


async def test_the_summary_of_a_job_has_words_and_the_output_the_class(tmp_path):
    """E10"""
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"phone\n{GRANTED}\nhello\n", encoding="utf-8")
    async with serve(world()) as served:
        code, _, stderr = await run("bulk", str(source), "-o", str(output), env=environment(served))
        piped = await run("bulk", "-", "-o", "-", env=environment(served), stdin=source.read_bytes())
    assert code == 3
    assert "not a phone number: 1. " in stderr
    assert "InvalidPhone" not in stderr
    assert "InvalidPhone" in output.read_text(encoding="utf-8")
    assert "--retry-failed" in stderr
    assert "--retry-failed" not in piped[2]  # E9: a pipe is read once


class Interrupted(io.RawIOBase):
    """A stderr at which Ctrl-C comes when the system has taken the text, and before the program knows."""

    def __init__(self):
        self.taken = b""

    def writable(self):
        return True

    def write(self, data):
        self.taken += bytes(data)
        raise KeyboardInterrupt


def test_a_line_that_ctrl_c_interrupts_is_not_written_twice(monkeypatch):
    file = Interrupted()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(file)))
    prepare_standard_streams()
    with pytest.raises(KeyboardInterrupt):
        sys.stderr.write("3 rows\n")
    sys.stderr.flush()
    assert file.taken == b"3 rows\n"


def test_after_ctrl_c_on_a_terminal_the_prompt_has_a_line_of_its_own(monkeypatch, capfd):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert report(KeyboardInterrupt(), LanguageChoice()) == 130
        assert os.read(ours, 10) == b"\r\n"
    os.close(ours)
    monkeypatch.undo()
    assert report(KeyboardInterrupt(), LanguageChoice()) == 130
    assert capfd.readouterr().err == ""  # in a pipe or file there is no prompt
