"""Programs as processes of their own."""

import contextlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.support import HANG, environment

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


def output_of(program, base_url=None, *, before=""):
    """What a program prints, on stdout and stderr, in dev mode with warnings as errors."""
    env = environment(None, **({} if base_url is None else {"ETELECOM_BASE_URL": base_url}))
    # From 3.12 on Python warns of every fork beside threads.
    quiet = ("-W", "error", "-W", "ignore:This process:DeprecationWarning")
    done = subprocess.run(
        [sys.executable, "-X", "dev", *quiet, "-c", textwrap.dedent(before) + textwrap.dedent(program)],
        env={**env, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=HANG,
        check=False,
    )
    return done.stdout.decode()
