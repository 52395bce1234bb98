"""The examples as processes of their own."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from tests.support import HANG

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def program(*arguments, example, env, **options):
    """A Python in the folder of an example; it is told to end at the end."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT / "examples" / example, env={**env, "PYTHONPATH": path}, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(HANG)
