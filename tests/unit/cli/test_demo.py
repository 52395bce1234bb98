"""`etelecom demo` replaces nothing but what an earlier demo left, and says how it ended."""

from __future__ import annotations

import asyncio
import csv
import signal
import sys
from pathlib import Path

import pytest

from etelecom_async.cli.demo import demo
from etelecom_async.sandbox import SANDBOX_API_KEY, SANDBOX_OA, World, sample
from tests.support import HANG, environment, invoke, run, served_in_a_thread, spawn

DONE = 3
"""Exit code: of the made-up customers some cannot be checked."""
EXAMPLE = Path(__file__).parents[3] / "examples" / "phones.csv"


def refused(*arguments):
    code, stdout, stderr = invoke("demo", *arguments)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1), stderr
    return stderr


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def phones(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["phone"] for row in csv.DictReader(file)}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def earlier(here):
    assert invoke("demo")[0] == DONE
    return here / "results.csv"


@pytest.mark.parametrize("content", [b"x\n", b"phone,state\n84900000001,granted\n"])
def test_a_file_that_no_demo_left_is_never_replaced(here, content):
    """A2: `echo x > results.csv; etelecom demo`."""
    (here / "results.csv").write_bytes(content)
    assert "not the unchanged result of an earlier demo" in refused()
    assert contents(here) == {"results.csv": content}


def test_the_demo_of_the_makefile_works_twice_in_a_row(here):
    """A2: `make demo` twice in a row."""
    recipe = (EXAMPLE.parent.parent / "Makefile").read_text(encoding="utf-8").split("\ndemo:")[1].split("\n\n")[0]
    assert recipe.endswith("etelecom demo examples/phones.csv -o results.csv || test $$? -eq 3")
    for _ in range(2):
        assert invoke("demo", str(EXAMPLE), "-o", "results.csv")[0] == DONE
        assert phones(here / "results.csv") == phones(EXAMPLE)
    assert set(contents(here)) == {"results.csv", "results.csv.job"}


def test_a_result_of_another_input_is_replaced_too(earlier):
    assert phones(earlier) == set(sample())
    assert invoke("demo", str(EXAMPLE))[0] == DONE
    assert phones(earlier) == phones(EXAMPLE)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(path.read_bytes() + b"mine\n"),
        lambda path: path.write_bytes(path.read_bytes().replace(b"granted", b"refused", 1)),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.with_name("results.csv.job").unlink(),
        lambda path: path.with_name("results.csv.job").write_bytes(b"{}"),
    ],
    ids=["a line more", "a word changed", "a byte less", "no job file", "another job file"],
)
def test_a_result_that_was_changed_is_not_replaced(earlier, change):
    change(earlier)
    before = contents(earlier.parent)
    refused()
    assert contents(earlier.parent) == before


def test_a_result_of_bulk_is_not_replaced_however_often_a_demo_is_tried(here):
    (here / "in.csv").write_text("phone\n84900000001\n", encoding="utf-8")
    account = {"ETELECOM_API_KEY": SANDBOX_API_KEY, "ETELECOM_OA_ID": str(SANDBOX_OA)}
    with served_in_a_thread(World()) as served:
        account["ETELECOM_BASE_URL"] = served.base_url
        assert invoke("bulk", "in.csv", "-o", "results.csv", "--quiet", **account)[0] in (0, 1, 3)
    before = contents(here)
    for _ in range(2):
        refused()
    assert contents(here) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links")
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_the_input_of_a_demo_is_never_replaced_even_if_a_demo_made_it(earlier, link):
    copy = earlier.with_name("again.csv")
    getattr(copy, link)(earlier)
    earlier.with_name("again.csv.job").write_bytes(earlier.with_name("results.csv.job").read_bytes())
    before = contents(earlier.parent)
    assert "input itself" in refused("again.csv")
    assert "input itself" in refused("results.csv", "-o", "again.csv")
    assert contents(earlier.parent) == before


def test_a_demo_into_parquet_works_twice_in_a_row(here):
    pytest.importorskip("pyarrow")
    for _ in range(2):
        assert invoke("demo", "-o", "results.parquet")[0] == DONE
    assert set(contents(here)) == {"results.parquet", "results.parquet.job"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("output", ["results.csv", pytest.param("results.parquet", marks=pytest.mark.long)])
async def test_ctrl_c_is_said_is_exit_code_130_and_the_next_demo_works(here, output):
    """A6: `demo` ended by Ctrl-C after some rows."""
    (here / "many.csv").write_text("phone\n" + "".join(f"849{n:08d}\n" for n in range(2000)), encoding="utf-8")
    async with asyncio.timeout(HANG):
        process = await spawn("demo", "many.csv", "-o", output, env=environment())
        said = b""
        while b" rows/s" not in said:  # the first line of progress: some rows are done
            said += await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        stdout, rest = await process.communicate()
    assert (process.returncode, stdout) == (130, b"")
    assert b"Stopped early. What was finished is in results." in rest
    assert b"Traceback" not in said + rest
    assert (await run("demo", "-o", output, env=environment()))[0] == DONE


def test_what_the_demo_leaves_is_ignored_and_cleaned():
    """E15: `results.csv.job` after `make demo`."""
    top = EXAMPLE.parent.parent
    ignored = (top / ".gitignore").read_text(encoding="utf-8").split()
    cleaned = (top / "Makefile").read_text(encoding="utf-8").split("\nclean:")[1].split("\n\n")[0].split()
    default = next(option.default for option in demo.params if option.name == "output")
    for name in (str(default), f"{default}.job"):
        assert name in ignored
        assert name in cleaned
