"""How many machine instructions a call takes: unlike time, the same on a busy machine as on an idle one."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

__all__ = ["CannotCount", "of_importing", "per_call"]

_ROOT = Path(__file__).parents[2]
_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)
_PATIENCE = 900.0
_COMPILING = {"PYTHONDONTWRITEBYTECODE": ""}


class CannotCount(Exception):
    """There is no valgrind, or the program failed under it."""


async def per_call(module: str, *arguments: str, few: int, many: int) -> int:
    """User instructions per call of `python -m benchmarks.children.<module> <arguments> <calls>`.

    It runs twice, and what the longer run takes more is divided by the calls that it makes more: so starting, importing
    and warming up do not count. A run before both, which is not counted, compiles what has no bytecode file yet: done
    by the shorter run, that would be taken off each call, 15,000 instructions and more.

    Raises:
        CannotCount: there is no valgrind, or the module failed.
    """
    what = ("-m", f"benchmarks.children.{module}", *arguments)
    await _compile(*what, str(few), **_COMPILING)
    less = await _total(*what, str(few))
    more = await _total(*what, str(many))
    return round((more - less) / (many - few))


async def of_importing(statement: str) -> int:
    """User instructions of a Python that runs this import statement and ends; of `pass`, those that it starts with.

    Raises:
        CannotCount: there is no valgrind, or it cannot be imported.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Compiled before, as an installed package is, whatever is said of that in the environment.
        compiled = {**_COMPILING, "PYTHONPYCACHEPREFIX": folder}
        await _compile("-c", statement, **compiled)
        return await _total("-c", statement, **compiled)


async def _compile(*arguments: str, **environment: str) -> None:
    """Run it once, so that there is a bytecode file of all that it imports. Where it fails, counting tells why."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=_ROOT, env={**os.environ, **environment}, stdout=DEVNULL, stderr=DEVNULL
    )
    await process.wait()


async def _total(*arguments: str, **environment: str) -> int:
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise CannotCount("there is no valgrind: install it first (Debian: apt-get install valgrind)")
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "counts")
        process = await asyncio.create_subprocess_exec(
            *(valgrind, "--tool=callgrind", f"--callgrind-out-file={counts}"),
            *(sys.executable, *arguments),
            cwd=_ROOT,
            # The order of sets and dicts of str, and with it what is done, follows the seed of their hashes.
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDEVMODE": "", **environment},
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), _PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        total = _TOTAL.search(await asyncio.to_thread(counts.read_text)) if process.returncode == 0 else None
        if total is None:
            raise CannotCount(f"python {' '.join(arguments)} failed:\n{said.decode(errors='replace')}")
        return int(total[1])
