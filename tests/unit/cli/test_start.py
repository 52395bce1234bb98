"""What the command loads before it knows which command to run."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import contextlib, io, sys
from etelecom_async.cli import main
sys.argv = ["etelecom", {option!r}]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(*sys.modules)
"""


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_load_no_command_and_no_library_but_click(option):
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(option=option)], capture_output=True, text=True, check=True
    )
    loaded = set(ran.stdout.split())
    assert "click" in loaded
    assert not loaded & {"aiohttp", "attr", "cattrs", "rich", "yarl"}
    ours = {name for name in loaded if name.startswith("etelecom_async.") and not name.startswith("etelecom_async.cli")}
    assert ours == {"etelecom_async._version", "etelecom_async._error_kinds", "etelecom_async.errors"}
    assert not loaded & {
        f"etelecom_async.cli.{name}" for name in ("bulk", "call", "check", "demo", "doctor", "sandbox")
    }
