"""What all tests share. Every block of the README and the docs is one, run as a reader would paste it.

A block marked `python` is a program of its own, and one marked `python3` a cell of a notebook, with `await` outside of
functions. One marked `sh` runs line by line in bash, and may say with what it exits: `# exit code 1`. All run in a
folder of their own and against `etelecom sandbox` as the README starts it. What a test cannot run is marked `bash` (it
installs something, or never ends) or `py`.
"""

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

# No deadline, since machines are shared; no database and no random seed, so that a run depends on the code alone.
# `make test-long` takes the thorough one, `make test-long PROFILE=search` tries new examples each time.
settings.register_profile("quick", deadline=None, database=None, derandomize=True, max_examples=25)
settings.register_profile("thorough", deadline=None, database=None, derandomize=True)
settings.register_profile("search", deadline=None, database=None, max_examples=1000, print_blob=True)
settings.load_profile("quick")
# Before Python 3.12 pytest-asyncio otherwise makes a loop only to remember it, and nothing closes that one.
asyncio.set_event_loop(None)

README = Path(__file__).parent / "README.md"
_SANDBOX = re.compile(r"^etelecom (sandbox\b.*)$", re.MULTILINE)
_EXPORT = re.compile(r"^ *export (\w+)='?([^'\n]*)'?$")
_EXIT = re.compile(r"# exit code (\d+)\b")


def _run_python(example):
    """A new namespace for each block: a reader pastes one of them, and not those before it."""
    source = "\n" * (example.line + example.parsed.line_offset) + example.parsed
    exec(compile(source, example.path, "exec", dont_inherit=True), {"__name__": "__main__"})


def _run_cell(example):
    """As IPython does it: the code becomes a coroutine where it awaits."""
    source = "\n" * (example.line + example.parsed.line_offset) + example.parsed
    cell = compile(source, example.path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    running = eval(cell, {"__name__": "__main__"})
    assert inspect.iscoroutine(running), "a cell without await is a block of python"
    asyncio.run(running)


def _run_shell(example):
    for line in re.sub(r"\\\n", "", example.parsed).splitlines():
        if not line.strip() or _EXPORT.match(line):
            continue
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
        expected = _EXIT.search(line)
        assert done.returncode == int(expected[1] if expected else 0), f"{line}\n{done.stdout}{done.stderr}"


def pytest_collection_modifyitems(items):
    """The longest begin first: at the end of a run no process waits for them."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser("python", _run_python),
        CodeBlockParser("python3", _run_cell),
        CodeBlockParser("sh", _run_shell),
    ],
    patterns=["README.md", "docs/**/*.md"],
    fixtures=["reader"],
).pytest()


@pytest.fixture(scope="session")
def sandbox():
    """`etelecom sandbox` as the README starts it; yields the environment that it says to export."""
    arguments = _SANDBOX.search(README.read_text(encoding="utf-8"))[1].split()
    process, printed = _start(arguments)
    if process.poll() is not None:  # a sandbox of the developer's own has the port
        process, printed = _start([*arguments, "--port", "0"])
    assert process.poll() is None, printed
    yield dict(export.groups() for line in printed if (export := _EXPORT.match(line)))
    process.terminate()
    process.communicate(timeout=30)


def _start(arguments):
    """The process, and what it printed until it was ready."""
    command = [sys.executable, "-m", "etelecom_async.cli", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
    printed = []
    while (line := process.stdout.readline()) and not line.startswith("Ctrl-C"):
        printed.append(line.rstrip("\n"))
    if not line:
        process.communicate(timeout=30)
    return process, printed


@pytest.fixture
def sandbox_account(sandbox, monkeypatch):
    """The environment of a reader who has pasted the exports."""
    for name, value in sandbox.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def reader(sandbox_account, monkeypatch, tmp_path):
    """That reader in an empty folder, with the commands of this environment at hand."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
